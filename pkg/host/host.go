package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Host is a running machine. Its methods may be called from several goroutines, but for Reboot and Crash.
type Host struct {
	name    string
	cgroup  string // directory of its control group
	sandbox *sandbox
	leader  int  // process id, out here, of the host's PID 1
	console tail // what nspawn and systemd wrote to the console

	closing  sync.Once
	closeErr error
}

// Command returns a command that runs inside the host as root, in /, with a small
// environment of its own: PATH, HOME, LC_ALL=C.UTF-8 and DEBIAN_FRONTEND=noninteractive.
// It has no terminal.
//
// When ctx is done, the command is killed with all its children that are still in its
// process group. A child that goes on in the background and keeps the output open
// makes Wait return [exec.ErrWaitDelay] five seconds after the command ended.
func (h *Host) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return h.enter(ctx, h.leader, name, args...)
}

// enter is Command in the namespaces of a process.
func (h *Host) enter(ctx context.Context, leader int, name string, args ...string) *exec.Cmd {
	enter := []string{
		"--target", strconv.Itoa(leader), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
		"--", "setsid", name,
	}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
	cmd.Env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root",
		"LC_ALL=C.UTF-8",
		"DEBIAN_FRONTEND=noninteractive",
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is the caller's to handle
	cmd.Cancel = func() error { return signalEntered(cmd.Process, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// Terminate asks a command of [Host.Command], once it was started, to end: with SIGTERM, and all its children that are
// still in its process group. It is for the Cancel of a command that has something to finish; that is given five seconds.
func Terminate(cmd *exec.Cmd) error { return signalEntered(cmd.Process, syscall.SIGTERM) }

// signalEntered signals what nsenter started: its child, the command, which setsid made
// leader of a process group. nsenter itself then reaps the child and ends likewise. Were
// it killed first, the child would run on; killed along with it, the child would wait
// for this machine's init to reap it, and the host could not end before.
func signalEntered(nsenter *os.Process, signal syscall.Signal) error {
	children := childrenOf(nsenter.Pid)
	if len(children) == 0 {
		return nsenter.Signal(signal)
	}
	err := syscall.Kill(-children[0], signal)
	if errors.Is(err, syscall.ESRCH) { // too early for setsid
		err = syscall.Kill(children[0], signal)
	}
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// Run runs a command inside the host and returns what it wrote to standard output
// and standard error together. The error of a command that fails wraps the
// [*exec.ExitError] and holds the command, its exit status and the end of its output.
func (h *Host) Run(ctx context.Context, name string, args ...string) (string, error) {
	out, err := h.Command(ctx, name, args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("running %q in the host: %w; it said last:\n%s",
			strings.Join(append([]string{name}, args...), " "), err, lastLines(string(out), 20))
	}
	return string(out), err
}

// Journal returns the host's journal from since on, all of it for the zero time.
func (h *Host) Journal(ctx context.Context, since time.Time) (string, error) {
	args := []string{"--no-pager", "--output=short-precise"}
	if !since.IsZero() {
		args = append(args, fmt.Sprintf("--since=@%d.%06d", since.Unix(), since.Nanosecond()/1000))
	}
	return h.Run(ctx, "journalctl", args...)
}

// Wait returns when the host has ended by itself, after a poweroff inside it, or when
// ctx ends, with an error. It returns the end of what the host wrote to its console. The
// caller must Close the host all the same.
func (h *Host) Wait(ctx context.Context) (console string, err error) {
	select {
	case <-h.sandbox.done:
	case <-ctx.Done():
		err = fmt.Errorf("waiting for host %s to end: %w", h.name, ctx.Err())
	}
	return h.console.String(), err
}

// Close ends the host at once, with every process in it, and returns when nothing
// of it is left. There is no orderly shutdown: all that the host wrote goes with it. Close may
// be called again, and returns the same error.
func (h *Host) Close() error {
	h.closing.Do(func() {
		err := errors.Join(h.sandbox.kill(), removeCgroup(h.cgroup))
		if err != nil {
			h.closeErr = fmt.Errorf("closing host %s: %w", h.name, err)
		}
	})
	return h.closeErr
}
