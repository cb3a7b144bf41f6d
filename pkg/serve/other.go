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
	newcomers *newcomers
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
	s.newcomers = newNewcomers()
	for _, l := range s.listeners {
		go func() {
			if err := s.srv.Serve(otherListener{l, s.conns, s.newcomers}); !s.draining.Load() {
				fail(err)
			}
		}()
	}
}

func (s *otherServer) drain(limit context.Context, grace time.Duration) Outcome {
	s.conns.begin()
	s.draining.Store(true)
	if n := s.stopAccepting(limit); n > 0 {
		s.log.Warn("shutting down "+s.socket+", which has not begun with all connections", "connections", n)
	}
	shutDown(s.srv.Shutdown, s.socket, s.log, limit, grace)
	cut := s.conns.len()
	s.conns.closeAll()
	return s.conns.outcome(cut)
}

// stopAccepting returns when the server has begun with every connection that it
// was given, and how many are left where it does not. Many servers close, when
// they are shut down, what they have not begun with: grpc-go does, a client sees
// a reset. It leaves at least half of the time to limit for the rest of the
// drain.
func (s *otherServer) stopAccepting(limit context.Context) int {
	most := beginTime
	if end, ok := limit.Deadline(); ok {
		most = min(most, time.Until(end)/2)
	}
	ctx, cancel := context.WithTimeout(limit, most)
	defer cancel()
	within(ctx, func() { closeAll(s.listeners) }) // see httpServer.stopAccepting
	return s.newcomers.end(ctx)
}

// beginTime is for a server on a busy host to begin with a connection. It is
// lost on one that keeps connections for long without reading or writing.
const beginTime = 10 * time.Second
