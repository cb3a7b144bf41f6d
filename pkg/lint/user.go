package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/shellwalk"
	"github.com/nodrop/nodrop/pkg/units"
)

// UsersEverywhere are users that every system has (base-passwd; the systemd ones come with systemd).
func UsersEverywhere() []string {
	return []string{"root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data", "backup", "list", "irc", "nobody", "0", "65534"}
}

func userMissing(p *Package) (all []Finding) {
	for _, s := range p.units.Services {
		e, ok := s.Get("Service", "User")
		name := s.Expand(e.Value)
		_, dynamic := s.Bool("Service", "DynamicUser")
		if !ok || dynamic || slices.Contains(UsersEverywhere(), name) || strings.HasPrefix(name, "systemd-") || strings.Contains(name, "%") || p.creates(name) || p.unread {
			continue
		}
		all = append(all, at(s.Unit, e.Line, Warning,
			fmt.Sprintf("neither a file in sysusers.d nor a script of the package creates the user %s.", name),
			"ship a sysusers.d file, or depend on the package that creates it.")...)
	}
	return all
}

// carryUserShared: who has the same user as a service is let in at its handover socket.
func carryUserShared(s *units.Service) []Finding {
	e, ok := s.Get("Service", "User")
	name := s.Expand(e.Value)
	if _, dynamic := s.Bool("Service", "DynamicUser"); !s.Carries() || dynamic || ok && !slices.Contains(UsersEverywhere(), name) {
		return nil
	}
	if !ok || name == "root" || name == "0" {
		return at(s.Unit, max(e.Line, s.Line("Service")), Warning,
			"this runs as root, as much else does, and carries connections for whoever has the same user.",
			"write User= with a user of its own, and ship a sysusers.d file.")
	}
	return at(s.Unit, e.Line, Warning,
		fmt.Sprintf("with Carry=yes any process of the user %s may pass connections to this service; others run as %s too.", name, name),
		"write User= with a user of its own, and ship a sysusers.d file.")
}

// creates tells whether the package makes a user, by sysusers.d or by a script.
func (p *Package) creates(user string) bool {
	for _, f := range p.Config {
		if strings.Contains(f.Path, "/sysusers.d/") && slices.ContainsFunc(strings.Split(string(f.Data), "\n"), func(line string) bool {
			fields := strings.Fields(line)
			return len(fields) > 1 && strings.HasPrefix(fields[0], "u") && strings.Trim(fields[1], `"`) == user
		}) {
			return true
		}
	}
	for _, st := range installSteps(p) {
		calls, _ := st.calls(serving)
		for _, c := range calls {
			if slices.Contains([]string{"adduser", "useradd", "addsysuser", "systemd-sysusers"}, path.Base(c.Name)) &&
				(slices.Contains(c.Args, user) || strings.Contains(c.String(), shellwalk.Unknown)) {
				return true
			}
		}
	}
	return false
}
