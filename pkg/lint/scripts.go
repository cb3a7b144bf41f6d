package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/shellwalk"
	"github.com/nodrop/nodrop/pkg/units"
)

// sequenceRules look at what the scripts of a package do in an upgrade, deb or rpm.
func sequenceRules() []Rule {
	return []Rule{
		{ID: "restart-on-upgrade", Category: Connections, Severity: Error, Drops: true, step: restartOnUpgrade,
			Title: "An upgrade restarts the service",
			Why:   "A restart ends the old process before the new one is there. Without a socket unit clients are refused meanwhile; with one, new connections wait for the whole drain. Connections that are open are closed, unless the program passes them on.",
			Fix:   "Start the new version beside the old one: `nodrop package` makes the units and scripts for that. It is also what debhelper's default does, `dh_installsystemd` without `--no-restart-after-upgrade`."},
		{ID: "stop-on-upgrade", Category: Connections, Severity: Error, Drops: true, step: stopOnUpgrade,
			Title: "An upgrade stops the service",
			Why:   "From the script that stops it until the one that starts it again, all packages of the upgrade are unpacked and configured: seconds to minutes. With a socket, the next connection starts the old program again. If the upgrade fails in between, nothing serves.",
			Fix:   "Look at the argument: stop in prerm for `remove` only, in %preun for `0` only.",
			Seen:  "https://github.com/NagiosEnterprises/ncpa/issues/329"},
		{ID: "socket-restart-on-upgrade", Category: Connections, Severity: Error, Drops: true, step: socketRestart,
			Title: "An upgrade restarts the socket",
			Why:   "Restarting or stopping a socket unit closes the listener: connections in its queue are reset, new ones refused. It is debhelper's default for a package with a socket.",
			Fix:   "Leave the socket alone; restart the service only. `dh_installsystemd --no-restart-after-upgrade --name=…` for the socket."},
		{ID: "killed-on-upgrade", Category: Connections, Severity: Error, Drops: true, step: killedOnUpgrade,
			Title: "An upgrade kills processes by name",
			Why:   "pkill, killall and `start-stop-daemon --stop` hit whatever has the name, containers and other users' processes included, and systemd takes it for a crash.",
			Fix:   "Ask systemd: `systemctl try-restart`, or better a rollout."},
		{ID: "stopped-service-started", Category: Choices, Severity: Warning, step: stoppedStarted,
			Title: "An upgrade starts a service that the admin has stopped",
			Why:   "`restart` and `start` also start what was stopped, for a maintenance, say, or because another host serves. debhelper's default does that.",
			Fix:   "`try-restart`, or ask `systemctl is-active` in a script that runs before the new files are unpacked.",
			Seen:  "https://github.com/FoldingAtHome/fah-client-bastet/issues/160"},
		{ID: "enable-on-upgrade", Category: Choices, Severity: Warning, step: enableOnUpgrade,
			Title: "An upgrade enables a service that the admin has disabled",
			Why:   "`systemctl enable` in a script that does not tell an upgrade from a first install undoes `systemctl disable`.",
			Fix:   "In a deb `deb-systemd-helper`, which remembers the choice; in an rpm `systemctl preset` when `$1` is 1.",
			Seen:  "https://github.com/webmin/webmin/issues/2133"},
		{ID: "unmask-on-upgrade", Category: Choices, Severity: Warning, step: unmaskOnUpgrade,
			Title: "An upgrade unmasks what the admin has masked",
			Why:   "`systemctl mask` says: never. Only the admin takes that back.",
			Fix:   "`deb-systemd-helper unmask`, which undoes only what a removal has masked."},
		{ID: "data-removed-on-upgrade", Category: Data, Severity: Error, step: dataRemovedOnUpgrade,
			Title: "An upgrade deletes data or configuration",
			Why:   "postrm also runs in upgrades (`upgrade`), and so does %postun (`1`). A script that does not look at its argument deletes what the new version needs, and what nobody can bring back.",
			Fix:   "Delete data in postrm for `purge` only, after asking; in an rpm never."},
		{ID: "data-removed-on-remove", Category: Data, Severity: Warning, step: dataRemovedOnRemove,
			Title: "A removal deletes data",
			Why:   "`apt remove` keeps configuration and data for the next install; `dnf remove` has no purge at all.",
			Fix:   "Delete in postrm for `purge`; in an rpm leave data alone.",
			Seen:  "https://github.com/gocd/gocd/issues/2450"},
		{ID: "user-removed-on-upgrade", Category: Data, Severity: Error, step: userRemoved,
			Title: "An upgrade removes the system user",
			Why:   "The service runs as that user. When it is made anew it may get another number, and the files belong to nobody.",
			Fix:   "Leave the user in place; Debian's custom is to keep it even at a purge.",
			Seen:  "https://github.com/jordansissel/pleaserun/pull/97"},
		{ID: "own-files-removed", Category: Failures, Severity: Error, step: ownFilesRemoved,
			Title: "A script deletes files of the package in an upgrade",
			Why:   "%postun and postrm of the old version run when the new files are in place: what they delete is the new version's.",
			Fix:   "Leave files to the package manager, or look at the argument.",
			Seen:  "https://github.com/Velocidex/velociraptor/issues/4097"},
		{ID: "chown-on-upgrade", Category: Choices, Severity: Warning, step: chownOnUpgrade,
			Title: "Each upgrade changes the owner of everything",
			Why:   "`chown -R` and `chmod -R` undo what the admin has set below, follow hard links that a user may have made, and take minutes on a large directory, while the service waits.",
			Fix:   "`StateDirectory=` with `User=` in the unit, or tmpfiles.d; in a script only at the first install."},
		{ID: "fails-without-systemd", Category: Install, Severity: Error, step: failsWithoutSystemd,
			Title: "A script fails where systemd does not run",
			Why:   "In a container, a chroot or an image that is being built there is no systemd to talk to: `systemctl start` and `daemon-reload` fail, and with them the installation.",
			Fix:   "`if [ -d /run/systemd/system ]; then … fi`.",
			Seen:  "https://github.com/vectordotdev/vector/issues/5478"},
		{ID: "not-stopped-on-remove", Category: Install, Severity: Warning, step: notStopped,
			Title: "A removal leaves the service running",
			Why:   "The process runs on without program, unit and package, holds its port, and dies at the next reboot.",
			Fix:   "Stop it in prerm for `remove`, in %preun for `0`."},
		{ID: "user-missing", Category: Install, Severity: Warning, pkg: userMissing,
			Title: "Nobody creates the user",
			Why:   "A service whose `User=` does not exist does not start (status 217/USER).",
			Fix:   "A file in /usr/lib/sysusers.d, and `systemd-sysusers` in the script of a deb; or depend on the package that makes it, and silence this."},
		{ID: "unit-conffile", Category: Choices, Severity: Warning, pkg: unitConffile,
			Title: "A unit file in /etc",
			Why:   "/etc/systemd/system is the admin's. As a conffile a unit is not replaced once it was edited, and stays when the package is removed; otherwise an upgrade overwrites what the admin wrote.",
			Fix:   "Ship it in /usr/lib/systemd/system. Admins have drop-ins: `systemctl edit`."},
		{ID: "script-syntax", Category: Failures, Severity: Error,
			Title: "A script that no shell can read",
			Why:   "It fails when the package is installed or, worse, when the next version replaces it.",
			Fix:   "`sh -n` and shellcheck tell where."},
		{ID: "script-not-read", Category: Failures, Severity: Note,
			Title: "A script that is not understood",
			Why:   "Only shell is understood: what scripts in Perl or Lua do is not known, and nothing is found in them. A shell script that is very long, or calls itself, is followed only to some point.",
			Fix:   "None needed; the note tells that the other findings are not all."},
	}
}

