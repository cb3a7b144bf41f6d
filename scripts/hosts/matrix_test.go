package hosts

import (
	"slices"
	"testing"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/scripts/lab"
)

// Releases of Debian, each with a systemd of its own: 247, 252, 257 and the
// newest.
var suites = []string{"bullseye", "bookworm", "trixie", "sid"}

// An upgrade by apt loses no request and closes no connection, on every release, and neither does a bad one.
func TestUpgradeOn(t *testing.T) {
	t.Parallel()
	for _, suite := range suites {
		t.Run(suite, func(t *testing.T) {
			m := boot(t, suite)
			m.install()
			m.wantStates(serving)
			if merged := m.must("sh", "-c", "! [ -L /lib ] || echo yes") == "yes"; merged == (suite == "bullseye") {
				t.Errorf("/lib and /usr/lib are one: %v", merged)
			}
			m.publish(lab.Release{Version: "1.1.0"})
			m.upgradeUnbroken("1.1.0", "apt-get", "-y", "upgrade")

			m.publish(lab.Release{Version: "1.2.0", Fault: "once"})
			m.failingUpgrade(0, short, "apt-get", "-y", "upgrade")
			m.wantFallback("1.1.0", "1.2.0")
			m.publish(lab.Release{Version: "1.3.0", Change: "sed -i s/^ListenStream=8080/ListenStream=eighty:80/ myapp.socket"})
			m.failingUpgrade(0, short, "apt-get", "-y", "upgrade")
			m.wantFallback("1.1.0", "1.3.0")
			m.publish(lab.Release{Version: "1.4.0"})
			m.wantServing(m.cleanDrill(short, "apt-get", "-y", "upgrade"), "1.4.0")
			m.wantNoFallback()
		})
	}
}

// unbroken is longDrain with 64 clients that post, and idle connections that speak up after the
// command, before and after which it is as short as it can be.
var unbroken = append(slices.Clone(longDrain), "--client", "post=48", "--client", "idle=500", "--before", "1s", "--after", "2s")

// upgradeUnbroken runs a command that brings a version, under load: no request is lost,
// nobody waits, and no connection is closed. Those over TLS, which cannot be carried, are announced.
func (m machine) upgradeUnbroken(version string, command ...string) {
	m.t.Helper()
	notLonger(m.t, m.unbroken(unbroken, version, command...))
}

// unbroken runs a command that replaces myapp by a version, under load: no request is lost, and
// no client that holds a connection in the clear has to open another, or is asked to.
func (m machine) unbroken(load []string, version string, command ...string) *drill.Report {
	m.t.Helper()
	before := m.mainPID()
	r := m.cleanDrill(load, command...)
	wantKept(m.t, r)
	if m.mainPID() == before {
		m.t.Error("the process was not replaced")
	}
	m.wantServing(r, version)
	return r
}

// wantKept checks that no client that holds a connection in the clear opened another, or was asked to.
func wantKept(t *testing.T, r *drill.Report) {
	t.Helper()
	for _, kind := range r.Kinds {
		switch c := kind.Connections; kind.Kind {
		case drill.Post, drill.Idle, drill.WebSocket, drill.Events:
			if c.Announced > 0 || c.Opened != uint64(kind.Clients) {
				t.Errorf("%d %s clients opened %d connections, %d were asked to close", kind.Clients, kind.Kind, c.Opened, c.Announced)
			}
		}
	}
}

// wantServing checks that all units are as they have to be, and that after the drill
// nothing but the version answered.
func (m machine) wantServing(r *drill.Report, version string) {
	m.t.Helper()
	m.wantStates(serving)
	if !slices.Equal(r.Versions.After, []string{version}) {
		m.t.Errorf("after it these versions answered: %v, want %s", r.Versions.After, version)
	}
	if r.Total.During.Requests == 0 {
		m.t.Error("there was no load meanwhile")
	}
}
