package serve

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// net/http can only say GOAWAY in a way that refuses requests which are on
// the wire. So the connection that HTTP/2 runs on is wrapped in an h2conn,
// which closes it in two steps.

// keyClear is the entry of http.Server.TLSNextProto by which net/http and
// golang.org/x/net/http2 serve HTTP/2 on any net.Conn whose preface was read.
// The net.Conn comes inside a tls.Conn, behind an UnencryptedNetConn method.
const (
	keyTLS   = "h2"
	keyClear = "unencrypted_http2"
)

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// goAways are the HTTP/2 connections of one server, to be told to go away.
type goAways struct {
	mu    sync.Mutex
	conns map[*h2conn]struct{}
	sent  bool
}

// hookHTTP2 puts a wrapper around each HTTP/2 connection of srv, whose set-up
// for HTTP/2 is done. Where HTTP/2 is switched off there is nothing to wrap.
func hookHTTP2(srv *http.Server) *goAways {
	g := &goAways{conns: map[*h2conn]struct{}{}}
	serve := srv.TLSNextProto[keyClear]
	if serve == nil {
		return g
	}
	run := func(srv *http.Server, h http.Handler, frames *h2conn, c net.Conn) {
		g.add(frames)
		defer g.remove(frames)
		serve(srv, tls.Client(inTLSConn{conn: c}, nil), h)
		frames.linger()
	}
	srv.TLSNextProto[keyClear] = func(srv *http.Server, c *tls.Conn, h http.Handler) {
		if below, ok := c.NetConn().(interface{ UnencryptedNetConn() net.Conn }); ok {
			frames := newH2Conn(below.UnencryptedNetConn())
			run(srv, h, frames, frames)
		}
	}
	if srv.TLSNextProto[keyTLS] == nil {
		return g
	}
	srv.TLSNextProto[keyTLS] = func(srv *http.Server, c *tls.Conn, h http.Handler) {
		if !readPreface(c) {
			c.Close()
			return
		}
		frames := newH2Conn(c)
		run(srv, h, frames, h2TLSConn{frames, c})
	}
	return g
}

// readPreface takes the client's connection preface (RFC 9113, section 3.4)
// off the connection, within the ten seconds that net/http allows for it.
func readPreface(c net.Conn) bool {
	got := make([]byte, len(preface))
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, err := io.ReadFull(c, got)
	_ = c.SetReadDeadline(time.Time{})
	return err == nil && string(got) == preface
}

func (g *goAways) add(c *h2conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns[c] = struct{}{}
	if g.sent {
		go c.goAway()
	}
}

func (g *goAways) remove(c *h2conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
}

// send tells every connection, present and to come, to go away. It does not
// wait for those whose client does not read.
func (g *goAways) send() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent = true
	for c := range g.conns {
		go c.goAway()
	}
}

// h2TLSConn tells net/http that the connection is encrypted.
type h2TLSConn struct {
	*h2conn
	tls *tls.Conn
}

func (c h2TLSConn) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }

// inTLSConn carries a net.Conn inside a tls.Conn, see keyClear.
type inTLSConn struct {
	net.Conn // nil: nothing is called but the method below
	conn     net.Conn
}

func (c inTLSConn) UnencryptedNetConn() net.Conn { return c.conn }
