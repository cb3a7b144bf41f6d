package host

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Available returns nil where hosts can be booted, else an error that says in one
// sentence what this machine lacks and what to install.
func Available() error {
	if os.Geteuid() != 0 {
		return errors.New("throw-away hosts need root: run this as root, or with sudo")
	}
	var programs, packages []string
	for _, need := range []struct{ program, debian string }{
		{"systemd-nspawn", "systemd-container"},
		{"debootstrap", "debootstrap"},
		{"nsenter", "util-linux"},
		{"mount", "mount"},
	} {
		if _, err := exec.LookPath(need.program); err != nil {
			programs = append(programs, need.program)
			packages = append(packages, need.debian)
		}
	}
	if len(programs) > 0 {
		return fmt.Errorf("throw-away hosts need %s, not found in PATH: apt-get install %s",
			strings.Join(programs, " and "), strings.Join(packages, " "))
	}
	if _, err := cgroupDir(); err != nil {
		return fmt.Errorf("throw-away hosts need control groups: %w", err)
	}
	return nil
}
