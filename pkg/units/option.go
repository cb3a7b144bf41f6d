package units

// optionSection is where options of ours stand in a service; systemd skips sections that begin with "X-".
const optionSection = "X-Nodrop"

// Strategy is how an upgrade replaces a running service.
type Strategy string

const (
	// Overlap starts the new version beside the old one before the old one stops. The default.
	Overlap Strategy = "overlap"
	// Restart stops the old version first; systemd's sockets hold new connections meanwhile. For programs that cannot run
	// twice, say one with an embedded database.
	Restart Strategy = "restart"
)

func (u *Unit) strategy() (Strategy, error) {
	strategy := Overlap
	for _, e := range u.Entries(optionSection) {
		if e.Key != "Strategy" {
			return "", u.Errorf(e.Line, "[%s] has no option %q; there is: Strategy=", optionSection, e.Key)
		}
		switch s := Strategy(e.Value); s {
		case Overlap, Restart:
			strategy = s
		case "":
			strategy = Overlap
		default:
			return "", u.Errorf(e.Line, "Strategy=%s is unknown; it is %q or %q", e.Value, Overlap, Restart)
		}
	}
	return strategy, nil
}