// found makes a finding at a command of a script.
func found(c shellwalk.Call, place string, severity Severity, why, fix string) Finding {
	return Finding{Severity: severity, File: place, Line: c.Line, Why: why, Fix: fix}
}

// upgradeActions are what the scripts do to units in an upgrade while the service runs.
func upgradeActions(old, new *Package) []action { return actionsOf(upgradeSteps(old, new), serving) }

func restartOnUpgrade(old, new *Package) (all []Finding) {
	for _, a := range upgradeActions(old, new) {
		for _, unit := range new.restarted(a) {
			s, _ := new.service(unit)
			if !a.restarts() || path.Ext(unit) != ".service" || strings.Contains(a.verb, "reload") && s != nil && len(s.List("Service", "ExecReload")) > 0 {
				continue
			}
			severity, why := Error, "clients are refused until it listens again, and open connections are closed"
			if s != nil && len(s.Sockets) > 0 {
				severity, why = Warning, "new connections wait in the socket for the drain, and open ones are closed unless the program passes them on"
			}
			all = append(all, found(a.Call, a.place, severity,
				fmt.Sprintf("an upgrade %s %s: %s.", a.may("restarts", "may restart"), unit, why),
				"start the new version beside the old one, as packages of nodrop do."))
		}
	}
	return all
}

