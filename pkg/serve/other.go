package serve

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/nodrop/nodrop/pkg/activation"
)

// otherServer is a server that drains in its own way.
type otherServer struct {
	socket, addr string
	srv          Server

	listeners []net.Listener
	conns     *conns
	draining  atomic.Bool
	log       *slog.Logger
}

func (s *otherServer) name() string { return s.socket }

func (s *otherServer) listen(socks *activation.Sockets, log *slog.Logger) error {
	s.log = log
	var err error
	s.listeners, err = socks.Listen(s.socket, s.addr)
	return err
}

func (s *otherServer) close() { closeAll(s.listeners) }

func (s *otherServer) addrs() []string { return addresses(s.listeners) }

func (s *otherServer) open() int { return s.conns.len() }

func (s *otherServer) start(h *handover, fail func(error)) {
	s.conns = newConns()
	s.conns.handover = h
	for _, l := range s.listeners {
		go func() {
			if err := s.srv.Serve(listener{l, func(c net.Conn) net.Conn { return s.conns.add(c) }}); !s.draining.Load() {
				fail(err)
			}
		}()
	}
}

func (s *otherServer) drain(limit context.Context, grace time.Duration) {
	s.draining.Store(true)
	closeAll(s.listeners)
	done := make(chan error, 1)
	go func() { done <- s.srv.Shutdown(limit) }()
	select {
	case err := <-done:
		if err != nil {
			s.log.Warn("shutting down "+s.socket, "error", err)
		}
	case <-after(limit, grace):
		s.log.Warn("shutting down "+s.socket, "error", "Shutdown does not return")
	}
	s.conns.closeAll()
}

// after returns a channel that is closed d after the end of ctx.
func after(ctx context.Context, d time.Duration) <-chan struct{} {
	c := make(chan struct{})
	context.AfterFunc(ctx, func() { time.AfterFunc(d, func() { close(c) }) })
	return c
}
