package drill

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The generator must find exactly what was lost, and by the right name, and nothing on a clean server, whatever kind of
// client looks.
func TestFaultsAreFoundExactly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fault   fault
		n       int
		failure Failure // "": nothing is lost
		closed  bool    // with each
		kinds   []Kind
	}{
		{"clean", none, 0, "", false, http1Kinds},
		{"interim responses", interim, 5, "", false, http1Kinds},
		{"announced", announce, 5, "", false, []Kind{Fresh}}, // for the others TestAnnouncedClosesAreNoLoss
		{"closed without a word", closeAfter, 7, EOFUnsent, true, keepAlive},
		{"closed without a word", closeAfter, 7, "", false, []Kind{Fresh}}, // they close anyway
		{"reset without a word", resetAfter, 7, ResetUnsent, true, keepAlive},
		{"closed instead of a response", closeUnread, 5, EOF, true, http1Kinds},
		{"reset instead of a response", resetUnread, 6, Reset, true, http1Kinds},
		{"truncated", truncate, 3, Short, true, http1Kinds},
		{"status", unavailable, 9, Status, false, http1Kinds},
		{"hanging", hang, 2, Timeout, false, http1Kinds},
		{"not HTTP", garbage, 2, Other, false, http1Kinds},
		{"wrong body", corrupt, 4, Body, false, []Kind{Upload, Download}},
		{"wrong body, which nobody reads", corrupt, 4, "", false, []Kind{Post}},
		{"reset in the request", halfRead, 3, ResetUnsent, true, []Kind{Upload}},
	}
	for _, tt := range tests {
		kinds := tt.kinds
		if slices.Contains(kinds, KeepAlive) {
			kinds = append(slices.Clone(kinds), KeepAlive) // once more, in the open model
		}
		for i, kind := range kinds {
			model := Closed
			if i == len(tt.kinds) {
				model = Open
			}
			t.Run(fmt.Sprint(tt.name, " ", kind, " ", model), func(t *testing.T) {
				t.Parallel()
				s := newFaulty(t)
				cfg := Config{
					Model:   model,
					Clients: []Client{{kind, 4, s.url()}},
					Before:  50 * time.Millisecond, After: 50 * time.Millisecond,
				}
				if tt.failure == Timeout {
					cfg.Timeout = 5 * time.Second
				}
				more := int64(20)
				if kind == Upload {
					more = 12
				}
				r := drilled(t, cfg, s.inject(tt.fault, tt.n, more))
				got := row(t, r, kind)
				want := map[Failure]uint64{}
				if tt.failure != "" {
					want[tt.failure] = uint64(tt.n)
				}
				late := tt.fault == closeAfter || tt.fault == resetAfter // may be found when the command is over
				if late {
					want = silent(got, tt.n)
				}
				if f := got.Failures; tt.fault == halfRead && f[ResetUnsent]+f[Reset] == uint64(tt.n) {
					want = f // the rest may have been sent already, though not read
				}
				if !maps.Equal(got.Failures, want) {
					t.Errorf("lost %v, want %v; %v", got.Failures, want, r.Errors)
				}
				var failed uint64
				for _, n := range want {
					failed += n
				}
				if got.Failed != failed || r.Total.Failed != failed || got.During.Failed != failed && !late {
					t.Errorf("failed %d, in total %d, during %d, want %d", got.Failed, r.Total.Failed, got.During.Failed, failed)
				}
				var closed uint64
				if tt.closed {
					closed = uint64(tt.n)
				}
				if c := got.Connections; c.Closed != closed || c.Announced != 0 {
					t.Errorf("connections %+v, want %d closed", c, closed)
				}
				// One more good response than counted: the request before the drill.
				answered := int64(got.Requests - got.Failed)
				if tt.fault == corrupt && tt.failure == "" {
					answered -= int64(tt.n)
				}
				if answered != s.good.Load()-1 {
					t.Errorf("%d requests answered, the server says %d", answered, s.good.Load()-1)
				}
				if lost := failed+closed > 0; r.Lost() != lost {
					t.Errorf("Lost() = %v, want %v", r.Lost(), lost)
				}
				if failed > 0 && len(r.Errors) == 0 {
					t.Error("no error text")
				}
			})
		}
	}
}

// silent is what n closes without a word may be to clients of a kind. Which failure one is depends on whether the next
// request has begun by then, and it is none if no request follows; TestSilentCloses tells them apart.
func silent(got Row, n int) map[Failure]uint64 {
	f := got.Failures
	if f[EOFUnsent]+f[ResetUnsent]+f[EOF]+f[Reset] == got.Failed && got.Failed <= uint64(n) {
		return f
	}
	return map[Failure]uint64{EOFUnsent: uint64(n)}
}

// The kinds of client that speak HTTP/1.1 in the clear.
var (
	keepAlive  = []Kind{KeepAlive, Post, Slow, Upload, Download}
	http1Kinds = append([]Kind{Fresh}, keepAlive...)
)

