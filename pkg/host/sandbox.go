package host

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// A sandbox is a shell script, and all that it starts, in a PID namespace and a
// mount namespace of its own (namespaces(7)).
//
// The script is the namespace's first process: when it ends, however it ends, the
// kernel kills all others there and its mounts disappear. The kernel also kills it
// when the calling process dies (PR_SET_PDEATHSIG, prctl(2)).
type sandbox struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when every process of the sandbox is gone
	err  error         // how the script ended; read only after done
}

// sandboxSpec says what to run: Script by /bin/sh -eu in the directory Dir, with
// output to Out, in the control group CgroupFD (an open directory; nil for the
// caller's own).
type sandboxSpec struct {
	Dir    string
	Script string
	Args   []string
	Env    []string
	Cgroup *os.File
	Out    io.Writer
}

// startSandbox starts the script. The caller must kill the sandbox or wait until
// done is closed.
func startSandbox(spec sandboxSpec) (*sandbox, error) {
	script := "mount -t proc proc /proc\n" + spec.Script
	cmd := exec.Command("/bin/sh", append([]string{"-euc", script, "sh"}, spec.Args...)...)
	cmd.Dir = spec.Dir
	cmd.Env = append(os.Environ(), spec.Env...)
	cmd.Stdout = spec.Out
	cmd.Stderr = spec.Out
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = confined(spec.Cgroup)

	s := &sandbox{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The signal comes at the death of the thread that started the process, not
		// of the whole process: keep this thread for as long.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			s.err = cmd.Wait()
			close(s.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting a sandbox in namespaces of its own: %w", err)
	}
	return s, nil
}

// pid is the process id of the sandbox's first process.
func (s *sandbox) pid() int { return s.cmd.Process.Pid }

// kill ends every process of the sandbox and waits, at most ten seconds, until they
// are gone.
func (s *sandbox) kill() error {
	_ = s.cmd.Process.Kill() // fails only when it has ended already
	select {
	case <-s.done:
		return nil
	case <-time.After(10 * time.Second):
		return fmt.Errorf("process %d does not end though it was killed", s.pid())
	}
}
