package host

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// asCaller makes the test binary boot a host, tell about it and hang: a caller to
// be killed.
const asCaller = "NODROP_TEST_CALLER"

func TestMain(m *testing.M) {
	if os.Getenv(asCaller) == "" {
		os.Exit(m.Run())
	}
	h, err := Boot(context.Background(), Options{Suite: "bookworm", Log: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(h.leader, h.cgroup)
	_, _ = os.Stdin.Read(make([]byte, 1)) // until the parent has gone, at the latest
}

// needHosts skips the test where no host can be booted; in CI it fails.
func needHosts(t *testing.T) {
	t.Helper()
	if err := Available(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

func bootHost(t *testing.T) *Host {
	t.Helper()
	needHosts(t)
	begin := time.Now()
	h, err := Boot(t.Context(), Options{Suite: "bookworm", Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("booted in %s", time.Since(begin).Round(time.Millisecond))
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func mustRun(t *testing.T, h *Host, name string, args ...string) string {
	t.Helper()
	out, err := h.Run(t.Context(), name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// eventually waits, at most a minute, until condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func gone(pid int) bool {
	_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	return errors.Is(err, os.ErrNotExist)
}

func TestBoot(t *testing.T) {
	h := bootHost(t)
	for _, tt := range []struct{ name, script, want string }{
		{"systemd is PID 1", "cat /proc/1/comm", "systemd"},
		{"everything started", "systemctl is-system-running", "running"},
		{"no unit failed", "systemctl list-units --failed --no-legend", ""},
		{"the suite", ". /etc/os-release; echo $VERSION_CODENAME", "bookworm"},
		{"host name resolves", "hostname --fqdn", hostname},
		{"nothing but loopback", "ls /sys/class/net", "lo"},
		{"loopback IPv4 is up", "curl -sS http://127.0.0.1:1 2>&1 | grep -c 'Failed to connect'", "1"},
		{"loopback IPv4 refuses", "bash -c 'echo >/dev/tcp/127.0.0.1/1' 2>&1 | grep -o 'Connection refused' | uniq", "Connection refused"},
		{"loopback IPv6 refuses", "bash -c 'echo >/dev/tcp/::1/1' 2>&1 | grep -o 'Connection refused' | uniq", "Connection refused"},
		{"control groups of version 2", "stat -fc %T /sys/fs/cgroup", "cgroup2fs"},
		{"its own source of packages only", "apt-get indextargets --format '$(SITE)$(URI)' | grep -vc 'file:" + Repository + "' || true", "0"},
		{"environment", "env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort | cut -d= -f1 | xargs", "DEBIAN_FRONTEND HOME LC_ALL PATH"},
		{"directory", "pwd", "/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := mustRun(t, h, "sh", "-c", tt.script); got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.script, got, tt.want)
			}
		})
	}
}

func TestRunFails(t *testing.T) {
	h := bootHost(t)
	out, err := h.Run(t.Context(), "sh", "-c", "echo out; echo why >&2; exit 7")
	if out != "out\nwhy\n" {
		t.Errorf("output %q", out)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("error %v, want one that wraps exit status 7", err)
	}
	for _, want := range []string{"sh -c echo out", "exit status 7", "  why"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	if _, err := h.Run(t.Context(), "no-such-program"); err == nil || !strings.Contains(err.Error(), "no-such-program") {
		t.Errorf("missing program: error %v", err)
	}
}

func TestCancelKillsChildren(t *testing.T) {
	h := bootHost(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := h.Run(ctx, "sh", "-c", "sleep 86399 & echo started >/run/started; wait")
		ended <- err
	}()
	running := func() bool {
		_, err := h.Run(t.Context(), "pgrep", "-f", "^sleep 86399$")
		return err == nil
	}
	eventually(t, "the command's child to run", running)
	cancel()
	if err := <-ended; err == nil {
		t.Error("a cancelled command has no error")
	}
	// Nobody in the host reaps what entered from outside: it must be gone by now.
	for line := range strings.Lines(mustRun(t, h, "ps", "-eo", "ppid=,comm=")) {
		if strings.Join(strings.Fields(line), " ") == "0 sh" {
			t.Error("the cancelled command waits for this machine's init to reap it")
		}
	}
	eventually(t, "the child of the cancelled command to end", func() bool { return !running() })
}

func TestJournalSince(t *testing.T) {
	h := bootHost(t)
	mustRun(t, h, "sh", "-c", "echo first-line | systemd-cat && journalctl --sync")
	between := time.Now()
	mustRun(t, h, "sh", "-c", "echo second-line | systemd-cat && journalctl --sync")
	for _, tt := range []struct {
		name  string
		since time.Time
		first bool
	}{{"all", time.Time{}, true}, {"since", between, false}} {
		t.Run(tt.name, func(t *testing.T) {
			journal, err := h.Journal(t.Context(), tt.since)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(journal, "second-line") || strings.Contains(journal, "first-line") != tt.first {
				t.Errorf("journal since %v:\n%s", tt.since, journal)
			}
		})
	}
}

// Two hosts share a root, and nothing else: neither sees the other's services.
func TestSeveralHosts(t *testing.T) {
	a, b := bootHost(t), bootHost(t)
	for _, h := range []*Host{a, b} {
		mustRun(t, h, "systemd-run", "--quiet", "--unit=same", "sleep", "1000")
	}
	for _, h := range []*Host{a, b} {
		// A process of the other host would be listed as well, as 0.
		if got := mustRun(t, h, "cat", "/sys/fs/cgroup/system.slice/same.service/cgroup.procs"); len(strings.Fields(got)) != 1 {
			t.Errorf("processes in the service's control group: %q, want one", got)
		}
	}
	mustRun(t, a, "touch", "/srv/only-a")
	if _, err := b.Run(t.Context(), "test", "-e", "/srv/only-a"); err == nil {
		t.Error("a file of one host is in the other")
	}
	mustRun(t, a, "systemctl", "stop", "same")
	if got := mustRun(t, b, "systemctl", "is-active", "same"); got != "active" {
		t.Errorf("the service stopped in one host is %s in the other", got)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if got := mustRun(t, b, "systemctl", "is-active", "same"); got != "active" {
		t.Errorf("with one host closed, the service in the other is %s", got)
	}
}

func TestBootFails(t *testing.T) {
	needHosts(t)
	t.Setenv("NODROP_CACHE", t.TempDir())
	recipe, err := newRecipe("bookworm", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(os.Getenv("NODROP_CACHE"), recipe.key()), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = Boot(t.Context(), Options{Suite: "bookworm"})
	if err == nil || !strings.Contains(err.Error(), "look like") {
		t.Errorf("booting an empty root: error %v, want nspawn's own words", err)
	}
}

// A caller that is killed takes its host along.
func TestKilledCaller(t *testing.T) {
	needHosts(t)
	caller := exec.Command(os.Args[0])
	caller.Env = append(os.Environ(), asCaller+"=1")
	caller.Stderr = t.Output()
	stdin, err := caller.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := caller.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := caller.Start(); err != nil {
		t.Fatal(err)
	}
	var leader int
	var cgroup string
	_, err = fmt.Fscan(bufio.NewReader(stdout), &leader, &cgroup)
	if kill := caller.Process.Kill(); err != nil || kill != nil {
		t.Fatal(err, kill)
	}
	_ = caller.Wait() // "signal: killed"

	eventually(t, "the killed caller's host to end", func() bool { return gone(leader) })
	eventually(t, "the killed caller's control group to be swept", func() bool {
		sweepCgroups(filepath.Dir(cgroup))
		_, err := os.Stat(cgroup)
		return errors.Is(err, os.ErrNotExist)
	})
}

// A reboot is one: PID 1 is another process, /run is empty, and what was written elsewhere is still there. Units are stopped by
// that of Reboot only.
func TestReboot(t *testing.T) {
	h := bootHost(t)
	const unit = "[Service]\nExecStart=sleep infinity\nExecStop=touch /usr/stopped\n"
	if err := h.WriteFile(t.Context(), "/etc/systemd/system/stops.service", []byte(unit), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		reboot func(context.Context) error
		left   string
	}{
		{"Crash", h.Crash, "/usr/kept"},
		{"Reboot", h.Reboot, "/usr/kept\n/usr/stopped"},
	} {
		mustRun(t, h, "touch", "/run/gone", "/usr/kept")
		mustRun(t, h, "systemctl", "start", "stops.service")
		before := h.leader
		if err := tt.reboot(t.Context()); err != nil {
			t.Fatal(err)
		}
		if h.leader == before {
			t.Errorf("%s: PID 1 is the same process", tt.name)
		}
		if got := mustRun(t, h, "sh", "-c", "ls /run/gone /usr/kept /usr/stopped 2>/dev/null || :"); got != tt.left {
			t.Errorf("%s: left of /run/gone, /usr/kept and /usr/stopped: %q", tt.name, got)
		}
	}
}
