package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Every host has a control group of its own, beside whatever else runs in the
// caller's: systemd-nspawn --keep-unit makes "payload" and "supervisor" below the
// group it finds itself in, so two hosts started in one group would share them, and
// each systemd would take the other's services for its own.

// cgroupPrefix begins the names of hosts and their control groups:
// nodrop-PID-RANDOM, where PID is the process that booted the host.
const cgroupPrefix = "nodrop-"

// cgroupDir returns the directory of the calling process's own control group in
// the version 2 hierarchy, mounted where systemd's layouts have it: all of
// /sys/fs/cgroup, or its "unified" beside version 1 (cgroups(7)).
func cgroupDir() (string, error) {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	path, err := unifiedPath(own)
	if err != nil {
		return "", err
	}
	for _, mount := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		dir := filepath.Join(mount, path)
		if _, err := os.Stat(filepath.Join(dir, "cgroup.controllers")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("no version 2 hierarchy with %q below /sys/fs/cgroup: mount one with mount -t cgroup2 cgroup2 /sys/fs/cgroup", path)
}

// unifiedPath finds the version 2 entry ("0::PATH") in the text of /proc/PID/cgroup.
func unifiedPath(text []byte) (string, error) {
	for line := range bytes.Lines(text) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "0::"); ok {
			return path, nil
		}
	}
	return "", errors.New("this process is in no version 2 control group")
}

// removeCgroup removes the group at dir and all below it. The kernel refuses
// (EBUSY) as long as there are processes in one of them.
func removeCgroup(dir string) error {
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, dir := range slices.Backward(dirs) {
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// sweepCgroups removes what killed processes left in parent: the empty groups of
// their hosts. A group that cannot be removed is in use, and stays.
func sweepCgroups(parent string) {
	entries, _ := os.ReadDir(parent)
	for _, entry := range entries {
		owner, ok := cgroupOwner(entry.Name())
		if ok && errors.Is(syscall.Kill(owner, 0), syscall.ESRCH) {
			_ = removeCgroup(filepath.Join(parent, entry.Name()))
		}
	}
}

// cgroupOwner reads the process id from the name of a host's control group.
func cgroupOwner(name string) (pid int, ok bool) {
	rest, ok := strings.CutPrefix(name, cgroupPrefix)
	if !ok {
		return 0, false
	}
	number, _, ok := strings.Cut(rest, "-")
	if !ok {
		return 0, false
	}
	pid, err := strconv.Atoi(number)
	return pid, err == nil && pid > 0
}
