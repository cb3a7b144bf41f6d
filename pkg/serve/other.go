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

func (s *otherServer) drain(limit context.Context, grace time.Duration) Outcome {
	s.conns.begin()
	s.draining.Store(true)
	closeAll(s.listeners)
	shutDown(s.srv.Shutdown, s.socket, s.log, limit, grace)
	cut := s.conns.len()
	s.conns.closeAll()
	return s.conns.outcome(cut)
}
