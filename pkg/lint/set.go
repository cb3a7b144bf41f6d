package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/units"
)

// setRules look at several units at once.
func setRules() []Rule {
	return []Rule{
		{ID: "runtime-directory-shared", Category: Failures, Severity: Warning, units: runtimeDirectoryShared,
			Title: "Two services with one RuntimeDirectory=",
			Why:   "Whichever of them stops takes the directory along, with the other's sockets and PID files in it.",
			Fix:   "`RuntimeDirectoryPreserve=yes` in both, or a directory for each."},
		{ID: "dynamic-user-shared", Category: Failures, Severity: Error, units: dynamicUserShared,
			Title: "Two services with a dynamic user and one directory",
			Why:   "With `DynamicUser=yes` a state, cache, logs or runtime directory belongs to one unit; the second one fails to start: \"File exists\".",
			Fix:   "A static user from a file in sysusers.d, and `User=` in both."},
		{ID: "nonblocking-shared", Category: Connections, Severity: Warning, units: nonBlockingShared, advice: true,
			Title: "Two services share a socket without NonBlocking=yes",
			Why:   "`O_NONBLOCK` belongs to the open socket. systemd clears it whenever a service without `NonBlocking=yes` starts, and the other one, which may be in accept(2) then, blocks where its runtime cannot wake it: its drain hangs until it is killed.",
			Fix:   "`NonBlocking=yes` in both. `nodrop package` does so for main and standby."},
		{ID: "not-installable", Category: Install, Severity: Warning, units: notInstallable, advice: true,
			Title: "Nothing starts it at boot",
			Why:   "Neither the service nor a socket, timer or other unit for it has an `[Install]` section: it cannot be enabled, and a reboot ends it.",
			Fix:   "`WantedBy=multi-user.target` in the service, `WantedBy=sockets.target` in the socket, below `[Install]`."},
	}
}

// directories are the entries of a key, one directory each.
func directories(s *units.Service, key string) (all []units.Entry) {
	for _, e := range s.Names("Service", key) {
		e.Value, _, _ = strings.Cut(e.Value, ":")
		all = append(all, e)
	}
	return all
}

// shared calls f for each directory of a service that an earlier service has too.
func shared(set *units.Set, key string, f func(s, other *units.Service, e units.Entry) []Finding) (all []Finding) {
	for i, s := range set.Services {
		for _, e := range directories(s, key) {
			for _, other := range set.Services[:i] {
				if slices.ContainsFunc(directories(other, key), func(o units.Entry) bool { return o.Value == e.Value }) {
					all = append(all, f(s, other, e)...)
				}
			}
		}
	}
	return all
}

func runtimeDirectoryShared(set *units.Set) []Finding {
	return shared(set, "RuntimeDirectory", func(s, other *units.Service, e units.Entry) []Finding {
		if preserves(s) && preserves(other) || serviceType(s).Value == "oneshot" && serviceType(other).Value == "oneshot" {
			return nil
		}
		return at(s.Unit, e.Line, Warning,
			fmt.Sprintf("%s has the runtime directory %s too: whichever stops deletes it.", other.Name, e.Value),
			"write RuntimeDirectoryPreserve=yes in both, or give each its own.")
	})
}

func preserves(s *units.Service) bool {
	e, _ := s.Get("Service", "RuntimeDirectoryPreserve")
	return slices.Contains([]string{"yes", "restart", "1", "true", "on"}, e.Value)
}

func dynamicUserShared(set *units.Set) (all []Finding) {
	for _, key := range []string{"RuntimeDirectory", "StateDirectory", "CacheDirectory", "LogsDirectory"} {
		all = append(all, shared(set, key, func(s, other *units.Service, e units.Entry) []Finding {
			if _, on := s.Bool("Service", "DynamicUser"); !on {
				return nil
			}
			return at(s.Unit, e.Line, Error,
				fmt.Sprintf("with DynamicUser=yes %s is private to one unit, and %s has it too: one of them does not start.", e.Value, other.Name),
				"ship a sysusers.d file with a static user and write User= in both.")
		})...)
	}
	return all
}

func nonBlockingShared(set *units.Set) (all []Finding) {
	for i, s := range set.Services {
		for _, other := range set.Services[:i] {
			for _, socket := range s.Sockets {
				if !slices.Contains(other.Sockets, socket) {
					continue
				}
				for _, one := range []*units.Service{other, s} {
					if e, on := one.Bool("Service", "NonBlocking"); !on {
						all = append(all, at(one.Unit, max(e.Line, one.Line("Service")), Warning,
							fmt.Sprintf("%s and %s share %s: each start of this one makes the other block in accept.", other.Name, s.Name, socket.Name),
							"write NonBlocking=yes in [Service].")...)
					}
				}
			}
		}
	}
	return all
}

// notInstallable is silent where something else may start the service: another unit, the bus, a device.
func notInstallable(set *units.Set) (all []Finding) {
	for _, s := range set.Services {
		if s.Installable() || strings.Contains(s.Name, "@") || serviceType(s).Value == "oneshot" || startedBy(set, s) {
			continue
		}
		if _, bus := s.Get("Service", "BusName"); bus {
			continue
		}
		all = append(all, at(s.Unit, s.Line("Service"), Warning,
			"nothing can be enabled that starts this at boot: neither it nor another unit for it has an [Install] section.",
			"write [Install] and WantedBy=multi-user.target below it.")...)
	}
	return all
}

func startedBy(set *units.Set, s *units.Service) bool {
	for _, socket := range s.Sockets {
		if socket.Installable() {
			return true
		}
	}
	if isTriggered(set, s) {
		return true
	}
	for _, u := range unitsOf(set) {
		for _, key := range []string{"Wants", "Requires", "BindsTo", "Upholds", "OnFailure", "OnSuccess", "Also", "Unit"} {
			for _, section := range []string{"Unit", "Install", "Timer", "Path"} {
				if slices.ContainsFunc(u.Names(section, key), func(e units.Entry) bool { return e.Value == s.Name }) {
					return true
				}
			}
		}
	}
	return false
}
