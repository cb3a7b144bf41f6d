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
	mu    sync.Mutex
	n     int
	ended bool          // no further one will come
	none  chan struct{} // closed when ended and n is 0
}

func newNewcomers() *newcomers { return &newcomers{none: make(chan struct{})} }

// expect counts one more, and reports false after the end.
func (n *newcomers) expect() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ended {
		return false
	}
	n.n++
	return true
}

func (n *newcomers) gone() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.n--
	n.check()
}

// check is called with mu held, after each change.
func (n *newcomers) check() {
	if n.ended && n.n == 0 {
		close(n.none)
	}
}

// end says that no further one will come, waits until the server has begun with
// all, and returns how many are left when ctx ends first. It is called once.
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
	return n.n
}

// otherListener has its newcomers counted.
type otherListener struct {
	net.Listener
	conns     *conns
	newcomers *newcomers
}

func (l otherListener) Accept() (net.Conn, error) {
	if !l.newcomers.expect() {
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		l.newcomers.gone()
		return nil, err
	}
	return &otherConn{l.conns.add(c), sync.OnceFunc(l.newcomers.gone)}, nil
}

// otherConn is an accepted connection of a server that is not ours. Whatever
// that does with it that takes or makes bytes, or ends it, is a beginning; to
// set a deadline is none.
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
	c.begin()
	return c.conn.SyscallConn()
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
