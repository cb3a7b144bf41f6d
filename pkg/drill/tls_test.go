package drill

import (
	"bufio"
	"context"
	"crypto/tls"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

type connKey struct{}

// withConn lets tcp find the connection of a request.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// secure is an HTTPS server for HTTP/1.1 and HTTP/2 that treats as many of the next requests as faults holds with
// the fault function.
type secure struct {
	*httptest.Server
	good, faults atomic.Int64
	deaf         atomic.Int64 // so many of the next connections are closed in the handshake
}

func newSecure(t *testing.T, fault http.HandlerFunc) *secure {
	t.Helper()
	s := &secure{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", r.Proto)
		if s.faults.Add(-1) >= 0 {
			fault(w, r)
			return
		}
		w.Write([]byte("ok"))
		s.good.Add(1)
	}))
	s.Config.ConnContext = withConn
	s.EnableHTTP2 = true
	s.Listener = &handshakes{s.Listener, &s.deaf}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// handshakes closes connections once the client has said hello.
type handshakes struct {
	net.Listener
	deny *atomic.Int64
}

func (l *handshakes) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	for err == nil && l.deny.Add(-1) >= 0 {
		conn.Read(make([]byte, chunk))
		conn.Close()
		conn, err = l.Listener.Accept()
	}
	return conn, err
}

// inject is a command that lets the next n requests be faults and ends when they and some good ones are over.
func (s *secure) inject(n int64) func(context.Context) error {
	return func(context.Context) error {
		s.faults.Store(n)
		if err := within(time.Minute, func() bool { return s.faults.Load() <= 0 }); err != nil {
			return err
		}
		good := s.good.Load()
		return within(time.Minute, func() bool { return s.good.Load() >= good+20 })
	}
}

// tcp is the TCP connection under the request, and under its TLS.
func tcp(r *http.Request) *net.TCPConn {
	conn := r.Context().Value(connKey{})
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	return conn.(*net.TCPConn)
}

func TestOverTLS(t *testing.T) {
	t.Parallel()
	answer := func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok")) }
	fin := func(_ http.ResponseWriter, r *http.Request) { tcp(r).CloseWrite(); tcp(r).Close() }
	rst := func(_ http.ResponseWriter, r *http.Request) { tcp(r).SetLinger(0); tcp(r).Close() }
	abort := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	status := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	polite := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close") // net/http turns it into a GOAWAY for HTTP/2
		answer(w, r)
	}
	short := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		answer(w, r)
		http.NewResponseController(w).Flush()
		fin(w, r)
	}
	tests := []struct {
		name              string
		kind              Kind
		fault             http.HandlerFunc
		n                 int64
		failures          map[Failure]uint64
		announced, closed uint64
	}{
		{"clean HTTP/1.1", TLS, answer, 5, nil, 0, 0},
		{"clean HTTP/2", H2, answer, 5, nil, 0, 0},
		{"announced, HTTP/1.1", TLS, polite, 5, nil, 5, 0},
		{"announced, HTTP/2", H2, polite, 5, nil, 5, 0},
		{"closed, HTTP/1.1", TLS, fin, 3, map[Failure]uint64{EOF: 3}, 0, 3},
		{"closed, HTTP/2", H2, fin, 3, map[Failure]uint64{EOF: 3}, 0, 3},
		{"reset, HTTP/1.1", TLS, rst, 3, map[Failure]uint64{Reset: 3}, 0, 3},
		{"reset, HTTP/2", H2, rst, 3, map[Failure]uint64{Reset: 3}, 0, 3},
		{"short, HTTP/1.1", TLS, short, 3, map[Failure]uint64{Short: 3}, 0, 3},
		{"short, HTTP/2", H2, short, 3, map[Failure]uint64{Short: 3}, 0, 3},
		{"status, HTTP/2", H2, status, 3, map[Failure]uint64{Status: 3}, 0, 0},
		{"timeout, HTTP/2", H2, hang, 2, map[Failure]uint64{Timeout: 2}, 0, 0},
		{"stream reset, HTTP/2", H2, abort, 3, map[Failure]uint64{Reset: 3}, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSecure(t, tt.fault)
			cfg := Config{
				Clients: []Client{{tt.kind, 4, s.URL}},
				Before:  50 * time.Millisecond, After: 50 * time.Millisecond,
			}
			if tt.failures[Timeout] > 0 {
				cfg.Timeout = 5 * time.Second
			}
			r := drilled(t, cfg, s.inject(tt.n))
			got := row(t, r, tt.kind)
			if !maps.Equal(got.Failures, tt.failures) {
				t.Errorf("lost %v, want %v; %v", got.Failures, tt.failures, r.Errors)
			}
			if c := got.Connections; c.Announced != tt.announced || c.Closed != tt.closed {
				t.Errorf("connections %+v, want %d announced, %d closed", c, tt.announced, tt.closed)
			}
			want := map[Kind]string{TLS: "HTTP/1.1", H2: "HTTP/2.0"}[tt.kind]
			if v := r.Versions.During; len(v) != 1 || v[0] != want {
				t.Errorf("versions %v, want %s", v, want)
			}
		})
	}
}

