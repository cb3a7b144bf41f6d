package rehearse

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// listener is a TCP socket on which something listens.
type listener struct {
	addr netip.AddrPort // where to connect to
	name string         // the program that holds it; "" if unknown
}

func (l listener) String() string {
	if l.name == "" {
		return l.addr.String()
	}
	return fmt.Sprintf("%v (%s)", l.addr, l.name)
}

// parseListeners reads the output of ss -Hltnp (ss(8)): one for each port, by port,
// with an IPv4 address where there is one. A wildcard becomes the loopback address.
func parseListeners(text string) []listener {
	var all []listener
	for line := range strings.Lines(text) {
		fields := strings.Fields(line) // LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=123,fd=6))
		if len(fields) < 4 {
			continue
		}
		addr, ok := parseLocal(fields[3])
		if !ok {
			continue
		}
		l := listener{addr: addr}
		if len(fields) > 5 {
			if _, quoted, ok := strings.Cut(fields[5], `"`); ok {
				l.name, _, _ = strings.Cut(quoted, `"`)
			}
		}
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b listener) int {
		return cmp.Or(cmp.Compare(a.addr.Port(), b.addr.Port()), a.addr.Compare(b.addr))
	})
	return slices.CompactFunc(all, func(a, b listener) bool { return a.addr.Port() == b.addr.Port() })
}

// parseLocal reads ADDRESS:PORT as ss prints it: with * for all addresses of both
// families, and perhaps with %INTERFACE after the address.
func parseLocal(text string) (netip.AddrPort, bool) {
	colon := strings.LastIndexByte(text, ':')
	if colon < 0 {
		return netip.AddrPort{}, false
	}
	address, _, _ := strings.Cut(text[:colon], "%")
	switch strings.Trim(address, "[]") {
	case "*", "0.0.0.0":
		address = "127.0.0.1"
	case "::":
		address = "[::1]"
	}
	addr, err := netip.ParseAddrPort(address + text[colon:])
	return addr, err == nil
}

// without returns those of all whose ports none of known has.
func without(all, known []listener) []listener {
	return slices.DeleteFunc(slices.Clone(all), func(l listener) bool {
		return slices.ContainsFunc(known, func(k listener) bool { return k.addr.Port() == l.addr.Port() })
	})
}