// A connection that the server closes between two requests is lost with the second one unsent, whoever asks; without a
// second one it is closed all the same.
func TestSilentCloses(t *testing.T) {
	t.Parallel()
	for _, kind := range append(keepAlive, TLS, H2) {
		for _, want := range []Failure{EOFUnsent, ResetUnsent, ""} { // "": there is no second one
			t.Run(fmt.Sprint(kind, " ", want), func(t *testing.T) {
				var conn *net.TCPConn // the server's end
				handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					io.Copy(io.Discard, r.Body)
					conn = tcp(r)
				})
				srv := httptest.NewUnstartedServer(handler)
				srv.Config.ConnContext = withConn
				srv.EnableHTTP2 = true
				if kind.needsTLS() {
					srv.StartTLS()
				} else {
					srv.Start()
				}
				t.Cleanup(srv.Close)
				rec := newRecorder()
				d := &drill{rec: rec, contents: map[string]*content{}}
				ex, err := d.newExchanger(Client{kind, 1, srv.URL}, rec.tally(kind, 1))
				if err != nil {
					t.Fatal(err)
				}
				defer ex.close()
				deadline := time.Now().Add(time.Minute)
				if _, f := ex.do(t.Context(), deadline); f != nil {
					t.Fatal(f.err)
				}
				if want == ResetUnsent {
					reset(conn)
				} else {
					conn.CloseWrite()
				}
				known := func() bool { h, ok := ex.(*h2); return ok && h.wire.lost() != nil }
				if h, ok := ex.(*http1); ok {
					known = func() bool { return readable(h.conn) }
				}
				if err := within(time.Minute, known); err != nil {
					t.Fatal(err)
				}
				if want == "" {
					ex.close()
				} else if _, f := ex.do(t.Context(), deadline); f == nil || f.kind != want {
					t.Errorf("lost by %+v, want %s", f, want)
				}
				if got := rec.tally(kind, 0).row(); got.Connections != (Connections{Opened: 1, Closed: 1}) {
					t.Errorf("connections %+v", got.Connections)
				}
				if told := len(rec.errors) > 0; told != (want == "") { // the caller of do tells of a lost request
					t.Errorf("errors %v", rec.errors)
				}
			})
		}
	}
}

// The server goes away while the one client waits for its answer, so that no connection is in the backlog.
func TestRefusedConnectionsAreFound(t *testing.T) {
	t.Parallel()
	tests := []struct{ network, address, text string }{
		{"tcp", "127.0.0.1:0", "connection refused"},
		{"unix", filepath.Join(t.TempDir(), "sock"), "no such file or directory"},
	}
	for _, tt := range tests {
		t.Run(tt.network, func(t *testing.T) {
			s := newFaultyOn(t, tt.network, tt.address)
			r := drilled(t, Config{Clients: []Client{{Fresh, 1, s.url()}}, Before: 50 * time.Millisecond, Timeout: 20 * time.Second},
				func(ctx context.Context) error {
					s.faults <- deaf
					if err := within(time.Minute, func() bool { return len(s.faults) == 0 }); err != nil {
						return err
					}
					sleepUntil(ctx, time.Now().Add(time.Second)) // for some refusals
					return nil
				})
			got := row(t, r, Fresh)
			refused := got.Requests - uint64(s.good.Load()-1)
			if refused < 2 || got.Failed != refused || got.Failures[Refused] != refused {
				t.Errorf("lost %v of %d requests, and the server answered %d", got.Failures, got.Requests, s.good.Load()-1)
			}
			if got.Connections.Opened != uint64(s.good.Load()-1) || got.Connections.Closed != 0 {
				t.Errorf("connections %+v, want %d opened and none closed", got.Connections, s.good.Load()-1)
			}
			if len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Text, tt.text) {
				t.Errorf("errors %v, want one that says %s", r.Errors, tt.text)
			}
		})
	}
}

// Every kind that speaks HTTP/1.1 in the clear does so over a Unix socket as well.
func TestOverUnixSockets(t *testing.T) {
	t.Parallel()
	for _, kind := range append(http1Kinds, Idle) {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := newFaultyOn(t, "unix", filepath.Join(t.TempDir(), "sock"))
			r := drilled(t, Config{Clients: []Client{{kind, 2, s.url()}}, Before: 50 * ms, After: 50 * ms}, s.inject(closeUnread, 0, 0))
			if got := row(t, r, kind); r.Lost() || got.Requests == 0 || got.Connections.Opened == 0 {
				t.Errorf("%s, %+v; %v", r.Verdict(), got, r.Errors)
			}
		})
	}
}

func TestAnnouncedClosesAreNoLoss(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{KeepAlive, Post, Slow, Download} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := newFaulty(t)
			s.polite = 10
			r := drilled(t, Config{Clients: []Client{{kind, 3, s.url()}}, Before: 50 * time.Millisecond, After: 50 * time.Millisecond},
				s.inject(none, 0))
			got := row(t, r, kind)
			// The request before the drill is the server's first response, and its connection is not counted.
			if want := got.Requests + 1; got.Connections.Announced != want/10 {
				t.Errorf("%d announced closes in %d responses, want a tenth", got.Connections.Announced, want)
			}
			if r.Lost() || got.Connections.Announced == 0 {
				t.Errorf("%s, connections %+v", r.Verdict(), got.Connections)
			}
		})
	}
}

