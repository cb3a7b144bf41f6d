package lint

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/nodrop/nodrop/pkg/units"
)

func serviceRules() []Rule {
	return []Rule{
		{ID: "no-socket-unit", Category: Connections, Severity: Error, units: noSocketUnit,
			Title: "No socket unit holds the port",
			Why:   "A program that binds its port itself takes it along when it stops: from then until the next one listens, clients are refused.",
			Fix:   "Ship a `.socket` with `ListenStream=`, and take the socket from systemd, for example with `serve.Run`. For a service that listens nowhere write `Strategy=restart` in `[X-Nodrop]`, or silence the rule."},
		{ID: "type-not-notify", Category: Connections, Severity: Error, units: eachService(notNotify),
			Title: "systemd does not know when the program is ready",
			Why:   "With `Type=simple` or `exec` a unit counts as started when its process exists. An upgrade would stop the old instance before the new one can serve, and call a program that crashes at start a success.",
			Fix:   "`Type=notify`, and `READY=1` from the program (sd_notify(3)); `serve.Run` does so. `notify-reload` needs systemd 253."},
		{ID: "type-unsupported", Category: Failures, Severity: Error, units: eachService(unsupportedType),
			Title: "A service that cannot run twice",
			Why:   "A PID file or a bus name has one owner, so there can be no second instance beside the first in an upgrade.",
			Fix:   "Stay in the foreground with `Type=notify`."},
		{ID: "killmode-none", Category: Failures, Severity: Error, units: eachService(killModeNone),
			Title: "Processes are left behind",
			Why:   "With `KillMode=none` systemd stops nothing: the old process runs on, unsupervised, and keeps taking connections from the socket. It is deprecated.",
			Fix:   "Leave the line out. systemd sends SIGTERM and waits as long as `TimeoutStopSec=` says; the program drains in that time."},
		{ID: "dynamic-user", Category: Failures, Severity: Error, units: eachService(dynamicUser),
			Title: "Two instances with a dynamic user",
			Why:   "With `DynamicUser=yes` each unit gets a user and private directories of its own. The second one does not start: \"File exists\".",
			Fix:   "A static user from a file in sysusers.d, and `User=`."},
		{ID: "start-limit-in-service", Category: Failures, Severity: Warning, units: eachService(startLimitInService),
			Title: "StartLimitIntervalSec= in the wrong section",
			Why:   "In `[Service]` it is an unknown key, so that the default limit applies; see [start-limit](#start-limit).",
			Fix:   "It belongs into `[Unit]`."},
		{ID: "start-limit", Category: Failures, Severity: Warning, units: eachService(startLimit), advice: true,
			Title: "After a few crashes systemd closes the socket",
			Why:   "By default a service that fails five times in ten seconds is given up, and its socket goes with it (`service-start-limit-hit`): a release that crashes at start has clients refused until somebody comes. Without the limit they wait in the socket for the next good release.",
			Fix:   "`StartLimitIntervalSec=0` in `[Unit]`, with `Restart=on-failure` and a `RestartSec=`."},
		{ID: "restart-missing", Category: Failures, Severity: Warning, units: eachService(restartMissing), advice: true,
			Title: "Nobody starts it again after a crash",
			Why:   "Without `Restart=` a service that crashes, or is killed for want of memory, stays down. With a socket the next connection starts it, but those that wait may be many.",
			Fix:   "`Restart=on-failure`."},
		{ID: "stop-timeout-short", Category: Connections, Severity: Warning, units: eachService(stopTimeoutShort), advice: true,
			Title: "The stop time-out is shorter than the drain",
			Why:   "When `TimeoutStopSec=` is over systemd kills what still serves. `serve.Run` drains for 75 s by default, and needs up to ten more to end what is left.",
			Fix:   "Leave it at the default, 90 s, or make it longer than the drain time and ten seconds more. If your program drains for less, silence the rule and say so."},
		{ID: "stop-timeout-infinity", Category: Failures, Severity: Warning, units: eachService(stopTimeoutInfinity), advice: true,
			Title: "A stop without end",
			Why:   "If the old instance hangs in its drain, the upgrade hangs, and with it apt and everything else that it was to install.",
			Fix:   "A `TimeoutStopSec=` that is longer than the drain, and finite."},
		{ID: "exec-stop-kill", Category: Connections, Severity: Warning, units: eachService(execStopKill), advice: true,
			Title: "ExecStop= only sends a signal",
			Why:   "systemd takes the end of `ExecStop=` for the end of the stop, and sends `KillSignal=` to what still runs at once (systemd.service(5)). After `kill -QUIT` a polite drain is cut short by SIGTERM; after `kill -TERM` the program gets a second SIGTERM, which means \"now\" to many.",
			Fix:   "Leave `ExecStop=` out. For another signal than SIGTERM there is `KillSignal=`."},
		{ID: "kill-signal", Category: Connections, Severity: Error, units: eachService(killSignal),
			Title: "A stop is SIGKILL",
			Why:   "With `KillSignal=SIGKILL` no program can finish what is in flight.",
			Fix:   "Leave the line out; SIGKILL comes by itself when `TimeoutStopSec=` is over."},
		{ID: "socket-required", Category: Failures, Severity: Warning, units: eachService(socketRequired), advice: true,
			Title: "The service requires its socket",
			Why:   "`Requires=` and `BindsTo=` are stricter than needed: with one of several sockets masked or failed, every restart of the service fails, and a stop of the socket stops the service.",
			Fix:   "`Wants=` and `After=`."},
		{ID: "pid-file", Category: Failures, Severity: Warning, units: eachService(pidFile), advice: true,
			Title: "A PID file without a fork",
			Why:   "`PIDFile=` is for `Type=forking`. Two instances of one program overwrite each other's, and whoever reads it signals the wrong one.",
			Fix:   "Leave it out, in the unit and in the program's configuration; `systemctl show -p MainPID` tells the process."},
		{ID: "runtime-max", Category: Connections, Severity: Warning, units: eachService(runtimeMax), advice: true,
			Title: "A server with an expiry date",
			Why:   "`RuntimeMaxSec=` ends the service after that time, with a failure, whoever is connected.",
			Fix:   "Leave it out; a timer that starts the rollout unit restarts a server without a gap."},
		{ID: "carry-user-shared", Category: Failures, Severity: Warning, units: eachService(carryUserShared), advice: true,
			Title: "Connections are carried under a user that others have too",
			Why:   "With `Carry=yes` instances trust whoever has their user, and root: another service that runs as `nobody` may pass them connections of its own as if they came from an earlier instance, fill the handover socket, and trace the process. Without `User=` the program is root, which no server should be. [SECURITY.md](../SECURITY.md) has who can do what.",
			Fix:   "A user for this service alone: `u myapp -` in /usr/lib/sysusers.d/myapp.conf, and `User=myapp`."},
		{ID: "refuse-manual", Category: Failures, Severity: Error, units: eachService(refuseManual),
			Title: "A unit that nobody may start or stop",
			Why:   "With `RefuseManualStop=` or `RefuseManualStart=` neither the package nor the admin can restart the service; an upgrade leaves the old program running.",
			Fix:   "Leave the line out."},
		{ID: "unit-syntax", Category: Failures, Severity: Error,
			Title: "A unit file that cannot be read",
			Why:   "systemd skips a line that it does not understand, or the whole file, and tells only the journal. By reading a broken socket unit it closes the socket.",
			Fix:   "See systemd.syntax(7); `systemd-analyze verify` tells more."},
	}
}

