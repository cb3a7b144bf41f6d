package activator

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// exit is how a process ended.
type exit struct {
	status syscall.WaitStatus
	why    string // what made us end it, if anything did
}

func exitOf(state *os.ProcessState, why string) exit {
	status, _ := state.Sys().(syscall.WaitStatus)
	return exit{status, why}
}

// code is the exit status, as a shell has it.
func (e exit) code() int {
	if e.status.Signaled() {
		return 128 + int(e.status.Signal())
	}
	return e.status.ExitStatus()
}

// clean follows Restart=on-failure (systemd.service(5)).
func (e exit) clean() bool {
	if e.why != "" {
		return false
	}
	if e.status.Signaled() {
		switch e.status.Signal() {
		case syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGPIPE:
			return true
		}
		return false
	}
	return e.status.ExitStatus() == 0
}

// restarts reports whether the program is started again.
func (r Restart) restarts(e exit) bool {
	return r == Always || r == OnFailure && !e.clean()
}

func (e exit) String() string {
	text := fmt.Sprintf("ended with status %d", e.status.ExitStatus())
	if e.status.Signaled() {
		text = "was killed by " + unix.SignalName(e.status.Signal())
		if e.status.CoreDump() {
			text += " (core dumped)"
		}
	}
	if e.why != "" {
		return e.why + ", and " + text
	}
	return text
}
