package drill

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// phase is a part of the drill, as seen from the command.
type phase int

const (
	before phase = iota
	during
	after
	phases // how many there are
)

// end is the way in which a connection ended.
type end int

const (
	byUs      end = iota
	announced     // the server said that it would close
	closed        // the server closed without a word
)

// Bounds of what a server can make the recorder remember.
const (
	maxVersions = 16
	maxErrors   = 16
)

// recorder holds all that clients report. It is safe for concurrent use; its memory is bounded.
type recorder struct {
	mu           sync.Mutex
	now          func() time.Time
	origin, over time.Time // of the load; zero: not yet
	began, ended time.Time // of the command; zero: not yet
	tallies      map[Kind]*tally
	versions     [phases][]string
	errors       []ErrorCount
	slots        slots
	events       []Event
	saturation   saturation
}

func newRecorder() *recorder {
	return &recorder{now: time.Now, tallies: map[Kind]*tally{}, events: []Event{}}
}

// tally counts for one kind of client. Its fields belong to the recorder's lock.
type tally struct {
	rec                       *recorder
	kind                      Kind
	clients                   int
	failures                  map[Failure]uint64
	opened, announced, closed uint64
	spans                     [phases]span
	answered                  time.Duration // when the last answered request ended
	downtime                  downtime
}

// span counts for one kind of client in one phase.
type span struct {
	requests, failed uint64
	waits            histogram
}

// tally returns the one tally of the kind and adds n clients to it.
func (r *recorder) tally(kind Kind, n int) *tally {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tallies[kind] == nil {
		r.tallies[kind] = &tally{rec: r, kind: kind, failures: map[Failure]uint64{}}
	}
	r.tallies[kind].clients += n
	return r.tallies[kind]
}

func (r *recorder) loadBegins() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.origin = r.now()
	r.saturation.from = readGauges()
}

func (r *recorder) loadEnded() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = r.now()
	r.saturation.to = readGauges()
}

func (r *recorder) commandBegan() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began = r.now()
	r.note(r.began, "", "command began")
}

func (r *recorder) commandEnded() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = r.now()
	r.note(r.ended, "", "command ended")
}

// phaseOf says to which phase a request belongs that ended before now: "during" if it overlaps the command.
func (r *recorder) phaseOf(start, end time.Time) phase {
	switch {
	case r.began.IsZero() || end.Before(r.began):
		return before
	case !r.ended.IsZero() && start.After(r.ended):
		return after
	}
	return during
}

// request records one request. Version is what the response said, f is nil if it was answered.
func (t *tally) request(start, end time.Time, version string, f *failure) {
	t.rec.mu.Lock()
	defer t.rec.mu.Unlock()
	p := t.rec.phaseOf(start, end)
	s := &t.spans[p]
	s.requests++
	at := t.rec.since(end)
	slot := t.rec.slots.at(at)
	if f != nil {
		s.failed++
		slot.Failed++
		t.downtime.lost(t.rec.since(start), at, t.answered)
		t.failures[f.kind]++
		t.rec.saturation.failed(f.err)
		t.note(f.kind, f.text())
		return
	}
	slot.Answered++
	if t.kind.quick() {
		slot.Longest = max(slot.Longest, Millis(end.Sub(start)))
	}
	t.answered = max(t.answered, at)
	s.waits.add(end.Sub(start))
	seen := &t.rec.versions[p]
	if version != "" && len(*seen) < maxVersions && !slices.Contains(*seen, version) {
		*seen = append(*seen, version)
	}
}

// connectionOpened records a connection, TLS handshake included.
func (t *tally) connectionOpened() {
	t.rec.mu.Lock()
	defer t.rec.mu.Unlock()
	t.opened++
}

// connectionEnded records the end of an opened connection.
func (t *tally) connectionEnded(e end) {
	t.rec.mu.Lock()
	defer t.rec.mu.Unlock()
	switch e {
	case announced:
		t.announced++
	case closed:
		t.closed++
		t.rec.slots.at(t.rec.since(t.rec.now())).Closed++
	}
}

// closedAlone records that the server ended a connection without a word, and no request was lost with it.
func (t *tally) closedAlone(f *failure) {
	t.connectionEnded(closed)
	t.rec.mu.Lock()
	defer t.rec.mu.Unlock()
	t.note(f.kind, "connection closed, no request lost with it: "+f.text())
}

// note counts an error text; it keeps the first maxErrors distinct ones.
func (t *tally) note(kind Failure, text string) {
	errs := &t.rec.errors
	i := slices.IndexFunc(*errs, func(e ErrorCount) bool {
		return e.Kind == t.kind && e.Failure == kind && e.Text == text
	})
	switch {
	case i >= 0:
		(*errs)[i].Count++
	case len(*errs) < maxErrors:
		*errs = append(*errs, ErrorCount{Kind: t.kind, Failure: kind, Text: text, Count: 1})
	}
}

// sorted returns the tallies in the order of Kinds.
func (r *recorder) sorted() []*tally {
	order := Kinds()
	return slices.SortedFunc(maps.Values(r.tallies), func(a, b *tally) int {
		return slices.Index(order, a.kind) - slices.Index(order, b.kind)
	})
}