func stopOnUpgrade(old, new *Package) (all []Finding) {
	for _, a := range upgradeActions(old, new) {
		for _, unit := range new.restarted(a) {
			if a.stops() && path.Ext(unit) == ".service" {
				all = append(all, found(a.Call, a.place, Error,
					fmt.Sprintf("an upgrade %s %s, and until a later script starts it nothing serves.", a.may("stops", "may stop"), unit),
					"look at the argument: stop for remove only (prerm), or for 0 (%preun)."))
			}
		}
	}
	return all
}

func socketRestart(old, new *Package) (all []Finding) {
	for _, a := range upgradeActions(old, new) {
		s := socket(new.units, a.unit)
		if s == nil || !a.restarts() && !a.stops() || slices.ContainsFunc(new.units.Services, func(o *units.Service) bool {
			return slices.Contains(o.Sockets, s) && !new.serves(o)
		}) {
			continue
		}
		all = append(all, found(a.Call, a.place, Error,
			fmt.Sprintf("an upgrade %s %s, which closes the listener: connections in its queue are reset, new ones refused.", a.may(a.verb+"s", "may "+a.verb), a.unit),
			"leave the socket alone, and restart only the service."))
	}
	return all
}

// eachCall calls f for each command of some steps.
func eachCall(steps []step, h host, f func(st step, c shellwalk.Call, place string) []Finding) (all []Finding) {
	for _, st := range steps {
		calls, place := st.calls(h)
		for _, c := range calls {
			all = append(all, f(st, c, place)...)
		}
	}
	return all
}

func killedOnUpgrade(old, new *Package) []Finding {
	return eachCall(upgradeSteps(old, new), serving, func(_ step, c shellwalk.Call, place string) []Finding {
		name := path.Base(c.Name)
		kills := slices.Contains([]string{"pkill", "killall", "skill", "killproc"}, name) && !slices.Contains(c.Args, "-0") ||
			name == "start-stop-daemon" && (slices.Contains(c.Args, "--stop") || slices.Contains(c.Args, "-K")) && !slices.Contains(c.Args, "--test")
		if !kills {
			return nil
		}
		return []Finding{found(c, place, Error,
			fmt.Sprintf("an upgrade kills processes by name (%s).", c),
			"have systemd do it, by the unit's name.")}
	})
}

// surely leaves out what depends on something: a script that asks may be asking for the admin's choice.
func surely(all []action) []action {
	return slices.DeleteFunc(all, func(a action) bool { return a.Maybe })
}

