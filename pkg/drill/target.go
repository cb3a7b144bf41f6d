package drill

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"time"
)

const (
	userAgent     = "nodrop-drill"
	versionHeader = "X-Version" // of responses: which version answered
)

// target is where a client connects to.
type target struct {
	addr string      // host:port
	tls  *tls.Config // nil: plain TCP
}

// newTarget takes the address from u. Over TLS, ALPN offers only proto.
func newTarget(u *url.URL, proto string) target {
	t := target{addr: net.JoinHostPort(u.Hostname(), u.Port())}
	switch {
	case u.Scheme == "https":
		t.tls = &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: true, NextProtos: []string{proto}}
		if u.Port() == "" {
			t.addr = net.JoinHostPort(u.Hostname(), "443")
		}
	case u.Port() == "":
		t.addr = net.JoinHostPort(u.Hostname(), "80")
	}
	return t
}

// dial connects, TLS handshake included: the connection is a *tls.Conn then. The caller closes it.
func (t target) dial(ctx context.Context, deadline time.Time) (net.Conn, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", t.addr)
	if err != nil || t.tls == nil {
		return conn, err
	}
	secure := tls.Client(conn, t.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	return secure, nil
}

// abort closes the TCP connection under conn at once, without TLS's farewell, which can block.
func abort(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	conn.Close()
}
