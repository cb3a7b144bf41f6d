package serve

import "time"

// Hooks are functions that a program has called with what happens to its
// connections in a rollout, for metrics; package metrics has them for
// Prometheus. Each may be nil. They are called from several goroutines, and
// must not block.
type Hooks struct {
	// Serving: this instance is ready, and took so long for it from the call of
	// Run on.
	Serving func(took time.Duration)
	// Adopted: a connection of an earlier instance goes on here. The kind is the
	// name of its server or, for one that came by Pass, what Pass was given.
	Adopted func(kind string)
	// Drained: the drain of this instance is over. The process is about to end, so
	// hardly anybody will ask it for metrics any more.
	Drained func(Drain)
	// Earlier: an instance before this one tells how it has drained. It does where
	// there is a handover socket; an instance also passes on what it was told, so
	// after a rollout this is called for both the old main's drain and the standby's.
	Earlier func(Drain)
}

// Drain is what became of an instance's connections when it stopped.
type Drain struct {
	Unit        string             // the instance's systemd unit; empty where there is none
	End         time.Time          // when the drain was over
	Took        time.Duration      // how long it took
	InTime      bool               // nothing was open any more when the drain time ended
	Connections map[string]Outcome // by kind, see Hooks.Adopted
}

// Outcome counts the connections that were open when a drain began, by what
// became of them.
type Outcome struct {
	Carried int // passed on: they stay open in the next instance
	Drained int // ended in the drain time, by their client or behind a reply that announced it
	Cut     int // still open at the end of the drain time, and then ended
}

// Total is the sum over all kinds.
func (d Drain) Total() Outcome {
	var sum Outcome
	for _, o := range d.Connections {
		sum = sum.plus(o)
	}
	return sum
}

func (o Outcome) plus(other Outcome) Outcome {
	return Outcome{o.Carried + other.Carried, o.Drained + other.Drained, o.Cut + other.Cut}
}

// logged are the attributes of a drain in the log.
func (d Drain) logged() []any {
	sum := d.Total()
	return []any{"seconds", d.Took.Seconds(), "in_time", d.InTime, "carried", sum.Carried, "drained", sum.Drained, "cut", sum.Cut}
}

// Observe has hooks called. It may be given several times.
func Observe(hooks Hooks) Option {
	return func(l *life) { l.observers = append(l.observers, hooks) }
}

// observers are all the Hooks of a life.
type observers []Hooks

func (all observers) serving(took time.Duration) {
	for _, h := range all {
		if h.Serving != nil {
			h.Serving(took)
		}
	}
}

func (all observers) adopted(kind string) {
	for _, h := range all {
		if h.Adopted != nil {
			h.Adopted(kind)
		}
	}
}

func (all observers) drained(d Drain) {
	for _, h := range all {
		if h.Drained != nil {
			h.Drained(d)
		}
	}
}

func (all observers) earlier(d Drain) {
	for _, h := range all {
		if h.Earlier != nil {
			h.Earlier(d)
		}
	}
}