func stoppedStarted(old, new *Package) (all []Finding) {
	for _, a := range surely(actionsOf(upgradeSteps(old, new), stopped)) {
		if _, ok := new.service(a.unit); !ok && socket(new.units, a.unit) == nil || !a.starts() || a.via == "sysv" && service(new.units, a.unit) != nil {
			continue
		}
		if s, _ := new.service(a.unit); !new.serves(s) {
			continue
		}
		all = append(all, found(a.Call, a.place, Warning,
			fmt.Sprintf("an upgrade starts %s also if the admin has stopped it.", a.unit),
			"use try-restart, or start only what ran before."))
	}
	return all
}

func enableOnUpgrade(old, new *Package) (all []Finding) {
	for _, a := range surely(actionsOf(upgradeSteps(old, new), disabled)) {
		if !slices.Contains([]string{"enable", "reenable", "preset"}, a.verb) || a.via == "deb-systemd-helper" || !new.has(a.unit) {
			continue
		}
		all = append(all, found(a.Call, a.place, Warning,
			fmt.Sprintf("an upgrade enables %s also if the admin has disabled it.", a.unit),
			"enable it at the first install only, or with deb-systemd-helper."))
	}
	return all
}

// has tells whether a unit is the package's.
func (p *Package) has(unit string) bool {
	_, isService := p.service(unit)
	return isService || slices.ContainsFunc(unitsOf(p.units), func(u *units.Unit) bool { return u.Name == unit })
}

func unmaskOnUpgrade(old, new *Package) (all []Finding) {
	for _, a := range surely(upgradeActions(old, new)) {
		if a.verb == "unmask" && a.via == "systemctl" && !slices.Contains(a.Args, "--runtime") && new.has(a.unit) {
			all = append(all, found(a.Call, a.place, Warning,
				fmt.Sprintf("an upgrade unmasks %s, which only the admin masks.", a.unit),
				"delete it, or use deb-systemd-helper unmask."))
		}
	}
	return all
}

// removed are the paths that a command deletes.
func removed(c shellwalk.Call, recursively bool) []string {
	if path.Base(c.Name) != "rm" || recursively && !slices.ContainsFunc(c.Args, func(arg string) bool {
		return arg == "--recursive" || strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && strings.ContainsAny(arg, "rR")
	}) {
		return nil
	}
	return withoutOptions(c.Args)
}

// isData tells a directory of data or configuration, or all that is in it: what a package has there is one level below. What nodrop
// keeps of an old version is no data.
func isData(name string) bool {
	name = strings.TrimSuffix(path.Clean(name), "/*")
	if strings.HasPrefix(name, "/var/lib/nodrop") || strings.Contains(name, shellwalk.Unknown) {
		return false
	}
	dir := path.Dir(name)
	return slices.Contains([]string{"/var/lib", "/srv", "/home", "/etc", "/var/log", "/var/spool", "/var/opt", "/var/www"}, dir)
}

// dataRemoved makes findings of what steps delete; how is "an upgrade" or the like.
func dataRemoved(steps []step, how string, severity Severity, fix string) []Finding {
	return eachCall(steps, serving, func(_ step, c shellwalk.Call, place string) (all []Finding) {
		for _, name := range removed(c, true) {
			switch {
			case !isData(name):
			case c.Maybe:
				all = append(all, found(c, place, Warning, fmt.Sprintf("%s may delete %s.", how, name), fix))
			default:
				all = append(all, found(c, place, severity, fmt.Sprintf("%s deletes %s.", how, name), fix))
			}
		}
		return all
	})
}

func dataRemovedOnUpgrade(old, new *Package) []Finding {
	return dataRemoved(upgradeSteps(old, new), "an upgrade", Error, "look at the argument, and delete for purge only.")
}

func dataRemovedOnRemove(_, new *Package) []Finding {
	return dataRemoved(removeSteps(new), "a removal", Warning, "keep it for the next install, and delete for purge only; in an rpm not at all.")
}

func userRemoved(old, new *Package) []Finding {
	return eachCall(upgradeSteps(old, new), serving, func(_ step, c shellwalk.Call, place string) []Finding {
		if !slices.Contains([]string{"userdel", "deluser", "groupdel", "delgroup"}, path.Base(c.Name)) {
			return nil
		}
		return []Finding{found(c, place, Error, fmt.Sprintf("an upgrade removes the user or group (%s).", c), "leave it in place.")}
	})
}

