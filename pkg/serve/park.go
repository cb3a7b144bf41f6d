package serve

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// park keeps connections that came from another process and have no request
// yet. net/http takes a connection for new, with little time for the first
// request; these are idle, with the idle time-out. So they wait here, and go to
// net/http when their next request is there to be read.
type park struct {
	addr        net.Addr      // of the server
	idleTimeout time.Duration // 0: none
	ready       chan net.Conn

	closing sync.Once
	closed  chan struct{}
}

func newPark(srv *http.Server, addr net.Addr) *park {
	p := &park{addr: addr, idleTimeout: srv.IdleTimeout, ready: make(chan net.Conn), closed: make(chan struct{})}
	if p.idleTimeout == 0 {
		p.idleTimeout = srv.ReadTimeout // as net/http has it
	}
	return p
}

// add keeps c until it has something to read, is given away, or is idle for
// too long.
func (p *park) add(c *httpConn) {
	c.parked.Store(true)
	var idle time.Time
	if p.idleTimeout > 0 {
		idle = time.Now().Add(p.idleTimeout)
	}
	if c.SetReadDeadline(idle) != nil || !c.awaitRequest() || c.SetReadDeadline(time.Time{}) != nil {
		c.Close()
		return
	}
	c.parked.Store(false)
	select {
	case p.ready <- c:
	case <-p.closed:
		c.Close()
	}
}

// Accept, Close and Addr make a listener of it, for http.Server.Serve.
func (p *park) Accept() (net.Conn, error) {
	select {
	case c := <-p.ready:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *park) Close() error {
	p.closing.Do(func() { close(p.closed) })
	return nil
}

func (p *park) Addr() net.Addr { return p.addr }

// awaitRequest waits until there is something to read, be it the end, without
// taking any of it. It reports false when the connection was given away, or
// cannot be read within its deadline.
func (c *httpConn) awaitRequest() bool {
	for {
		if c.enter(0) {
			return false
		}
		err := readable(c.conn.Conn)
		given, again := c.settle(err, false)
		if given {
			return false
		}
		if !again {
			return err == nil
		}
	}
}

// readable returns when a read of c would not block.
func readable(c net.Conn) error {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK)
		return !errors.Is(err, unix.EAGAIN) // what else there is, net/http will find
	})
}
