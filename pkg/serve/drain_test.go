package serve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var protos = []string{"http/1.1", "https/1.1", "h2"}

// sharedSocket stands in for systemd: a listening socket that outlives every
// server on it.
func sharedSocket(t testing.TB) *os.File {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// startOn serves srv on a copy of sock.
func startOn(t *testing.T, sock *os.File, proto string, srv *http.Server) *httpServer {
	t.Helper()
	return startWith(t, sock, proto, srv, nil)
}

func startWith(t testing.TB, sock *os.File, proto string, srv *http.Server, h *handover) *httpServer {
	t.Helper()
	l, err := net.FileListener(sock)
	if err != nil {
		t.Fatal(err)
	}
	srv.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s := &httpServer{socket: proto, srv: srv, listeners: []net.Listener{l}}
	if proto != "http/1.1" {
		s.tls = true
		certFile, keyFile := writeCertificate(t, t.TempDir(), proto)
		cert, err := newCertificate(certFile, keyFile, slog.Default())
		if err != nil {
			t.Fatal(err)
		}
		srv.TLSConfig = cert.config(nil)
	}
	if err := s.prepare(); err != nil {
		t.Fatal(err)
	}
	s.start(h, func(err error) { t.Errorf("server failed: %v", err) })
	return s
}

func (s *httpServer) addr() string { return s.addrs()[0] }

// drainIn drains in the background and returns a channel that is closed behind
// it.
func drainIn(s *httpServer, limit, grace time.Duration) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		s.drain(ctx, grace)
	}()
	return done
}

func waitFor(t testing.TB, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(30 * time.Second):
		t.Fatalf("timed out waiting for %s", what)
	}
}

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// waitDraining waits until s draws no further connection.
func waitDraining(t *testing.T, s *httpServer) {
	t.Helper()
	loops := make(chan struct{})
	go func() { s.loops.Wait(); close(loops) }()
	waitFor(t, "the accept loops to end", loops)
}

func text(s string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client sees a broken reply
		}
		fmt.Fprintf(w, "%s %s", s, body)
	})
}

// TestHandOverLosesNothing is the heart of the matter: ten servers in a row on
// one socket, each drained when the next one serves, under clients that never
// retry.
func TestHandOverLosesNothing(t *testing.T) {
	const generations, clients = 10, 16
	for _, proto := range protos {
		for _, keepAlive := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s keepalive=%v", proto, keepAlive), func(t *testing.T) {
				sock := sharedSocket(t)
				current := startOn(t, sock, proto, &http.Server{Handler: text("0")})
				stop := make(chan struct{})
				var requests atomic.Int64
				var load sync.WaitGroup
				for range clients {
					load.Go(func() {
						if err := hammer(current.addr(), proto, keepAlive, stop, &requests); err != nil {
							t.Error(err)
						}
					})
				}
				for g := 1; g < generations; g++ {
					waitRequests(t, &requests, int64(g)*100)
					next := startOn(t, sock, proto, &http.Server{Handler: text(fmt.Sprint(g))})
					waitFor(t, "the drain", drainIn(current, 20*time.Second, time.Second))
					current = next
				}
				close(stop)
				load.Wait()
				waitFor(t, "the last drain", drainIn(current, 20*time.Second, time.Second))
				t.Logf("%d requests", requests.Load())
			})
		}
	}
}

// hammer sends POSTs until stop, on fresh connections or on one for as long as
// the server wants to keep it.
func hammer(addr, proto string, keepAlive bool, stop <-chan struct{}, requests *atomic.Int64) error {
	var c client
	defer func() {
		if c != nil {
			c.close()
		}
	}()
	for n := 0; !isDone(stop); n++ {
		if c == nil {
			var err error
			if c, err = dial(addr, proto); err != nil {
				return fmt.Errorf("dial: %w", err)
			}
		}
		_, last, err := c.do("POST", "/", fmt.Sprint(n))
		if err != nil {
			return fmt.Errorf("request %d: %w", n, err)
		}
		requests.Add(1)
		if last || !keepAlive {
			c.close()
			c = nil
		}
	}
	return nil
}

func waitRequests(t *testing.T, requests *atomic.Int64, n int64) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for requests.Load() < n {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d of %d requests in time", requests.Load(), n)
		}
	}
}

func TestIdleConnectionIsLeftAloneAndThenAskedToClose(t *testing.T) {
	for _, proto := range protos {
		t.Run(proto, func(t *testing.T) {
			s := startOn(t, sharedSocket(t), proto, &http.Server{Handler: text("hello")})
			c := mustDial(t, s.addr(), proto)
			if _, last, err := c.do("GET", "/", ""); err != nil || last {
				t.Fatalf("first request: last=%v, %v", last, err)
			}
			done := drainIn(s, 20*time.Second, time.Second)
			waitDraining(t, s)
			if proto == "h2" {
				// An idle HTTP/2 connection can be ended without a loss.
				waitFor(t, "the connection to end", done)
				if c.(*h2client).cc.CanTakeNewRequest() {
					t.Error("the client may still open streams")
				}
				return
			}
			if isDone(done) {
				t.Fatal("the drain did not wait for the idle connection")
			}
			if _, last, err := c.do("GET", "/", ""); err != nil || !last {
				t.Errorf("request during the drain: last=%v, %v", last, err)
			}
			c.close()
			waitFor(t, "the drain", done)
		})
	}
}

