package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nodrop/nodrop/pkg/activation"
	"github.com/nodrop/nodrop/pkg/carry"
)

// httpServer is an http.Server with a drain that loses nothing.
type httpServer struct {
	socket            string
	srv               *http.Server
	tls               bool
	certFile, keyFile string

	tickets   *tickets // nil in the clear, or where the program has its own
	listeners []net.Listener
	conns     *conns
	goAways   *goAways
	park      *park
	draining  atomic.Bool
	loops     sync.WaitGroup
}

func (s *httpServer) name() string { return s.socket }

func (s *httpServer) listen(socks *activation.Sockets, log *slog.Logger) error {
	if s.certFile != "" || s.keyFile != "" {
		cert, err := newCertificate(s.certFile, s.keyFile, log)
		if err != nil {
			return fmt.Errorf("socket %q: %w", s.socket, err)
		}
		s.srv.TLSConfig = cert.config(s.srv.TLSConfig)
	}
	addr := s.srv.Addr
	switch {
	case addr == "" && s.tls:
		addr = ":https"
	case addr == "":
		addr = ":http"
	}
	var err error
	if s.listeners, err = socks.Listen(s.socket, addr); err != nil {
		return err
	}
	if err := s.prepare(); err != nil {
		s.close()
		return fmt.Errorf("socket %q: %w", s.socket, err)
	}
	return nil
}

// prepare puts our part into the http.Server, and finds what is wrong with it
// while the instance is not ready yet.
func (s *httpServer) prepare() error {
	if c := s.srv.TLSConfig; s.tls && (c == nil || len(c.Certificates) == 0 && c.GetCertificate == nil && c.GetConfigForClient == nil) {
		return errors.New("no certificate: give serve.HTTPS the names of its files, or the http.Server a TLSConfig that has one")
	}
	if s.tls && !ownTickets(s.srv.TLSConfig) {
		s.tickets = &tickets{ready: func() {}}
		s.srv.TLSConfig = s.tickets.config(s.srv.TLSConfig)
	}
	s.srv.Handler = s.polite(s.srv.Handler)
	s.park = newPark(s.srv, s.listeners[0].Addr())
	// Serving a listener that is closed makes net/http set up HTTP/2 and return.
	base := s.srv.BaseContext
	s.srv.BaseContext = nil
	err := s.serve(closedListener{})
	s.srv.BaseContext = base
	if !errors.Is(err, net.ErrClosed) {
		return err
	}
	s.goAways = hookHTTP2(s.srv)
	return nil
}

func (s *httpServer) close() { closeAll(s.listeners) }

func (s *httpServer) addrs() []string { return addresses(s.listeners) }

func (s *httpServer) open() int { return s.conns.len() }

func (s *httpServer) start(h *handover, fail func(error)) {
	s.conns = newConns()
	s.conns.handover = h
	h.share(s.socket, s.tickets)
	s.followStates()
	go s.serve(s.park)
	for _, l := range s.listeners {
		s.loops.Go(func() {
			if err := s.serve(listener{l, s.track}); !s.draining.Load() {
				fail(err)
			}
		})
	}
}

func (s *httpServer) serve(l net.Listener) error {
	if s.tls {
		return s.srv.ServeTLS(l, "", "")
	}
	return s.srv.Serve(l)
}

// track counts a connection, and wraps it so that it can be given away.
func (s *httpServer) track(c net.Conn) net.Conn {
	tracked := s.conns.add(c)
	if s.tls {
		return tracked
	}
	return s.carriable(tracked)
}

func (s *httpServer) carriable(c *conn) *httpConn {
	c.http = &httpConn{conn: c, give: s.give}
	return c.http
}

// give has a connection leave. What could not be sent is served on.
func (s *httpServer) give(c *httpConn) bool {
	h := s.conns.handover
	return h != nil && h.queue.add(passenger{
		Conn: carry.Conn{Conn: c.conn.Conn, Kind: s.socket},
		done: func(err error) {
			if err != nil {
				go s.park.add(s.carriable(s.conns.again(c.conn)))
			} else {
				s.conns.leave(c.conn)
			}
		},
	})
}

// followStates tells connections in the clear what net/http does with them.
func (s *httpServer) followStates() {
	hook := s.srv.ConnState
	s.srv.ConnState = func(c net.Conn, state http.ConnState) {
		switch inner := c.(type) {
		case *httpConn:
			inner.state(state)
		case interface{ hookConn() net.Conn }: // HTTP/2; the user's hook saw the connection below
			c = inner.hookConn()
		}
		if hook != nil {
			hook(c, state)
		}
	}
}

// adopt goes on with a connection of another process. One that comes while the
// server gives its connections away goes with them.
func (s *httpServer) adopt(c net.Conn, _ []byte) {
	hc := s.carriable(s.conns.add(c))
	if s.draining.Load() {
		hc.ask()
	}
	go s.park.add(hc)
}

// polite asks HTTP/1 clients to leave once the drain began, unless their
// connections stay open in another process, or that has yet to get the ticket
// keys by which they resume there. A request to switch protocols
// keeps its own Connection header. HTTP/2 has GOAWAY: there net/http would take
// the header for one that refuses what is on the wire.
func (s *httpServer) polite(next http.Handler) http.Handler {
	if next == nil {
		next = http.DefaultServeMux
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && s.draining.Load() && !switches(r) && s.parts() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// switches reports whether the request asks for another protocol (RFC 9110,
// section 7.8). Those that ask for HTTP/2 in the clear get a reply by HTTP/1.1.
func switches(r *http.Request) bool {
	upgrade := r.Header.Get("Upgrade")
	return upgrade != "" && !strings.EqualFold(upgrade, "h2c")
}

// parts reports whether it is time to ask clients to leave.
func (s *httpServer) parts() bool {
	if s.tls {
		return s.conns.handover.isDecided()
	}
	return !s.conns.handover.possible(s.socket)
}

func (s *httpServer) drain(limit context.Context, grace time.Duration) Outcome {
	s.conns.begin()
	s.draining.Store(true)
	s.stopAccepting(limit)
	s.conns.stop()
	carried := s.conns.handover.open(limit)
	s.goAways.send()
	if carried && !s.tls {
		for _, c := range s.conns.all() {
			c.http.ask()
		}
	}
	cut := 0
	if !s.conns.wait(limit) {
		cut = s.conns.len()
	}

	last, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	s.closeParked()
	_ = s.srv.Shutdown(last) // its error is the end of last
	s.conns.wait(last)       // hijacked connections are not Shutdown's
	_ = s.srv.Close()
	s.conns.closeAll()
	return s.conns.outcome(cut)
}

// closeParked does for parked connections what Shutdown does for idle ones.
func (s *httpServer) closeParked() {
	_ = s.park.Close()
	for _, c := range s.conns.all() {
		if c.http != nil && c.http.parked.Load() {
			c.http.Close()
		}
	}
}

// stopAccepting returns when every connection that was accepted is counted. It
// does not wait beyond limit for a listener that cannot be closed: one that
// blocks in accept(2), because another instance was started without
// NonBlocking=yes.
func (s *httpServer) stopAccepting(limit context.Context) {
	within(limit, func() {
		closeAll(s.listeners)
		s.loops.Wait()
	})
}

// closedListener is a listener that was closed before the first Accept.
type closedListener struct{}

func (closedListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (closedListener) Close() error              { return nil }
func (closedListener) Addr() net.Addr            { return &net.TCPAddr{} }

func closeAll(listeners []net.Listener) error {
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

func addresses(listeners []net.Listener) []string {
	var as []string
	for _, l := range listeners {
		as = append(as, l.Addr().String())
	}
	return as
}
