package lint

import "github.com/nodrop/nodrop/pkg/units"

// upgradeRules compare the units of two versions.
func upgradeRules() []Rule {
	return []Rule{
		{ID: "first-sockets", Category: Connections, Severity: Warning, Drops: true, upgrade: firstSockets,
			Title: "The first version with a socket unit",
			Why:   "A port has one owner. While the running program holds it, systemd cannot bind it, so one upgrade, this one, has a gap.",
			Fix:   "None needed: packages of nodrop restart the service once, as quickly as it goes."},
		{ID: "socket-address-added", Category: Connections, Severity: Error, Drops: true, upgrade: addressAdded,
			Title: "A new address in an old socket unit",
			Why:   "systemd binds it only when the unit restarts, and that closes what it listens on already.",
			Fix:   "A socket unit of its own for the new address, with `Service=`."},
		{ID: "socket-address-changed", Category: Connections, Severity: Warning, Drops: true, upgrade: addressChanged,
			Title: "The address of a socket unit changes",
			Why:   "systemd lets go of an address that the unit no longer has at `daemon-reload`, also if only the spelling changes, from `8080` to `0.0.0.0:8080`, and binds the new one at the next restart.",
			Fix:   "Keep the old address, and write the new one into a socket unit of its own."},
		{ID: "socket-address-moved", Category: Connections, Severity: Error, Drops: true, upgrade: addressMoved,
			Title: "An address moves to another socket unit",
			Why:   "Two units cannot hold one address, so it is closed and bound again.",
			Fix:   "Leave the address in its unit, and the unit's name as it is."},
		{ID: "socket-added", Category: Connections, Severity: Warning, upgrade: socketAdded,
			Title: "A new socket unit for a service that has some",
			Why:   "systemd opens it only while the service does not run. The upgrade is a restart then: nobody is refused, but new connections wait for the drain.",
			Fix:   "None needed: later upgrades overlap again."},
		{ID: "socket-removed", Category: Connections, Severity: Warning, Drops: true, upgrade: socketRemoved,
			Title: "A socket unit is gone",
			Why:   "Its listener goes with the file.",
			Fix:   "Keep the unit as long as anybody may connect."},
		{ID: "descriptor-renamed", Category: Failures, Severity: Warning, upgrade: descriptorRenamed,
			Title: "A socket has another name",
			Why:   "A program that asks for the old name does not start.",
			Fix:   "Change the name in program and unit together, or keep `FileDescriptorName=`."},
		{ID: "service-removed", Category: Connections, Severity: Error, Drops: true, upgrade: serviceRemoved,
			Title: "A service is gone",
			Why:   "systemd keeps running what runs, also without a unit file: the old program goes on taking connections.",
			Fix:   "Keep the name, or stop the service in a script."},
		{ID: "strategy-restart", Category: Connections, Severity: Warning, upgrade: strategyRestart,
			Title: "Upgrades are plain restarts from now on",
			Why:   "With `Strategy=restart` new connections wait for the drain.",
			Fix:   "Leave it out if the program can run twice."},
		{ID: "carry-dropped", Category: Connections, Severity: Warning, upgrade: carryDropped,
			Title: "Live connections are no longer passed on",
			Why:   "Without `Carry=yes` in the new version the old one cannot hand its connections over; it asks their clients to reconnect.",
			Fix:   "Keep `Carry=yes` if the program uses `serve.Run`."},
		{ID: "user-changed", Category: Connections, Severity: Warning, upgrade: userChanged,
			Title: "The service runs as another user",
			Why:   "Connections pass only between processes of one user, and systemd gives the unit's directories to the new one while the old one still serves.",
			Fix:   "Keep the user."},
		{ID: "unit-in-etc", Category: Choices, Severity: Warning, upgrade: unitInEtc,
			Title: "The old package had the unit in /etc",
			Why:   "systemd prefers /etc/systemd/system, and dpkg never removes a conffile of an older version by itself: the old unit would go on.",
			Fix:   "dpkg-maintscript-helper(1), rm_conffile, in preinst, postinst and postrm."},
	}
}

// service is the service of that name, nil if there is none.
func service(set *units.Set, name string) *units.Service {
	for _, s := range set.Services {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// socket is the socket unit of that name, nil if there is none.
func socket(set *units.Set, name string) *units.Socket {
	for _, s := range set.Sockets {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// eachKeptService checks the services that are in both packages.
func eachKeptService(old, new *units.Set, check func(old, new *units.Service) []Finding) (all []Finding) {
	for _, s := range new.Services {
		if before := service(old, s.Name); before != nil {
			all = append(all, check(before, s)...)
		}
	}
	return all
}

// eachKeptSocket checks the socket units that are in both packages.
func eachKeptSocket(old, new *units.Set, check func(old, new *units.Socket) []Finding) (all []Finding) {
	for _, s := range new.Sockets {
		if before := socket(old, s.Name); before != nil {
			all = append(all, check(before, s)...)
		}
	}
	return all
}
