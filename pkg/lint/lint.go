package lint

import (
	"cmp"
	"slices"

	"github.com/nodrop/nodrop/pkg/units"
)

// Units checks the units of a package that is being built: for what would break an upgrade of it, and nothing that is mere
// advice. The findings are sorted by place.
func Units(set *units.Set) []Finding {
	var all []Finding
	for _, r := range Rules() {
		if r.units != nil && !r.advice {
			all = append(all, r.label(r.units(set))...)
		}
	}
	return sorted(all)
}

// Upgrade compares the units of the package that is installed with those of the one that replaces it, and finds what the
// upgrade between them cannot do without harm; the findings are sorted by place. What the new package could avoid is an
// Error. What no package can avoid, such as the gap while a port changes hands, is a Warning.
func Upgrade(old, new *units.Set) []Finding {
	var all []Finding
	for _, r := range Rules() {
		if r.upgrade != nil {
			all = append(all, r.label(r.upgrade(old, new))...)
		}
	}
	return sorted(all)
}

// Check looks for everything in one subject. With old it also looks at the upgrade from old to it. Findings that a comment
// silences are left out; the others are sorted by place.
func Check(s, old *Subject) []Finding {
	all := slices.Clone(s.broken)
	for _, r := range Rules() {
		if r.units != nil {
			all = append(all, r.label(r.units(s.Units))...)
		}
		if r.upgrade != nil && old != nil {
			all = append(all, r.label(r.upgrade(old.Units, s.Units))...)
		}
		if s.Package == nil {
			continue
		}
		if r.pkg != nil {
			all = append(all, r.label(r.pkg(s.Package))...)
		}
		if before := s.Package; r.step != nil {
			if old != nil && old.Package != nil {
				before = old.Package
			}
			all = append(all, r.label(r.step(before, s.Package))...)
		}
	}
	if s.Package != nil {
		all = append(all, s.Package.cutShort()...)
	}
	return sorted(s.silence(all))
}

// sorted sorts by place, and leaves out what is there twice.
func sorted(all []Finding) []Finding {
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return slices.Compact(all)
}

func eachService(check func(*units.Service) []Finding) func(*units.Set) []Finding {
	return func(set *units.Set) (all []Finding) {
		for _, s := range set.Services {
			all = append(all, check(s)...)
		}
		return all
	}
}

func eachSocket(check func(*units.Socket) []Finding) func(*units.Set) []Finding {
	return func(set *units.Set) (all []Finding) {
		for _, s := range set.Sockets {
			all = append(all, check(s)...)
		}
		return all
	}
}

// at makes the one finding of a check.
func at(u *units.Unit, line int, severity Severity, why, fix string) []Finding {
	return []Finding{{Severity: severity, File: u.Path, Line: max(line, 1), Why: why, Fix: fix}}
}
