package drill

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// stalling is a server that can stand still.
type stalling struct {
	*httptest.Server
	gate   sync.RWMutex
	waited atomic.Int64 // requests that found it standing still
}

func newStalling(t *testing.T) *stalling {
	t.Helper()
	s := &stalling{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if !s.gate.TryRLock() {
			s.waited.Add(1)
			s.gate.RLock()
		}
		s.gate.RUnlock()
	}))
	t.Cleanup(s.Close)
	return s
}

// stall is a command upon which the server stands still until n requests wait, the first of them for long at least, and beyond the
// command's end.
func (s *stalling) stall(n int64, long time.Duration) func(context.Context) error {
	return func(context.Context) error {
		s.gate.Lock()
		defer time.AfterFunc(50*ms, s.gate.Unlock)
		err := within(time.Minute, func() bool { return s.waited.Load() > 0 })
		time.Sleep(long)
		return errors.Join(err, within(time.Minute, func() bool { return s.waited.Load() >= n }))
	}
}

// No coordinated omission: while the server stands still for half a second, the open model goes on with its requests,
// and each waits as long as its schedule says; a closed client does one, and waits once.
func TestModels(t *testing.T) {
	t.Parallel()
	const long = 500 * time.Millisecond
	for _, kind := range []Kind{Fresh, KeepAlive, Post, Slow} {
		for _, model := range []Model{Closed, Open} {
			t.Run(string(kind)+" "+string(model), func(t *testing.T) {
				t.Parallel()
				s := newStalling(t)
				want := int64(1)
				if model == Open {
					want = 50
				}
				r := drilled(t, Config{Model: model, Clients: []Client{{kind, 1, s.URL}}, Rate: 100, Before: 50 * ms, After: 50 * ms}, s.stall(want, long))
				got := row(t, r, kind)
				if r.Lost() || r.Load != string(model) || got.During.Longest < Millis(long*9/10) {
					t.Errorf("%s, model %s, longest wait %v", r.Verdict(), r.Load, got.During.Longest)
				}
				switch {
				case model == Closed && (s.waited.Load() != 1 || got.Connections.Opened > got.Requests):
					t.Errorf("%d requests while the server stood still, want one", s.waited.Load())
				case model == Open && (got.During.Requests < 50 || got.During.P50 < Millis(long/5) || got.Connections.Opened < 50):
					t.Errorf("%d requests while the server stood still, half within %v, over %d connections; want about 50 with waits of all lengths",
						got.During.Requests, got.During.P50, got.Connections.Opened)
				}
			})
		}
	}
}

// The same for the messages of a WebSocket.
func TestOpenMessages(t *testing.T) {
	t.Parallel()
	s := newStreaming(t)
	r := drilled(t, Config{Model: Open, Clients: []Client{{WebSocket, 1, s.URL + "/ws"}}, Rate: 100}, s.inject(1, slow, 1))
	if n := s.most.Load(); n < 2*maxInFlight {
		t.Errorf("%d messages in flight, want about 30", n)
	}
	if r.Lost() {
		t.Errorf("%s; %v", r.Verdict(), r.Errors)
	}
}

// In the open model a wait counts from when the request was due, also if the generator is late: here by a second.
func TestWaitsCountFromTheSchedule(t *testing.T) {
	t.Parallel()
	s := newStreaming(t)
	rec := newRecorder()
	messages, requests := rec.tally(WebSocket, 1), rec.tally(KeepAlive, 1)
	late := worker{timeout: time.Minute, interval: time.Hour, offset: -time.Second, open: true, ready: func() {}}
	ctx := t.Context()
	stop, end := context.WithCancel(ctx)
	var all sync.WaitGroup

	socket, err := newWebSocket(Client{WebSocket, 1, s.URL + "/ws"}, messages)
	if err != nil {
		t.Fatal(err)
	}
	talk := talker{worker: late, socket: socket}
	talk.exchanger, talk.tally = socket, messages
	all.Go(func() { talk.run(ctx, stop) })

	ex, err := newHTTP1(Client{KeepAlive, 1, s.URL + "/page"}, requests)
	if err != nil {
		t.Fatal(err)
	}
	come := &arrivals{worker: late, room: &atomic.Int64{}}
	come.exchanger, come.tally = ex, requests
	all.Go(func() { come.run(ctx, stop) })

	answered := func(t *tally) uint64 { return t.row().Before.Requests }
	err = within(time.Minute, func() bool {
		rec.mu.Lock()
		defer rec.mu.Unlock()
		return answered(messages) == 1 && answered(requests) == 1
	})
	end()
	all.Wait()
	for _, row := range []Row{messages.row(), requests.row()} {
		if w := row.Before.Longest; w < Millis(time.Second) || row.Failed > 0 {
			t.Errorf("%s: the wait is %v, %v failed", row.Kind, w, row.Failures)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// Where there is no room for another connection, requests are not begun, and counted.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	rec := newRecorder()
	busy := &arrivals{
		worker: worker{exchanger: hanging{}, tally: rec.tally(Fresh, 1), timeout: time.Minute, interval: 10 * ms, open: true},
		room:   &atomic.Int64{},
	}
	ctx, drop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { busy.run(ctx, ctx); close(ended) }()
	err := within(time.Minute, func() bool {
		rec.mu.Lock()
		defer rec.mu.Unlock()
		return rec.saturation.missed >= 3
	})
	drop()
	<-ended
	if err != nil {
		t.Error(err)
	}
}

// hanging is an exchanger whose request does not end.
type hanging struct{}

func (hanging) do(ctx context.Context, _ time.Time) (string, *failure) {
	<-ctx.Done()
	return "", fail(ctx.Err(), sent)
}

func (hanging) close() {}