func ownFilesRemoved(old, new *Package) []Finding {
	return eachCall(upgradeSteps(old, new), serving, func(st step, c shellwalk.Call, place string) (all []Finding) {
		if slices.Contains([]string{"prerm", "preinst", "pre", "pretrans"}, st.name) { // before the new files are there
			return nil
		}
		for _, name := range removed(c, false) {
			if new.ships(name) {
				all = append(all, found(c, place, Error, fmt.Sprintf("an upgrade deletes %s, which the package has just installed.", name), "delete the line."))
			}
		}
		return all
	})
}

func chownOnUpgrade(old, new *Package) []Finding {
	return eachCall(upgradeSteps(old, new), serving, func(_ step, c shellwalk.Call, place string) []Finding {
		if !slices.Contains([]string{"chown", "chmod", "chgrp"}, path.Base(c.Name)) ||
			!slices.ContainsFunc(c.Args, func(arg string) bool {
				return arg == "--recursive" || strings.HasPrefix(arg, "-") && strings.Contains(arg, "R")
			}) {
			return nil
		}
		return []Finding{found(c, place, Warning, fmt.Sprintf("each upgrade undoes what the admin has set below (%s).", c),
			"leave it to StateDirectory= in the unit, or do it at the first install only.")}
	})
}

// needsSystemd tells a command that fails without systemd. What only makes links does not.
func needsSystemd(c shellwalk.Call) bool {
	words := withoutOptions(c.Args)
	return path.Base(c.Name) == "systemctl" && len(words) > 0 && !slices.ContainsFunc(c.Args, func(arg string) bool { return strings.HasPrefix(arg, "--root") }) &&
		!slices.Contains([]string{"enable", "disable", "reenable", "preset", "preset-all", "mask", "unmask", "is-enabled", "get-default", "set-default", "link"}, words[0]) ||
		slices.Contains([]string{"systemd-run", "loginctl", "hostnamectl"}, path.Base(c.Name))
}

func failsWithoutSystemd(_, new *Package) []Finding {
	return eachCall(installSteps(new), image, func(_ step, c shellwalk.Call, place string) []Finding {
		if !c.Fatal || !needsSystemd(c) {
			return nil
		}
		severity := Error
		if c.Maybe || new.Format == "rpm" { // which goes on
			severity = Warning
		}
		return []Finding{found(c, place, severity, fmt.Sprintf("this fails the installation in a container or an image, where no systemd runs (%s).", c),
			"do it only if [ -d /run/systemd/system ].")}
	})
}

func notStopped(_, new *Package) (all []Finding) {
	acts := actionsOf(removeSteps(new), serving)
	for _, s := range new.units.Services {
		if !s.Installable() || serviceType(s).Value == "oneshot" || s.IsTemplate() || isTriggered(new.units, s) {
			continue
		}
		if slices.ContainsFunc(acts, func(a action) bool {
			own, _ := new.service(a.unit)
			return (a.stops() || a.verb == "remove") && (own == s || strings.Contains(a.unit, shellwalk.Unknown) || slices.Contains(new.restarted(a), s.Name))
		}) || new.unread {
			continue
		}
		all = append(all, Finding{Severity: Warning, File: s.Path, Line: s.Line("Service"),
			Why: fmt.Sprintf("a removal of the package leaves %s running.", s.Name), Fix: "stop it in prerm for remove, in %preun for 0."})
	}
	return all
}

func unitConffile(p *Package) (all []Finding) {
	for _, u := range unitsOf(p.units) {
		if name := strings.TrimPrefix(u.Path, p.shown); strings.HasPrefix(name, "/etc/systemd/system/") {
			all = append(all, at(u, 1, Warning,
				"this directory is the admin's: an upgrade overwrites what they wrote, or leaves the old unit in place.",
				"ship it in /usr/lib/systemd/system.")...)
		}
	}
	return all
}
