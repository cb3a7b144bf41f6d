package serve

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"syscall"
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
	var log output
	srv, c, stop, done := startLate(t, Logger(slog.New(slog.NewTextHandler(&log, nil))))
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
	if strings.Contains(log.String(), "level=WARN") {
		t.Errorf("a warning:\n%s", log.String())
	}
}

// A server that never begins is shut down while there is time left for the rest.
func TestOtherServerNeverBegins(t *testing.T) {
	var log output
	srv, _, stop, done := startLate(t, DrainTimeout(6*time.Second), Logger(slog.New(slog.NewTextHandler(&log, nil))))
	stop()
	waitFor(t, "Shutdown", srv.shut)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if !srv.inTime {
		t.Error("Shutdown had no time left")
	}
	if !strings.Contains(log.String(), "has not begun with all connections\" connections=1") {
		t.Errorf("no warning:\n%s", log.String())
	}
}

func TestNewcomersBegin(t *testing.T) {
	raw := func(c net.Conn) syscall.RawConn {
		raw, err := c.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	tests := map[string]struct {
		use  func(c net.Conn)
		left int
	}{
		"read":      {func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }, 0},
		"write":     {func(c net.Conn) { fmt.Fprint(c, "hello") }, 0},
		"copy":      {func(c net.Conn) { _, _ = io.Copy(c, strings.NewReader("hello")) }, 0},
		"close":     {func(c net.Conn) { c.Close() }, 0},
		"half":      {func(c net.Conn) { _ = c.(interface{ CloseWrite() error }).CloseWrite() }, 0},
		"below":     {func(c net.Conn) { c.(interface{ NetConn() net.Conn }).NetConn() }, 0},
		"leaving":   {func(c net.Conn) { Leaving(c) }, 0},
		"raw read":  {func(c net.Conn) { _ = raw(c).Read(func(uintptr) bool { return true }) }, 0},
		"raw write": {func(c net.Conn) { _ = raw(c).Write(func(uintptr) bool { return true }) }, 0},
		"deadline":  {func(c net.Conn) { _ = c.SetDeadline(time.Now()) }, 1},
		"option":    {func(c net.Conn) { _ = raw(c).Control(func(uintptr) {}) }, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inner, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			l := otherListener{inner, newConns(), newNewcomers()}
			client, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			fmt.Fprint(client, "hello")
			c, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			l.Close()
			if c, err := l.Accept(); err == nil {
				t.Errorf("a connection of a closed listener: %v", c)
			}
			test.use(c)
			over, cancel := context.WithCancel(t.Context())
			cancel()
			if left := l.newcomers.end(over); left != test.left || l.newcomers.accepting != 0 {
				t.Errorf("%d connections are left and %d calls of Accept, want %d and none", left, l.newcomers.accepting, test.left)
			}
		})
	}
}

// An Accept that is on its way back brings one more, a call after the end none.
func TestNewcomersOfLateAccept(t *testing.T) {
	inner := slowListener{closedListener{}, make(chan net.Conn)}
	l := otherListener{inner, newConns(), newNewcomers()}
	accepted := make(chan net.Conn)
	go func() {
		c, _ := l.Accept()
		accepted <- c
	}()
	inner.conns <- nil // Accept is called
	ended := make(chan struct{})
	go func() { l.newcomers.end(t.Context()); close(ended) }()
	waitEnded(t, l.newcomers)
	if l.newcomers.add(1, 0) {
		t.Error("Accept was let through after the end")
	}
	here, there := net.Pipe()
	defer there.Close()
	inner.conns <- here
	c := <-accepted
	if isDone(ended) {
		t.Error("the end came before the server began")
	}
	c.Close()
	waitFor(t, "the end", ended)
}

func waitEnded(t *testing.T, n *newcomers) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		n.mu.Lock()
		ended := n.ended
		n.mu.Unlock()
		if ended {
			return
		}
	}
	t.Fatal("timed out waiting for the end")
}

// slowListener takes a connection twice before Accept returns it.
type slowListener struct {
	closedListener
	conns chan net.Conn
}

func (l slowListener) Accept() (net.Conn, error) {
	<-l.conns
	return <-l.conns, nil
}
