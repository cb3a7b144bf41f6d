package hosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nodrop/nodrop/pkg/activator"
	"github.com/nodrop/nodrop/scripts/lab"
)

// nodrop run as process 1, as in a container: it passes signals on, reaps what
// nobody else does, and nothing outlives it.
func TestContainer(t *testing.T) {
	probe, err := built.lab.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "probe.sock")
	// The program leaves an orphan, which ends, before it starts.
	const program = `sh -c 'sleep 0.01 & echo $! >"$0"' "$1"; exec "$2"`
	orphan := filepath.Join(t.TempDir(), "orphan")
	cmd := exec.Command("unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "--",
		built.nodrop, "run", "--json", "--socket", "probe="+socket, "--", "sh", "-c", program, "sh", orphan, probe)
	run, err := lab.StartRun(cmd, testWriter{t})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Stop()
	if _, err := run.Kind(t.Context(), 0, activator.Ready); err != nil {
		t.Fatal(err)
	}
	first := firstOf(t, cmd.Process.Pid)

	seen := run.Seen()
	if err := syscall.Kill(first, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Kind(t.Context(), seen, activator.Stopped); err != nil {
		t.Errorf("a rollout by SIGHUP to process 1: %v", err)
	}
	if out, err := exec.CommandContext(t.Context(), probe, "ask", socket, "pid").CombinedOutput(); err != nil {
		t.Errorf("asking it: %v\n%s", err, out)
	}
	const zombies = `for i in $(seq 200); do grep -qs '^State:.Z' /proc/[0-9]*/status || exit 0; sleep 0.05; done; grep -H '^State:.Z' /proc/[0-9]*/status; exit 1`
	inside := exec.CommandContext(t.Context(), "nsenter", "-t", strconv.Itoa(first), "-p", "-m", "sh", "-c", zombies)
	if out, err := inside.CombinedOutput(); err != nil {
		t.Errorf("processes that nobody has reaped: %v\n%s", err, out)
	}
	if _, err := os.Stat(orphan); err != nil {
		t.Errorf("there was no orphan: %v", err)
	}
	if err := syscall.Kill(first, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// 143: probe does not drain. unshare ends with the status of process 1.
	if err := run.Ended(t.Context()); err == nil || !strings.Contains(err.Error(), "exit status 143") {
		t.Errorf("it ended with %v, want the status of the program, 143", err)
	}
}

// firstOf is process 1 of the namespace that unshare has made.
func firstOf(t *testing.T, unshare int) int {
	t.Helper()
	pid := strconv.Itoa(unshare)
	text, err := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return child
}
