//go:build !linux

package activator

import (
	"net"
	"os"
	"syscall"
)

const carries = false

func self() (string, error) { return os.Executable() }

// isolate gives a program a process group of its own: a Ctrl-C is ours to
// handle, and what it leaves behind can be ended. Should this process be killed,
// the program goes on: only Linux has a signal for that.
func isolate() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// reap waits until the process has ended, and ends what is left of its group.
func (f *forked) reap() (*os.ProcessState, error) {
	state, err := f.Wait()
	f.signalGroup(syscall.SIGKILL)
	return state, err
}

// Only Linux says who sent a message: elsewhere whoever can reach the socket is
// believed.
func passCredentials(*net.UnixConn) error { return nil }

func sender([]syscall.SocketControlMessage) int { return 0 }
