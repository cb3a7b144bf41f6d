package activation

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// origin is what the environment tells of who started this process.
type origin struct {
	service string   // "myapp.service" when systemd started us as a service, else ""
	unitDir []string // where unit files are looked up, for advice only
}

// unitDirs is the load path of the system manager, highest first
// (systemd.unit(5)).
var unitDirs = []string{"/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}

// readOrigin tells a systemd service from everything else. $SYSTEMD_EXEC_PID
// names the process that systemd itself started (systemd.exec(5), since 248);
// $INVOCATION_ID alone does not do, since every terminal of a desktop session
// inherits one; $NOTIFY_SOCKET with it does, for a program behind a script. On
// older systems being a child of PID 1 stands in.
func readOrigin(getenv func(string) string, pid, ppid int) (origin, error) {
	o := origin{unitDir: unitDirs}
	if n := getenv("LISTEN_FDS"); n != "" {
		if err := checkProtocol(n, getenv("LISTEN_PID"), pid); err != nil {
			return o, err
		}
	}
	if getenv("INVOCATION_ID") == "" {
		return o, nil
	}
	direct := ppid == 1
	if main := getenv("SYSTEMD_EXEC_PID"); main != "" {
		direct = main == strconv.Itoa(pid)
	}
	if direct || getenv("NOTIFY_SOCKET") != "" {
		cgroup, _ := os.ReadFile("/proc/self/cgroup") // absent: the name is only for messages
		o.service = serviceOf(string(cgroup))
	}
	return o, nil
}

func checkProtocol(fds, listenPID string, pid int) error {
	if _, err := strconv.ParseUint(fds, 10, 16); err != nil {
		return fmt.Errorf("LISTEN_FDS=%q is not a number of descriptors (sd_listen_fds(3))", fds)
	}
	if listenPID != strconv.Itoa(pid) {
		return fmt.Errorf("sockets were passed to process %s (LISTEN_PID), but this is %d: let ExecStart= start the program itself, or let the script before it end in exec", listenPID, pid)
	}
	return nil
}

// serviceOf finds the unit in the text of /proc/self/cgroup, such as
// "0::/system.slice/myapp.service": the last one, as a user's services are
// below user@1000.service. One that cannot be found there is still a service.
func serviceOf(cgroup string) string {
	service := "this service"
	for line := range strings.Lines(cgroup) {
		for _, part := range strings.Split(strings.TrimSpace(line), "/") {
			if strings.HasSuffix(part, ".service") {
				service = part
			}
		}
	}
	return service
}

// missing is the error of a service that was started without its sockets.
func (o origin) missing(name string) error {
	what := "no socket was passed"
	if name != "" {
		what = fmt.Sprintf("socket %q was not passed", name)
	}
	return fmt.Errorf("%s: %s was started without it; %s", what, o.service, o.advice(name))
}

// advice says how to bring the socket named name: by the unit that defines it
// when one is found on disk, else by the usual name.
func (o origin) advice(name string) string {
	if o.service == "" {
		return fmt.Sprintf("pass one with FileDescriptorName=%s, or by systemd-socket-activate --fdname=%s", name, name)
	}
	base := strings.TrimSuffix(strings.TrimSuffix(o.service, ".service"), "-standby")
	for _, dir := range o.unitDir {
		units, _ := filepath.Glob(filepath.Join(dir, base+"*.socket"))
		for _, u := range units {
			if defines(u, name) {
				return "run: systemctl start " + filepath.Base(u)
			}
		}
	}
	if name == "" {
		return fmt.Sprintf("run: systemctl start %s.socket", base)
	}
	return fmt.Sprintf("no %s*.socket unit has FileDescriptorName=%s: add one and run systemctl start on it", base, name)
}

// defines reports whether the socket unit in path passes a socket called name.
func defines(path, name string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	fdname := filepath.Base(path)
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if k, v, ok := strings.Cut(sc.Text(), "="); ok && strings.TrimSpace(k) == "FileDescriptorName" {
			fdname = strings.TrimSpace(v)
		}
	}
	return fdname == name || name == ""
}
