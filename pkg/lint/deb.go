package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/shellwalk"
)

// debRules look at what only dpkg does.
func debRules() []Rule {
	return []Rule{
		{ID: "restart-failure-hidden", Category: Failures, Severity: Warning, step: onlyDeb(restartHidden),
			Title: "Nobody learns that the new version did not start",
			Why:   "With `|| true` behind a restart apt calls the upgrade a success while the service is down, and unattended upgrades go on to the next host.",
			Fix:   "Let the script fail, with a word about what to do: apt then says so and exits with 100. debhelper's default hides it too."},
		{ID: "daemon-reload-missing", Category: Failures, Severity: Warning, step: onlyDeb(reloadMissing),
			Title: "The service is restarted with its old unit file",
			Why:   "systemd reads unit files only at `daemon-reload`. Without it the new program starts by the old lines, until a reboot starts it by the new ones.",
			Fix:   "`systemctl daemon-reload` before the restart. (An rpm need not: systemd's own package does it there.)"},
		{ID: "policy-rc-d-ignored", Category: Install, Severity: Warning, step: onlyDeb(policyIgnored),
			Title: "policy-rc.d is not asked",
			Why:   "Whoever builds an image, or has cloned a host, forbids starts by /usr/sbin/policy-rc.d. `systemctl start`, `service` and scripts in /etc/init.d do not ask it.",
			Fix:   "`deb-systemd-invoke` or `invoke-rc.d` in their place."},
		{ID: "set-e-missing", Category: Failures, Severity: Warning, pkg: setEMissing,
			Title: "A script goes on after a failure",
			Why:   "Without `set -e` only the last command's status counts: dpkg takes a package for configured whose user could not be made.",
			Fix:   "`set -e` in the first line of the script (Debian policy, 10.4)."},
		{ID: "abort-fails", Category: Failures, Severity: Error, pkg: abortFails,
			Title: "A script refuses to clean up after a failure",
			Why:   "When something fails, dpkg calls scripts with `abort-upgrade`, `abort-remove` and their like, to restore what was. One that exits with an error then leaves the package broken, and no command mends it but a new version.",
			Fix:   "Do nothing for arguments that are not known, and exit with 0."},
		{ID: "abort-not-restored", Category: Failures, Severity: Warning, pkg: abortNotRestored,
			Title: "After a failed removal or upgrade the service stays down",
			Why:   "prerm has stopped the service. If dpkg then gives up, it calls postinst with `abort-remove` or `abort-upgrade`: the old version stays installed and shall run.",
			Fix:   "Start it in postinst for these as well, as debhelper does."},
	}
}

func onlyDeb(check func(old, new *Package) []Finding) func(old, new *Package) []Finding {
	return func(old, new *Package) []Finding {
		if new.Format != "deb" {
			return nil
		}
		return check(old, new)
	}
}

func restartHidden(old, new *Package) (all []Finding) {
	for _, a := range upgradeActions(old, new) {
		if (a.restarts() || a.starts()) && a.Ignored && (len(new.restarted(a)) > 0) {
			all = append(all, found(a.Call, a.place, Warning,
				fmt.Sprintf("if the new version of %s does not start, apt calls the upgrade a success.", a.unit),
				"let the script fail, and say why."))
		}
	}
	return all
}

func reloadMissing(old, new *Package) (all []Finding) {
	calls, place := step{new, "postinst", []string{"configure", old.Version}}.calls(serving)
	for _, c := range calls {
		for _, a := range actions(c, place) {
			if a.verb == "daemon-reload" {
				return all
			}
			if s, ok := new.service(a.unit); ok && s != nil && a.restarts() && a.via != "sysv" {
				all = append(all, found(c, place, Warning,
					fmt.Sprintf("%s is restarted before systemd has read its new unit file.", a.unit),
					"call systemctl daemon-reload first."))
			}
		}
	}
	return all
}

func policyIgnored(old, new *Package) []Finding {
	steps := slices.Concat(installSteps(new), upgradeSteps(new, new))
	asked := false
	all := eachCall(steps, serving, func(_ step, c shellwalk.Call, place string) (all []Finding) {
		asked = asked || path.Base(c.Name) == "policy-rc.d"
		for _, a := range actions(c, place) {
			if slices.Contains([]string{"systemctl", "service", "init.d"}, a.via) && (a.starts() || a.restarts()) && path.Ext(a.unit) != ".target" {
				all = append(all, found(c, place, Warning,
					fmt.Sprintf("this starts %s also where policy-rc.d forbids it.", a.unit),
					"use deb-systemd-invoke or invoke-rc.d."))
			}
		}
		return all
	})
	if asked {
		return nil
	}
	return all
}

func setEMissing(p *Package) (all []Finding) {
	for _, name := range []string{"preinst", "postinst", "prerm", "postrm"} {
		if s := p.scripts[name]; s != nil && p.Format == "deb" && !s.Errexit && s.Commands > 1 {
			all = append(all, Finding{Severity: Warning, File: s.place, Line: 1,
				Why: "without set -e only the status of the last command counts.", Fix: "write set -e below the first line."})
		}
	}
	return all
}

// abortFails walks what dpkg calls when something has failed.
func abortFails(p *Package) []Finding {
	if p.Format != "deb" {
		return nil
	}
	v := p.Version
	steps := []step{
		{p, "postinst", []string{"abort-upgrade", v}}, {p, "postinst", []string{"abort-remove"}},
		{p, "postinst", []string{"abort-deconfigure", "in-favour", "other", v}},
		{p, "preinst", []string{"abort-upgrade", v}},
		{p, "postrm", []string{"abort-upgrade", v, v}}, {p, "postrm", []string{"abort-install"}},
		{p, "postrm", []string{"failed-upgrade", v, v}}, {p, "postrm", []string{"disappear", "other", v}},
	}
	told := map[string]bool{}
	return eachCall(steps, serving, func(st step, c shellwalk.Call, place string) []Finding {
		line := fmt.Sprint(place, c.Line)
		if c.Name != "exit" || c.Maybe || told[line] {
			return nil
		}
		told[line] = true
		return []Finding{found(c, place, Error,
			fmt.Sprintf("%s fails when dpkg calls it with %s, and leaves the package broken.", st.name, st.args[0]),
			"exit with 0.")}
	})
}

func abortNotRestored(p *Package) (all []Finding) {
	if p.Format != "deb" || p.unread {
		return nil
	}
	for doing, abort := range map[string][]string{"remove": {"abort-remove"}, "upgrade": {"abort-upgrade", p.Version}} {
		back := actionsOf([]step{{p, "postinst", abort}}, stopped)
		for _, a := range actionsOf([]step{{p, "prerm", []string{doing, p.Version}}}, serving) {
			if !a.stops() || len(p.restarted(a)) == 0 || strings.Contains(a.unit, "@") {
				continue
			}
			if !slices.ContainsFunc(back, func(b action) bool {
				return b.starts() && (b.unit == a.unit || strings.Contains(b.unit, shellwalk.Unknown))
			}) {
				all = append(all, found(a.Call, a.place, Warning,
					fmt.Sprintf("this stops %s, and postinst %s does not start it again if dpkg gives up.", a.unit, abort[0]),
					fmt.Sprintf("start it in postinst for %s.", abort[0])))
			}
		}
	}
	return all
}
