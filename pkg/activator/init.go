package activator

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Init is for process 1 of a container, which has duties of its own: it runs
// this executable once more, with the same arguments, passes signals on to it,
// reaps the processes that nobody else does, and returns when that one has
// ended, with its status. The kernel ends what is left then.
func Init() (status int, err error) {
	executable, err := self()
	if err != nil {
		return 0, fmt.Errorf("running as process 1: %w", err)
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals) // all: of those that process 1 does not ask for, it gets none
	pid, err := syscall.ForkExec(executable, os.Args, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, 1, 2},
		Sys:   &syscall.SysProcAttr{Setpgid: true}, // a Ctrl-C comes once, through us
	})
	if err != nil {
		return 0, fmt.Errorf("running as process 1: %w", err)
	}
	go func() {
		for sig := range signals {
			if sig != syscall.SIGCHLD && sig != syscall.SIGURG { // the runtime's own
				_ = syscall.Kill(pid, sig.(syscall.Signal))
			}
		}
	}()
	for {
		var ended syscall.WaitStatus
		switch one, err := syscall.Wait4(-1, &ended, 0, nil); {
		case one == pid:
			return exit{status: ended}.code(), nil
		case err != nil && !errors.Is(err, syscall.EINTR):
			return 0, fmt.Errorf("running as process 1: %w", err)
		}
	}
}
