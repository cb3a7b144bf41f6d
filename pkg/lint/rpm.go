package lint

import (
	"fmt"
	"path"
	"slices"

	"github.com/nodrop/nodrop/pkg/shellwalk"
)

// rpmRules look at what only rpm does.
func rpmRules() []Rule {
	return []Rule{
		{ID: "scriptlet-fails", Category: Failures, Severity: Warning, step: onlyRPM(scriptletFails),
			Title: "A scriptlet that can fail",
			Why:   "rpm goes on after most failures, but not as one thinks: after a failed %preun both versions stay installed, after a failed %pre the package is skipped, and %post and %posttrans are mere warnings.",
			Fix:   "`|| :` behind commands that may fail, and a line on stderr that says what did."},
		{ID: "restart-before-posttrans", Category: Failures, Severity: Warning, step: onlyRPM(restartEarly),
			Title: "The service is restarted in the middle of the transaction",
			Why:   "In %post and %postun other packages of the transaction, libraries among them, are still to come, and files of the old version may still be there.",
			Fix:   "Restart in %posttrans, or leave it to `%systemd_postun_with_restart` of systemd 251 or newer, which does."},
		{ID: "enable-instead-of-preset", Category: Choices, Severity: Warning, step: onlyRPM(enableNotPreset),
			Title: "The package enables its service itself",
			Why:   "Whether a service starts at boot is the distribution's and the admin's word, in presets (systemd.preset(5)).",
			Fix:   "`systemctl --no-reload preset` when `$1` is 1, or `%systemd_post`."},
		{ID: "start-on-install", Category: Choices, Severity: Warning, step: onlyRPM(startOnInstall),
			Title: "The package starts its service at the first install",
			Why:   "On hosts with rpm a fresh service is stopped until the admin has configured and started it.",
			Fix:   "Delete the line."},
	}
}

func onlyRPM(check func(old, new *Package) []Finding) func(old, new *Package) []Finding {
	return func(old, new *Package) []Finding {
		if new.Format != "rpm" {
			return nil
		}
		return check(old, new)
	}
}

func scriptletFails(old, new *Package) []Finding {
	steps := slices.Concat(installSteps(new), upgradeSteps(old, new), removeSteps(new))
	return eachCall(steps, serving, func(st step, c shellwalk.Call, place string) []Finding {
		fails := c.Fatal && slices.Contains([]string{"systemctl", "service", "useradd", "groupadd", "userdel", "groupdel", "chkconfig"}, path.Base(c.Name))
		if !fails && (c.Name != "exit" || c.Maybe || st.name == "pre" || st.name == "pretrans") {
			return nil
		}
		return []Finding{found(c, place, Warning, fmt.Sprintf("if this fails, so does %%%s, and rpm goes on all the same (%s).", st.name, c),
			"write || : behind it, and say on stderr what failed.")}
	})
}

func restartEarly(old, new *Package) (all []Finding) {
	for _, st := range upgradeSteps(old, new) {
		if st.name == "posttrans" {
			continue
		}
		for _, a := range actionsOf([]step{st}, serving) {
			if a.restarts() && a.via != "systemd-update-helper" && len(new.restarted(a)) > 0 {
				all = append(all, found(a.Call, a.place, Warning,
					fmt.Sprintf("%%%s restarts %s before the transaction is done.", st.name, a.unit),
					"restart it in %posttrans."))
			}
		}
	}
	return all
}

func enableNotPreset(_, new *Package) []Finding {
	return onInstall(new, func(a action) bool { return a.verb == "enable" || a.verb == "reenable" },
		"the package enables %s, whatever the presets say.", "use systemctl --no-reload preset, when $1 is 1.")
}

func startOnInstall(_, new *Package) []Finding {
	return onInstall(new, action.starts, "the package starts %s at its first install.", "delete the line.")
}

func onInstall(p *Package, is func(action) bool, why, fix string) (all []Finding) {
	for _, a := range surely(actionsOf(installSteps(p), disabled)) {
		if is(a) && p.has(a.unit) {
			all = append(all, found(a.Call, a.place, Warning, fmt.Sprintf(why, a.unit), fix))
		}
	}
	return all
}
