package serve

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/nodrop/nodrop/pkg/activation"
)

// A PacketServer answers datagrams from a socket until Shutdown is called.
// Shutdown makes Serve read no further datagram, finishes what was read, and
// returns, at the latest when its context ends. What is not read stays in the
// socket, for the next instance. Serve's error is ignored once the drain began.
type PacketServer interface {
	Serve(net.PacketConn) error
	Shutdown(context.Context) error
}

// Packet serves datagrams, UDP or Unix, on the sockets named name, without
// systemd on addr. Its drain calls Shutdown and then closes this process's
// copies of the sockets.
func Packet(name, addr string, srv PacketServer) Option {
	return add(&packetServer{socket: name, addr: addr, srv: srv})
}

type packetServer struct {
	socket, addr string
	srv          PacketServer
	socks        []net.PacketConn
	draining     atomic.Bool
	log          *slog.Logger
}

func (s *packetServer) name() string { return s.socket }
func (s *packetServer) open() int    { return 0 }

func (s *packetServer) listen(socks *activation.Sockets, log *slog.Logger) error {
	s.log = log
	var err error
	s.socks, err = socks.ListenPacket(s.socket, s.addr)
	return err
}

func (s *packetServer) close() {
	for _, c := range s.socks {
		c.Close()
	}
}

func (s *packetServer) addrs() []string {
	var as []string
	for _, c := range s.socks {
		as = append(as, c.LocalAddr().String())
	}
	return as
}

func (s *packetServer) start(_ *handover, fail func(error)) {
	for _, c := range s.socks {
		go func() {
			if err := s.srv.Serve(c); !s.draining.Load() {
				fail(err)
			}
		}()
	}
}

func (s *packetServer) drain(limit context.Context, grace time.Duration) Outcome {
	s.draining.Store(true)
	shutDown(s.srv.Shutdown, s.socket, s.log, limit, grace)
	s.close()
	return Outcome{}
}
