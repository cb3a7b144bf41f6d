package units

// optionSection is where options of ours stand in a service; systemd skips sections that begin with "X-".
const optionSection = "X-Nodrop"

// Options are what a service says in [X-Nodrop].
type Options struct {
	Strategy Strategy // how an upgrade replaces the running service
	// Carry gives the service a handover socket, over which instances pass their live connections on. The program has to
	// know what it is for, as those do that use serve.Run.
	Carry bool
}

// Strategy is how an upgrade replaces a running service.
type Strategy string

const (
	// Overlap starts the new version beside the old one before the old one stops. The default.
	Overlap Strategy = "overlap"
	// Restart stops the old version first; systemd's sockets hold new connections meanwhile. For programs that cannot run
	// twice, say one with an embedded database.
	Restart Strategy = "restart"
)

func (u *Unit) options() (Options, error) {
	o := Options{Strategy: Overlap}
	for _, e := range u.Entries(optionSection) {
		switch e.Key {
		case "Strategy":
			switch s := Strategy(e.Value); s {
			case Overlap, Restart:
				o.Strategy = s
			case "":
				o.Strategy = Overlap
			default:
				return o, u.Errorf(e.Line, "Strategy=%s is unknown; it is %q or %q", e.Value, Overlap, Restart)
			}
		case "Carry":
			var ok bool
			if o.Carry, ok = parseBool(e.Value); !ok && e.Value != "" {
				return o, u.Errorf(e.Line, "Carry=%s is neither yes nor no", e.Value)
			}
		default:
			return o, u.Errorf(e.Line, "[%s] has no option %q; there are: Strategy=, Carry=", optionSection, e.Key)
		}
	}
	return o, nil
}
