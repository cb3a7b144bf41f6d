package lint

import (
	"path"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/shellwalk"
	"github.com/nodrop/nodrop/pkg/units"
)

// action is what a command of a script does to a unit.
type action struct {
	shellwalk.Call
	place string // of the script
	verb  string // as systemctl has it: "restart", "enable", "daemon-reload"
	unit  string // with its suffix; empty for daemon-reload
	via   string // the program that does it: "systemctl", "deb-systemd-invoke", …
}

// actions are what a call does; none if it is no call of those that deal with units.
func actions(c shellwalk.Call, place string) []action {
	program, args := path.Base(c.Name), c.Args
	if dir := path.Dir(c.Name); strings.HasSuffix(dir, "/init.d") && len(args) > 0 {
		program, args = "init.d", []string{program, args[0]}
	}
	one := func(verb string, names ...string) []action {
		var all []action
		for _, name := range names {
			all = append(all, action{c, place, verb, unitName(name), program})
		}
		return all
	}
	words := withoutOptions(args)
	switch {
	case len(words) == 0:
		return nil
	case program == "systemctl" && (words[0] == "daemon-reload" || words[0] == "daemon-reexec"):
		return []action{{c, place, "daemon-reload", "", program}}
	case program == "systemctl":
		all := one(words[0], words[1:]...)
		if slices.Contains(args, "--now") {
			all = append(all, one(map[string]string{"enable": "start", "disable": "stop", "mask": "stop"}[words[0]], words[1:]...)...)
		}
		return all
	case program == "deb-systemd-invoke" || program == "deb-systemd-helper":
		return one(words[0], words[1:]...)
	case program == "update-rc.d":
		return []action{{c, place, "daemon-reload", "", program}}
	case program == "systemd-update-helper":
		return one(map[string]string{"install-system-units": "preset", "remove-system-units": "stop", "mark-restart-system-units": "restart"}[words[0]], words[1:]...)
	case len(words) < 2:
		return nil
	case program == "chkconfig":
		return one(map[string]string{"on": "enable", "off": "disable"}[words[1]], words[0])
	case program == "invoke-rc.d" && slices.Contains(args, "--skip-systemd-native"):
		program = "sysv"
		return one(words[1], words[0])
	case slices.Contains([]string{"invoke-rc.d", "service", "init.d"}, program):
		return one(words[1], words[0])
	}
	return nil
}

// withoutOptions are the words that are no option. The few that take a word of their own are rare in scripts.
func withoutOptions(args []string) (words []string) {
	for i, arg := range args {
		if !strings.HasPrefix(arg, "-") && (i == 0 || !slices.Contains([]string{"-p", "-t", "-o", "-n"}, args[i-1])) {
			words = append(words, arg)
		}
	}
	return words
}

// unitName completes a name as systemctl does.
func unitName(name string) string {
	if units.IsUnit(name) {
		return name
	}
	return name + ".service"
}

// starts tells an action after which the unit runs, also if it did not before.
func (a action) starts() bool {
	return slices.Contains([]string{"start", "restart", "reload-or-restart", "force-reload"}, a.verb)
}

// restarts tells an action that stops a unit that runs, and starts it again.
func (a action) restarts() bool {
	return slices.Contains([]string{"restart", "try-restart", "condrestart", "reload-or-restart", "try-reload-or-restart"}, a.verb)
}

func (a action) stops() bool { return slices.Contains([]string{"stop", "kill", "isolate"}, a.verb) }

// may is how sure an action is, for messages.
func (a action) may(sure, unsure string) string {
	if a.Maybe {
		return unsure
	}
	return sure
}
