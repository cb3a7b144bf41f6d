package lint

import (
	"path"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/shellwalk"
	"github.com/nodrop/nodrop/pkg/unpack"
)

// host is what a script finds where it runs.
type host int

const (
	serving  host = iota // systemd runs, and so do the services of the package
	stopped              // the admin has stopped the services; they are enabled
	disabled             // the admin has stopped and disabled them
	image                // no systemd runs: a container, or an image that is being built
)

// answer tells the outcome of a command there.
func (h host) answer(p *Package, name string, args []string) shellwalk.Answer {
	words := withoutOptions(args)
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	running, enabled := yes(h == serving), yes(h == serving || h == stopped)
	switch path.Base(name) {
	case "test":
		return h.file(p, args)
	case "command", "which", "type":
		return h.program(word(0))
	case "systemctl":
		switch {
		case slices.Contains([]string{"is-active", "status"}, word(0)):
			return running
		case word(0) == "is-enabled":
			return enabled
		case h == image:
			return shellwalk.No
		}
		return shellwalk.Yes
	case "deb-systemd-helper":
		switch word(0) {
		case "was-enabled":
			return yes(h != disabled)
		case "debian-installed":
			return shellwalk.Yes
		}
		return shellwalk.Yes
	case "invoke-rc.d", "service":
		if word(1) == "status" {
			return running
		}
		return shellwalk.Yes
	case "deb-systemd-invoke", "update-rc.d", "systemd-sysusers", "systemd-tmpfiles":
		return shellwalk.Yes
	case "dpkg":
		if slices.Contains(args, "--compare-versions") && len(words) == 3 {
			return compareVersions(words[0], words[1], words[2])
		}
	}
	return shellwalk.Unsure
}

func yes(is bool) shellwalk.Answer {
	if is {
		return shellwalk.Yes
	}
	return shellwalk.No
}

// file is the outcome of a test of a file.
func (h host) file(p *Package, args []string) shellwalk.Answer {
	if len(args) != 2 {
		return shellwalk.Unsure
	}
	name := args[1]
	switch {
	case strings.HasPrefix(name, "/run/systemd"):
		return yes(h != image)
	case strings.Contains(name, shellwalk.Unknown):
		return shellwalk.Unsure
	case h != image && slices.Contains([]string{"-e", "-d"}, args[0]) && isData(name): // the service has run
		return shellwalk.Yes
	case slices.Contains([]string{"-e", "-f", "-x", "-d", "-s", "-r"}, args[0]) && (p.ships(name) || h.program(name) == shellwalk.Yes):
		return shellwalk.Yes
	}
	return shellwalk.Unsure
}

// program tells whether there is a program that deals with services.
func (h host) program(name string) shellwalk.Answer {
	switch path.Base(name) {
	case "deb-systemd-invoke", "deb-systemd-helper", "invoke-rc.d", "update-rc.d":
		return shellwalk.Yes
	case "systemctl", "systemd-tmpfiles", "systemd-sysusers", "systemd-update-helper":
		if h != image {
			return shellwalk.Yes
		}
	}
	return shellwalk.Unsure
}

// ships tells whether the package installs that path. /lib is a link to /usr/lib.
func (p *Package) ships(name string) bool {
	name = merged(name)
	return slices.ContainsFunc(p.Paths, func(q unpack.Path) bool { return merged(q.Name) == name }) || slices.Contains(p.Conffiles, name)
}

func merged(name string) string {
	name = path.Clean(name)
	for _, dir := range []string{"/lib/", "/bin/", "/sbin/"} {
		if strings.HasPrefix(name, dir) {
			return "/usr" + name
		}
	}
	return name
}
