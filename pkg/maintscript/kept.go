package maintscript

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/units"
)

// kept are the paths below which the services keep what they have written: the directories that systemd makes for them
// (systemd.exec(5)), and the stamps of timers. Left out are names that hold specifiers which only systemd can resolve, and what lies
// in another one of them: it goes with that, and its way there may have been changed by the service.
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
			for _, word := range unquoted(s.Unit, parent.key) {
				for _, name := range strings.Split(word, ":") { // "DIRECTORY:LINK"
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
	slices.Sort(paths)
	var outermost []string
	for _, path := range slices.Compact(paths) {
		within := func(dir string) bool { return strings.HasPrefix(path, dir+"/") }
		if !slices.ContainsFunc(outermost, within) {
			outermost = append(outermost, path)
		}
	}
	return outermost
}

// unquoted are the words of a list in [Service]. One that is in quotes as a whole is without them; two that are in quotes together stay
// what no directory is called.
func unquoted(u *units.Unit, key string) []string {
	var list []string
	for _, e := range u.List("Service", key) {
		for _, word := range strings.Fields(u.Expand(e.Value)) {
			if n := len(word); n > 1 && word[0] == word[n-1] && strings.ContainsRune(`"'`, rune(word[0])) {
				word = word[1 : n-1]
			}
			list = append(list, word)
		}
	}
	return list
}
