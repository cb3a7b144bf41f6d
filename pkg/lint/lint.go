package lint

import (
	"cmp"
	"slices"

	"github.com/nodrop/nodrop/pkg/units"
)

// rule looks at all units of a package. It leaves Rule empty in what it returns.
type rule struct {
	id    string
	check func(*units.Set) []Finding
}

func rules() []rule {
	return []rule{
		{"no-socket-unit", noSocketUnit},
		{"type-not-notify", eachService(notNotify)},
		{"type-unsupported", eachService(unsupportedType)},
		{"killmode-none", eachService(killModeNone)},
		{"dynamic-user", eachService(dynamicUser)},
		{"start-limit-in-service", eachService(startLimitInService)},
		{"socket-follows-service", eachSocket(followsService)},
		{"accept-yes", eachSocket(acceptYes)},
	}
}

// Units checks the units of one package; the findings are sorted by place.
func Units(set *units.Set) []Finding {
	var all []Finding
	for _, r := range rules() {
		all = append(all, named(r.id, r.check(set))...)
	}
	return sorted(all)
}

// named gives the findings of a rule its id.
func named(id string, findings []Finding) []Finding {
	for i := range findings {
		findings[i].Rule = id
	}
	return findings
}

// sorted sorts by place.
func sorted(all []Finding) []Finding {
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return all
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