// noSocketUnit: without a socket that systemd holds there is nothing that outlives a restart. One service with a socket is
// enough for a package; a package of services that say Strategy=restart knows what it does.
func noSocketUnit(set *units.Set) []Finding {
	for _, s := range set.Services {
		if len(s.Sockets) > 0 {
			return nil
		}
	}
	for _, s := range set.Services {
		if s.Strategy == units.Overlap && serviceType(s).Value != "oneshot" {
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
	if len(s.Sockets) == 0 || isUnsupported(kind.Value) || s.IsTemplate() && acceptsFor(s) {
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

// acceptsFor tells a template of which systemd makes an instance for each connection.
func acceptsFor(s *units.Service) bool {
	return !slices.ContainsFunc(s.Sockets, func(socket *units.Socket) bool {
		_, accept := socket.Bool("Socket", "Accept")
		return !accept
	})
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

// startLimit is for services with a socket: without one there is nothing to wait in. The keys have older spellings and another
// section, which systemd still reads; either of them at zero is no limit (systemd.unit(5)).
func startLimit(s *units.Service) []Finding {
	line := 0
	for _, key := range []struct{ section, name string }{
		{"Unit", "StartLimitIntervalSec"}, {"Unit", "StartLimitInterval"}, {"Service", "StartLimitInterval"},
		{"Unit", "StartLimitBurst"}, {"Service", "StartLimitBurst"},
	} {
		e, ok := s.Get(key.section, key.name)
		if ok && isZero(e.Value) {
			return nil
		}
		if line == 0 {
			line = e.Line
		}
	}
	if len(s.Sockets) == 0 || s.IsTemplate() {
		return nil
	}
	return at(s.Unit, cmp.Or(line, s.Line("Unit")), Warning,
		"a release that crashes at start makes systemd give up and close the socket, so that clients are refused instead of waiting.",
		"write StartLimitIntervalSec=0 in [Unit], and Restart=on-failure in [Service].")
}

func isZero(value string) bool {
	d, ok := units.ParseSpan(value)
	return ok && d == 0
}

func restartMissing(s *units.Service) []Finding {
	e, ok := s.Get("Service", "Restart")
	if ok && e.Value != "no" || slices.Contains([]string{"oneshot", "dbus"}, serviceType(s).Value) || s.IsTemplate() || s.Line("Service") == 0 {
		return nil
	}
	return at(s.Unit, max(e.Line, s.Line("Service")), Warning,
		"a crash ends the service for good: nobody starts it again.",
		"write Restart=on-failure in [Service].")
}

// drain is how long serve.Run needs at most by default to stop: 75 s for the drain, 10 s for what is left then.
const drain = 85 * time.Second

func stopTimeout(s *units.Service) (units.Entry, bool) {
	if e, ok := s.Get("Service", "TimeoutStopSec"); ok {
		return e, true
	}
	return s.Get("Service", "TimeoutSec")
}

func stopTimeoutShort(s *units.Service) []Finding {
	e, ok := stopTimeout(s)
	d, finite := units.ParseSpan(e.Value)
	if !ok || !finite || d == 0 || d >= drain || len(s.Sockets) == 0 || s.IsTemplate() {
		return nil
	}
	return at(s.Unit, e.Line, Warning,
		fmt.Sprintf("%s=%s kills the old instance while it may still drain: serve.Run takes up to %d s.", e.Key, e.Value, drain/time.Second),
		"leave the line out (the default is 90 s), or write more than the drain time and ten seconds.")
}

func stopTimeoutInfinity(s *units.Service) []Finding {
	e, ok := stopTimeout(s)
	d, finite := units.ParseSpan(e.Value)
	if !ok || e.Value != "infinity" && !(finite && d == 0) || serviceType(s).Value == "oneshot" {
		return nil
	}
	return at(s.Unit, e.Line, Warning,
		fmt.Sprintf("with %s=%s an instance that hangs in its drain holds up the upgrade for ever.", e.Key, e.Value),
		"write a time that is longer than the drain.")
}

func execStopKill(s *units.Service) []Finding {
	for _, e := range s.List("Service", "ExecStop") {
		words := strings.Fields(strings.TrimLeft(e.Value, "-@:+!"))
		if len(words) < 2 || !slices.Contains([]string{"kill", "pkill", "killall"}, path.Base(words[0])) || words[1] == "-0" {
			continue
		}
		return at(s.Unit, e.Line, Warning,
			"this only sends a signal: systemd takes the stop for done, and sends SIGTERM after it at once, which cuts a drain short.",
			"delete the line; for another signal than SIGTERM write KillSignal=.")
	}
	return nil
}

func killSignal(s *units.Service) []Finding {
	e, ok := s.Get("Service", "KillSignal")
	if !ok || !slices.Contains([]string{"SIGKILL", "KILL", "9"}, e.Value) {
		return nil
	}
	return at(s.Unit, e.Line, Error,
		"with SIGKILL the program cannot finish what is in flight.",
		"delete the line.")
}

func socketRequired(s *units.Service) (all []Finding) {
	for _, key := range []string{"Requires", "BindsTo"} {
		for _, e := range s.Names("Unit", key) {
			if slices.Contains(s.SocketNames(), e.Value) {
				all = append(all, at(s.Unit, e.Line, Warning,
					fmt.Sprintf("with %s=%s a restart fails if that socket is masked or failed, and a stop of the socket stops the service.", key, e.Value),
					fmt.Sprintf("write Wants=%s and After=%s.", e.Value, e.Value))...)
			}
		}
	}
	return all
}

func pidFile(s *units.Service) []Finding {
	e, ok := s.Get("Service", "PIDFile")
	if !ok || serviceType(s).Value == "forking" {
		return nil
	}
	return at(s.Unit, e.Line, Warning,
		"PIDFile= is for Type=forking; two instances would overwrite each other's file.",
		"delete the line, and have the program write none.")
}

func runtimeMax(s *units.Service) []Finding {
	e, ok := s.Get("Service", "RuntimeMaxSec")
	if !ok || e.Value == "infinity" || serviceType(s).Value == "oneshot" || len(s.Sockets) == 0 {
		return nil
	}
	return at(s.Unit, e.Line, Warning,
		"RuntimeMaxSec= ends a server that works, whoever is connected.",
		fmt.Sprintf("delete the line; a timer may start %s-rollout.service instead.", s.Stem()))
}

func refuseManual(s *units.Service) (all []Finding) {
	for _, key := range []string{"RefuseManualStart", "RefuseManualStop"} {
		if e, on := s.Bool("Unit", key); on {
			all = append(all, at(s.Unit, e.Line, Error,
				fmt.Sprintf("with %s=yes an upgrade cannot restart the service, and the old program runs on.", key),
				"delete the line.")...)
		}
	}
	return all
}
