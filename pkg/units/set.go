package units

import (
	"cmp"
	"fmt"
	"slices"
)

// Set holds the units of one package, each kind sorted by name.
type Set struct {
	Services []*Service
	Sockets  []*Socket
	Others   []*Unit // timers, paths, targets, …
}

// Service is a service unit with the sockets whose descriptors systemd hands to it.
type Service struct {
	*Unit
	Options
	Sockets []*Socket // of the same package, sorted by name
}

// Socket is a socket unit.
type Socket struct {
	*Unit
	Starts             string // the service unit that a connection starts
	FileDescriptorName string // the name under which the service finds the socket
}

// SocketNames are the names of its socket units.
func (s *Service) SocketNames() []string {
	names := make([]string, len(s.Sockets))
	for i, socket := range s.Sockets {
		names[i] = socket.Name
	}
	return names
}

// Carries reports whether instances of the service pass live connections on.
func (s *Service) Carries() bool { return s.Carry && len(s.Sockets) > 0 }

// Overlaps reports whether an upgrade of the service goes through a standby.
func (s *Service) Overlaps() bool { return s.Strategy == Overlap && len(s.Sockets) > 0 }

// NewSet pairs the units of a package. Its errors name the file, and the line when there is one: a name that is refused
// (CheckName), two units of one name, an option in [X-Nodrop] that does not exist.
func NewSet(all []*Unit) (*Set, error) {
	all = slices.SortedFunc(slices.Values(all), func(a, b *Unit) int { return cmp.Compare(a.Name, b.Name) })
	set := &Set{}
	for i, u := range all {
		if err := CheckName(u.Name); err != nil {
			return nil, fmt.Errorf("%s: %w", u.Path, err)
		}
		if i > 0 && all[i-1].Name == u.Name {
			return nil, fmt.Errorf("%s: the package has another %s, from %s", u.Path, u.Name, all[i-1].Path)
		}
		if err := set.add(u); err != nil {
			return nil, err
		}
	}
	for _, service := range set.Services {
		for _, socket := range set.Sockets {
			if service.has(socket) {
				service.Sockets = append(service.Sockets, socket)
			}
		}
	}
	return set, nil
}

func (set *Set) add(u *Unit) error {
	if line := u.Line(optionSection); line != 0 && u.Kind() != ".service" {
		return u.Errorf(line, "[%s] belongs into the .service; no other type of unit has options of ours", optionSection)
	}
	switch u.Kind() {
	case ".service":
		options, err := u.options()
		if err != nil {
			return err
		}
		set.Services = append(set.Services, &Service{Unit: u, Options: options})
	case ".socket":
		set.Sockets = append(set.Sockets, newSocket(u))
	default:
		set.Others = append(set.Others, u)
	}
	return nil
}

// newSocket follows systemd.socket(5): Service= or the service of the same name, its template with Accept=yes; the name of
// the descriptor is the unit's unless FileDescriptorName= says otherwise.
func newSocket(u *Unit) *Socket {
	s := &Socket{Unit: u, Starts: u.Stem() + ".service", FileDescriptorName: u.Name}
	if _, accept := u.Bool("Socket", "Accept"); accept {
		s.Starts = u.Stem() + "@.service"
	}
	if names := u.Names("Socket", "Service"); len(names) > 0 {
		s.Starts = names[len(names)-1].Value
	}
	if e, ok := u.Get("Socket", "FileDescriptorName"); ok {
		s.FileDescriptorName = u.Expand(e.Value)
	}
	return s
}

// has follows systemd.service(5): a service gets the sockets that start it and those of its own Sockets=.
func (s *Service) has(socket *Socket) bool {
	return socket.Starts == s.Name ||
		slices.ContainsFunc(s.Names("Service", "Sockets"), func(e Entry) bool { return e.Value == socket.Name })
}
