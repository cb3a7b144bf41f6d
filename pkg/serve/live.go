package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/nodrop/nodrop/pkg/activation"
	"github.com/nodrop/nodrop/pkg/carry"
)

// Leaving returns a channel that is closed when the drain has begun and c, a
// connection that lives long, can go on in another instance: the program then
// brings c to a point where nothing is half read or half written, and calls
// [Pass].
//
// c is a connection of a server of Run in the clear: as its Serve accepted it,
// as http.Hijacker returned it, or as the function of [Adopt] was given it. For
// any other, and where no other instance takes connections, the channel is
// never closed.
func Leaving(c net.Conn) <-chan struct{} {
	if lc := liveConn(c); lc != nil && lc.set.handover != nil {
		return lc.set.handover.leaving
	}
	return nil
}

// Pass gives c away, to the function that the other instance has registered by
// [Adopt] for kind. state, at most [carry.MaxState] bytes, is whatever that
// function needs to go on, bytes of the stream that were read ahead included.
//
// On nil c is gone: it stays open in the other instance and is closed here. On
// error, when there is no other instance, it does not know kind, or it is too
// late, nothing has happened to c, and the caller goes on with it or ends it. Nothing
// else may use c during the call.
func Pass(c net.Conn, kind string, state []byte) error {
	lc := liveConn(c)
	if lc == nil || lc.set.handover == nil {
		return errors.New("passing a connection on: it cannot leave this process")
	}
	if len(state) > carry.MaxState {
		return fmt.Errorf("passing a connection on: %d bytes of state, %d are allowed", len(state), carry.MaxState)
	}
	if len(kind) > carry.MaxKind {
		return fmt.Errorf("passing a connection on: kind %q is longer than %d bytes", kind, carry.MaxKind)
	}
	done := make(chan error, 1)
	p := passenger{Conn: carry.Conn{Conn: lc.Conn, Kind: kind, State: state}, done: func(err error) { done <- err }}
	if !lc.set.handover.queue.add(p) {
		return fmt.Errorf("passing a connection on: %w", carry.ErrNobody)
	}
	if err := <-done; err != nil {
		return fmt.Errorf("passing a connection on: %w", err)
	}
	lc.set.leave(lc)
	return nil
}

// liveConn is the counted connection that c is, or is around. Who asks has begun
// with it.
func liveConn(c net.Conn) *conn {
	switch c := c.(type) {
	case *conn:
		return c
	case *httpConn:
		return c.conn
	case *otherConn:
		c.begin()
		return c.conn
	}
	return nil
}

// Adopt has resume called with each connection that an earlier instance gave
// away by [Pass] under that kind, and its state, in a goroutine of its own. resume
// owns the connection and closes it. The kind must differ from those of other
// calls and from the names of servers.
//
// Adopted connections are drained like any other: they can leave again, and
// those that do not are closed ten seconds after the end of the drain time, at
// which ctx ends.
func Adopt(kind string, resume func(ctx context.Context, c net.Conn, state []byte)) Option {
	return func(l *life) { l.servers = append(l.servers, newAdopted(kind, resume)) }
}

// adopted are connections of one kind that go on without a server.
type adopted struct {
	kind   string
	resume func(context.Context, net.Conn, []byte)
	conns  *conns
	ctx    context.Context // of resume
	over   context.CancelFunc
}

func newAdopted(kind string, resume func(context.Context, net.Conn, []byte)) *adopted {
	ctx, over := context.WithCancel(context.Background())
	return &adopted{kind: kind, resume: resume, conns: newConns(), ctx: ctx, over: over}
}

func (a *adopted) name() string                                   { return a.kind }
func (a *adopted) listen(*activation.Sockets, *slog.Logger) error { return nil }
func (a *adopted) close()                                         {}
func (a *adopted) start(h *handover, _ func(error))               { a.conns.handover = h }
func (a *adopted) addrs() []string                                { return nil }
func (a *adopted) open() int                                      { return a.conns.len() }

func (a *adopted) adopt(c net.Conn, state []byte) {
	go a.resume(a.ctx, a.conns.add(c), state)
}

func (a *adopted) drain(limit context.Context, grace time.Duration) Outcome {
	defer a.over()
	a.conns.begin()
	a.conns.stop()
	cut := 0
	if !a.conns.wait(limit) {
		cut = a.conns.len()
		a.over()
		last, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		a.conns.wait(last)
	}
	a.conns.closeAll()
	return a.conns.outcome(cut)
}
