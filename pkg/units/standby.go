package units

import (
	"fmt"
	"slices"
	"strings"
)

// standby writes the unit of the second instance: main's [Unit] and [Service] under another name, except for what would
// make two instances of one program quarrel.
func (s *Service) standby() []byte {
	var b strings.Builder
	b.WriteString(header(s.Name))
	fmt.Fprintf(&b, "#\n# A second instance of %s on the same sockets. It serves while %s-rollout.service\n", s.Name, s.Stem())
	b.WriteString("# restarts main, and at no other time.\n")

	fmt.Fprintf(&b, "\n[Unit]\nDescription=%s (standby during an upgrade)\n", s.description())
	s.copy(&b, "Unit", "Description", "StartLimitIntervalSec", "StartLimitBurst")
	b.WriteString("# Any number of upgrades in a row may start it.\nStartLimitIntervalSec=0\n")

	b.WriteString("\n[Service]\n")
	s.copy(&b, "Service", "Restart", "RestartSec", "RestartSteps", "RestartMaxDelaySec", "RestartMode",
		"RestartForceExitStatus", "RestartPreventExitStatus")
	b.WriteString("# Only the rollout starts it: one that dies shall be seen, not repeated.\nRestart=no\n")
	b.WriteString(s.shared())
	return []byte(b.String())
}

// copy writes the entries of a section except those named, main's name in place of the specifiers for it.
func (s *Service) copy(b *strings.Builder, section string, except ...string) {
	for _, e := range s.Entries(section) {
		if !slices.Contains(except, e.Key) {
			fmt.Fprintf(b, "%s=%s\n", e.Key, s.Expand(e.Value))
		}
	}
}
