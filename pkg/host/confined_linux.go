package host

import (
	"os"
	"syscall"
)

// confined are the attributes of a sandbox's first process, in the control group
// cgroup unless that is nil.
func confined(cgroup *os.File) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Setsid:       true, // a Ctrl-C in the terminal is the caller's to handle
		Cloneflags:   syscall.CLONE_NEWPID,
		Unshareflags: syscall.CLONE_NEWNS, // unlike Cloneflags, this makes the mounts private
		Pdeathsig:    syscall.SIGKILL,
	}
	if cgroup != nil {
		attr.UseCgroupFD = true
		attr.CgroupFD = int(cgroup.Fd())
	}
	return attr
}
