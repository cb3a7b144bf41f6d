package lint

import (
	"fmt"

	"github.com/nodrop/nodrop/pkg/units"
)

// followsService: PartOf= and BindsTo= stop the socket with the service, so every restart closes the listener.
func followsService(s *units.Socket) []Finding {
	var all []Finding
	for _, key := range []string{"PartOf", "BindsTo"} {
		for _, e := range s.Names("Unit", key) {
			if e.Value == s.Starts {
				all = append(all, at(s.Unit, e.Line, Error,
					fmt.Sprintf("%s=%s closes the listening socket at every restart of the service.", key, e.Value),
					"delete the line; the socket finds its service by name.")...)
			}
		}
	}
	return all
}

func acceptYes(s *units.Socket) []Finding {
	e, on := s.Bool("Socket", "Accept")
	if !on {
		return nil
	}
	return at(s.Unit, e.Line, Error,
		"with Accept=yes systemd accepts and starts a process per connection; there is no server that could be upgraded.",
		"write Accept=no and accept in the program.")
}
