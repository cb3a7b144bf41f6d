package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nodrop/nodrop/pkg/activation"
)

// httpServer is an http.Server with a drain that loses nothing.
type httpServer struct {
	socket            string
	srv               *http.Server
	tls               bool
	certFile, keyFile string

	listeners []net.Listener
	conns     *conns
	goAways   *goAways
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
	s.listeners, err = socks.Listen(s.socket, addr)
	return err
}

func (s *httpServer) close() { closeAll(s.listeners) }

func (s *httpServer) addrs() []string { return addresses(s.listeners) }

func (s *httpServer) open() int { return s.conns.len() }

func (s *httpServer) start(fail func(error)) {
	s.conns = newConns()
	s.srv.Handler = s.polite(s.srv.Handler)
	// Serving a closed listener makes net/http set up HTTP/2 and return.
	_ = s.serve(closedListener{})
	s.goAways = hookHTTP2(s.srv)
	for _, l := range s.listeners {
		s.loops.Go(func() {
			if err := s.serve(listener{l, s.conns}); !s.draining.Load() {
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

// polite asks HTTP/1 clients to leave once the drain began. A request to
// switch protocols keeps its own Connection header. HTTP/2 has GOAWAY: there
// net/http would take the header for one that refuses what is on the wire.
func (s *httpServer) polite(next http.Handler) http.Handler {
	if next == nil {
		next = http.DefaultServeMux
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && r.Header.Get("Upgrade") == "" && s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

func (s *httpServer) drain(limit context.Context, grace time.Duration) {
	s.draining.Store(true)
	closeAll(s.listeners)
	s.loops.Wait() // what was accepted is counted now
	s.conns.stop()
	s.goAways.send()
	s.conns.wait(limit)

	last, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	_ = s.srv.Shutdown(last) // its error is the end of last
	s.conns.wait(last)       // hijacked connections are not Shutdown's
	_ = s.srv.Close()
	s.conns.closeAll()
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
