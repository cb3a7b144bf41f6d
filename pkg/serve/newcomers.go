package serve

import (
	"context"
	"io"
	"net"
	"sync"
	"syscall"
)

// newcomers counts the connections that a server was given and has not begun
// with, and the calls of Accept that may bring one.
type newcomers struct {
	mu        sync.Mutex
	accepting int
	fresh     int
	ended     bool          // no further call of Accept is let through
	none      chan struct{} // closed when ended and both are 0
}

func newNewcomers() *newcomers { return &newcomers{none: make(chan struct{})} }

// add changes the counts, and reports false, and changes nothing, for a call of
// Accept after the end.
func (n *newcomers) add(accepting, fresh int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ended && accepting > 0 {
		return false
	}
	n.accepting += accepting
	n.fresh += fresh
	n.check()
	return true
}

// check is called with mu held, after each change.
func (n *newcomers) check() {
	if n.ended && n.accepting == 0 && n.fresh == 0 {
		close(n.none)
	}
}

// end waits until the server has begun with all, and returns with how many it
// has not when ctx ends first. It is called once, when the listeners are closed.
func (n *newcomers) end(ctx context.Context) int {
	n.mu.Lock()
	n.ended = true
	n.check()
	n.mu.Unlock()
	select {
	case <-n.none:
	case <-ctx.Done():
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.fresh
}

// otherListener has its newcomers counted.
type otherListener struct {
	net.Listener
	conns     *conns
	newcomers *newcomers
}

func (l otherListener) Accept() (net.Conn, error) {
	if !l.newcomers.add(1, 0) {
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		l.newcomers.add(-1, 0)
		return nil, err
	}
	l.newcomers.add(-1, 1)
	return &otherConn{l.conns.add(c), sync.OnceFunc(func() { l.newcomers.add(0, -1) })}, nil
}

// otherConn is an accepted connection of a server that is not ours. Whatever
// that does with it that takes or makes bytes, ends it, or gets around us, is a
// beginning; to set a deadline or an option of the socket is none, that may be
// done where it is accepted.
type otherConn struct {
	*conn
	begin func()
}

func (c *otherConn) Read(b []byte) (int, error) {
	c.begin()
	return c.conn.Read(b)
}

func (c *otherConn) Write(b []byte) (int, error) {
	c.begin()
	return c.conn.Write(b)
}

func (c *otherConn) ReadFrom(r io.Reader) (int64, error) {
	c.begin()
	return c.conn.ReadFrom(r)
}

func (c *otherConn) SyscallConn() (syscall.RawConn, error) {
	raw, err := c.conn.SyscallConn()
	return otherRawConn{raw, c.begin}, err
}

func (c *otherConn) NetConn() net.Conn {
	c.begin()
	return c.conn.NetConn()
}

func (c *otherConn) CloseWrite() error {
	c.begin()
	return c.conn.CloseWrite()
}

func (c *otherConn) Close() error {
	c.begin()
	return c.conn.Close()
}

// otherRawConn is the descriptor of an otherConn.
type otherRawConn struct {
	syscall.RawConn
	begin func()
}

func (c otherRawConn) Read(f func(fd uintptr) bool) error {
	c.begin()
	return c.RawConn.Read(f)
}

func (c otherRawConn) Write(f func(fd uintptr) bool) error {
	c.begin()
	return c.RawConn.Write(f)
}
