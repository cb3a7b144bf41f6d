// Package hosts tests the packages of myapp on throw-away Debian hosts with a
// real systemd, apt and dpkg. It takes root; see CONTRIBUTING.md.
package hosts

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/pkg/host"
	"github.com/nodrop/nodrop/scripts/lab"
)

// releases builds each package once for all tests.
type releases struct {
	lab    *lab.Lab
	nodrop string

	mu       sync.Mutex // for lab and packages
	packages map[release]string
	snapshot string // directory of what GoReleaser makes
}

type release struct {
	lab.Release
	packager string
}

var built releases

func TestMain(m *testing.M) {
	os.Exit(withLab(m))
}

func withLab(m *testing.M) int {
	if err := host.Available(); err != nil {
		fmt.Fprintln(os.Stderr, "these tests were not run:", err)
		return 1
	}
	dir, err := os.MkdirTemp("", "nodrop-hosts-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if built.lab, err = lab.New(dir); err == nil {
		built.nodrop, err = built.lab.Nodrop(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	built.packages = map[release]string{}
	return m.Run()
}

func deb(t *testing.T, r lab.Release) string {
	t.Helper()
	return built.get(t, release{r, "deb"})
}

func (b *releases) get(t *testing.T, r release) string {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.packages[r] == "" {
		path, err := b.lab.Package(t.Context(), r.Release, r.packager)
		if err != nil {
			t.Fatal(err)
		}
		b.packages[r] = path
	}
	return b.packages[r]
}

// machine is a booted host. A failed test prints its journal.
type machine struct {
	*host.Host
	t *testing.T
}

// boot boots a host, for a test that then runs beside others.
func boot(t *testing.T, suite string, packages ...string) machine {
	t.Helper()
	t.Parallel()
	return bootAlone(t, suite, packages...)
}

// bootAlone boots a host, for a test that runs before those beside each other.
func bootAlone(t *testing.T, suite string, packages ...string) machine {
	t.Helper()
	h, err := host.Boot(t.Context(), host.Options{Suite: suite, Packages: packages, Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	m := machine{h, t}
	t.Cleanup(func() {
		if t.Failed() {
			journal, err := h.Journal(context.Background(), time.Time{})
			t.Logf("journal of the host (%v):\n%s", err, journal)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := h.Install(t.Context(), built.nodrop, "/usr/bin/nodrop", 0o755); err != nil {
		t.Fatal(err)
	}
	return m
}

// installed boots a host with myapp 1.0.0 serving.
func installed(t *testing.T) machine {
	t.Helper()
	m := boot(t, "bookworm")
	m.install()
	return m
}

// install has myapp 1.0.0 serving.
func (m machine) install() {
	m.t.Helper()
	m.publish(lab.Release{Version: "1.0.0"})
	m.must("apt-get", "-y", "install", "myapp")
}

func (m machine) publish(r lab.Release) {
	m.t.Helper()
	if err := m.Publish(m.t.Context(), deb(m.t, r)); err != nil {
		m.t.Fatal(err)
	}
}

// must runs a command and returns its output without the last newline.
func (m machine) must(name string, args ...string) string {
	m.t.Helper()
	out, err := m.Run(m.t.Context(), name, args...)
	if err != nil {
		m.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// state is the ActiveState of a unit.
func (m machine) state(unit string) string {
	m.t.Helper()
	return m.must("systemctl", "show", "-p", "ActiveState", "--value", unit)
}

func (m machine) wantStates(want map[string]string) {
	m.t.Helper()
	for unit, state := range want {
		if got := m.state(unit); !slices.Contains(strings.Split(state, " or "), got) {
			m.t.Errorf("%s is %s, want %s", unit, got, state)
		}
	}
}

// version is what answers on port 8080.
func (m machine) version() string {
	m.t.Helper()
	return m.must("sh", "-c", "curl -sS -m 30 -o /dev/null -D - http://127.0.0.1:8080/ | tr -d '\\r' | sed -n 's/^X-Version: //p'")
}

// drill runs command under load and fails the test when a request was lost or
// a connection closed without a word.
func (m machine) drill(load []string, command ...string) *drill.Report {
	m.t.Helper()
	var log strings.Builder
	r, err := lab.Drill(m.t.Context(), m.Host, &log, load, command...)
	m.t.Logf("%s", &log)
	if err != nil {
		m.t.Fatal(err)
	}
	if r.Lost() {
		m.t.Errorf("lost something: %s", r.Verdict())
	}
	return r
}

// cleanDrill is drill for a command that has to succeed.
func (m machine) cleanDrill(load []string, command ...string) *drill.Report {
	m.t.Helper()
	r := m.drill(load, command...)
	if r.Command.Error != "" {
		m.t.Errorf("%v: %s", command, r.Command.Error)
	}
	return r
}
