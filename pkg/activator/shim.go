package activator

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// shimName as the name of the program makes this executable a shim.
const shimName = "nodrop-exec"

// LISTEN_PID, WATCHDOG_PID and SYSTEMD_EXEC_PID have to name the program's own
// process (sd_listen_fds(3)), and Go has nothing that runs between fork and
// exec. So this executable, which has this package in it, is started once more:
// it fills in its own process id and turns into the program.
//
// This has to come before main, and before TestMain, of whatever the executable
// is. The name is the only argument that no user can give by accident.
func init() {
	if len(os.Args) < 3 || os.Args[0] != shimName {
		return
	}
	report := os.NewFile(uintptr(mustNumber(os.Args[1])), "report")
	unix.CloseOnExec(int(report.Fd()))
	fmt.Fprint(report, become(os.Args[2], os.Args[3:]))
	os.Exit(exitExec)
}

// exitExec is systemd's exit status for a program that could not be executed.
const exitExec = 203

// shimArgs are the arguments that make the shim become the program at path,
// called with args, or write why that failed to the descriptor report, which it
// otherwise closes.
func shimArgs(report int, path string, args []string) []string {
	return append([]string{shimName, strconv.Itoa(report), path}, args...)
}

// pidVariables name the process that is meant.
var pidVariables = []string{"LISTEN_PID", "WATCHDOG_PID", "SYSTEMD_EXEC_PID"}

func become(path string, args []string) error {
	for _, name := range pidVariables {
		if _, set := os.LookupEnv(name); set {
			os.Setenv(name, strconv.Itoa(os.Getpid()))
		}
	}
	return os.NewSyscallError("exec", unix.Exec(path, args, os.Environ()))
}

func mustNumber(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		os.Exit(exitExec)
	}
	return n
}
