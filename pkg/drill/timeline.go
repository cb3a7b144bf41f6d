package drill

import (
	"cmp"
	"slices"
	"time"
)

// Timeline is what happened when, on one monotonic clock that begins with the load.
type Timeline struct {
	Length   Millis   `json:"length_ms"`
	Step     Millis   `json:"step_ms"`  // the width of a slot; doubled as the drill goes on, so that there are at most 600
	Slots    []Slot   `json:"slots"`    // one after the other, from 0 to Length
	Events   []Event  `json:"events"`   // in the order of At
	Downtime []Window `json:"downtime"` // in the order of Kinds, and for each kind of From
}

// Slot is a stretch of the timeline. A request belongs to the slot in which it was answered or lost.
type Slot struct {
	Answered uint64 `json:"answered"`
	Failed   uint64 `json:"failed"`
	Closed   uint64 `json:"closed"`     // connections closed by the server without a word
	Longest  Millis `json:"longest_ms"` // wait of an answered request; like the total's, without the kinds that take long
}

// Event is something that happened beside the load.
type Event struct {
	At   Millis `json:"at_ms"`
	Unit string `json:"unit,omitempty"` // a unit of systemd; empty: the drill itself
	What string `json:"what"`           // "command began", "command ended"; of units see the package documentation
}

// Window is a time in which requests of a kind were lost, from the beginning of the first to the end of the last; other
// clients may have been answered meanwhile. Two losses are in one window if they are 100 ms apart or less, or no
// request of the kind was answered between them.
type Window struct {
	Kind   Kind   `json:"kind"`
	From   Millis `json:"from_ms"`
	To     Millis `json:"to_ms"`
	Failed uint64 `json:"failed"`
}

// Bounds of the timeline, whatever the length of the drill.
const (
	maxSlots   = 600
	firstStep  = 10 * time.Millisecond
	maxEvents  = 256
	maxWindows = 64 // of one kind; further losses belong to the last one
	windowGap  = 100 * time.Millisecond
)

// slots are the slots so far. The zero value is empty.
type slots struct {
	step time.Duration
	all  []Slot
}

// at returns the slot of a time after the beginning.
func (s *slots) at(t time.Duration) *Slot {
	s.step = cmp.Or(s.step, firstStep)
	for t >= maxSlots*s.step {
		s.double()
	}
	i := int(max(t, 0) / s.step)
	if i >= len(s.all) {
		s.all = append(s.all, make([]Slot, i+1-len(s.all))...)
	}
	return &s.all[i]
}

// double makes one slot of each two.
func (s *slots) double() {
	s.step *= 2
	for i := range s.all {
		if i%2 == 0 {
			s.all[i/2] = s.all[i]
			continue
		}
		half := &s.all[i/2]
		half.Answered += s.all[i].Answered
		half.Failed += s.all[i].Failed
		half.Closed += s.all[i].Closed
		half.Longest = max(half.Longest, s.all[i].Longest)
	}
	s.all = s.all[:(len(s.all)+1)/2]
}

// downtime is the windows of one kind, in order.
type downtime []Window

// lost adds a request that was lost, when the last answered one of its kind ended at answered.
func (d *downtime) lost(from, to, answered time.Duration) {
	all := *d
	n := len(all)
	apart := n == 0 || Millis(from-windowGap) > all[n-1].To && Millis(answered) > all[n-1].To
	if apart && n < maxWindows {
		*d = append(all, Window{From: Millis(from), To: Millis(to), Failed: 1})
		return
	}
	last := &all[n-1]
	last.From, last.To = min(last.From, Millis(from)), max(last.To, Millis(to))
	last.Failed++
	for n > 1 && all[n-1].From <= all[n-2].To+Millis(windowGap) { // a request that took long may join what was apart
		all[n-2].From, all[n-2].To = min(all[n-2].From, all[n-1].From), max(all[n-2].To, all[n-1].To)
		all[n-2].Failed += all[n-1].Failed
		n--
	}
	*d = all[:n]
}

// event records what happened at the time t.
func (r *recorder) event(t time.Time, unit, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(t, unit, what)
}

// note is event for who holds the lock.
func (r *recorder) note(t time.Time, unit, what string) {
	if len(r.events) < maxEvents {
		r.events = append(r.events, Event{At: Millis(r.since(t)), Unit: unit, What: what})
	}
}

// since is the place of t on the timeline; without one, or before it, that is the beginning.
func (r *recorder) since(t time.Time) time.Duration {
	if r.origin.IsZero() {
		return 0
	}
	return max(t.Sub(r.origin), 0)
}

// timeline returns what was recorded until the load ended, or until now.
func (r *recorder) timeline() Timeline {
	tl := Timeline{Slots: []Slot{}, Events: slices.Clone(r.events), Downtime: []Window{}}
	if r.origin.IsZero() { // no load
		return tl
	}
	over := r.over
	if over.IsZero() {
		over = r.now()
	}
	all := slots{r.slots.step, slices.Clone(r.slots.all)}
	all.at(max(r.since(over)-1, 0))
	tl.Length, tl.Step, tl.Slots = Millis(r.since(over)), Millis(all.step), all.all
	slices.SortStableFunc(tl.Events, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	for _, t := range r.sorted() {
		for _, w := range t.downtime {
			w.Kind = t.kind
			tl.Downtime = append(tl.Downtime, w)
		}
	}
	return tl
}
