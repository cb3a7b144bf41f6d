package status

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Socket is one of the service's socket units.
type Socket struct {
	Unit      string     `json:"unit"`
	Name      string     `json:"name"` // FileDescriptorName=
	Load      string     `json:"load"`
	Active    string     `json:"active"`
	Result    string     `json:"result"`
	Addresses []Listener `json:"addresses"`
}

// Listener is one address of a socket unit.
type Listener struct {
	Address string `json:"address"`
	Type    string `json:"type"`            // Stream, Datagram, SequentialPacket …
	Queue   *Queue `json:"queue,omitempty"` // nil: nobody listens there, or the kernel does not tell
}

// Queue is what waits in a listening socket, as the kernel tells by sock_diag(7):
// connections that nobody has accepted yet, and how many may wait. In a datagram
// socket it is the bytes of what nobody has read.
type Queue struct {
	Waiting uint32 `json:"waiting"`
	Limit   uint32 `json:"limit,omitempty"`
}

// queues are those of all listening sockets of the host, by type and address as
// systemd writes them.
type queues map[listening]Queue

type listening struct{ kind, address string }

// sockets are all socket units that main is given: those that start it, and those
// that its drop-in names.
func (h host) sockets(ctx context.Context, main properties) ([]Socket, error) {
	names := strings.Fields(main.one("TriggeredBy"))
	for _, path := range strings.Fields(main.one("DropInPaths")) {
		if strings.HasSuffix(path, "/50-nodrop.conf") {
			text, _ := os.ReadFile(path) // systemd has just read it; without it, the other names do
			for _, m := range regexp.MustCompile(`(?m)^Sockets=(.*)$`).FindAllStringSubmatch(string(text), -1) {
				names = append(names, strings.Fields(m[1])...)
			}
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasSuffix(name, ".socket") })
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return []Socket{}, nil
	}
	all, err := h.show(ctx, names...)
	if err != nil {
		return nil, err
	}
	waiting, _ := h.queues() // a kernel without sock_diag does not tell
	sockets := make([]Socket, len(names))
	for i, p := range all {
		sockets[i] = Socket{
			Unit: names[i], Name: p.one("FileDescriptorName"), Load: p.one("LoadState"), Active: p.one("ActiveState"), Result: p.one("Result"),
			Addresses: listeners(p["Listen"], waiting),
		}
	}
	return sockets, nil
}

// listeners reads the values of Listen=, "[::]:8080 (Stream)".
func listeners(values []string, waiting queues) []Listener {
	all := []Listener{}
	for _, value := range values {
		address, kind, ok := strings.Cut(value, " (")
		if !ok {
			continue
		}
		l := Listener{Address: address, Type: strings.TrimSuffix(kind, ")")}
		if q, ok := waiting[listening{l.Type, address}]; ok {
			l.Queue = &q
		}
		all = append(all, l)
	}
	return all
}
