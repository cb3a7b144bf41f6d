package table

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/scripts/lab"
)

// startTime is TimeoutStartSec= of the releases under test.
const startTime = 5 * time.Second

// load is that of upgrades: keep-alive connections, idle ones, WebSockets and
// event streams, which are carried, besides new ones and those over TLS, and the
// socket for metrics.
var load = []string{
	"--url", "http://127.0.0.1:8080/", "--url", "https://127.0.0.1:8443/",
	"--client", "fresh=4", "--client", "fresh=1@http://127.0.0.1:9090/metrics",
	"--client", "post=8", "--client", "idle=8", "--client", "tls=4", "--client", "h2=4",
	"--client", "websocket=8@http://127.0.0.1:8080/ws", "--client", "events=8@http://127.0.0.1:8080/events?every=100ms",
	"--rate", "10", "--before", "1s", "--after", "2s",
}

// carried are the kinds of client whose connections stay, all of them, without
// a word.
var carried = []drill.Kind{drill.Post, drill.Idle, drill.WebSocket, drill.Events}

// rows are one life of myapp, in this order.
var rows = []struct {
	name    string
	action  func(Host, context.Context) error
	fails   bool   // whoever does it is told that it failed, and the process stays
	version string // that answers afterwards
}{
	{"upgrade", upgrade("1.1.0", ""), false, "1.1.0"},
	{"rollout", Host.Rollout, false, "1.1.0"},
	{"a release that exits at start", upgrade("1.2.0", "exit"), true, "1.1.0"},
	{"a release that is never ready", upgrade("1.2.1", "hang"), true, "1.1.0"},
	{"a good release after it", upgrade("1.3.0", ""), false, "1.3.0"},
}

func upgrade(version, fault string) func(Host, context.Context) error {
	return func(h Host, ctx context.Context) error {
		return h.Upgrade(ctx, lab.Release{Version: version, Fault: fault})
	}
}

// Run runs the whole table against a host, which is fresh.
func Run(t *testing.T, h Host) {
	if err := h.Install(t.Context(), lab.Release{Version: "1.0.0"}); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			before := pid(t, h)
			report := run(t, h, load, func() error { return r.action(h, t.Context()) })
			if report.Lost() {
				t.Errorf("lost something: %s", report.Verdict())
			}
			if failed := report.Command.Error != ""; failed != r.fails {
				t.Errorf("it failed: %v (%s)", failed, report.Command.Error)
			}
			for _, kind := range report.Kinds {
				if c := kind.Connections; slices.Contains(carried, kind.Kind) && (c.Announced > 0 || c.Opened != uint64(kind.Clients)) {
					t.Errorf("%d %s clients opened %d connections, %d were asked to close", kind.Clients, kind.Kind, c.Opened, c.Announced)
				}
			}
			if !slices.Equal(report.Versions.After, []string{r.version}) {
				t.Errorf("after it these versions answered: %v, want %s", report.Versions.After, r.version)
			}
			if after := pid(t, h); (after == before) != r.fails {
				t.Errorf("process %d before, %d after", before, after)
			}
		})
	}
	t.Run("crash", func(t *testing.T) { crash(t, h) })
	t.Run("what a program gets", func(t *testing.T) { gets(t, h) })
	t.Run("connections start a program", func(t *testing.T) { starts(t, h) })
}

func pid(t *testing.T, h Host) int {
	t.Helper()
	pid, err := h.PID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// run drills, and shows what the drill printed.
func run(t *testing.T, h Host, load []string, action func() error) *drill.Report {
	t.Helper()
	var log strings.Builder
	report, err := Drill(t.Context(), h, &log, load, action)
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	return report
}

// crash: what the process holds is lost, and nothing else. Nobody is refused,
// and who comes meanwhile is served by the next process.
func crash(t *testing.T, h Host) {
	const clients = 8
	before := pid(t, h)
	report := run(t, h, []string{"--client", "fresh=8@http://127.0.0.1:8080/", "--rate", "20", "--after", "2s"}, func() error {
		return h.Signal(t.Context(), "KILL")
	})
	if n := report.Total.Failures[drill.Refused]; n > 0 {
		t.Errorf("%d connections were refused", n)
	}
	if report.Total.Failed > clients {
		t.Errorf("%d requests failed, more than %d could be in flight: %s", report.Total.Failed, clients, report.Verdict())
	}
	if after := report.Total.After; after.Failed > 0 || after.Requests == 0 {
		t.Errorf("after the crash %d of %d requests failed", after.Failed, after.Requests)
	}
	if after := pid(t, h); after == before {
		t.Error("the same process")
	}
}
