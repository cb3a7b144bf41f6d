package lint

import (
	"fmt"
	"slices"

	"github.com/nodrop/nodrop/pkg/units"
)

// noSocketUnit: without a socket that systemd holds there is nothing that outlives a restart. One service with a socket is
// enough for a package; a package of services that say Strategy=restart knows what it does.
func noSocketUnit(set *units.Set) []Finding {
	for _, s := range set.Services {
		if len(s.Sockets) > 0 {
			return nil
		}
	}
	for _, s := range set.Services {
		if s.Strategy == units.Overlap {
			return at(s.Unit, s.Line("Service"), Error,
				fmt.Sprintf("no socket unit starts %s: it binds its port itself, so nothing listens while it restarts.", s.Name),
				fmt.Sprintf("ship a %s.socket with ListenStream= and take the socket from systemd; for a service that listens nowhere write Strategy=restart in [X-Nodrop].", s.Stem()))
		}
	}
	return nil
}

// serviceType is the entry of Type=, or a stand-in at the head of [Service] with the default.
func serviceType(s *units.Service) units.Entry {
	if e, ok := s.Get("Service", "Type"); ok {
		return e
	}
	return units.Entry{Key: "Type", Value: "simple", Line: s.Line("Service")}
}

func isUnsupported(kind string) bool { return slices.Contains([]string{"forking", "dbus"}, kind) }

// notNotify: only readiness that the program reports tells when the old instance may go.
func notNotify(s *units.Service) []Finding {
	kind := serviceType(s)
	if len(s.Sockets) == 0 || isUnsupported(kind.Value) {
		return nil
	}
	switch kind.Value {
	case "notify":
		return nil
	case "notify-reload":
		return at(s.Unit, kind.Line, Warning,
			"Type=notify-reload needs systemd 253: older ones (Debian 12, RHEL 9) take it for Type=simple and do not wait for readiness.",
			"write Type=notify.")
	}
	severity := Error
	if !s.Overlaps() {
		severity = Warning
	}
	return at(s.Unit, kind.Line, severity,
		fmt.Sprintf("with Type=%s systemd cannot know when the new version is ready, and would stop the old one too early.", kind.Value),
		"write Type=notify in [Service] and let the program send READY=1 (sd_notify(3)).")
}

func unsupportedType(s *units.Service) []Finding {
	kind := serviceType(s)
	if len(s.Sockets) == 0 || !isUnsupported(kind.Value) {
		return nil
	}
	return at(s.Unit, kind.Line, Error,
		fmt.Sprintf("Type=%s cannot run twice under systemd: a PID file or a bus name has one owner.", kind.Value),
		"stay in the foreground, write Type=notify and let the program send READY=1 (sd_notify(3)).")
}

func killModeNone(s *units.Service) []Finding {
	e, ok := s.Get("Service", "KillMode")
	if !ok || e.Value != "none" {
		return nil
	}
	return at(s.Unit, e.Line, Error,
		"KillMode=none leaves the old process running unsupervised after every stop, and is deprecated.",
		"delete the line: on SIGTERM the program finishes what is in flight and exits, within TimeoutStopSec=.")
}

func dynamicUser(s *units.Service) []Finding {
	e, on := s.Bool("Service", "DynamicUser")
	if !on || !s.Overlaps() {
		return nil
	}
	return at(s.Unit, e.Line, Error,
		"with DynamicUser=yes the standby does not start: each of the two units wants the same directories under a user of its own.",
		"ship a sysusers.d file with a static user and write User= instead.")
}

// startLimitInService: the key moved to [Unit] in systemd 230; only the older spelling StartLimitInterval= is still read here.
func startLimitInService(s *units.Service) []Finding {
	e, ok := s.Get("Service", "StartLimitIntervalSec")
	if !ok {
		return nil
	}
	return at(s.Unit, e.Line, Warning,
		"systemd does not know StartLimitIntervalSec= in [Service] and ignores it.",
		"move the line to [Unit].")
}
