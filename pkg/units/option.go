package units

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// optionSection is where options of ours stand in a service; systemd skips sections that begin with "X-".
const optionSection = "X-Nodrop"

// Options are what a service says in [X-Nodrop].
type Options struct {
	Strategy Strategy // how an upgrade replaces the running service
	// Soak is for how long the standby has to live beside the old version before that one stops, in whole seconds.
	Soak time.Duration
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
	if u.IsTemplate() {
		o.Strategy = Restart
	}
	for _, e := range u.Entries(optionSection) {
		if u.IsTemplate() && (e.Key != "Strategy" || e.Value != string(Restart)) {
			return o, u.Errorf(e.Line, "%s=%s: instances of a template are restarted one by one, nothing else is supported; write one unit per instance", e.Key, e.Value)
		}
		if err := u.setOption(&o, e); err != nil {
			return o, err
		}
	}
	if o.Soak > 0 && o.Strategy == Restart {
		return o, u.Errorf(u.Line(optionSection), "Soak= and Strategy=%s: a new version that does not run beside the old one cannot soak", Restart)
	}
	return o, nil
}

func (u *Unit) setOption(o *Options, e Entry) error {
	var ok bool
	switch e.Key {
	case "Strategy":
		if e.Value == "" {
			e.Value = string(Overlap)
		}
		if o.Strategy = Strategy(e.Value); o.Strategy != Overlap && o.Strategy != Restart {
			return u.Errorf(e.Line, "Strategy=%s is unknown; it is %q or %q", e.Value, Overlap, Restart)
		}
	case "Soak":
		if o.Soak, ok = ParseSpan(e.Value); !ok {
			return u.Errorf(e.Line, "Soak=%s is no time in whole seconds; write it like 30s or 2min", e.Value)
		}
	case "Carry":
		if o.Carry, ok = parseBool(e.Value); !ok && e.Value != "" {
			return u.Errorf(e.Line, "Carry=%s is neither yes nor no", e.Value)
		}
	default:
		return u.Errorf(e.Line, "[%s] has no option %q; there are: Strategy=, Soak=, Carry=", optionSection, e.Key)
	}
	return nil
}

// ParseSpan reads the usual part of systemd.time(7): numbers with a unit, or seconds; their sum. An empty value is zero.
func ParseSpan(value string) (span time.Duration, ok bool) {
	const number = `([0-9]+) ?(s|sec|seconds?|m|min|minutes?|h|hr|hours?|)`
	if !regexp.MustCompile(`^( *` + number + `)* *$`).MatchString(value) {
		return 0, false
	}
	for _, part := range regexp.MustCompile(number).FindAllStringSubmatch(value, -1) {
		n, err := strconv.Atoi(part[1])
		if err != nil || n > 1e6 {
			return 0, false
		}
		unit := time.Second
		switch {
		case strings.HasPrefix(part[2], "m"):
			unit = time.Minute
		case strings.HasPrefix(part[2], "h"):
			unit = time.Hour
		}
		span += time.Duration(n) * unit
	}
	return span, true
}
