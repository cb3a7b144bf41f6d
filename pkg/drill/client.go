package drill

import (
	"context"
	"time"
)

// exchanger is one client's side of the protocol. It is used by one goroutine, keeps at most one connection
// and reports its connections' lives to a tally.
type exchanger interface {
	// do does one request and returns the response's X-Version; it opens a connection if it has none. It
	// takes no longer than until deadline, and returns at once when ctx ends, with whatever failure.
	do(ctx context.Context, deadline time.Time) (version string, f *failure)

	// close closes the connection, if there is one.
	close()
}

// newExchanger returns an exchanger for the kind of client that c is.
func (d *drill) newExchanger(c Client, t *tally) (exchanger, error) {
	switch c.Kind {
	case H2:
		return newH2(c, t)
	case WebSocket:
		return newWebSocket(c, t)
	case Events:
		return newEvents(c, t)
	}
	h, err := newHTTP1(c, t)
	if err != nil {
		return nil, err
	}
	if c.Kind == Download {
		h.read = d.content(c.URL).read
	}
	return h, nil
}

// worker is a client at work.
type worker struct {
	exchanger
	tally    *tally
	timeout  time.Duration
	interval time.Duration // between the beginnings of two requests
	offset   time.Duration // before the first, so that clients do not march in step
	open     bool          // in the open model a request is due whatever became of the one before
	pushed   bool          // requests are begun one upon the other: they end when the server likes
	ready    func()        // to be called once the connection is open, or never will be; as often as one likes
}

// loop does requests until stop ends, finishes the one in flight, and closes the connection. When ctx ends it
// drops everything. Stop must end when ctx does.
func (w *worker) loop(ctx, stop context.Context) {
	defer w.ready()
	defer w.close()
	next := time.Now().Add(w.offset)
	for sleepUntil(stop, next) {
		w.tally.due(next)
		f := w.once(ctx, w.exchanger, time.Now())
		if f == nil {
			w.ready()
		}
		next = w.after(next)
		if w.pushed && (f == nil || f.kind == Sequence) {
			next = time.Now() // the connection goes on
		}
	}
}

// after is when the request after that of the time t is due. If that has passed already, the client goes on from
// now rather than catch up in a burst; but for the open model.
func (w *worker) after(t time.Time) time.Time {
	next := t.Add(w.interval)
	if now := time.Now(); !w.open && next.Before(now) {
		return now
	}
	return next
}

// once does one request and records it as begun at start, unless the drill itself broke it off. It returns how it was
// lost, if it was.
func (w *worker) once(ctx context.Context, ex exchanger, start time.Time) *failure {
	version, f := ex.do(ctx, time.Now().Add(w.timeout))
	if end := time.Now(); ctx.Err() == nil {
		w.tally.request(start, end, version, f)
	}
	return f
}

// longestSilence is for how long an idle client is silent at most: less than a server's idle time-out, which is a minute or more
// for most, so that a long command is no loss by itself. Less in tests.
var longestSilence = 30 * time.Second

// idler is a client that keeps its connection idle while the command runs.
type idler struct {
	worker
	http    *http1
	silence time.Duration // between two requests while the command runs
	delay   time.Duration // between the command's end and the last request
}

// run opens the connection by a request, and does one more whenever there was silence, and the last one after the
// context speak has ended and then the delay; all on the same connection. It gives up when that is gone, or when
// stop ends before speak does.
func (w *idler) run(ctx, stop, speak context.Context) {
	defer w.ready()
	defer w.close()
	for next := time.Now().Add(w.offset); !w.http.connected(); next = time.Now().Add(w.interval) {
		if !sleepUntil(stop, next) {
			return
		}
		w.once(ctx, w.exchanger, time.Now())
	}
	w.ready()

	until, cancel := context.WithCancel(stop)
	defer cancel()
	defer context.AfterFunc(speak, func() { time.AfterFunc(w.delay, cancel) })()
	for w.http.connected() && until.Err() == nil {
		silence, end := context.WithTimeout(until, w.silence)
		stayed := w.http.idle(silence)
		end()
		if !stayed || until.Err() != nil && speak.Err() == nil {
			return
		}
		w.once(ctx, w.exchanger, time.Now())
	}
}

// sleepUntil waits for the time t and returns false if ctx ended before.
func sleepUntil(ctx context.Context, t time.Time) bool {
	if ctx.Err() != nil {
		return false
	}
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
