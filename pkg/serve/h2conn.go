package serve

import (
	"bufio"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// h2conn is a connection that an HTTP/2 server of net/http runs on, and that
// can be ended without refusing a request (RFC 9113, section 6.8):
//
//  1. A GOAWAY that names the highest possible stream goes out, between two
//     frames of the server, and a PING behind it. The client opens no stream
//     once it has read them; those that it opened before are served.
//  2. The answer to the PING comes behind the last of these streams. It is
//     swapped for a GOAWAY from the client: upon that net/http names the last
//     stream, finishes what is open, and closes the connection.
type h2conn struct {
	net.Conn

	write  sync.Mutex
	frames frames
	leave  bool        // step 1 is due at the next boundary
	asked  atomic.Bool // step 1 is done

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
		err = c.ask()
	}
	return n, err
}

// goAway takes the first step as soon as it can be taken, which is now or
// behind the frame that is half written. It waits for a client that does not
// read. An error shows at the server's next write.
func (c *h2conn) goAway() {
	c.write.Lock()
	defer c.write.Unlock()
	c.leave = true
	_ = c.ask()
}

func (c *h2conn) ask() error {
	if !c.leave || !c.frames.boundary() {
		return nil
	}
	c.leave = false
	c.asked.Store(true)
	_, err := io.WriteString(c.Conn, goAwayFrame+pingFrame)
	return err
}

// Read reads frame by frame, in order to take the second step.
func (c *h2conn) Read(p []byte) (int, error) {
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
		if string(frame) == pingAckFrame {
			_, err = c.in.Discard(size)
			c.swapIn = clientGoAwayFrame
			return err
		}
	}
	c.rest = size
	return nil
}
