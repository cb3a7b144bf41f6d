package hosts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/scripts/lab"
)

// quickLoad is a small load, for a short time.
var quickLoad = []string{"--client", "fresh=4", "--client", "post=4", "--client", "idle=4", "--before", "1s", "--after", "1s"}

// rehearsed runs nodrop drill on a host of its own. It returns the report, and what nodrop said.
func rehearsed(t *testing.T, status int, args ...string) (*drill.Report, string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), built.nodrop, append([]string{"drill", "--json", "-"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != status {
		t.Fatalf("%v: %v, want exit status %d\n%s", cmd.Args, err, status, &errs)
	}
	var r drill.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if r.Total.Requests == 0 {
		t.Errorf("no requests: %s", r.Verdict())
	}
	return &r, errs.String()
}

// nodrop drill on a host of its own finds what myapp serves, and that its upgrade loses nothing, from deb and rpm. The
// deb is drilled on a release that need not be the machine's.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	for packager, suite := range map[string]string{"deb": "trixie", "rpm": "bookworm"} {
		t.Run(packager, func(t *testing.T) {
			t.Parallel()
			from := built.get(t, release{lab.Release{Version: "1.0.0"}, packager})
			to := built.get(t, release{lab.Release{Version: "1.1.0"}, packager})
			r, said := rehearsed(t, 0, append([]string{"--from", from, "--to", to, "--suite", suite, "--client", "h2=4"}, quickLoad...)...)
			if got := fmt.Sprint(r.Versions.Before, r.Versions.After); got != "[1.0.0] [1.1.0]" {
				t.Errorf("versions before and after: %s", got)
			}
			if !slices.ContainsFunc(r.Timeline.Events, func(e drill.Event) bool { return e.Unit == "myapp-standby.service" && e.What == "ready" }) {
				t.Errorf("the standby is not on the timeline: %v", r.Timeline.Events)
			}
			if want := "found http://127.0.0.1:8080/ https://127.0.0.1:8443/"; !strings.Contains(said, want) {
				t.Errorf("nodrop does not say %q:\n%s", want, said)
			}
		})
	}
}

// What loses something is found out: a recipe that restarts its service.
func TestRehearsalOfLosses(t *testing.T) {
	t.Parallel()
	var debs []string
	for _, version := range []string{"1", "2"} {
		deb, err := built.lab.Recipe(t.Context(), lab.Recipe{Version: version})
		if err != nil {
			t.Fatal(err)
		}
		debs = append(debs, deb)
	}
	r, _ := rehearsed(t, 1, append([]string{"--from", debs[0], "--to", debs[1]}, quickLoad...)...)
	if r.Total.Connections.Closed < 4 {
		t.Errorf("%d connections closed, want at least the 4 idle ones: %s", r.Total.Connections.Closed, r.Verdict())
	}
}

// A package of Debian's comes with what it depends on.
func TestRehearsalOfPackage(t *testing.T) {
	t.Parallel()
	r, _ := rehearsed(t, 1, "--package", "nginx", "--client", "fresh=4", "--before", "1s", "--after", "1s")
	if r.Total.Failed == 0 || r.Command.Error != "" {
		t.Errorf("%s, %q", r.Verdict(), r.Command.Error)
	}
}

// A package whose installation fails is no drill; its journal is shown.
func TestRehearsalThatCannotRun(t *testing.T) {
	t.Parallel()
	deb := deb(t, lab.Release{Version: "1.0.0", Fault: "exit"})
	out, err := exec.CommandContext(t.Context(), built.nodrop, "drill", "--from", deb, "--to", deb).CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("%v, want exit status 3", err)
	}
	for _, want := range []string{"installing the first version: ", "the host's journal ends with:", "myapp.service: Failed"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("nodrop does not say %q:\n%s", want, out)
		}
	}
}

// Broken off in the middle of a drill, however rudely, nodrop leaves nothing behind; but a report, if it was asked to end.
func TestRehearsalBrokenOff(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			deb := deb(t, lab.Release{Version: "1.0.0"})
			temp := t.TempDir()
			file := filepath.Join(t.TempDir(), "report.json")
			cmd := exec.Command(built.nodrop, append([]string{"drill", "--from", deb, "--to", deb, "--json", file}, quickLoad...)...)
			cmd.Env = append(os.Environ(), "TMPDIR="+temp)
			drilling := &awaited{text: "drill: during", seen: make(chan struct{})}
			cmd.Stderr = drilling
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			select {
			case <-drilling.seen:
			case err := <-ended:
				t.Fatalf("ended early: %v\n%s", err, &drilling.log)
			case <-time.After(3 * time.Minute):
				t.Fatalf("does not drill\n%s", &drilling.log)
			}
			if left := traces(t, cmd.Process.Pid); len(left) == 0 {
				t.Error("the test does not see the host of a drill")
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			select {
			case <-ended:
			case <-time.After(3 * time.Minute):
				t.Fatalf("does not end\n%s", &drilling.log)
			}
			if signal != syscall.SIGKILL && cmd.ProcessState.ExitCode() != 3 {
				t.Errorf("exit status %d, want 3\n%s", cmd.ProcessState.ExitCode(), &drilling.log)
			}
			var r drill.Report
			text, err := os.ReadFile(file)
			if err == nil {
				err = json.Unmarshal(text, &r)
			}
			if signal != syscall.SIGKILL && (err != nil || r.Total.Requests == 0 || !strings.Contains(r.Error, "broken off")) {
				t.Errorf("report: %v, %s", err, r.Verdict())
			}
			// After a SIGKILL it is the kernel that cleans up.
			for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
				left := traces(t, cmd.Process.Pid)
				if len(left) == 0 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("left behind: %v", left)
				}
			}
			if files, err := os.ReadDir(temp); err != nil || len(files) > 0 {
				t.Errorf("left behind: %v %v", files, err)
			}
		})
	}
}

// traces are the processes of hosts that the process with that id booted.
func traces(t *testing.T, pid int) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), fmt.Sprintf("/nodrop-%d-", pid)) {
			found = append(found, file)
		}
	}
	return found
}

// awaited is a writer that tells when a text was written.
type awaited struct {
	text string
	seen chan struct{} // closed then
	log  bytes.Buffer
	done bool
}

func (a *awaited) Write(p []byte) (int, error) {
	a.log.Write(p)
	if !a.done && strings.Contains(a.log.String(), a.text) {
		a.done = true
		close(a.seen)
	}
	return len(p), nil
}
