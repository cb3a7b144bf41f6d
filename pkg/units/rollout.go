package units

import (
	"fmt"
	"strings"
)

// rollout writes the unit that an upgrade starts: the standby up, main restarted, the standby down.
func (s *Service) rollout(standby string) []byte {
	var doc strings.Builder
	for _, e := range s.List("Unit", "Documentation") {
		fmt.Fprintf(&doc, "Documentation=%s\n", s.Expand(e.Value))
	}
	return []byte(strings.NewReplacer(
		"@HEADER@\n", header(s.Name),
		"@MAIN@", s.Name,
		"@STANDBY@", standby,
		"@ROLLOUT@", s.Stem()+"-rollout.service",
		"@DESCRIPTION@", s.description(),
		"@DOCUMENTATION@\n", doc.String(),
		"@SOAK@\n", s.soak(standby),
	).Replace(rolloutTemplate))
}

// soak writes the step in which both versions serve. The "$$" is for systemd (systemd.service(5)).
func (s *Service) soak(standby string) string {
	if s.Soak == 0 {
		return ""
	}
	return strings.NewReplacer(
		"@STANDBY@", standby,
		"@SECONDS@", fmt.Sprint(int(s.Soak.Seconds())),
	).Replace(soakTemplate)
}

const soakTemplate = `
#    For @SECONDS@ s both serve, and the standby must not die meanwhile (a watchdog ends one that hangs).
#    Fails: as before.
ExecStart=sh -c 'for second in $$(seq @SECONDS@); do sleep 1; systemctl --quiet is-active @STANDBY@ || exit; done'
`

// Main is reset before its restart, not before: one that had failed must still be seen as failed when the standby does not
// start. Without the reset, upgrades in quick succession run into main's own start limit.
const rolloutTemplate = `@HEADER@
#
# Replaces the running @MAIN@ by what is installed now, without dropping a connection. The package
# starts this unit after an upgrade; an operator may at any time: systemctl start @ROLLOUT@

[Unit]
Description=@DESCRIPTION@ (rollout)
@DOCUMENTATION@
Documentation=https://github.com/nodrop/nodrop
# Any number of upgrades in a row may start it.
StartLimitIntervalSec=0

[Service]
Type=oneshot
# Each step is bounded by the time-outs of the unit that it starts or stops.
TimeoutStartSec=infinity
# systemd drops its connections when it executes itself anew (systemctl daemon-reexec). What it was asked for goes on all the
# same, or was never heard: once it is back, it is asked again, unless the unit has failed.
Environment='ASK=systemctl "$@" && exit; \
	until systemctl show-environment >/dev/null 2>&1; do sleep 1; done; \
	[ "$(systemctl show --property=Result "$2")" = Result=success ] && systemctl "$@"'

# 1. A second instance starts beside the running one, on the same sockets, and gets ready.
#    Fails: nothing else happens. Main was not touched and serves on.
ExecStart=sh -c ${ASK} ask start @STANDBY@
@SOAK@

# 2. Main drains and starts anew; the standby serves meanwhile.
#    Fails: the standby serves on in main's place.
ExecStart=-systemctl reset-failed @MAIN@
ExecStart=sh -c ${ASK} ask restart @MAIN@

# 3. The standby drains and is gone.
#    Fails: main serves; look at why the standby did not stop.
ExecStart=sh -c ${ASK} ask stop @STANDBY@ --quiet
`