func TestRequestInFlightIsFinished(t *testing.T) {
	for _, proto := range protos {
		t.Run(proto, func(t *testing.T) {
			entered, release := make(chan struct{}), make(chan struct{})
			s := startOn(t, sharedSocket(t), proto, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(entered)
				<-release
				io.WriteString(w, "late")
			})})
			c := mustDial(t, s.addr(), proto)
			replied := make(chan struct{})
			go func() {
				defer close(replied)
				if reply, _, err := c.do("POST", "/", "x"); err != nil || reply != "late" {
					t.Errorf("reply %q, %v", reply, err)
				}
				c.close()
			}()
			waitFor(t, "the request", entered)
			done := drainIn(s, 20*time.Second, time.Second)
			waitDraining(t, s)
			close(release)
			waitFor(t, "the reply", replied)
			waitFor(t, "the drain", done)
		})
	}
}

// A connection that the kernel gave to this process must be served by it, also
// when its client begins to speak during the drain (golang/go#75591).
func TestSilentConnectionIsServed(t *testing.T) {
	s := startOn(t, sharedSocket(t), "http/1.1", &http.Server{Handler: text("hello")})
	c := mustDial(t, s.addr(), "http/1.1")
	waitOpen(t, s, 1)
	done := drainIn(s, 20*time.Second, time.Second)
	waitDraining(t, s)
	if _, last, err := c.do("POST", "/", "x"); err != nil || !last {
		t.Errorf("last=%v, %v", last, err)
	}
	c.close()
	waitFor(t, "the drain", done)
}

func waitOpen(t *testing.T, s *httpServer, n int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); s.open() != n; {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections open, want %d", s.open(), n)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestHijackedConnectionGetsTheDrainTimeThenTheHookThenTheEnd(t *testing.T) {
	hooked := make(chan struct{})
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
	})}
	srv.RegisterOnShutdown(func() { close(hooked) })
	s := startOn(t, sharedSocket(t), "http/1.1", srv)
	c, err := net.Dial("tcp", s.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
	r := bufio.NewReader(c)
	if _, err := http.ReadResponse(r, nil); err != nil {
		t.Fatal(err)
	}
	ctx, endDrainTime := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.drain(ctx, 50*time.Millisecond) }()
	waitDraining(t, s)
	if isDone(hooked) || isDone(done) {
		t.Fatal("the connection got no drain time")
	}
	endDrainTime()
	waitFor(t, "the hook", hooked)
	waitFor(t, "the end", done)
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("connection after the drain: %v, want EOF", err)
	}
}

// An upgrade request keeps its Connection header during the drain.
func TestPoliteLeavesUpgradesAlone(t *testing.T) {
	s := &httpServer{conns: newConns()}
	s.draining.Store(true)
	for _, tt := range []struct {
		name, upgrade string
		major         int
		want          string
	}{
		{"HTTP/1", "", 1, "close"},
		{"upgrade", "websocket", 1, ""},
		{"upgrade that is not done", "h2c", 1, "close"},
		{"HTTP/2", "", 2, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			s.polite(http.NotFoundHandler()).ServeHTTP(headerOnly{h}, &http.Request{ProtoMajor: tt.major, Header: http.Header{"Upgrade": {tt.upgrade}}})
			if got := h.Get("Connection"); got != tt.want {
				t.Errorf("Connection: %q, want %q", got, tt.want)
			}
		})
	}
}

type headerOnly struct{ h http.Header }

func (w headerOnly) Header() http.Header         { return w.h }
func (w headerOnly) Write(p []byte) (int, error) { return len(p), nil }
func (w headerOnly) WriteHeader(int)             {}

// A reply whose end is still in the kernel when net/http closes gets there,
// however slowly the client reads.
func TestSlowReaderGetsTheWholeReply(t *testing.T) {
	for _, proto := range protos {
		t.Run(proto, func(t *testing.T) {
			const size = 4 << 20
			entered, release := make(chan struct{}), make(chan struct{})
			s := startOn(t, sharedSocket(t), proto, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(entered)
				<-release
				w.Write(make([]byte, size))
			})})
			c, err := dial(s.addr(), proto, func(c net.Conn) net.Conn { return &slowReader{Conn: c} })
			if err != nil {
				t.Fatal(err)
			}
			defer c.close()
			replied := make(chan struct{})
			go func() {
				defer close(replied)
				if reply, _, err := c.do("GET", "/", ""); err != nil || len(reply) != size {
					t.Errorf("read %d of %d bytes, %v", len(reply), size, err)
				}
				c.close()
			}()
			waitFor(t, "the request", entered)
			done := drainIn(s, 20*time.Second, time.Second)
			waitDraining(t, s)
			close(release)
			waitFor(t, "the reply", replied)
			waitFor(t, "the drain", done)
		})
	}
}

// slowReader reads about 1.3 MB a second, so that a reply of 4 MB takes longer
// than the second that net/http leaves an HTTP/2 connection.
type slowReader struct{ net.Conn }

func (r *slowReader) Read(p []byte) (int, error) {
	timer := time.NewTimer(12 * time.Millisecond)
	defer timer.Stop()
	<-timer.C
	return r.Conn.Read(p[:min(len(p), 16<<10)])
}
