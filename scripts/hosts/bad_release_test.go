package hosts

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/scripts/lab"
)

// badReleases are ways for a release to be no good.
var badReleases = []struct {
	name   string
	fault  string
	change string
	says   string // on the terminal, among other things
	held   int    // how many requests may fail: those that a crashing process holds
}{
	{"crashes at start", "exit", "", "the new version did not get ready", 0},
	{"hangs before ready", "hang", "sed -i s/^TimeoutStartSec=.*/TimeoutStartSec=3s/ myapp.service", "the new version did not get ready", 0},
	{"fails its health check in the soak", "sick", soak, "the new version did not get ready", 0},
	{"crashes in the soak", "crash", soak, "the new version did not get ready", 16},
	{"does not start after the cut", "once", "", "myapp-standby.service serves in its place", 0},
	{"restarts, and does not start", "exit", restart, "nothing serves now", 0},
	{"service unit is broken", "", `sed -i 's,^ExecStart=.*,ExecStart="/usr/bin/myapp,' myapp.service`, "systemd does not take these units", 0},
	{"socket unit is broken", "", "sed -i s/^ListenStream=8080/ListenStream=eighty:80/ myapp.socket", "systemd does not take these units", 0},
	{"has a socket that it does not serve", "", extra, "nothing serves now", 0},
	{"a file is missing", "", shared, "the new version did not get ready", 0},
}

const (
	soak    = "echo Soak=8s >>myapp.service"
	restart = "sed -i s/^Strategy=.*/Strategy=restart/ myapp.service"
	extra   = `sed 's,^ListenStream=.*,ListenStream=8070,; s,^FileDesc.*,FileDescriptorName=extra,' myapp.socket >myapp-extra.socket
sed -i 's,^contents:,&\n  - {src: packaging/myapp/myapp-extra.socket\, dst: /lib/systemd/system/myapp-extra.socket},' nfpm.yaml`
	// shared has the service read a file; shippedToo ships it.
	shared     = `sed -i 's,^User=,EnvironmentFile=/usr/share/myapp/environment\n&,' myapp.service`
	shippedToo = shared + `; sed -i 's,^contents:,&\n  - {src: LICENSE\, dst: /usr/share/myapp/environment},' nfpm.yaml`
)

// A release that is no good takes no request from the one that serves, whatever is wrong with it; that one is also what a restart
// and a reboot start, until a good version is installed; and everybody is told.
func TestBadRelease(t *testing.T) {
	m := boot(t, "bookworm")
	good := 0
	version := func(n int) string { return fmt.Sprintf("1.%d.0", n) }
	m.publish(lab.Release{Version: version(good), Change: shippedToo})
	m.must("apt-get", "-y", "install", "myapp")
	for i, tt := range badReleases {
		bad := 2*i + 1
		whole := t.Run(tt.name, func(t *testing.T) {
			m := machine{m.Host, t}
			m.publish(lab.Release{Version: version(bad), Fault: tt.fault, Change: tt.change})
			r := m.failingUpgrade(tt.held, short, "apt-get", "-y", "upgrade")
			if !slices.Equal(r.Versions.After, []string{version(good)}) {
				t.Errorf("after the failed upgrade these versions answered: %v", r.Versions.After)
			}
			log := m.must("cat", "/tmp/upgrade.log")
			for _, want := range []string{tt.says, "the upgrade to " + version(bad) + " FAILED", "apt install myapp=" + version(good), "fell back to " + version(good)} {
				if !strings.Contains(log, want) {
					t.Errorf("apt's output does not say %q:\n%s", want, log)
				}
			}
			m.wantStates(map[string]string{"myapp.service": "active", "myapp.socket": "active", "myapp-standby.service": "inactive or failed"})
			m.wantFallback(version(good), version(bad))

			// The way back, and the way forward, in turn.
			if i%2 == 0 {
				r = m.cleanDrill(short, "apt-get", "-y", "--allow-downgrades", "install", "myapp="+version(good))
			} else {
				good = bad + 1
				m.publish(lab.Release{Version: version(good), Change: shippedToo})
				r = m.cleanDrill(short, "apt-get", "-y", "upgrade")
			}
			m.wantServing(r, version(good))
			m.wantNoFallback()
			if changed := m.must("dpkg", "--verify", "myapp"); changed != "" {
				t.Errorf("files of another version:\n%s", changed)
			}
		})
		if !whole {
			break // what comes next would start from somewhere else
		}
	}
}

