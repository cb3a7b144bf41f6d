package hosts

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/pkg/host"
	"github.com/nodrop/nodrop/scripts/lab"
)

// Whatever breaks in a rollout, wherever it is: no more is lost than docs/faults.md promises. Each cell of its table is an
// upgrade, or the whole row where that is harmless.
func TestFaults(t *testing.T) {
	t.Parallel()
	promises := docTable(t, "docs/faults.md", string(standbyStarting))
	debs := []string{deb(t, lab.Release{Version: "1.0.0", Fault: "hold"}), deb(t, lab.Release{Version: "1.1.0", Fault: "hold"})}
	parts := faults()
	all := slices.Concat(parts[0], parts[1])
	for _, f := range all {
		if promises[f.name] == nil {
			t.Errorf("docs/faults.md has no row for %q", f.name)
		}
	}
	if len(all) != len(promises) {
		t.Errorf("docs/faults.md has %d rows, and there are %d faults", len(promises), len(all))
	}
	for _, part := range parts {
		t.Run("host", func(t *testing.T) {
			t.Parallel()
			var h *host.Host // shared, for as long as each upgrade leaves it as it should
			defer func() { closeHost(t, h) }()
			run := func(name string, f fault, promise string, at ...phase) {
				passed := t.Run(name, func(t *testing.T) {
					if h == nil {
						h = faultHost(t, debs)
					}
					machine{h, t}.fault(f, promise, at...)
				})
				if !passed {
					closeHost(t, h)
					h = nil
				}
			}
			for _, f := range part {
				if promise, same := sameEverywhere(promises[f.name]); same && f.harmless {
					run(f.name, f, promise, phases...)
					continue
				}
				for _, at := range phases {
					run(f.name+", "+string(at), f, promises[f.name][string(at)], at)
				}
			}
		})
	}
}

// sameEverywhere is the promise for all phases, if there is one.
func sameEverywhere(row seen) (promise string, same bool) {
	for _, at := range phases {
		if row[string(at)] != row[string(phases[0])] {
			return "", false
		}
	}
	return row[string(phases[0])], true
}

func faultHost(t *testing.T, debs []string) *host.Host {
	t.Helper()
	h := debHost(t, debs)
	m := machine{h, t}
	if err := h.Install(t.Context(), built.nodrop, "/usr/bin/nodrop", 0o755); err != nil {
		t.Fatal(err)
	}
	m.must("dpkg", "-i", published("1.0.0"))
	return h
}

func published(version string) string { return "/srv/apt/myapp_" + version + "_amd64.deb" }

// fault does a fault at some phases of an upgrade, and compares what clients and admin see with the promise.
func (m machine) fault(f fault, promise string, at ...phase) {
	whose, outcome, found := strings.Cut(promise, "; ")
	if !found {
		m.t.Fatalf("docs/faults.md promises %q", promise)
	}
	m.t.Cleanup(func() {
		if m.t.Failed() {
			journal, err := m.Run(context.Background(), "journalctl", "-b", "-n", "150", "-o", "short-precise")
			m.t.Logf("journal of the host (%v):\n%s", err, journal)
		}
	})
	old, next := m.version(), "1.1.0"
	if old == next {
		next = "1.0.0"
	}
	if f.prepare != nil {
		f.prepare(m)
	}
	if whose == "everything" {
		m.crash(at[0], next)
		return
	}
	var ended map[string]int
	var dpkg dpkgRun
	load := f.load
	if load == nil {
		load = faultLoad
	}
	report := m.underLoad(load, func() {
		r := m.startRollout(published(next))
		var undo func()
		for _, next := range phases {
			r.enter(next)
			if undo != nil {
				undo()
			}
			if undo = nil; slices.Contains(at, next) {
				ended, undo = f.do(r)
			}
			if next == at[len(at)-1] {
				break
			}
		}
		dpkg = r.letGo()
		if undo != nil {
			undo()
		}
		r.await("main serves", func() bool { return r.state("myapp.service") == "active" }) // systemd starts it again if it was killed
	})
	m.t.Logf("lost %d requests, %d connections; the processes that ended held %v", report.Total.Failed, report.Total.Connections.Closed, ended)
	m.wantLost(report, whose, ended)
	switch outcome {
	case "new":
		m.wantUpgraded(report, dpkg, next)
	case "old":
		m.wantNotUpgraded(report, dpkg, old)
	default:
		m.t.Errorf("docs/faults.md promises that %q serves", outcome)
	}
	if m.t.Failed() {
		m.t.Logf("dpkg: %v\n%s", dpkg.err, dpkg.output)
	}
}

