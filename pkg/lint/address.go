package lint

import (
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/units"
)

// listener is one address that a socket unit listens on.
type listener struct {
	units.Entry        // the line that says so
	address     string // in one spelling, so that equal ones are equal to systemd
}

// listeners are the addresses of a socket unit. An empty one forgets all before it (systemd.socket(5)).
func listeners(s *units.Socket) []listener {
	var list []listener
	for _, e := range s.Entries("Socket") {
		switch {
		case !strings.HasPrefix(e.Key, "Listen"):
		case e.Value == "":
			list = nil
		default:
			address := s.Expand(e.Value)
			if strings.Trim(address, "0123456789") == "" { // a port alone
				address = "[::]:" + address
			}
			list = append(list, listener{e, e.Key + "=" + address})
		}
	}
	return list
}

// without are the listeners of a that b does not have.
func without(a, b []listener) []listener {
	return slices.DeleteFunc(slices.Clone(a), func(l listener) bool { return has(b, l) })
}

func has(list []listener, l listener) bool {
	return slices.ContainsFunc(list, func(other listener) bool { return other.address == l.address })
}

// line is the listener as its unit has it: "ListenStream=8080".
func (l listener) line() string { return l.Key + "=" + l.Value }

// lines joins several.
func lines(list []listener) string {
	var all []string
	for _, l := range list {
		all = append(all, l.line())
	}
	return strings.Join(all, " and ")
}
