package hosts

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// everybody is each kind of client there is: those whose connections go from one instance to the next, and those whose
// cannot.
var everybody = []string{
	"--client", "fresh=8", "--client", "keepalive=8", "--client", "post=16", "--client", "tls=8", "--client", "h2=8", "--client", "idle=200",
	"--client", "slow=4@http://127.0.0.1:8080/slow?for=1s", "--client", "upload=4@http://127.0.0.1:8080/upload", "--client", "download=4@http://127.0.0.1:8080/download",
	"--client", "websocket=50@http://127.0.0.1:8080/ws", "--client", "events=50@http://127.0.0.1:8080/events?every=500ms",
	"--rate", "10", "--before", "1s", "--after", "2s",
}

// manyUpgrades goes there and back $1 times under load, and after each notes in /root/soak what there is on the host: see
// sample. Logs grow, and files of apt's and dpkg's own come and go; they are left out.
const manyUpgrades = `
inside() { find "$@" 2>/dev/null | wc -l; }
note() {
	main=$(systemctl show --value --property=MainPID myapp.service)
	cat /proc/$main/smaps_rollup | awk '/^Rss/ { printf "%d ", $2 }'
	echo "$(inside /proc/$main/fd/)" "$(awk '/^Rss/ { print $2 }' /proc/1/smaps_rollup)" "$(inside /proc/1/fd/)" \
		"$(systemctl list-units --all --no-legend | wc -l)" "$(systemctl list-units --failed --no-legend | wc -l)" \
		"$(inside /run -not -path '/run/log/*')" "$(inside / -xdev -not -path '/proc/*' -not -path '/sys/*' -not -path '/run/*' -not -path '/var/log/*' -not -path '/var/cache/*')" \
		"$(journalctl --quiet --output=cat | wc -l)" "$(journalctl --quiet --output=cat --priority=warning | wc -l)"
}
for n in $(seq "$1"); do
	version=1.$((n % 2)).0
	began=$(date +%s%N)
	apt-get -y --allow-downgrades install "myapp=$version" || exit 1
	echo "$((($(date +%s%N) - began) / 1000000)) $(note)" >>/root/soak
done
`

// sample is how the host is after an upgrade, by column, as note writes it.
type sample [columns]int

const (
	tookMillis = iota
	mainMemory
	mainDescriptors
	initMemory
	initDescriptors
	unitsKnown
	unitsFailed
	filesRun
	filesElsewhere
	journalLines
	journalWarnings
	columns
)

// grows says by how much more the end may have than the beginning, in percent and besides. An instance's memory and
// descriptors go with the load of the moment; PID 1 gives memory back late.
var grows = map[int]struct{ percent, besides int }{
	mainMemory: {15, 4096}, mainDescriptors: {0, 16}, initMemory: {5, 1024}, initDescriptors: {0, 2},
	unitsKnown: {}, filesRun: {}, filesElsewhere: {}, journalWarnings: {},
}

// Upgrade after upgrade, on the same connections: nothing is lost, nothing grows, and each says as much as the one before.
func TestSoak(t *testing.T) {
	m := installed(t)
	m.publish(lab.Release{Version: "1.1.0"})
	upgrades := 5
	if n := os.Getenv("NODROP_SOAK"); n != "" {
		var err error
		if upgrades, err = strconv.Atoi(n); err != nil || upgrades < 5 || upgrades%2 == 0 {
			t.Fatalf("NODROP_SOAK=%s is no odd number of upgrades, 5 or more: %v", n, err)
		}
	}
	r := m.unbroken(everybody, "1.1.0", "sh", "-c", manyUpgrades, "sh", strconv.Itoa(upgrades))
	notLonger(t, r)
	samples := readSamples(t, m.must("cat", "/root/soak"))
	if len(samples) != upgrades {
		t.Fatalf("%d samples of %d upgrades", len(samples), upgrades)
	}
	checkGrowth(t, samples)
	if path := os.Getenv("NODROP_SOAK_REPORT"); path != "" {
		if err := os.WriteFile(path, soakReport(m, r, samples), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readSamples(t *testing.T, text string) []sample {
	t.Helper()
	var all []sample
	for line := range strings.Lines(text) {
		var s sample
		words := strings.Fields(line)
		if len(words) != columns {
			t.Fatalf("%d columns, want %d: %q", len(words), columns, line)
		}
		for i, word := range words {
			n, err := strconv.Atoi(word)
			if err != nil {
				t.Fatalf("reading %q: %v", line, err)
			}
			s[i] = n
		}
		all = append(all, s)
	}
	return all
}

// checkGrowth compares the last third with the first one. The first upgrade is left out: it makes what stays.
func checkGrowth(t *testing.T, samples []sample) {
	t.Helper()
	rest := samples[1:]
	third := (len(rest) + 2) / 3
	for column, may := range grows {
		first, last := most(rest[:third], column), most(rest[len(rest)-third:], column)
		if last > first+first*may.percent/100+may.besides {
			t.Errorf("%s: %d at first, %d at last", columnNames[column], first, last)
		}
	}
	if n := most(samples, unitsFailed); n > 0 {
		t.Errorf("%d units failed", n)
	}
	lines := linesEach(samples)
	if least, most := slices.Min(lines), slices.Max(lines); most > least+least/2 {
		t.Errorf("one upgrade wrote %d lines to the journal, another %d", least, most)
	}
}

func most(samples []sample, column int) int {
	return slices.MaxFunc(samples, func(a, b sample) int { return a[column] - b[column] })[column]
}

// linesEach is how many lines each upgrade, but for the first, wrote to the journal.
func linesEach(samples []sample) []int {
	var lines []int
	for i := range samples[1:] {
		lines = append(lines, samples[i+1][journalLines]-samples[i][journalLines])
	}
	return lines
}
