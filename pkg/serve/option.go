package serve

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// DefaultDrainTimeout is how long a drain may take unless [DrainTimeout] says
// otherwise. It is longer than the usual idle time-out of a proxy, 60 s, and
// with the end of the drain fits systemd's default TimeoutStopSec=.
const DefaultDrainTimeout = 75 * time.Second

// An Option is a part of the life that [Run] owns: a server, or a setting.
type Option func(*life)

// HTTP serves srv in clear text on the sockets named name (systemd's
// FileDescriptorName=), without systemd on srv.Addr (":http" when empty; the
// path of a Unix socket when it begins with "/"). Run wraps srv.Handler and
// srv.TLSNextProto, and shuts srv down: give it a server of its own, and do
// not call srv's Serve, Shutdown or Close.
func HTTP(name string, srv *http.Server) Option {
	return add(&httpServer{socket: name, srv: srv})
}

// HTTPS is [HTTP] over TLS, with HTTP/1.1 and HTTP/2; without systemd on
// srv.Addr (":https" when empty). The certificate and the key are read from
// PEM files, see [Credential] for those kept by systemd, and read again when
// the files change; a pair that cannot be read then leaves the old one in use
// and logs why. With both names empty srv.TLSConfig brings the certificate.
//
// With a handover socket the next instance gets the keys of session tickets, so
// that clients resume there. They are made anew every day, kept in memory for a
// week, and used unless srv.TLSConfig has keys of its own (SetSessionTicketKeys),
// wraps sessions by itself, or wants no tickets. A configuration that
// GetConfigForClient returns is used as it is.
func HTTPS(name string, srv *http.Server, certFile, keyFile string) Option {
	return add(&httpServer{socket: name, srv: srv, tls: true, certFile: certFile, keyFile: keyFile})
}

// A Server accepts connections from a listener until Shutdown is called.
// Shutdown finishes what is in flight and returns, at the latest when its
// context ends. Serve's error is ignored once the drain began.
type Server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// Other serves any type of server on the stream sockets named name, without
// systemd on addr. Its drain closes the listeners, waits until every connection
// that the server was given was read from, written to or asked about by
// [Leaving], for 10 s or half of the drain time at most, and calls Shutdown,
// with the drain time as the limit.
func Other(name, addr string, srv Server) Option {
	return add(&otherServer{socket: name, addr: addr, srv: srv})
}

// Optional marks a server as one to do without: when systemd passes sockets,
// but none of its name, since an admin has masked that socket unit, the others
// serve without it. Otherwise a missing socket is an error of Run.
func Optional(server Option) Option {
	return func(l *life) {
		before := len(l.servers)
		server(l)
		for _, s := range l.servers[before:] {
			l.optional = append(l.optional, s.name())
		}
	}
}

// Ready adds a check that has to return nil before anything is accepted and
// before systemd, and so an upgrade, takes this instance for a good one. Its
// error is the error of Run. Checks run one after the other.
func Ready(check func(context.Context) error) Option {
	return func(l *life) { l.checks = append(l.checks, check) }
}

// DrainTimeout limits the drain; what then is still open gets ten more seconds
// to end after Shutdown.
func DrainTimeout(d time.Duration) Option {
	return func(l *life) { l.drainTimeout = d }
}

// Logger sets where the steps of the life are logged, by default
// [slog.Default].
func Logger(log *slog.Logger) Option {
	return func(l *life) { l.log = log }
}

func add(s server) Option {
	return func(l *life) { l.servers = append(l.servers, s) }
}