// The power fails in the middle of an upgrade to a release that is no good, which is then what the host boots. It is set right as
// soon as dpkg goes on.
func TestInterruptedUpgrade(t *testing.T) {
	m := installed(t)
	m.publish(lab.Release{Version: "1.1.0", Fault: "exit"})
	m.must("dpkg", "--unpack", "/srv/apt/myapp_1.1.0_amd64.deb")
	if err := m.Reboot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out, err := m.Run(t.Context(), "dpkg", "--configure", "-a"); err == nil || !strings.Contains(out, "myapp.service is 1.0.0 again") {
		t.Errorf("dpkg --configure: %v\n%s", err, out)
	}
	m.wantStates(serving)
	if got := m.version(); got != "1.0.0" {
		t.Errorf("version %q answers", got)
	}
	m.publish(lab.Release{Version: "1.2.0"})
	m.wantServing(m.cleanDrill(short, "apt-get", "-y", "upgrade"), "1.2.0")
	m.wantNoFallback()
}

// A socket that came with a version that failed is as new in the next one: it is not one that the admin has stopped.
func TestNewSocketAfterFallback(t *testing.T) {
	m := installed(t)
	m.publish(lab.Release{Version: "1.1.0", Change: extra})
	if out, err := m.Run(t.Context(), "apt-get", "-y", "upgrade"); err == nil {
		t.Fatalf("the upgrade succeeded:\n%s", out)
	}
	if err := m.Reboot(t.Context()); err != nil { // which forgets the marks
		t.Fatal(err)
	}
	m.publish(lab.Release{Version: "1.2.0", Change: extra})
	m.must("dpkg", "--unpack", "/srv/apt/myapp_1.2.0_amd64.deb")
	if marks := m.must("cat", "/run/nodrop/myapp.before"); !strings.Contains(marks, "myapp-extra.socket not-found") {
		t.Errorf("noted before the second attempt:\n%s", marks)
	}
}

// A good version without a rollout unit, of one that has it, comes back by a restart.
func TestFallbackToRestart(t *testing.T) {
	m := boot(t, "bookworm")
	m.publish(lab.Release{Version: "1.0.0", Change: restart})
	m.must("apt-get", "-y", "install", "myapp")
	m.publish(lab.Release{Version: "1.1.0", Fault: "once"})
	m.failingUpgrade(0, short, "apt-get", "-y", "upgrade")
	m.wantStates(map[string]string{"myapp.service": "active", "myapp.socket": "active", "myapp-standby.service": "inactive"})
	if got := m.version(); got != "1.0.0" {
		t.Errorf("version %q answers", got)
	}
}

// failingUpgrade runs a command that brings a bad release, under load: it fails, and nothing else does but what a crashing
// process held. Who waits for the old version to be back has waited, for however long this machine takes, and lost nothing. Its
// output is in /tmp/upgrade.log.
func (m machine) failingUpgrade(held int, load []string, command ...string) *drill.Report {
	m.t.Helper()
	log := testWriter{m.t}
	patient := append(slices.Clone(load), "--timeout", "2m")
	r, err := lab.Drill(m.t.Context(), m.Host, log, patient, append([]string{"sh", "-c", `exec "$@" >/tmp/upgrade.log 2>&1`, "sh"}, command...)...)
	if err != nil {
		m.t.Fatal(err)
	}
	if r.Total.Failed > uint64(held) || r.Total.After.Failed > 0 || held == 0 && r.Lost() {
		m.t.Errorf("lost something: %s", r.Verdict())
	}
	if r.Command.Error == "" {
		m.t.Error("the upgrade succeeded")
	}
	return r
}

// wantFallback checks that a restart and a reboot start the good version, and that systemctl status and the journal tell why.
func (m machine) wantFallback(good, bad string) {
	m.t.Helper()
	r := m.cleanDrill(short, "systemctl", "restart", "myapp.service")
	if !slices.Equal(r.Versions.After, []string{good}) {
		m.t.Errorf("after a restart these versions answered: %v, want %s", r.Versions.After, good)
	}
	status := m.must("systemctl", "status", "myapp.service")
	if want := regexp.MustCompile(`\(fallback to ` + good + `(-1)?, as ` + bad + ` failed\)`); !want.MatchString(status) {
		m.t.Errorf("systemctl status does not say %s:\n%s", want, status)
	}
	if journal := m.must("journalctl", "-b", "-u", "myapp.service"); !strings.Contains(journal, "fell back to "+good) {
		m.t.Errorf("the journal of myapp.service does not tell:\n%s", journal)
	}
	if left := m.must("sh", "-c", "ss -Hltn 'sport = :8070'; find /etc/systemd/system -xtype l"); left != "" {
		m.t.Errorf("left of the version that failed:\n%s", left)
	}
	if err := m.Reboot(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
	m.wantStates(serving)
	if got := m.version(); got != good {
		m.t.Errorf("after a reboot version %q answers, want %s", got, good)
	}
}

func (m machine) wantNoFallback() {
	m.t.Helper()
	left := m.must("sh", "-c", "ls -d /var/lib/nodrop /run/nodrop /usr/lib/systemd/system/myapp.service.d/90-* 2>/dev/null || :")
	if status := m.must("systemctl", "status", "myapp.service"); left != "" || strings.Contains(status, "fallback") {
		m.t.Errorf("left over: %s; systemctl status:\n%s", left, status)
	}
}
