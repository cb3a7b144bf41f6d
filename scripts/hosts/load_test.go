package hosts

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/scripts/lab"
)

// newcomers open a connection for each request, over several addresses: for one there are 28,000 ports. Some slow requests make a
// drain take its time.
type newcomers struct {
	clients int
	rate    int // of each, a second
	backlog int // of the socket
	what    string
	command []string
}

func (n newcomers) load() []string {
	load := []string{"--client", "slow=4@http://127.0.0.1:8080/slow?for=3s", "--rate", fmt.Sprint(n.rate), "--before", "2s", "--after", "2s", "--timeout", "60s"}
	for i := 1; i <= 4; i++ {
		load = append(load, "--client", fmt.Sprintf("fresh=%d@http://127.0.0.%d:8080/", n.clients/4, i))
	}
	return load
}

// fit reports whether the socket's queue holds all of them.
func (n newcomers) fit() bool { return n.clients < n.backlog }

func restartUnder(clients, rate, backlog int) newcomers {
	return newcomers{clients, rate, backlog, "`systemctl restart`", []string{"systemctl", "restart", "myapp.service"}}
}

func rolloutUnder(clients, rate, backlog int) newcomers {
	return newcomers{clients, rate, backlog, "a rollout", []string{"systemctl", "start", "myapp-rollout.service"}}
}

func upgradeUnder(clients, rate, backlog int) newcomers {
	return newcomers{clients, rate, backlog, "`apt upgrade`", []string{"apt-get", "-y", "install", "myapp=1.1.0"}}
}

// arrival is how it went.
type arrival struct {
	newcomers
	drill.Row
	took                   drill.Millis
	dropped, retransmitted int // SYNs
}

// However many connections arrive, none is refused. As long as the socket's queue holds those that wait, none is lost either, in a plain
// restart as in an upgrade, in which somebody accepts all the time.
func TestNewcomers(t *testing.T) {
	m := installed(t)
	m.publish(lab.Release{Version: "1.1.0"})
	report := os.Getenv("NODROP_LOAD_REPORT")
	cases := []newcomers{upgradeUnder(400, 10, 4096), restartUnder(400, 10, 64)}
	if report != "" {
		cases = []newcomers{
			upgradeUnder(600, 10, 4096), rolloutUnder(600, 10, 4096), restartUnder(600, 10, 4096),
			rolloutUnder(600, 10, 64), restartUnder(600, 10, 64), restartUnder(600, 10, 64),
		}
	}
	var all []arrival
	for _, c := range cases {
		a := m.arrive(c)
		all = append(all, a)
		if a.fit() && (a.Failed > 0 || a.dropped > 0) {
			t.Errorf("%s: %d of %d failed, %d did not fit the queue: %v", c.what, a.Failed, a.Requests, a.dropped, a.Failures)
		}
		if n := a.Failures[drill.Refused]; n > 0 {
			t.Errorf("%s: %d were refused", c.what, n)
		}
		if a.dropped == 0 && !a.fit() && a.command[1] == "restart" {
			t.Errorf("all of %d clients fitted a queue of %d", c.clients, c.backlog)
		}
	}
	if report != "" {
		if err := os.WriteFile(report, loadReport(m, all), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (m machine) arrive(c newcomers) arrival {
	m.t.Helper()
	m.must("sh", "-euc", `
mkdir -p /etc/systemd/system/myapp.socket.d
printf '[Socket]\nBacklog=%s\n' "$1" >/etc/systemd/system/myapp.socket.d/backlog.conf
systemctl daemon-reload
systemctl stop 'myapp*.socket' myapp.service
systemctl start myapp.service`, "sh", fmt.Sprint(c.backlog))
	before := m.kernel()
	r, err := lab.Drill(m.t.Context(), m.Host, testWriter{m.t}, c.load(), c.command...)
	if err != nil {
		m.t.Fatal(err)
	}
	after := m.kernel()
	if r.Command.Error != "" {
		m.t.Errorf("%v: %s", c.command, r.Command.Error)
	}
	i := slices.IndexFunc(r.Kinds, func(row drill.Row) bool { return row.Kind == drill.Fresh })
	a := arrival{newcomers: c, Row: r.Kinds[i], took: r.Command.Duration}
	a.dropped = after["TcpExtListenDrops"] - before["TcpExtListenDrops"]
	a.retransmitted = after["TcpExtTCPSynRetrans"] - before["TcpExtTCPSynRetrans"]
	return a
}

// kernel is how often what has happened on the host, by its name in nstat(8).
func (m machine) kernel() map[string]int {
	m.t.Helper()
	counts := map[string]int{}
	for line := range strings.Lines(m.must("nstat", "-asz")) {
		var name string
		var n int
		if _, err := fmt.Sscan(line, &name, &n); err == nil {
			counts[name] = n
		}
	}
	return counts
}

// perSecond is how many connections were served each second while the command ran.
func (a arrival) perSecond() float64 {
	return float64(a.During.Requests) / time.Duration(a.took).Seconds()
}
