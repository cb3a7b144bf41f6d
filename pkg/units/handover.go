package units

import (
	"fmt"
	"strings"
)

func (s *Service) handover() string { return s.Stem() + "-handover.socket" }

// handoverSocket writes the unit of the Unix socket over which live connections go from one instance to the next (package
// carry of the library). Only the user of the service may use it.
func (s *Service) handoverSocket() []byte {
	var user string
	if e, ok := s.Get("Service", "User"); ok && e.Value != "" {
		user = fmt.Sprintf("SocketUser=%s\n", s.Expand(e.Value))
	}
	return []byte(strings.NewReplacer(
		"@HEADER@\n", header(s.Name),
		"@MAIN@", s.Name,
		"@STEM@", s.Stem(),
		"@DESCRIPTION@", s.description(),
		"@USER@\n", user,
	).Replace(handoverTemplate))
}

const handoverTemplate = `@HEADER@
#
# A stopping instance of @MAIN@ sends its live connections here; the standby takes them, or the next
# main. systemd holds the socket, so they wait in it when nobody is there yet.

[Unit]
Description=@DESCRIPTION@ (live connections on their way to the next instance)

[Socket]
ListenSequentialPacket=/run/@STEM@-handover.sock
FileDescriptorName=nodrop-handover
Service=@MAIN@
# Nobody else may send or take connections.
SocketMode=0600
@USER@
RemoveOnStop=yes
TriggerLimitIntervalSec=0
`
