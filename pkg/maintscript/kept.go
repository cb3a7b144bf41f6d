package maintscript

import (
	"regexp"
	"strings"
)

// kept are the paths below which the services keep what they have written: the directories that systemd makes for them
// (systemd.exec(5)), and the stamps of timers. Left out are names that hold specifiers which only systemd can resolve.
func (p *Package) kept() []string {
	parents := []struct{ key, dir string }{
		{"StateDirectory", "/var/lib/"},
		{"CacheDirectory", "/var/cache/"},
		{"LogsDirectory", "/var/log/"},
	}
	safe := regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@+~-]*(/[A-Za-z0-9_][A-Za-z0-9_.@+~-]*)*$`)
	var paths []string
	for _, s := range p.Units.Services {
		_, dynamic := s.Bool("Service", "DynamicUser")
		for _, parent := range parents {
			for _, e := range s.Names("Service", parent.key) {
				for _, name := range strings.Split(e.Value, ":") { // "DIRECTORY:LINK"
					if !safe.MatchString(name) {
						continue
					}
					paths = append(paths, parent.dir+name)
					if dynamic {
						paths = append(paths, parent.dir+"private/"+name)
					}
				}
			}
		}
	}
	for _, u := range p.Units.Others {
		if _, persistent := u.Bool("Timer", "Persistent"); persistent {
			paths = append(paths, "/var/lib/systemd/timers/stamp-"+u.Name)
		}
	}
	return paths
}
