package drill

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"
)

// The generator must find exactly what was lost, and by the right name, and nothing on a clean server.
func TestFaultsAreFoundExactly(t *testing.T) {
	t.Parallel()
	failures := func(f Failure, n uint64) map[Failure]uint64 { return map[Failure]uint64{f: n} }
	tests := []struct {
		name     string
		kind     Kind
		clients  int
		fault    fault
		n        int
		failures map[Failure]uint64
		closed   uint64
	}{
		{"clean fresh", Fresh, 4, none, 0, nil, 0},
		{"clean post", Post, 4, none, 0, nil, 0},
		{"interim responses", Post, 2, interim, 5, nil, 0},
		{"keep-alive connection closed without a word", Post, 4, closeAfter, 7, failures(EOF, 7), 7},
		{"closed instead of a response, keep-alive", Post, 4, closeUnread, 5, failures(EOF, 5), 5},
		{"closed instead of a response, fresh", Fresh, 4, closeUnread, 5, failures(EOF, 5), 5},
		{"reset, keep-alive", Post, 4, resetUnread, 6, failures(Reset, 6), 6},
		{"reset, fresh", Fresh, 4, resetUnread, 6, failures(Reset, 6), 6},
		{"truncated body", Post, 4, truncate, 3, failures(Short, 3), 3},
		{"status", Post, 4, unavailable, 9, failures(Status, 9), 0},
		{"hanging", Post, 4, hang, 2, failures(Timeout, 2), 0},
		{"not HTTP", Post, 4, garbage, 2, failures(Other, 2), 0},
		{"announced on a fresh connection", Fresh, 4, announce, 5, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newFaulty(t)
			r := drilled(t, Config{
				Clients: []Client{{tt.kind, tt.clients, s.url()}},
				Before:  50 * time.Millisecond, After: 50 * time.Millisecond, Timeout: 2 * time.Second,
			}, s.inject(tt.fault, tt.n))
			got := row(t, r, tt.kind)
			if !maps.Equal(got.Failures, tt.failures) {
				t.Errorf("lost %v, want %v", got.Failures, tt.failures)
			}
			var failed uint64
			for _, n := range tt.failures {
				failed += n
			}
			if got.Failed != failed || r.Total.Failed != failed || got.During.Failed != failed {
				t.Errorf("failed %d, in total %d, during %d, want %d", got.Failed, r.Total.Failed, got.During.Failed, failed)
			}
			if c := got.Connections; c.Closed != tt.closed || c.Announced != 0 {
				t.Errorf("connections %+v, want %d closed", c, tt.closed)
			}
			// One more good response than counted: the request before the drill.
			if answered := int64(got.Requests - got.Failed); answered != s.good.Load()-1 {
				t.Errorf("%d requests answered, the server says %d", answered, s.good.Load()-1)
			}
			if lost := failed+tt.closed > 0; r.Lost() != lost {
				t.Errorf("Lost() = %v, want %v", r.Lost(), lost)
			}
			if failed > 0 && len(r.Errors) == 0 {
				t.Error("no error text")
			}
		})
	}
}

// The server goes away while the one client waits for its answer, so that no connection is in the backlog.
func TestRefusedConnectionsAreFound(t *testing.T) {
	t.Parallel()
	s := newFaulty(t)
	r := drilled(t, Config{Clients: []Client{{Fresh, 1, s.url()}}, Before: 50 * time.Millisecond, Timeout: 5 * time.Second},
		func(ctx context.Context) error {
			s.faults <- deaf
			if err := within(10*time.Second, func() bool { return len(s.faults) == 0 }); err != nil {
				return err
			}
			sleepUntil(ctx, time.Now().Add(500*time.Millisecond))
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
	if len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Text, "connection refused") {
		t.Errorf("errors %v, want one that says connection refused", r.Errors)
	}
}

func TestAnnouncedClosesAreNoLoss(t *testing.T) {
	t.Parallel()
	s := newFaulty(t)
	s.polite = 10
	r := drilled(t, Config{Clients: []Client{{Post, 3, s.url()}}, Before: 50 * time.Millisecond, After: 50 * time.Millisecond},
		s.inject(none, 0))
	got := row(t, r, Post)
	// The request before the drill is the server's first response, and its connection is not counted.
	if want := got.Requests + 1; got.Connections.Announced != want/10 {
		t.Errorf("%d announced closes in %d responses, want a tenth", got.Connections.Announced, want)
	}
	if r.Lost() || got.Connections.Announced == 0 {
		t.Errorf("%s, connections %+v", r.Verdict(), got.Connections)
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
	if got.During.Longest < Millis(uploadTime*9/10) || r.Total.During.Longest > Millis(uploadTime/2) {
		t.Errorf("longest wait: uploads %v, total %v", got.During.Longest, r.Total.During.Longest)
	}
}

func TestUploadCutOff(t *testing.T) {
	t.Parallel()
	s := newFaulty(t)
	r := drilled(t, Config{Clients: []Client{{Upload, 3, s.url()}}}, func(ctx context.Context) error {
		if err := within(10*time.Second, func() bool { return s.open() == 3 }); err != nil {
			return err
		}
		sleepUntil(ctx, time.Now().Add(300*time.Millisecond)) // into the uploads
		s.closeAll()
		return nil
	})
	got := row(t, r, Upload)
	if got.Failures[Reset]+got.Failures[EOF] != 3 || got.Failed != 3 || got.Connections.Closed != 3 {
		t.Errorf("lost %v, connections %+v; want 3 and 3; %v", got.Failures, got.Connections, r.Errors)
	}
}

func TestSlowRequestsBelongToTheCommand(t *testing.T) {
	t.Parallel()
	s := newFaulty(t)
	s.work.Store(int64(300 * time.Millisecond))
	r := drilled(t, Config{Clients: []Client{{Slow, 2, s.url()}}, Before: 100 * time.Millisecond},
		func(context.Context) error { return nil })
	got := row(t, r, Slow)
	if got.During.Requests != 2 || got.Requests != 2 || got.During.Longest < Millis(300*time.Millisecond) {
		t.Errorf("%+v, want both requests during the command", got)
	}
	if r.Total.During.Longest != 0 || r.Total.During.Requests != 2 {
		t.Errorf("total %+v, want 2 requests and no wait", r.Total.During)
	}
}
