package lint

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nodrop/nodrop/pkg/units"
)

func socketRules() []Rule {
	return []Rule{
		{ID: "socket-follows-service", Category: Connections, Severity: Error, units: eachSocket(followsService),
			Title: "The socket goes down with the service",
			Why:   "`PartOf=` or `BindsTo=` the service in the socket unit stops the socket at every restart of the service: whoever connects in that moment is refused, and those in the queue are reset.",
			Fix:   "Delete the line. A socket finds its service by name, or by `Service=`."},
		{ID: "accept-yes", Category: Connections, Severity: Error, units: eachSocket(acceptYes),
			Title: "A process for each connection",
			Why:   "With `Accept=yes` systemd accepts and starts an instance for every connection. Each lives to its end, but there is no server that could be drained or pass connections on.",
			Fix:   "`Accept=no`, and accept in the program."},
		{ID: "trigger-limit", Category: Failures, Severity: Warning, units: eachSocket(triggerLimit), advice: true,
			Title: "After a few starts systemd closes the socket",
			Why:   "A socket that starts its service too often, 20 times in 2 s by default, is given up (`trigger-limit-hit`) and closed. A release that crashes at start, under load, gets there.",
			Fix:   "`TriggerLimitIntervalSec=0` in `[Socket]`."},
		{ID: "flush-pending", Category: Connections, Severity: Error, units: eachSocket(flushPending),
			Title: "Queued connections are thrown away",
			Why:   "`FlushPending=yes` empties the queue whenever the service stops: those who connected in the meantime are dropped.",
			Fix:   "Delete the line."},
		{ID: "backlog-small", Category: Connections, Severity: Warning, units: eachSocket(backlogSmall), advice: true,
			Title: "Few connections may wait",
			Why:   "While nobody accepts, in a restart or after a crash, and for moments on a busy machine, connections wait in the kernel. When as many wait as `Backlog=` says, whoever comes next is held up for a second and more, and some who are connected already are reset. [load.md](load.md) has figures.",
			Fix:   "Delete the line: as many wait as net.core.somaxconn says then, 4096 by default. For a socket with few clients, such as one for metrics, silence the rule."},
		{ID: "socket-address-twice", Category: Failures, Severity: Error, units: addressTwice,
			Title: "Two socket units with one address",
			Why:   "Only one can hold it, the other fails to start, and which one depends on the order.",
			Fix:   "One unit per address; `Sockets=` in the service takes as many units as it needs."},
		{ID: "descriptor-name-twice", Category: Failures, Severity: Warning, units: descriptorTwice,
			Title: "Two sockets with one name",
			Why:   "The program is handed both under the same `FileDescriptorName=`. Which is which, the order of the units decides: HTTP and HTTPS may change places.",
			Fix:   "A name for each."},
		{ID: "socket-service-unknown", Category: Failures, Severity: Warning, units: socketServiceUnknown, advice: true,
			Title: "A socket for a service that is not there",
			Why:   "A socket starts the service of its own name unless `Service=` names another one. If that does not exist, the socket fails to start.",
			Fix:   "`Service=` with the name of the service."},
	}
}

// followsService: PartOf= and BindsTo= stop the socket with the service, so every restart closes the listener.
func followsService(s *units.Socket) []Finding {
	var all []Finding
	for _, key := range []string{"PartOf", "BindsTo"} {
		for _, e := range s.Names("Unit", key) {
			if e.Value == s.Starts {
				all = append(all, at(s.Unit, e.Line, Error,
					fmt.Sprintf("%s=%s closes the listening socket at every restart of the service.", key, e.Value),
					"delete the line; the socket finds its service by name.")...)
			}
		}
	}
	return all
}

func acceptYes(s *units.Socket) []Finding {
	e, on := s.Bool("Socket", "Accept")
	if !on {
		return nil
	}
	return at(s.Unit, e.Line, Error,
		"with Accept=yes systemd accepts and starts a process per connection; there is no server that could be upgraded.",
		"write Accept=no and accept in the program.")
}