// crash has the host crash at a phase of an upgrade. What is unpacked is what it boots, and dpkg has only to be told to go on.
func (m machine) crash(at phase, version string) {
	m.t.Helper()
	r := m.startRollout(published(version))
	for _, next := range phases {
		if r.enter(next); next == at {
			break
		}
	}
	m.must("rm", "-f", hold)
	if err := m.Crash(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
	m.wantStates(serving)
	if got := m.version(); got != version {
		m.t.Errorf("after the crash version %q answers, want %s", got, version)
	}
	var dpkg dpkgRun
	report := m.underLoad(faultLoad, func() { dpkg.output, dpkg.err = m.Run(m.t.Context(), "dpkg", "--configure", "-a") })
	m.wantLost(report, "nothing", nil)
	m.wantUpgraded(report, dpkg, version)
}

// wantLost checks that nothing was lost but what processes held that ended, as far as it was promised.
func (m machine) wantLost(r *drill.Report, whose string, ended map[string]int) {
	m.t.Helper()
	may := uint64(0)
	switch whose {
	case "nothing":
	case "main's":
		may = uint64(ended["main"])
	case "the standby's":
		may = uint64(ended["standby"])
	case "both's":
		may = uint64(ended["main"] + ended["standby"])
	default:
		m.t.Errorf("docs/faults.md promises that %q is lost", whose)
	}
	if r.Total.Failed > may || r.Total.Connections.Closed > may {
		m.t.Errorf("lost more than %d connections: %s", may, r.Verdict())
	}
	if may > 0 && !r.Lost() {
		m.t.Errorf("%d connections were held by a process that ended, and none was seen to be lost", may)
	}
	if r.Total.Failures[drill.Refused] > 0 {
		m.t.Errorf("somebody was refused: %s", r.Verdict())
	}
}

// wantUpgraded checks that the new version serves, and that nothing is left of the upgrade.
func (m machine) wantUpgraded(r *drill.Report, dpkg dpkgRun, version string) {
	m.t.Helper()
	if dpkg.err != nil {
		m.t.Errorf("the upgrade failed: %v", dpkg.err)
	}
	m.wantStates(map[string]string{"myapp.service": "active", "myapp-rollout.service": "inactive", "myapp-standby.service": "inactive or failed"})
	if !slices.Equal(r.Versions.After, []string{version}) {
		m.t.Errorf("after it these versions answered: %v, want %s", r.Versions.After, version)
	}
	m.wantNoFallback()
}

// wantNotUpgraded checks that the old version serves, that a restart would start it, and that the terminal says so; and then
// brings the host back to where it was before.
func (m machine) wantNotUpgraded(r *drill.Report, dpkg dpkgRun, version string) {
	m.t.Helper()
	if dpkg.err == nil || !strings.Contains(dpkg.output, "FAILED") {
		m.t.Error("the upgrade did not fail, or does not say so")
	}
	if !slices.Equal(r.Versions.After, []string{version}) {
		m.t.Errorf("after it these versions answered: %v, want %s", r.Versions.After, version)
	}
	m.wantStates(map[string]string{"myapp.service": "active", "myapp.socket": "active", "myapp-standby.service": "inactive or failed"})
	if got := m.must("/usr/bin/myapp", "--version"); got != "myapp "+version {
		m.t.Errorf("a restart would start %s, want %s", got, version)
	}
	m.must("dpkg", "-i", published(version))
	m.wantStates(serving)
	m.wantNoFallback()
}
