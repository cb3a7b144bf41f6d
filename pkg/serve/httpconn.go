package serve

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// httpConn is a connection of an HTTP/1.1 server in the clear. It can be taken
// away from net/http between two requests, when no byte of the next one has
// been read, so that another process goes on with it.
//
// That moment is told from outside by what net/http does (conn.serve in
// net/http/server.go):
//
//   - Before the first byte of a connection nothing can be in its buffer.
//   - Behind each request it reports StateIdle, sets a read deadline, reads
//     until four bytes are in the buffer, and sets another one. A Read between
//     these deadlines is into all of the buffer if that is empty, and into the
//     rest of it if a pipelined request begins there. With four bytes or more
//     in the buffer there is no Read.
//
// So the moment is a Read, of the same size as the connection's first, before
// the first byte or between the two deadlines with no byte read since. It is not
// enough to look at states: while net/http reads and answers a pipelined
// request whose head was in the buffer, the state stays idle.
type httpConn struct {
	*conn
	give func(*httpConn) bool // takes the connection over; false: too late

	parked atomic.Bool // not with net/http yet, see park

	mu       sync.Mutex
	buffer   int       // size of the first Read
	phase    phase     // where net/http is
	waiting  bool      // a Read that may be woken is under way
	woken    bool      // its deadline was moved for that
	leave    bool      // to be given away
	given    bool      // away: nothing here touches it any more
	deadline time.Time // for reads, as net/http wants it
}

// phase is how far net/http is with a connection.
type phase int

const (
	untouched phase = iota // no byte was read yet
	inRequest              // anything else
	idle                   // StateIdle, the deadline comes next
	peeking                // behind that deadline
)

// state follows http.Server.ConnState.
func (c *httpConn) state(s http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch s {
	case http.StateNew:
	case http.StateIdle:
		c.phase = idle
	default:
		c.phase = inRequest
	}
}

func (c *httpConn) Read(p []byte) (int, error) {
	for {
		if c.enter(len(p)) {
			return 0, io.EOF
		}
		n, err := c.conn.Read(p)
		given, again := c.settle(err, n > 0)
		if given {
			return 0, io.EOF // net/http closes, which does nothing now
		}
		if !again {
			return n, err
		}
	}
}

// enter begins a read of size bytes, and reports whether the connection was
// given away instead.
func (c *httpConn) enter(size int) (given bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.buffer == 0 {
		c.buffer = size
	}
	c.waiting = (c.phase == untouched || c.phase == peeking) && size == c.buffer
	return c.waiting && c.leaves()
}

// settle ends a wait that ask may have woken. It reports whether the
// connection was given away, or could not be and has to be waited for again.
func (c *httpConn) settle(err error, read bool) (given, again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	woken := c.woken
	c.waiting, c.woken = false, false
	if read {
		c.phase = inRequest
	}
	if !woken {
		return false, false
	}
	timeout := !read && errors.Is(err, os.ErrDeadlineExceeded)
	if timeout && c.leaves() {
		return true, false
	}
	_ = c.conn.SetReadDeadline(c.deadline) // an error shows at the next Read
	return false, timeout
}

// leaves gives the connection away if that is asked for, with mu held.
func (c *httpConn) leaves() bool {
	if c.leave {
		c.leave = false
		c.given = c.give(c)
	}
	return c.given
}

// ask has the connection given away as soon as it is between two requests.
func (c *httpConn) ask() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leave = true
	if c.waiting {
		c.woken = true
		_ = c.conn.SetReadDeadline(time.Unix(1, 0)) // an error shows in that Read
	}
}

func (c *httpConn) SetReadDeadline(t time.Time) error {
	return c.unlessGiven(func() error {
		switch c.phase {
		case idle:
			c.phase = peeking
		case peeking:
			c.phase = inRequest
		}
		c.deadline = t
		return c.conn.SetReadDeadline(t)
	})
}

func (c *httpConn) SetDeadline(t time.Time) error {
	return c.unlessGiven(func() error {
		c.deadline = t
		return c.conn.SetDeadline(t)
	})
}

func (c *httpConn) Close() error { return c.unlessGiven(c.conn.Close) }

func (c *httpConn) CloseWrite() error { return c.unlessGiven(c.conn.CloseWrite) }

func (c *httpConn) unlessGiven(f func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.given {
		return nil
	}
	return f()
}
