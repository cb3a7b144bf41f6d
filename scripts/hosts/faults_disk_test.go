package hosts

import (
	"strings"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// A disk that is full when an upgrade begins: it goes on or fails before anything is touched, and says so, as docs/faults.md has it.
func TestFullDisk(t *testing.T) {
	promises := docTable(t, "docs/faults.md", "the terminal says")
	m := boot(t, "bookworm")
	old, next := "1.0.0", "1.1.0"
	m.publish(lab.Release{Version: old})
	m.publish(lab.Release{Version: next})
	m.must("dpkg", "-i", published(old))
	smallDisks(m)
	for full, promise := range promises {
		t.Run(full, func(t *testing.T) {
			m := machine{m.Host, t}
			dir, spare := full, 0
			switch full {
			case "/run, but for 4 MiB":
				dir, spare = "/run", 4
			case "/var/lib/nodrop":
				m.must("sh", "-euc", `mkdir "$1"; mount -t tmpfs -o size=1M tmpfs "$1"`, "sh", dir)
				m.afterwards("umount /var/lib/nodrop; rmdir /var/lib/nodrop")
			}
			var dpkg dpkgRun
			report := m.underLoad(faultLoad, func() {
				m.fill(dir, spare)
				dpkg.output, dpkg.err = m.Run(m.t.Context(), "dpkg", "-i", published(next))
				m.empty(dir)
			})
			m.wantLost(report, promise["lost"], nil)
			serves := map[string]string{"old": old, "new": next}[promise["serves"]]
			if got := m.version(); got != serves || (dpkg.err == nil) != (serves == next) {
				t.Errorf("version %q serves, want %s; dpkg: %v", got, serves, dpkg.err)
			}
			if !strings.Contains(dpkg.output, promise["the terminal says"]) {
				t.Errorf("the terminal does not say %q", promise["the terminal says"])
			}
			report = m.underLoad(faultLoad, func() {
				for _, version := range []string{next, old} { // there, and back for the next row
					if out, err := m.Run(m.t.Context(), "dpkg", "-i", published(version)); err != nil {
						t.Errorf("afterwards, the upgrade to %s failed: %v\n%s", version, err, out)
					}
				}
			})
			m.wantLost(report, "nothing", nil)
			m.wantStates(serving)
			if t.Failed() {
				t.Logf("dpkg: %v\n%s", dpkg.err, dpkg.output)
			}
		})
	}
}
