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
	wake   atomic.Bool // the reader's deadline has been used to wake it
	due    bool        // step 2 is, without an answer
	gone   atomic.Bool // step 2 is done

	in     *bufio.Reader
	rest   int    // bytes of the present frame that the server has yet to read
	swapIn string // bytes to read before those
}

func newH2Conn(c net.Conn) *h2conn { return &h2conn{Conn: c, in: bufio.NewReader(c)} }

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
	if !c.gone.Load() {
		c.wake.Store(true)
		_ = c.SetReadDeadline(time.Now())
	}
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

// Close, after the two steps, ends only what we send: net/http closes a second
// after the last reply was written, but the kernel may have much of it yet to
// send, and would throw it away when the client sends a WINDOW_UPDATE to a closed
// socket.
func (c *h2conn) Close() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !c.asked.Load() || !ok || half.CloseWrite() != nil {
		return c.Conn.Close()
	}
	return nil
}

// linger, behind net/http, reads until the client has closed or sent nothing
// for a while, or goes on too long, and closes.
func (c *h2conn) linger() {
	defer c.Conn.Close()
	if !c.asked.Load() {
		return
	}
	b := make([]byte, 4096)
	for end := time.Now().Add(lingerTime); time.Until(end) > 0; {
		if c.Conn.SetReadDeadline(time.Now().Add(lingerTimeout)) != nil {
			return
		}
		if _, err := c.Conn.Read(b); err != nil {
			return
		}
	}
}

const (
	lingerTime    = 30 * time.Second // in all
	lingerTimeout = 5 * time.Second  // for the client to send something more
)

// Read reads frame by frame, in order to take the second step.
func (c *h2conn) Read(p []byte) (int, error) {
	for {
		n, err := c.read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !c.wake.CompareAndSwap(true, false) {
			return n, err
		}
		c.due = true
		if err := c.SetReadDeadline(time.Time{}); err != nil {
			return 0, err
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
	if c.due && !c.gone.Swap(true) {
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
		} else if string(frame) == pingAckFrame && !c.gone.Swap(true) {
			_, err = c.in.Discard(size)
			c.swapIn = clientGoAwayFrame
			return err
		}
	}
	c.rest = size
	return nil
}
