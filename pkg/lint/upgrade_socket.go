package lint

import (
	"fmt"

	"github.com/nodrop/nodrop/pkg/units"
)

// firstSockets: a port has one owner, and the running program is it until it stops.
func firstSockets(old, new *units.Set) (all []Finding) {
	const fix = "none needed: the package restarts the service as quickly as it can, and systemd holds the port from then on."
	for _, s := range new.Services {
		if len(s.Sockets) == 0 {
			continue
		}
		first := s.Sockets[0]
		before := service(old, s.Name)
		switch {
		case before == nil && len(old.Services) == 0:
			all = append(all, at(first.Unit, first.Line("Socket"), Warning,
				"the previous package has no service: what runs now, and whether it holds this address, only you know.",
				"stop it before the upgrade, or in scripts.preinstall, if it does.")...)
		case before != nil && len(before.Sockets) == 0:
			all = append(all, at(first.Unit, first.Line("Socket"), Warning,
				fmt.Sprintf("the previous %s has no socket unit, so it binds its port itself: this upgrade has a short gap.", s.Name), fix)...)
		}
	}
	return all
}

// addressAdded: systemd binds a new address only when the unit restarts, and that closes the old one.
func addressAdded(old, new *units.Set) []Finding {
	return eachKeptSocket(old, new, func(old, new *units.Socket) []Finding {
		before, after := listeners(old), listeners(new)
		added := without(after, before)
		if len(added) == 0 || len(without(before, after)) > 0 {
			return nil
		}
		return at(new.Unit, added[0].Line, Error,
			fmt.Sprintf("%s is new here: systemd binds it only when %s restarts, which closes what the unit listens on already.", lines(added), new.Name),
			fmt.Sprintf("write it into a socket unit of its own, with Service=%s.", new.Starts))
	})
}

// addressChanged: systemd lets go of an address that the unit no longer has when it reads the unit (daemon-reload), and binds
// the new one when the unit restarts.
func addressChanged(old, new *units.Set) []Finding {
	return eachKeptSocket(old, new, func(old, new *units.Socket) []Finding {
		before, after := listeners(old), listeners(new)
		gone, added := without(before, after), without(after, before)
		switch {
		case len(gone) == 0:
			return nil
		case len(added) == 0:
			return at(new.Unit, new.Line("Socket"), Warning,
				fmt.Sprintf("%s is gone: from this upgrade on connections to it are refused.", lines(gone)),
				"keep the line as long as anybody may connect.")
		}
		return at(new.Unit, added[0].Line, Warning,
			fmt.Sprintf("%s was %s: systemd lets go of the old address before it binds the new one, so this upgrade has a short gap.", lines(added), lines(gone)),
			fmt.Sprintf("keep %s, and write the new address into a socket unit of its own; a gap is unavoidable if both have the same port.", lines(gone)))
	})
}

// addressMoved: two units cannot hold one address, and the first lets go of it only with the running service.
func addressMoved(old, new *units.Set) (all []Finding) {
	for _, s := range new.Sockets {
		for _, l := range listeners(s) {
			if from := holder(old, l); from != nil && from.Name != s.Name {
				all = append(all, at(s.Unit, l.Line, Error,
					fmt.Sprintf("%s was in %s: two units cannot hold one address, so it would be closed and bound again.", l.line(), from.Name),
					fmt.Sprintf("leave it in %s.", from.Name))...)
			}
		}
	}
	return all
}

// holder is the socket unit that listens there, nil if there is none.
func holder(set *units.Set, l listener) *units.Socket {
	for _, s := range set.Sockets {
		if has(listeners(s), l) {
			return s
		}
	}
	return nil
}

// socketAdded: systemd does not start a socket unit whose service runs, so the service has to stop for it.
func socketAdded(old, new *units.Set) (all []Finding) {
	for _, s := range new.Sockets {
		before, after := service(old, s.Starts), service(new, s.Starts)
		if socket(old, s.Name) != nil || before == nil || len(before.Sockets) == 0 || after == nil || !after.Overlaps() {
			continue
		}
		all = append(all, at(s.Unit, s.Line("Socket"), Warning,
			fmt.Sprintf("%s is new: systemd opens it only while %s does not run, so this upgrade is a restart: nothing is refused, but new connections wait for the drain.", s.Name, s.Starts),
			"none needed: later upgrades overlap again.")...)
	}
	return all
}

// socketRemoved: a unit file that is gone takes its listener along.
func socketRemoved(old, new *units.Set) (all []Finding) {
	for _, s := range old.Sockets {
		if socket(new, s.Name) != nil {
			continue
		}
		var gone []listener
		for _, l := range listeners(s) {
			if holder(new, l) == nil {
				gone = append(gone, l)
			}
		}
		if len(gone) > 0 {
			all = append(all, at(s.Unit, gone[0].Line, Warning,
				fmt.Sprintf("the new package has no %s: from this upgrade on connections to %s are refused.", s.Name, lines(gone)),
				"keep the unit as long as anybody may connect.")...)
		}
	}
	return all
}

// descriptorRenamed: the new version is handed the name that its own unit has, and so is an old one that comes back.
func descriptorRenamed(old, new *units.Set) []Finding {
	return eachKeptSocket(old, new, func(old, new *units.Socket) []Finding {
		if old.FileDescriptorName == new.FileDescriptorName {
			return nil
		}
		e, _ := new.Get("Socket", "FileDescriptorName")
		return at(new.Unit, max(e.Line, new.Line("Socket")), Warning,
			fmt.Sprintf("the program finds this socket as %q now; it was %q, and a program that asks for that does not start.", new.FileDescriptorName, old.FileDescriptorName),
			fmt.Sprintf("see that the new program asks for the new name, or keep FileDescriptorName=%s.", old.FileDescriptorName))
	})
}
