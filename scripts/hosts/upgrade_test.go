package hosts

import (
	"fmt"
	"slices"
	"testing"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/scripts/lab"
)

var serving = map[string]string{
	"myapp.socket":          "active",
	"myapp-https.socket":    "active",
	"myapp-metrics.socket":  "active",
	"myapp.service":         "active",
	"myapp-standby.service": "inactive",
	"myapp-rollout.service": "inactive",
}

func TestInstallStartsSocketsAndService(t *testing.T) {
	m := installed(t)
	m.wantStates(serving)
	if got := m.version(); got != "1.0.0" {
		t.Errorf("version %q answers", got)
	}
	// The sockets alone are enough: a request starts the service.
	m.must("systemctl", "stop", "myapp.service")
	m.wantStates(map[string]string{"myapp.socket": "active", "myapp.service": "inactive"})
	if got := m.version(); got != "1.0.0" {
		t.Errorf("version %q answers", got)
	}
	m.wantStates(serving)
}

func TestUpgrade(t *testing.T) {
	m := installed(t)
	m.publish(lab.Release{Version: "1.1.0"})
	r := m.cleanDrill(longDrain, "apt-get", "-y", "upgrade")
	m.wantStates(serving)
	if !slices.Equal(r.Versions.After, []string{"1.1.0"}) {
		t.Errorf("after the upgrade these versions answered: %v", r.Versions.After)
	}
	if r.Total.During.Requests == 0 {
		t.Error("there was no load during the upgrade")
	}
	t.Logf("longest wait: before %v, during %v, after %v", r.Total.Before.Longest, r.Total.During.Longest, r.Total.After.Longest)
	notLonger(t, r)
	wantRollout(t, r.Timeline)
}

// wantRollout checks that the drill saw the rollout's steps, in their order, while its command ran.
func wantRollout(t *testing.T, tl drill.Timeline) {
	t.Helper()
	steps := []string{" command began", "myapp-standby.service ready", "myapp.service stopping", "myapp.service ready",
		"myapp-standby.service gone", " command ended"}
	for _, e := range tl.Events {
		if len(steps) > 0 && e.Unit+" "+e.What == steps[0] {
			steps = steps[1:]
		}
	}
	if len(steps) > 0 {
		t.Errorf("the timeline lacks %v, in this order: %+v", steps, tl.Events)
	}
}

// longDrain is all of Load with requests that take 8 s, and so does a drain.
var longDrain = append(slices.Clone(lab.Load), "--client", "slow=6@http://127.0.0.1:8080/slow?for=8s")

// notLonger checks that nobody waited for the upgrade. Noise is allowed for:
// the machine's, as seen in quiet running, and that of a program that starts. What it
// finds is a wait for the drain, under longDrain, or for an instance that hangs.
func notLonger(t *testing.T, r *drill.Report) {
	t.Helper()
	quiet := max(r.Total.Before.Longest, r.Total.After.Longest)
	if limit := drill.Millis(5e9); r.Total.During.Longest > quiet+limit {
		t.Errorf("longest wait during the upgrade %v, in quiet running %v", r.Total.During.Longest, quiet)
	}
}

func TestReinstall(t *testing.T) {
	m := installed(t)
	r := m.cleanDrill(longDrain, "apt-get", "-y", "install", "--reinstall", "myapp")
	notLonger(t, r)
	m.wantStates(serving)
}

// A plain restart has no standby: new connections wait, and none is lost.
func TestRestart(t *testing.T) {
	m := installed(t)
	m.cleanDrill(lab.Load, "systemctl", "restart", "myapp.service")
	m.wantStates(serving)
}

// A socket unit that listens on one address less is kept open on those that it still has.
func TestAddressDropped(t *testing.T) {
	m := boot(t, "bookworm")
	m.publish(lab.Release{Version: "1.0.0", Change: "sed -i 's/^ListenStream=8080/&\\nListenStream=8081/' myapp.socket"})
	m.must("apt-get", "-y", "install", "myapp")
	m.must("curl", "-sS", "http://127.0.0.1:8081/")
	m.publish(lab.Release{Version: "1.1.0"})
	m.unbroken(short, "1.1.0", "apt-get", "-y", "upgrade")
	if got := m.must("ss", "-Hltn", "sport = :8081"); got != "" {
		t.Errorf("still listening: %s", got)
	}
}

const tenUpgrades = `for n in 1 2 3 4 5 6 7 8 9 10; do apt-get -y install "myapp=1.0.$n" || exit 1; done`

// Twenty upgrades in a row, there and back, on the same connections.
func TestTwentyUpgradesInARow(t *testing.T) {
	m := installed(t)
	m.publish(lab.Release{Version: "1.1.0"})
	const twenty = `for n in 1 2 3 4 5 6 7 8 9 10; do
	apt-get -y install myapp=1.1.0 && apt-get -y --allow-downgrades install myapp=1.0.0 || exit 1
done; apt-get -y install myapp=1.1.0`
	load := []string{"--client", "post=16", "--client", "idle=500", "--client", "fresh=4", "--client", "tls=4", "--client", "h2=4",
		"--rate", "5", "--before", "1s", "--after", "2s"}
	notLonger(t, m.unbroken(load, "1.1.0", "sh", "-c", twenty))
}

// A crash takes with it what the process held, and nothing else: nobody is
// refused, and the connections that come meanwhile wait and are served.
func TestCrash(t *testing.T) {
	m := installed(t)
	before := m.must("systemctl", "show", "-p", "MainPID", "--value", "myapp.service")
	const clients = 32
	var load = []string{"--client", fmt.Sprintf("fresh=%d", clients), "--rate", "20"}
	r, err := lab.Drill(t.Context(), m.Host, testWriter{t}, load, "systemctl", "kill", "-s", "KILL", "myapp.service")
	if err != nil {
		t.Fatal(err)
	}
	if refused := r.Total.Failures[drill.Refused]; refused > 0 {
		t.Errorf("%d connections were refused", refused)
	}
	if r.Total.Failed > clients {
		t.Errorf("%d requests failed, more than %d could be in flight: %s", r.Total.Failed, clients, r.Verdict())
	}
	if r.Total.After.Failed > 0 || r.Total.After.Requests == 0 {
		t.Errorf("after the crash %d of %d requests failed", r.Total.After.Failed, r.Total.After.Requests)
	}
	if after := m.must("systemctl", "show", "-p", "MainPID", "--value", "myapp.service"); after == before || after == "0" {
		t.Errorf("main process %s before, %s after", before, after)
	}
	m.wantStates(serving)
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", p)
	return len(p), nil
}
