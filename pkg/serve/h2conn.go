package serve

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// hookConn is what http.Server.ConnState has shown for this connection so far.
func (c *h2conn) hookConn() net.Conn { return c.Conn }

// h2conn is a connection that an HTTP/2 server of net/http runs on, and that
// can be ended without refusing a request (RFC 9113, section 6.8):
//
//  1. A GOAWAY that names the highest possible stream goes out, between two
//     frames of the server, and a PING behind it. The client opens no stream
//     once it has read them; those that it opened before are served.
//  2. The answer to the PING comes behind the last of these streams. It is
//     swapped for a GOAWAY from the client: upon that net/http names the last
//     stream, finishes what is open, and closes the connection.
//
// There are two PINGs, one after the other: a client may answer the first, by
// the goroutine that reads, while another that chose its stream before the
// GOAWAY came has yet to write it. Go's does. The second step is taken without
// an answer when that is overdue: the client then learns from the last GOAWAY
// which of its streams were not read.
type h2conn struct {
	net.Conn

	write  sync.Mutex
	frames frames
	ours   string      // frames of ours, due at the next boundary
	asked  atomic.Bool // step 1 is done
	again  bool        // so is the second PING

	turn sync.Mutex // for these two, and the deadline that comes of them
	late bool       // the answer is
	gone bool       // step 2 is done, or it is too late for it

	in     *bufio.Reader
	rest   int    // bytes of the present frame that the server has yet to read
	block  bool   // a field block goes on behind it
	waited bool   // for its end
	swapIn string // bytes to read before those

	unsent func() int // bytes that the client's host has yet to take
}

func newH2Conn(c net.Conn) *h2conn {
	return &h2conn{Conn: c, in: bufio.NewReader(c), unsent: func() int { return unsent(c) }}
}

func (c *h2conn) Write(p []byte) (int, error) {
	c.write.Lock()
	defer c.write.Unlock()
	n, err := c.Conn.Write(p)
	c.frames.advance(p[:n])
	if err == nil {
		err = c.writeOurs()
	}
	return n, err
}

// goAway takes the first step.
func (c *h2conn) goAway() {
	c.asked.Store(true)
	time.AfterFunc(answerTime, c.overdue)
	c.insert(goAwayFrame + pingFrame)
}

// answerTime is how long a client may take to read what was sent before the
// PINGs, and to answer.
const answerTime = 30 * time.Second

// overdue has the reader take the second step, at the next boundary.
func (c *h2conn) overdue() {
	c.turn.Lock()
	defer c.turn.Unlock()
	c.late = true
	if !c.gone {
		_ = c.SetReadDeadline(time.Now())
	}
}

// awake reports whether a deadline was only to tell that the answer is late. A
// field block that is open then has a little more time to end.
func (c *h2conn) awake() bool {
	c.turn.Lock()
	defer c.turn.Unlock()
	if !c.late || c.gone {
		return false
	}
	var next time.Time
	if c.block && !c.waited {
		next = time.Now().Add(blockTime)
	} else {
		c.block = false
	}
	c.waited = true
	return c.SetReadDeadline(next) == nil
}

// blockTime is how long a client may take for the rest of a field block.
const blockTime = 5 * time.Second

// goes reports whether the second step is to be taken now: once, when there is
// an answer or it is late.
func (c *h2conn) goes(answered bool) bool {
	c.turn.Lock()
	defer c.turn.Unlock()
	if c.gone || !answered && !c.late {
		return false
	}
	c.gone = true
	if c.late { // nothing to be woken for any more
		_ = c.SetReadDeadline(time.Time{}) // an error shows at the next Read
	}
	return true
}

func (c *h2conn) ping() {
	timer := time.NewTimer(pingAgain)
	defer timer.Stop()
	<-timer.C
	c.insert(pingFrame)
}

// pingAgain is the time between an answer to the first PING and the second.
const pingAgain = 50 * time.Millisecond

// insert writes frames of ours as soon as they can be written, which is now or
// behind the frame that is half written. It waits for a client that does not
// read. An error shows at the server's next write.
func (c *h2conn) insert(frames string) {
	c.write.Lock()
	defer c.write.Unlock()
	c.ours += frames
	_ = c.writeOurs()
}

func (c *h2conn) writeOurs() error {
	if c.ours == "" || !c.frames.boundary() {
		return nil
	}
	_, err := io.WriteString(c.Conn, c.ours)
	c.ours = ""
	return err
}

// Read reads frame by frame, in order to take the second step.
func (c *h2conn) Read(p []byte) (int, error) {
	for {
		n, err := c.read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !c.awake() {
			return n, err
		}
	}
}

func (c *h2conn) read(p []byte) (int, error) {
	if c.rest == 0 && c.swapIn == "" {
		if err := c.nextFrame(); err != nil {
			return 0, err
		}
	}
	if c.swapIn != "" {
		n := copy(p, c.swapIn)
		c.swapIn = c.swapIn[n:]
		return n, nil
	}
	n, err := c.in.Read(p[:min(len(p), c.rest)])
	c.rest -= n
	return n, err
}

// nextFrame looks at the next frame without taking it. What came of it when a
// read deadline ends stays in the buffer.
func (c *h2conn) nextFrame() error {
	if !c.block && c.goes(false) {
		c.swapIn = clientGoAwayFrame
		return nil
	}
	header, err := c.in.Peek(frameHeaderLen)
	if err != nil {
		return err
	}
	size := frameHeaderLen + payloadLen(header)
	if c.asked.Load() && string(header) == pingAckFrame[:frameHeaderLen] {
		frame, err := c.in.Peek(size)
		if err != nil {
			return err
		}
		if string(frame) == pingAckFrame && !c.again {
			c.again = true
			go c.ping()
		} else if string(frame) == pingAckFrame && c.goes(true) {
			_, err = c.in.Discard(size)
			c.swapIn = clientGoAwayFrame
			return err
		}
	}
	c.rest, c.block = size, inBlock(header, c.block)
	return nil
}
