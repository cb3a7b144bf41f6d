package lint

import "github.com/nodrop/nodrop/pkg/units"

// upgradeRule looks at the units of two versions. It leaves Rule empty in what it returns.
type upgradeRule struct {
	id    string
	check func(old, new *units.Set) []Finding
}

func upgradeRules() []upgradeRule {
	return []upgradeRule{
		{"first-sockets", firstSockets},
		{"socket-address-added", addressAdded},
		{"socket-address-changed", addressChanged},
		{"socket-address-moved", addressMoved},
		{"socket-added", socketAdded},
		{"socket-removed", socketRemoved},
		{"descriptor-renamed", descriptorRenamed},
		{"service-removed", serviceRemoved},
		{"strategy-restart", strategyRestart},
		{"carry-dropped", carryDropped},
		{"user-changed", userChanged},
		{"unit-in-etc", unitInEtc},
	}
}

// Upgrade compares the units of the package that is installed with those of the one that replaces it, and finds what the
// upgrade between them cannot do without harm; the findings are sorted by place. What the new package could avoid is an
// Error. What no package can avoid, such as the gap while a port changes hands, is a Warning.
func Upgrade(old, new *units.Set) []Finding {
	var all []Finding
	for _, r := range upgradeRules() {
		all = append(all, named(r.id, r.check(old, new))...)
	}
	return sorted(all)
}

// service is the service of that name, nil if there is none.
func service(set *units.Set, name string) *units.Service {
	for _, s := range set.Services {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// socket is the socket unit of that name, nil if there is none.
func socket(set *units.Set, name string) *units.Socket {
	for _, s := range set.Sockets {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// eachKeptService checks the services that are in both packages.
func eachKeptService(old, new *units.Set, check func(old, new *units.Service) []Finding) (all []Finding) {
	for _, s := range new.Services {
		if before := service(old, s.Name); before != nil {
			all = append(all, check(before, s)...)
		}
	}
	return all
}

// eachKeptSocket checks the socket units that are in both packages.
func eachKeptSocket(old, new *units.Set, check func(old, new *units.Socket) []Finding) (all []Finding) {
	for _, s := range new.Sockets {
		if before := socket(old, s.Name); before != nil {
			all = append(all, check(before, s)...)
		}
	}
	return all
}
