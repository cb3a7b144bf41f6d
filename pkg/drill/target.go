package drill

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	userAgent     = "nodrop-drill"
	versionHeader = "X-Version" // of responses: which version answered
)

// target is where a client connects to.
type target struct {
	network string      // tcp or unix
	addr    string      // host:port, or the path of the socket
	tls     *tls.Config // nil: in the clear
}

// locate takes a URL apart: where to connect to, and what to ask for there. Over TLS, ALPN offers only proto.
//
// A Unix socket is written as nginx's proxy_pass has it, http://unix:/PATH/OF/SOCKET:/PATH, and asked as localhost.
func locate(raw, proto string) (target, *url.URL, error) {
	socket := ""
	scheme, rest, isUnix := strings.Cut(raw, "://unix:")
	if isUnix {
		var path string
		socket, path, _ = strings.Cut(rest, ":")
		if !strings.HasPrefix(socket, "/") || path != "" && path[0] != '/' {
			return target{}, nil, fmt.Errorf("%q is not %s://unix:/PATH/OF/SOCKET:/…", raw, scheme)
		}
		raw = scheme + "://localhost" + path
	}
	u, err := url.Parse(raw)
	if err != nil {
		return target{}, nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return target{}, nil, fmt.Errorf("%q is not http://HOST… or https://HOST…", raw)
	}
	if u.User != nil {
		return target{}, nil, fmt.Errorf("%q has a user's name in it, which is not sent: leave it out, lest a password gets into reports", u.Redacted())
	}
	t := target{network: "tcp", addr: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), u.Scheme))}
	if isUnix {
		t.network, t.addr = "unix", socket
	}
	if u.Scheme == "https" {
		t.tls = &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: true, NextProtos: []string{proto}}
	}
	return t, u, nil
}

// dial connects, TLS handshake included: the connection is a *tls.Conn then. The caller closes it.
func (t target) dial(ctx context.Context, deadline time.Time) (net.Conn, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, t.network, t.addr)
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

// glance is how long to wait for data that may not come.
const glance = 5 * time.Millisecond

// readable reports whether something has come that was not read yet: data, the end of the connection or an error.
// Nothing is taken from the socket, its error neither.
func readable(conn net.Conn) bool {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return false
	}
	ready := 0
	raw.Control(func(fd uintptr) {
		ready, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	})
	return ready > 0
}

// abort closes the TCP connection under conn at once, without TLS's farewell, which can block.
func abort(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	conn.Close()
}
