package serve

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// lateServer begins with connections when it is told to and, as grpc-go does,
// closes those that it has not begun with once it is shut down.
type lateServer struct {
	serving  chan net.Addr // where it serves
	accepted chan struct{} // a connection was
	over     chan struct{} // closed when Accept failed
	begin    chan struct{} // closed when it may
	shut     chan struct{} // closed by Shutdown
	inTime   bool          // Shutdown had time left
	open     sync.WaitGroup
}

func (s *lateServer) Serve(l net.Listener) error {
	s.serving <- l.Addr()
	for {
		c, err := l.Accept()
		if err != nil {
			close(s.over)
			return err
		}
		s.accepted <- struct{}{}
		s.open.Go(func() {
			defer c.Close()
			select {
			case <-s.shut:
			case <-s.begin:
				_, _ = io.Copy(c, c)
			}
		})
	}
}

func (s *lateServer) Shutdown(ctx context.Context) error {
	s.inTime = ctx.Err() == nil
	close(s.shut)
	s.open.Wait()
	return nil
}

// startLate runs a lateServer and gives it a connection.
func startLate(t *testing.T, options ...Option) (srv *lateServer, c net.Conn, stop func(), done <-chan error) {
	t.Helper()
	srv = &lateServer{serving: make(chan net.Addr, 1), accepted: make(chan struct{}, 1),
		over: make(chan struct{}), begin: make(chan struct{}), shut: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, append(options, Other("any", "127.0.0.1:0", srv))...) }()
	c, err := net.Dial("tcp", (<-srv.serving).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	waitFor(t, "the connection", srv.accepted)
	return srv, c, cancel, ended
}

// What an instance was given just before it began to drain, it serves.
func TestOtherServerBeginsBeforeShutdown(t *testing.T) {
	srv, c, stop, done := startLate(t)
	stop()
	waitFor(t, "the end of Accept", srv.over)
	select {
	case <-srv.shut:
		t.Error("the server was shut down before it began with a connection")
	case <-time.After(100 * time.Millisecond):
	}
	close(srv.begin)
	reply := make([]byte, len("hello"))
	if _, err := fmt.Fprint(c, "hello"); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(c, reply); err != nil || string(reply) != "hello" {
		t.Errorf("the server said %q, %v", reply, err)
	}
	waitFor(t, "Shutdown", srv.shut)
	c.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A server that never begins is shut down while there is time left for the rest.
func TestOtherServerNeverBegins(t *testing.T) {
	var log output
	srv, _, stop, done := startLate(t, DrainTimeout(2*time.Second), Logger(slog.New(slog.NewTextHandler(&log, nil))))
	stop()
	waitFor(t, "Shutdown", srv.shut)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if !srv.inTime {
		t.Error("Shutdown had no time left")
	}
	if !strings.Contains(log.String(), "has not begun with all connections") {
		t.Errorf("no warning:\n%s", log.String())
	}
}

// A connection that is passed on at once holds up nothing, nor does one that its server closes.
func TestNewcomersEnd(t *testing.T) {
	n := newNewcomers()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	other := otherListener{l, newConns(), n}
	for name, begin := range map[string]func(c net.Conn){
		"close":   func(c net.Conn) { c.Close() },
		"write":   func(c net.Conn) { fmt.Fprint(c, "hello") },
		"leaving": func(c net.Conn) { Leaving(c) },
	} {
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		c, err := other.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if n.n != 1 {
			t.Errorf("%s: %d newcomers, want 1", name, n.n)
		}
		if begin(c); n.n != 0 {
			t.Errorf("%s: %d newcomers left", name, n.n)
		}
	}
	l.Close()
	if left := n.end(t.Context()); left != 0 {
		t.Errorf("%d newcomers at the end", left)
	}
	if c, err := other.Accept(); err == nil {
		c.Close()
		t.Error("a connection after the end")
	}
}