func triggerLimit(s *units.Socket) []Finding {
	e, ok := s.Get("Socket", "TriggerLimitIntervalSec")
	burst, _ := s.Get("Socket", "TriggerLimitBurst")
	_, accept := s.Bool("Socket", "Accept")
	if ok && isZero(e.Value) || burst.Value == "0" || accept || s.Line("Socket") == 0 {
		return nil
	}
	return at(s.Unit, max(e.Line, s.Line("Socket")), Warning,
		"if the service crashes at start, systemd gives up after 20 tries in 2 s and closes the socket.",
		"write TriggerLimitIntervalSec=0 in [Socket].")
}

func flushPending(s *units.Socket) []Finding {
	e, on := s.Bool("Socket", "FlushPending")
	if !on {
		return nil
	}
	return at(s.Unit, e.Line, Error,
		"with FlushPending=yes whoever connects while the service restarts is dropped.",
		"delete the line.")
}

func backlogSmall(s *units.Socket) []Finding {
	e, ok := s.Get("Socket", "Backlog")
	n, err := strconv.ParseUint(e.Value, 10, 32)
	if !ok || err != nil || n >= 1024 {
		return nil
	}
	return at(s.Unit, e.Line, Warning,
		fmt.Sprintf("when %d connections wait to be accepted, the next ones are held up for a second and more, and some are reset.", n),
		"delete the line: net.core.somaxconn bounds how many wait.")
}

func addressTwice(set *units.Set) (all []Finding) {
	for i, s := range set.Sockets {
		for _, l := range listeners(s) {
			for _, other := range set.Sockets[:i] {
				if has(listeners(other), l) && !conflicts(s, other) {
					all = append(all, at(s.Unit, l.Line, Error,
						fmt.Sprintf("%s is in %s too: only one of them can hold it.", l.line(), other.Name),
						"delete it in one of them.")...)
				}
			}
		}
	}
	return all
}

// conflicts tells units that are not meant to run both.
func conflicts(a, b *units.Socket) bool {
	names := func(s, other *units.Socket) bool {
		return slices.ContainsFunc(s.Names("Unit", "Conflicts"), func(e units.Entry) bool { return e.Value == other.Name })
	}
	return names(a, b) || names(b, a)
}

func descriptorTwice(set *units.Set) (all []Finding) {
	for _, service := range set.Services {
		for i, s := range service.Sockets {
			for _, other := range service.Sockets[:i] {
				if s.FileDescriptorName != other.FileDescriptorName {
					continue
				}
				e, _ := s.Get("Socket", "FileDescriptorName")
				all = append(all, at(s.Unit, max(e.Line, s.Line("Socket")), Warning,
					fmt.Sprintf("%s gets this socket and that of %s under the same name, %q.", service.Name, other.Name, s.FileDescriptorName),
					"give each a FileDescriptorName= of its own.")...)
			}
		}
	}
	return all
}

// socketServiceUnknown is silent if there are sockets alone: their services may be elsewhere.
func socketServiceUnknown(set *units.Set) (all []Finding) {
	if len(set.Services) == 0 {
		return nil
	}
	for _, s := range set.Sockets {
		if service(set, s.Starts) != nil || service(set, template(s.Starts)) != nil || slices.ContainsFunc(set.Services, func(o *units.Service) bool { return slices.Contains(o.SocketNames(), s.Name) }) {
			continue
		}
		e, _ := s.Get("Socket", "Service")
		all = append(all, at(s.Unit, max(e.Line, s.Line("Socket")), Warning,
			fmt.Sprintf("this starts %s, which is not here.", s.Starts),
			"write Service= with the name of the service that is meant.")...)
	}
	return all
}

// template is the unit of which another one is an instance.
func template(name string) string {
	stem, _, is := strings.Cut(name, "@")
	if !is {
		return name
	}
	return stem + "@" + path.Ext(name)
}
