package hosts

import (
	"slices"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// A release that is no good must not take a request from the one that serves,
// and the person at the terminal must be told.
func TestBadRelease(t *testing.T) {
	for _, fault := range []string{"exit", "hang"} {
		t.Run(fault, func(t *testing.T) {
			m := installed(t)
			// The admin's own setting, which the standby follows as well; it also
			// keeps the wait for a release that hangs short.
			if err := m.WriteFile(t.Context(), "/etc/systemd/system/myapp.service.d/start.conf", []byte("[Service]\nTimeoutStartSec=5s\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			m.must("systemctl", "daemon-reload")
			m.publish(lab.Release{Version: "1.1.0", Fault: fault})

			r := m.drill(lab.Load, "sh", "-c", "apt-get -y upgrade >/tmp/apt.log 2>&1")
			if r.Command.Error == "" {
				t.Error("apt succeeded")
			}
			if !slices.Equal(r.Versions.After, []string{"1.0.0"}) {
				t.Errorf("after the failed upgrade these versions answered: %v", r.Versions.After)
			}
			notLonger(t, r)
			m.wantStates(map[string]string{"myapp.service": "active", "myapp.socket": "active"})
			log := m.must("cat", "/tmp/apt.log")
			for _, want := range []string{"myapp-standby.service", "journalctl", "apt install myapp="} {
				if !strings.Contains(log, want) {
					t.Errorf("apt's output does not say %q:\n%s", want, log)
				}
			}

			// A good version brings everything back to normal.
			m.publish(lab.Release{Version: "1.2.0"})
			m.cleanDrill(lab.Load, "apt-get", "-y", "upgrade")
			m.wantStates(serving)
			if got := m.version(); got != "1.2.0" {
				t.Errorf("version %q answers", got)
			}
		})
	}
}