// A connection that ends in the handshake is a request that was not sent.
func TestClosedInTheHandshake(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{TLS, H2} {
		t.Run(string(kind), func(t *testing.T) {
			s := newSecure(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
			r := drilled(t, Config{Clients: []Client{{kind, 4, s.URL}}, Before: 50 * ms}, func(ctx context.Context) error {
				s.deaf.Store(3)
				if err := s.inject(4)(ctx); err != nil { // for the next to come over other connections
					return err
				}
				return within(time.Minute, func() bool { return s.deaf.Load() <= 0 })
			})
			got := row(t, r, kind)
			if !maps.Equal(got.Failures, map[Failure]uint64{EOFUnsent: 3}) || got.Connections.Closed != 0 || got.Connections.Announced < 3 {
				t.Errorf("lost %v, connections %+v; %v", got.Failures, got.Connections, r.Errors)
			}
		})
	}
}

// goaways is an HTTP/2 server that says GOAWAY on each connection's second request, having taken or refused it; or
// early, right behind the first response, in the same segment.
type goaways struct {
	refuse, early bool
	seen          *atomic.Int64 // requests
}

func (g goaways) serve(conn net.Conn) {
	defer conn.Close()
	if _, err := conn.Read(make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	out := bufio.NewWriter(conn)
	framer := http2.NewFramer(out, conn)
	framer.WriteSettings()
	var header []byte
	for requests := 0; ; {
		out.Flush()
		f, err := framer.ReadFrame()
		if err != nil {
			return
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				framer.WriteSettingsAck()
			}
		case *http2.HeadersFrame:
			requests++
			g.seen.Add(1)
			if requests == 2 && g.refuse {
				framer.WriteGoAway(f.StreamID-2, http2.ErrCodeNo, nil)
				continue
			}
			if requests == 2 {
				framer.WriteGoAway(f.StreamID, http2.ErrCodeNo, nil)
			}
			if header == nil {
				header = status200()
			}
			framer.WriteHeaders(http2.HeadersFrameParam{StreamID: f.StreamID, BlockFragment: header, EndHeaders: true})
			framer.WriteData(f.StreamID, true, []byte("ok"))
			if requests == 1 && g.early {
				framer.WriteGoAway(f.StreamID, http2.ErrCodeNo, nil)
			}
		}
	}
}

func status200() []byte {
	var b headerBlock
	hpack.NewEncoder(&b).WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
	return b
}

type headerBlock []byte

func (b *headerBlock) Write(p []byte) (int, error) { *b = append(*b, p...); return len(p), nil }

func TestGoAway(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		server goaways
		check  func(Row) bool
	}{
		{"taken: answered, then another connection", goaways{}, func(r Row) bool {
			return r.Failed == 0 && r.Connections.Announced >= r.Requests/2-1
		}},
		{"refused: lost, for a retry would be needed", goaways{refuse: true}, func(r Row) bool {
			return r.Failed == r.Failures[Refused] && r.Failed >= r.Requests/2-1 && r.Connections.Announced >= r.Failed-1
		}},
		{"while idle: another connection before the request begins", goaways{early: true}, func(r Row) bool {
			return r.Failed == 0 && r.Connections.Announced >= r.Requests-1
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cert := newSecure(t, nil).TLS.Certificates
			ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: cert, NextProtos: []string{"h2"}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { ln.Close() })
			tt.server.seen = &atomic.Int64{}
			go func() {
				for {
					conn, err := ln.Accept()
					if err != nil {
						return
					}
					go tt.server.serve(conn)
				}
			}()
			r := drilled(t, Config{Clients: []Client{{H2, 1, "https://" + ln.Addr().String()}}, Timeout: 20 * time.Second},
				func(context.Context) error {
					return within(time.Minute, func() bool { return tt.server.seen.Load() > 10 })
				})
			got := row(t, r, H2)
			if got.Requests < 6 || !tt.check(got) || got.Connections.Closed != 0 {
				t.Errorf("%d requests, lost %v, connections %+v; %v", got.Requests, got.Failures, got.Connections, r.Errors)
			}
		})
	}
}
