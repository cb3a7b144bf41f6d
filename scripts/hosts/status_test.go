package hosts

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nodrop/nodrop/pkg/status"
	"github.com/nodrop/nodrop/scripts/lab"
)

// status is what nodrop status tells of myapp, with its exit status.
func (m machine) status(as ...string) (status.Service, int) {
	m.t.Helper()
	out, code := m.exit(append(as, "nodrop", "status", "--json")...)
	var all []status.Service
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 1 || all[0].Unit != "myapp.service" {
		m.t.Fatalf("nodrop status: %v, exit status %d\n%s", err, code, out)
	}
	return all[0], code
}

// exit is the output of a command and its exit status.
func (m machine) exit(command ...string) (string, int) {
	m.t.Helper()
	cmd := m.Command(m.t.Context(), command[0], command[1:]...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	if complaints.Len() > 0 {
		m.t.Logf("%v: %s", command, &complaints)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// wantState waits until status tells a state, with its exit status.
func (m machine) wantState(want status.State, code int) status.Service {
	m.t.Helper()
	var s status.Service
	var got int
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if s, got = m.status(); s.State == want {
			break
		}
	}
	if s.State != want || got != code {
		m.t.Fatalf("it is %s, exit status %d; want %s, %d: %+v", s.State, got, want, code, s)
	}
	text, _ := m.exit("nodrop", "status", "myapp")
	m.t.Logf("\n%s", text)
	return s
}

// status tells of a service through its life: serving, in the middle of a rollout,
// fallen back, stopped, and of none.
func TestStatus(t *testing.T) {
	m := installed(t)
	s := m.wantState(status.Serving, 0)
	if s.Package == nil || s.Package.Version != "1.0.0" || s.Main.PID == 0 || s.Main.Program != status.Installed || s.Main.Since == nil ||
		!strings.HasPrefix(s.Main.Says, "serving http on") || s.Standby == nil || s.Standby.Active != "inactive" || s.Rollout != nil || s.Fallback != nil {
		t.Errorf("installed: %+v", s)
	}
	names := ""
	for _, socket := range s.Sockets {
		l := socket.Addresses[0]
		names += socket.Name + " " + l.Address + " "
		if socket.Active != "active" || len(socket.Addresses) != 1 || l.Queue == nil || l.Queue.Waiting != 0 || l.Queue.Limit == 0 {
			t.Errorf("a socket: %+v", socket)
		}
	}
	if want := "nodrop-handover /run/myapp-handover.sock https [::]:8443 metrics 127.0.0.1:9090 http [::]:8080 "; names != want {
		t.Errorf("sockets: %s, want %s", names, want)
	}

	// What the process does not accept waits.
	m.must("timeout", "60", "bash", "-c", `pid=$(systemctl show --value -p MainPID myapp.service)
kill -STOP "$pid"; until [ -z "$(grep -L '^State:.T' /proc/"$pid"/task/*/status)" ]; do :; done
for n in 1 2 3 4 5; do exec {fd}<>/dev/tcp/127.0.0.1/8080; done
nodrop status >/run/queue; kill -CONT "$pid"`)
	if text := m.must("cat", "/run/queue"); !strings.Contains(text, "active, 5 of ") {
		t.Errorf("five connections wait:\n%s", text)
	}

	m.publish(lab.Release{Version: "1.1.0", Change: soak})
	m.must("systemd-run", "--quiet", "--unit=upgrade", "--setenv=DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "upgrade")
	s = m.wantState(status.RollingOut, 0)
	for s.State == status.RollingOut && s.Standby.Active != "active" { // it comes up
		s, _ = m.status()
	}
	if s.Rollout.Outcome != "running" || s.Standby.PID == 0 || s.Standby.Program != status.Installed || s.Main.Program != status.Replaced {
		t.Errorf("in the soak: %+v", s)
	}
	s = m.wantState(status.Serving, 0)
	if s.Package.Version != "1.1.0" || s.Rollout == nil || s.Rollout.Outcome != "done" || s.Rollout.Seconds < 8 || s.Main.Program != status.Installed {
		t.Errorf("after the upgrade: %+v, %+v", s, s.Rollout)
	}

	// Anybody may ask, and learns all but what is root's.
	m.must("chmod", "755", "/usr/bin/nodrop")
	other, code := m.status("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
	if code != 0 || other.State != status.Serving || other.Main.PID != s.Main.PID || other.Main.Program != "" || other.Rollout != nil ||
		other.Package == nil || other.Sockets[0].Addresses[0].Queue == nil {
		t.Errorf("without root: exit status %d, %+v", code, other)
	}

	m.publish(lab.Release{Version: "1.2.0", Fault: "exit"})
	if out, err := m.Run(t.Context(), "apt-get", "-y", "upgrade"); err == nil {
		t.Errorf("the upgrade succeeded:\n%s", out)
	}
	s = m.wantState(status.FallenBack, 1)
	if *s.Fallback != (status.Fallback{To: "1.1.0", Failed: "1.2.0"}) || s.Package.Version != "1.2.0" || s.Rollout.Outcome != "failed" ||
		s.Main.Program != status.Installed || s.Standby.Active != "failed" {
		t.Errorf("after a bad release: %+v, %+v", s, s.Rollout)
	}

	m.must("apt-get", "-y", "--allow-downgrades", "install", "myapp=1.1.0")
	m.wantState(status.Serving, 0)
	m.must("systemctl", "stop", "myapp.service")
	m.wantState(status.Waiting, 3)
	m.must("systemctl", "mask", "--now", "myapp.service", "myapp.socket", "myapp-https.socket", "myapp-metrics.socket")
	s = m.wantState(status.Stopped, 3)
	if http := s.Sockets[slices.IndexFunc(s.Sockets, func(s status.Socket) bool { return s.Unit == "myapp.socket" })]; http.Load != "masked" {
		t.Errorf("a masked socket: %+v", http)
	}

	m.must("systemctl", "unmask", "myapp.service", "myapp.socket", "myapp-https.socket", "myapp-metrics.socket")
	m.must("apt-get", "-y", "purge", "myapp")
	for _, args := range [][]string{{"nodrop", "status"}, {"nodrop", "status", "nonsense"}, {"nodrop", "status", "--json", "myapp"}} {
		if out, code := m.exit(args...); code != 4 || out != "" {
			t.Errorf("%v: exit status %d, %q", args, code, out)
		}
	}
}
