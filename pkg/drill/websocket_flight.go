package drill

import (
	"errors"
	"slices"
	"strconv"
	"time"
)

// maxInFlight is how many messages a WebSocket client sends without waiting for their echoes.
const maxInFlight = 4

// What can be wrong with an echo.
var (
	errRepeated  = errors.New("a message came back twice")
	errReordered = errors.New("a message came back after a later one")
	errAltered   = errors.New("a message came back altered")
	errUnasked   = errors.New("a message came that was never sent")
	errLate      = errors.New("a message came back that had been given up") // its loss was recorded then
)

// errNoEcho is the cause of a message's loss where the connection goes on.
var errNoEcho = errors.New("a message did not come back")

// flight is what one WebSocket has sent and not got back: the messages are the numbers 1, 2, 3 … in decimal.
// The zero value has sent nothing.
type flight struct {
	sent    uint64    // number of the last message
	givenUp uint64    // number of the last message that expired
	waiting []message // oldest first
}

// message is one that was sent.
type message struct {
	n      uint64
	at     time.Time
	passed bool // a later one came back before it
	unsent bool // it could not be written whole
}

// of is the failure f of the connection as that of one message.
func (f *failure) of(m message) *failure {
	switch {
	case m.unsent && f.kind == EOF:
		return &failure{EOFUnsent, f.err}
	case m.unsent && f.kind == Reset:
		return &failure{ResetUnsent, f.err}
	}
	return f
}

// last is the message that was sent last. There must be one.
func (f *flight) last() *message { return &f.waiting[len(f.waiting)-1] }

// send returns the next message.
func (f *flight) send(at time.Time) []byte {
	f.sent++
	f.waiting = append(f.waiting, message{n: f.sent, at: at})
	return strconv.AppendUint(nil, f.sent, 10)
}

// full reports whether no more may be sent now. What was passed is not waited for.
func (f *flight) full() bool {
	n := 0
	for _, m := range f.waiting {
		if !m.passed {
			n++
		}
	}
	return n >= maxInFlight
}

// echo takes what came back and returns when that was sent; now, if nothing is known of it. The error says
// what is wrong with it, if anything. An altered echo counts as that of the first message that has none.
func (f *flight) echo(text []byte, now time.Time) (sent time.Time, err error) {
	n, err := strconv.ParseUint(string(text), 10, 64)
	known := err == nil && n > 0 && n <= f.sent
	i := slices.IndexFunc(f.waiting, func(m message) bool { return m.n == n })
	switch {
	case !known && len(f.waiting) == 0:
		return now, errUnasked
	case !known:
		first := max(0, slices.IndexFunc(f.waiting, func(m message) bool { return !m.passed }))
		return f.take(first).at, errAltered
	case i < 0 && n <= f.givenUp:
		return now, errLate
	case i < 0:
		return now, errRepeated
	case f.waiting[i].passed:
		return f.take(i).at, errReordered
	}
	for j := range i {
		f.waiting[j].passed = true
	}
	return f.take(i).at, nil
}

func (f *flight) take(i int) message {
	m := f.waiting[i]
	f.waiting = slices.Delete(f.waiting, i, i+1)
	return m
}

// expire takes the messages that were sent at the time t or before.
func (f *flight) expire(t time.Time) []message {
	n := 0
	for n < len(f.waiting) && !f.waiting[n].at.After(t) {
		n++
	}
	expired := slices.Clone(f.waiting[:n])
	f.waiting = slices.Delete(f.waiting, 0, n)
	if n > 0 {
		f.givenUp = expired[n-1].n
	}
	return expired
}
