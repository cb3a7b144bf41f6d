package activator

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/nodrop/nodrop/pkg/activation"
)

// starter starts instances of one program on the same sockets.
type starter struct {
	Config
	sockets []*bound
	dir     string   // for notify sockets and the handover socket; nobody else's
	null    *os.File // standard input
	count   int
}

// file is the program's file, which need not exist: a name without a slash is
// looked up in $PATH.
func (s *starter) file() string {
	find := filepath.Abs
	if !strings.Contains(s.Program[0], "/") {
		find = exec.LookPath
	}
	if path, err := find(s.Program[0]); err == nil {
		return path
	}
	return s.Program[0]
}

// forked is a process that is the shim still, or already the program.
type forked struct {
	*os.Process
	notify *notifySocket
	report io.ReadCloser // why the program could not be executed; ends when it was
}

// start forks. It is called from one thread only, see isolate.
func (s *starter) start() (*forked, error) {
	path, err := exec.LookPath(s.file())
	if err != nil {
		return nil, fmt.Errorf("finding the program: %w", err)
	}
	s.count++
	notify, err := listenNotify(filepath.Join(s.dir, "notify-"+strconv.Itoa(s.count)))
	if err != nil {
		return nil, err
	}
	f, err := s.fork(path, notify)
	if err != nil {
		notify.end()
		<-notify.ended
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	return f, nil
}

func (s *starter) fork(path string, notify *notifySocket) (*forked, error) {
	shim, err := self()
	if err != nil {
		return nil, err
	}
	report, reportTo, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer reportTo.Close()
	// Not os/exec: an os.File's Fd would clear O_NONBLOCK on the shared sockets.
	files := []uintptr{s.null.Fd(), s.Stdout.Fd(), s.Stderr.Fd()}
	for _, b := range s.sockets {
		files = append(files, uintptr(b.fd))
	}
	pid, _, err := syscall.StartProcess(shim, shimArgs(len(files), path, s.Program), &syscall.ProcAttr{
		Dir:   s.Dir,
		Env:   s.environment(notify.path),
		Files: append(files, reportTo.Fd()),
		Sys:   isolate(),
	})
	if err != nil {
		report.Close()
		return nil, err
	}
	process, err := os.FindProcess(pid) // a child that was not waited for is there
	return &forked{process, notify, report}, err
}

// ours are the variables of the protocols between a service manager and its
// programs: those that we have ourselves are not for our children.
var ours = []string{
	"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
	"SYSTEMD_EXEC_PID", "INVOCATION_ID", "JOURNAL_STREAM", "MAINPID", "MANAGERPID",
}

// environment is the program's, each variable once. What names its process, the
// shim fills in.
func (s *starter) environment(notify string) []string {
	var env []string
	seen := map[string]bool{}
	for _, entry := range slices.Backward(append(os.Environ(), s.Env...)) { // the last word counts
		name, _, _ := strings.Cut(entry, "=")
		if !seen[name] && !slices.Contains(ours, name) {
			env = append(env, entry)
		}
		seen[name] = true
	}
	env = append(env, "NOTIFY_SOCKET="+notify)
	if len(s.sockets) > 0 {
		var names []string
		for _, b := range s.sockets {
			names = append(names, b.Name)
		}
		env = append(env, "LISTEN_PID=", "LISTEN_FDS="+strconv.Itoa(len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	}
	if s.Watchdog > 0 {
		env = append(env, "WATCHDOG_PID=", "WATCHDOG_USEC="+strconv.FormatInt(s.Watchdog.Microseconds(), 10))
	}
	return env
}

// readReport waits until the program was executed, or returns why it could not
// be.
func (f *forked) readReport() error {
	defer f.report.Close()
	text, err := io.ReadAll(f.report)
	if len(text) > 0 {
		return errors.New(oneLine(string(text)))
	}
	return err
}

// signalGroup sends a signal to the process and all of its group.
func (f *forked) signalGroup(sig syscall.Signal) { _ = syscall.Kill(-f.Pid, sig) }

// handoverSocket is where instances pass on their connections (package carry).
func handoverSocket(dir string) Socket {
	return Socket{
		Name: activation.HandoverName, Network: "unixpacket", Address: filepath.Join(dir, "handover"),
		Mode: 0o600, NonBlocking: true,
	}
}
