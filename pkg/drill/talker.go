package drill

import (
	"context"
	"time"
)

// talker is a client that talks over a WebSocket, without waiting for each echo.
type talker struct {
	worker
	socket *webSocket
}

// run sends messages until stop ends, waits for the echoes of those in flight, and closes the connection. When
// ctx ends it drops everything.
func (t *talker) run(ctx, stop context.Context) {
	defer t.ready()
	defer t.close()
	t.socket.answered = func(start, end time.Time, version string, f *failure) {
		if ctx.Err() == nil {
			t.tally.request(start, end, version, f)
		}
	}
	next := time.Now().Add(t.offset)
	for sleepUntil(stop, next) {
		start := time.Now()
		if f := t.socket.open(ctx, start.Add(t.timeout)); f != nil {
			t.socket.answered(start, time.Now(), "", f)
			next = t.after(next)
			continue
		}
		t.ready()
		next = t.talk(ctx, stop, next)
	}
}

// talk sends messages from the time next on, while the connection lasts, and returns when one is due after
// that.
func (t *talker) talk(ctx, stop context.Context, next time.Time) time.Time {
	stopping := stop.Done()
	for t.socket.conn != nil && ctx.Err() == nil {
		waiting := t.socket.flight.waiting
		if stopping == nil && len(waiting) == 0 {
			break
		}
		var due, expiry <-chan time.Time
		if stopping != nil && (t.open || !t.socket.flight.full()) {
			due = time.After(time.Until(next))
		}
		if len(waiting) > 0 {
			expiry = time.After(time.Until(waiting[0].at.Add(t.timeout)))
		}
		select {
		case <-due:
			at := time.Now()
			if t.open {
				at = next
			}
			t.socket.send(at, time.Now().Add(t.timeout))
			next = t.after(next)
		case f := <-t.socket.frames:
			t.socket.take(ctx, f)
		case <-expiry:
			t.socket.expire(time.Now().Add(-t.timeout))
		case <-stopping:
			stopping = nil
		}
	}
	return next
}
