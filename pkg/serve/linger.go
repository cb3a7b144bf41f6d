package serve

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Close, after the two steps, ends only what we send: net/http closes a second
// after the last reply was written, but the kernel may have much of it yet to
// send, and would throw it away when the client sends a WINDOW_UPDATE to a closed
// socket. It waits for no Write to a client that does not read.
func (c *h2conn) Close() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !c.asked.Load() || !ok || c.SetWriteDeadline(time.Now()) != nil || half.CloseWrite() != nil {
		return c.Conn.Close()
	}
	return nil
}

// linger, behind net/http, reads until the client has closed or sent nothing
// for a while, or goes on too long, and closes. While the client takes what was
// sent, it may take its time.
func (c *h2conn) linger() {
	defer c.Conn.Close()
	if !c.asked.Load() {
		return
	}
	c.goes(true) // from here on the deadline is ours
	b := make([]byte, 4096)
	left, end := c.unsent(), time.Now().Add(lingerTime)
	for time.Until(end) > 0 {
		if c.Conn.SetReadDeadline(time.Now().Add(lingerTimeout)) != nil {
			return
		}
		_, err := c.Conn.Read(b)
		still := c.unsent()
		if still < left && time.Until(end) < lingerTimeout {
			end = time.Now().Add(lingerTimeout)
		}
		if err != nil && (still >= left || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return
		}
		left = still
	}
}

const (
	lingerTime    = 30 * time.Second // in all
	lingerTimeout = 5 * time.Second  // for the client to send something more, or take something
)

// unsent is how many bytes that were written to c the other side's host has not acknowledged (SIOCOUTQ in tcp(7)). It is 0
// where the system does not say.
func unsent(c net.Conn) int {
	if over, ok := c.(*tls.Conn); ok {
		c = over.NetConn()
	}
	sc, ok := c.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0
	}
	n := 0
	err = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) })
	if err != nil {
		return 0
	}
	return n
}
