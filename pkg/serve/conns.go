package serve

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"syscall"
)

// conns are the open connections of one server.
type conns struct {
	handover *handover // by which they can leave; may be nil

	mu      sync.Mutex
	open    map[*conn]struct{}
	stopped bool          // no further connection will come
	gone    chan struct{} // closed when stopped and none is open

	added  int // all that were ever added
	left   int // of these, passed on to another process
	before int // of these, gone before the drain began
}

func newConns() *conns {
	return &conns{open: map[*conn]struct{}{}, gone: make(chan struct{})}
}

func (cs *conns) add(c net.Conn) *conn {
	tracked := &conn{Conn: c, set: cs}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.open[tracked] = struct{}{}
	cs.added++
	return tracked
}

func (cs *conns) remove(c *conn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.forget(c)
}

// leave removes a connection that goes on in another process.
func (cs *conns) leave(c *conn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.forget(c) {
		cs.left++
	}
}

// forget is called with mu held, and reports whether the connection was open.
func (cs *conns) forget(c *conn) bool {
	_, ok := cs.open[c]
	if ok {
		delete(cs.open, c)
		cs.check()
	}
	return ok
}

// again adds what could not leave in a wrapper of its own, in place of the one
// that it was in.
func (cs *conns) again(c *conn) *conn {
	tracked := cs.add(c.Conn)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.added--
	cs.forget(c)
	return tracked
}

// begin says that the drain begins. It is called once.
func (cs *conns) begin() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.before = cs.added - len(cs.open) - cs.left
}

// outcome is what became of the connections, of which so many were cut, when
// none is open any more. Those that were passed on are counted by kind, elsewhere.
func (cs *conns) outcome(cut int) Outcome {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return Outcome{Drained: cs.added - cs.left - cs.before - cut, Cut: cut}
}

// stop says that the last connection was added. It is called once.
func (cs *conns) stop() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.stopped = true
	cs.check()
}

// check is called with mu held, after each change.
func (cs *conns) check() {
	if cs.stopped && len(cs.open) == 0 {
		close(cs.gone)
	}
}

// wait waits, after stop, until none is open, and reports false when ctx ended
// first.
func (cs *conns) wait(ctx context.Context) bool {
	select {
	case <-cs.gone:
		return true
	case <-ctx.Done():
		return false
	}
}

func (cs *conns) len() int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return len(cs.open)
}

// all are the connections that are open now.
func (cs *conns) all() []*conn {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return slices.Collect(maps.Keys(cs.open))
}

// closeAll closes what is open.
func (cs *conns) closeAll() {
	for _, c := range cs.all() {
		c.Close()
	}
}

// listener passes each connection that it accepts through track.
type listener struct {
	net.Listener
	track func(net.Conn) net.Conn
}

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.track(c), nil
}

// conn is an accepted connection, counted until Close.
type conn struct {
	net.Conn
	set  *conns
	http *httpConn // what net/http has, where that is more than the conn
}

func (c *conn) Close() error {
	err := c.Conn.Close()
	c.set.remove(c)
	return err
}

// NetConn returns the connection below, as tls.Conn's method of that name
// does.
func (c *conn) NetConn() net.Conn { return c.Conn }

// SyscallConn gives access to the descriptor, for its options.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if sc, ok := c.Conn.(syscall.Conn); ok {
		return sc.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// CloseWrite lets net/http close one half first, so that the client reads the
// last reply before it sees a reset.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// ReadFrom keeps net/http's way to sendfile(2) and splice(2) open.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(c.Conn, r)
}