func TestIdleConnections(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		command  func(*faulty, context.Context) error
		requests uint64
		closed   uint64
	}{
		{"left alone", func(_ *faulty, ctx context.Context) error { return quiet(ctx) }, 40, 0},
		{"closed meanwhile", func(s *faulty, ctx context.Context) error {
			s.closeAll()
			return quiet(ctx)
		}, 20, 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, after := range []time.Duration{0, 200 * time.Millisecond} {
				s := newFaulty(t)
				r := drilled(t, Config{Clients: []Client{{Idle, 20, s.url()}}, After: after},
					func(ctx context.Context) error { return tt.command(s, ctx) })
				got := row(t, r, Idle)
				if got.Requests != tt.requests || got.Failed != 0 {
					t.Errorf("after %v: %d requests, %v failed; want %d, none", after, got.Requests, got.Failures, tt.requests)
				}
				if got.Connections != (Connections{Opened: 20, Closed: tt.closed}) {
					t.Errorf("after %v: connections %+v, want 20 opened, %d closed", after, got.Connections, tt.closed)
				}
				if got.Before.Requests != 20 || got.During.Requests != 0 {
					t.Errorf("after %v: %d requests before and %d during the command, want 20 and 0", after, got.Before.Requests, got.During.Requests)
				}
				if r.Lost() != (tt.closed > 0) {
					t.Errorf("after %v: %s", after, r.Verdict())
				}
			}
		})
	}
}

// A command that takes longer than servers leave a connection idle finds the idle connections open: they speak up
// meanwhile, again and again.
func TestIdleConnectionsSpeakUp(t *testing.T) {
	defer func(d time.Duration) { longestSilence = d }(longestSilence)
	longestSilence = 30 * time.Millisecond
	s := newFaulty(t)
	const clients, rounds = 20, 3
	r := drilled(t, Config{Clients: []Client{{Idle, clients, s.url()}}}, func(context.Context) error {
		seen := s.good.Load()
		return within(time.Minute, func() bool { return s.good.Load() >= seen+clients*rounds })
	})
	got := row(t, r, Idle)
	if got.During.Requests < clients*(rounds-1) || got.Connections != (Connections{Opened: clients}) || r.Lost() {
		t.Errorf("%d requests during the command, connections %+v; %s", got.During.Requests, got.Connections, r.Verdict())
	}
}

func TestUploadsAreWholeAndKeptOutOfTheTotalsWaits(t *testing.T) {
	t.Parallel()
	s := newFaulty(t)
	r := drilled(t, Config{Clients: []Client{{Upload, 2, s.url()}, {Fresh, 1, s.url()}}}, quiet)
	got := row(t, r, Upload)
	if r.Lost() {
		t.Fatal(r.Verdict())
	}
	// Again one more, the one before the drill. GETs have no body.
	if want := int64(got.Requests+1) * uploadSize; s.body.Load() != want {
		t.Errorf("the server read %d bytes, want %d", s.body.Load(), want)
	}
	if got.During.Longest < Millis(bodyTime*9/10) || r.Total.During.Longest != row(t, r, Fresh).During.Longest {
		t.Errorf("longest wait: uploads %v, total %v", got.During.Longest, r.Total.During.Longest)
	}
}

func TestUploadCutOff(t *testing.T) {
	t.Parallel()
	s := newFaulty(t)
	r := drilled(t, Config{Clients: []Client{{Upload, 3, s.url()}}}, func(ctx context.Context) error {
		if err := within(time.Minute, func() bool { return s.open() == 3 }); err != nil {
			return err
		}
		sleepUntil(ctx, time.Now().Add(bodyTime/2)) // into the uploads
		s.closeAll()
		return nil
	})
	got := row(t, r, Upload)
	f := got.Failures
	// On a busy machine the clients may be between two uploads.
	if f[ResetUnsent]+f[EOFUnsent]+f[Reset]+f[EOF] != got.Failed || got.Failed == 0 || got.Failed > 3 || got.Connections.Closed != 3 {
		t.Errorf("lost %v, connections %+v; want up to 3, and 3; %v", got.Failures, got.Connections, r.Errors)
	}
}

func TestSlowRequestsBelongToTheCommand(t *testing.T) {
	t.Parallel()
	s := newFaulty(t)
	s.work.Store(int64(time.Second)) // so that requests are not over before the command begins, and no others begin meanwhile
	r := drilled(t, Config{Clients: []Client{{Slow, 2, s.url()}}, Before: 100 * time.Millisecond},
		func(context.Context) error { return within(time.Minute, func() bool { return s.open() == 2 }) })
	got := row(t, r, Slow)
	if got.During.Requests != 2 || got.Requests != 2 || got.During.Longest < Millis(time.Second) {
		t.Errorf("%+v, want both requests during the command", got)
	}
	if r.Total.During.Longest != 0 || r.Total.During.Requests != 2 {
		t.Errorf("total %+v, want 2 requests and no wait", r.Total.During)
	}
}
