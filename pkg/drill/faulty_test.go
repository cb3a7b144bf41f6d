package drill

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
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
	resetAfter        // a good response, then RST
	corrupt           // a good response but for the body
	halfRead          // RST with most of the request's body unread
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

func TestMain(m *testing.M) {
	maxConnections = 200
	uploadSize, bodyTime = 512<<10, 300*time.Millisecond
	flag.Set("test.parallel", "4") // they wait, most of the time
	os.Exit(m.Run())
}

func newFaulty(t *testing.T) *faulty {
	t.Helper()
	return newFaultyOn(t, "tcp", "127.0.0.1:0")
}

func newFaultyOn(t *testing.T, network, address string) *faulty {
	t.Helper()
	ln, err := net.Listen(network, address)
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

func (s *faulty) url() string {
	if addr := s.ln.Addr(); addr.Network() == "unix" {
		return "http://unix:" + addr.String() + ":/"
	}
	return "http://" + s.ln.Addr().String() + "/"
}

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
		f := none
		select {
		case f = <-s.faults:
		default:
		}
		if f == halfRead {
			io.CopyN(io.Discard, req.Body, chunk)
			reset(conn)
			return
		}
		hash := sha256.New()
		n, err := io.Copy(hash, req.Body)
		if err != nil {
			return
		}
		s.body.Add(n)
		time.Sleep(time.Duration(s.work.Load()))
		switch f {
		case closeUnread:
			return
		case resetUnread:
			reset(conn)
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
		case corrupt:
			if n == uploadSize {
				io.WriteString(conn, receipt(sha256.Sum256(nil)))
			} else {
				io.WriteString(conn, response+"\r\nko\r\n")
			}
			continue
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
		if n == uploadSize {
			io.WriteString(conn, receipt([sha256.Size]byte(hash.Sum(nil))))
		} else {
			io.WriteString(conn, response+"\r\nok\r\n")
		}
		switch f {
		case closeAfter:
			return
		case resetAfter:
			reset(conn) // the response is in the client's queue by now, and stays there
			return
		}
	}
}

// receipt is the response to an upload of that hash.
func receipt(hash [sha256.Size]byte) string {
	text := fmt.Sprintf("{\"sha256\":\"%x\"}", hash)
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nX-Version: 1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
}

// reset has the conn closed by an RST, now.
func reset(conn net.Conn) {
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

// inject is a command that loses n requests by f and ends when all are lost and more requests were good: 20 if that is
// not said otherwise.
func (s *faulty) inject(f fault, n int, more ...int64) func(context.Context) error {
	return func(ctx context.Context) error {
		for range n {
			s.faults <- f
		}
		if err := within(time.Minute, func() bool { return len(s.faults) == 0 }); err != nil {
			return err
		}
		good := s.good.Load()
		return within(time.Minute, func() bool { return s.good.Load() >= good+append(more, 20)[0] })
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
	ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Minute, errors.New("the test took too long"))
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
