package activator

import (
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// carries: there are sequential packets, and the kernel says whose they are.
const carries = true

// self is this executable, also after it was replaced or deleted.
func self() (string, error) { return "/proc/self/exe", nil }

// isolate gives a program a process group of its own: a Ctrl-C is ours to
// handle, and what it leaves behind can be ended. Should this process be killed,
// the program gets SIGTERM; the kernel goes by the thread that started it.
func isolate() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// reap waits until the process has ended, and ends what is left of its group
// before the id, which is the group's as well, can become anybody else's.
func (f *forked) reap() (*os.ProcessState, error) {
	for errors.Is(unix.Waitid(unix.P_PID, f.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
	f.signalGroup(syscall.SIGKILL)
	return f.Wait()
}

// passCredentials has the kernel say who sent each message (SO_PASSCRED,
// unix(7)).
func passCredentials(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) {
		inner = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_PASSCRED, 1)
	})
	return errors.Join(err, inner)
}

// sender is the process that sent a message, 0 if that is not known.
func sender(control []syscall.SocketControlMessage) int {
	for _, m := range control {
		if cred, err := syscall.ParseUnixCredentials(&m); err == nil {
			return int(cred.Pid)
		}
	}
	return 0
}
