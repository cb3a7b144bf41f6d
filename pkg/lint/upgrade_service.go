package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/units"
)

// serviceRemoved: systemd keeps running what runs, also without a unit file.
func serviceRemoved(old, new *units.Set) (all []Finding) {
	for _, s := range old.Services {
		if service(new, s.Name) != nil {
			continue
		}
		if heir := heir(s, new); heir != nil {
			all = append(all, at(s.Unit, s.Line("Service"), Error,
				fmt.Sprintf("the new package has no %s: the old program would run on, and take connections of %s from %s.", s.Name, heir.Name, heir.Starts),
				fmt.Sprintf("keep the name %s.", s.Name))...)
			continue
		}
		all = append(all, at(s.Unit, s.Line("Service"), Warning,
			fmt.Sprintf("the new package has no %s: if it runs, it runs on with the old program.", s.Name),
			fmt.Sprintf("stop it in scripts.postinstall: systemctl stop '%s'.", strings.Replace(s.Name, "@.", "@*.", 1)))...)
	}
	return all
}

// heir is a socket unit of the new package with an address that the service serves, nil if there is none.
func heir(s *units.Service, new *units.Set) *units.Socket {
	for _, socket := range s.Sockets {
		for _, l := range listeners(socket) {
			if heir := holder(new, l); heir != nil {
				return heir
			}
		}
	}
	return nil
}

func strategyRestart(old, new *units.Set) []Finding {
	return eachKeptService(old, new, func(old, new *units.Service) []Finding {
		if !old.Overlaps() || new.Overlaps() || len(new.Sockets) == 0 {
			return nil
		}
		return at(new.Unit, new.Line("X-Nodrop"), Warning,
			"Strategy=restart is new: in this upgrade and all later ones new connections wait for the drain.",
			"leave it out if the program can run twice.")
	})
}

func carryDropped(old, new *units.Set) []Finding {
	return eachKeptService(old, new, func(old, new *units.Service) []Finding {
		if !old.Carries() || new.Carries() {
			return nil
		}
		return at(new.Unit, max(new.Line("X-Nodrop"), new.Line("Service")), Warning,
			"Carry=yes is gone: the running version cannot hand its live connections over, and asks their clients to reconnect.",
			"keep Carry=yes in [X-Nodrop] if the program still uses serve.Run.")
	})
}

// userChanged: the handover is between processes of one user, and systemd gives a unit's directories to its user.
func userChanged(old, new *units.Set) []Finding {
	return eachKeptService(old, new, func(old, new *units.Service) []Finding {
		before, after := user(old), user(new)
		if before == after || !new.Overlaps() {
			return nil
		}
		var harm []string
		if old.Carries() && new.Carries() {
			harm = append(harm, "live connections are not handed over in this upgrade")
		}
		for _, key := range []string{"StateDirectory", "CacheDirectory", "LogsDirectory", "RuntimeDirectory"} {
			if len(new.List("Service", key)) > 0 {
				harm = append(harm, key+"= is taken from the old version while it still serves")
			}
		}
		if len(harm) == 0 {
			return nil
		}
		e, _ := new.Get("Service", "User")
		return at(new.Unit, max(e.Line, new.Line("Service")), Warning,
			fmt.Sprintf("the user changes from %s to %s: %s.", before, after, strings.Join(harm, ", and ")),
			fmt.Sprintf("keep User=%s.", before))
	})
}

func user(s *units.Service) string {
	if e, ok := s.Get("Service", "User"); ok {
		return s.Expand(e.Value)
	}
	return "root"
}

// unitInEtc: systemd prefers /etc/systemd/system, and dpkg never removes a conffile of an older version by itself.
func unitInEtc(old, new *units.Set) (all []Finding) {
	for _, u := range unitsOf(new) {
		for _, before := range unitsOf(old) {
			if before.Name == u.Name && strings.HasSuffix(before.Path, "/etc/systemd/system/"+u.Name) {
				all = append(all, at(before, 1, Warning,
					"the previous package has this unit in /etc/systemd/system; if it is a conffile there, dpkg leaves it, and systemd goes on with it.",
					"remove it with rm_conffile of dpkg-maintscript-helper(1) in scripts.preinstall, postinstall and postremove.")...)
			}
		}
	}
	return all
}

// unitsOf are all units of the set.
func unitsOf(set *units.Set) []*units.Unit {
	all := slices.Clone(set.Others)
	for _, service := range set.Services {
		all = append(all, service.Unit)
	}
	for _, socket := range set.Sockets {
		all = append(all, socket.Unit)
	}
	return all
}
