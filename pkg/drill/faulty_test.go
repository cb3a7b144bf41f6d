package drill

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fault is what the faulty server does to one request.
type fault int

const (
	none        fault = iota
	closeAfter        // a good response, then an unannounced close
	closeUnread       // FIN instead of a response
	resetUnread       // RST instead of a response
	truncate          // half of a response, then FIN
	unavailable       // 503, the connection goes on
	hang              // no response at all
	announce          // a good response with Connection: close, then FIN
	interim           // 103 before a good response
	garbage           // something that is not HTTP
	deaf              // a good response, and no more connections from now on
)

// faulty is an HTTP/1.1 server on the bare connection that loses exactly what it is told to lose.
type faulty struct {
	t      *testing.T
	ln     net.Listener
	faults chan fault   // one for each of the next requests
	polite int64        // announce every so many responses; 0: never
	good   atomic.Int64 // good responses
	body   atomic.Int64 // bytes of request bodies
	work   atomic.Int64 // ns that a request takes

	mu    sync.Mutex
	conns map[net.Conn]bool
	all   sync.WaitGroup
}

func newFaulty(t *testing.T) *faulty {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &faulty{t: t, ln: ln, faults: make(chan fault, 100), conns: map[net.Conn]bool{}}
	s.all.Go(s.accept)
	t.Cleanup(func() {
		ln.Close()
		s.closeAll()
		s.all.Wait()
	})
	return s
}

func (s *faulty) url() string { return "http://" + s.ln.Addr().String() + "/" }

func (s *faulty) accept() {
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[conn] = true
		s.mu.Unlock()
		s.all.Go(func() {
			s.serve(conn)
			conn.Close()
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
		})
	}
}

// closeAll closes all connections, without a word.
func (s *faulty) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		conn.Close()
	}
}

func (s *faulty) serve(conn net.Conn) {
	const response = "HTTP/1.1 200 OK\r\nX-Version: 1\r\nContent-Length: 4\r\n"
	r := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		n, err := io.Copy(io.Discard, req.Body)
		if err != nil {
			return
		}
		s.body.Add(n)
		time.Sleep(time.Duration(s.work.Load()))
		f := none
		select {
		case f = <-s.faults:
		default:
		}
		switch f {
		case closeUnread:
			return
		case resetUnread:
			conn.(*net.TCPConn).SetLinger(0)
			return
		case truncate:
			io.WriteString(conn, response+"\r\nok")
			return
		case unavailable:
			io.WriteString(conn, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
			continue
		case hang:
			io.Copy(io.Discard, r)
			return
		case garbage:
			io.WriteString(conn, "SSH-2.0-nothing\r\n")
			return
		case deaf:
			s.ln.Close()
		case interim:
			io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
		}
		good := s.good.Add(1)
		if f == announce || s.polite > 0 && good%s.polite == 0 {
			io.WriteString(conn, response+"Connection: close\r\n\r\nok\r\n")
			return
		}
		io.WriteString(conn, response+"\r\nok\r\n")
		if f == closeAfter {
			return
		}
	}
}

// inject is a command that loses n requests by f and ends when all are lost and some more requests were good.
func (s *faulty) inject(f fault, n int) func(context.Context) error {
	return func(ctx context.Context) error {
		for range n {
			s.faults <- f
		}
		if err := within(10*time.Second, func() bool { return len(s.faults) == 0 }); err != nil {
			return err
		}
		good := s.good.Load()
		return within(10*time.Second, func() bool { return s.good.Load() >= good+20 })
	}
}

// within waits until the condition is true.
func within(limit time.Duration, condition func() bool) error {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if condition() {
			return nil
		}
	}
	return fmt.Errorf("not so within %v", limit)
}

// drilled runs a drill that must come to its end, with its command succeeding.
func drilled(t *testing.T, cfg Config, command func(context.Context) error) *Report {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("the test took too long"))
	defer cancel()
	r, err := Run(ctx, cfg, command)
	if err != nil {
		t.Fatal(err)
	}
	if r.Command.Error != "" {
		t.Fatalf("the command failed: %s", r.Command.Error)
	}
	return r
}

// row returns what the clients of one kind saw.
func row(t *testing.T, r *Report, kind Kind) Row {
	t.Helper()
	for _, row := range r.Kinds {
		if row.Kind == kind {
			return row
		}
	}
	t.Fatalf("no %s clients in the report", kind)
	return Row{}
}

// quiet is a command that does nothing for a while that some requests fit in.
func quiet(ctx context.Context) error {
	sleepUntil(ctx, time.Now().Add(200*time.Millisecond))
	return ctx.Err()
}

// open is the number of open connections.
func (s *faulty) open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}
