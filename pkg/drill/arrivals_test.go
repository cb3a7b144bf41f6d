package drill

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// stalling is a server, and a command upon which it stands still for a while.
func stalling(t *testing.T, long time.Duration) (*httptest.Server, func(context.Context) error) {
	t.Helper()
	var gate sync.RWMutex
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		gate.RLock()
		defer gate.RUnlock()
	}))
	t.Cleanup(s.Close)
	return s, func(context.Context) error {
		gate.Lock()
		defer gate.Unlock()
		time.Sleep(long)
		return nil
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
				s, command := stalling(t, long)
				r := drilled(t, Config{Model: model, Clients: []Client{{kind, 1, s.URL}}, Rate: 100, Before: 50 * ms, After: 50 * ms}, command)
				got := row(t, r, kind)
				if r.Lost() || r.Load != string(model) || got.During.Longest < Millis(long*9/10) {
					t.Errorf("%s, model %s, longest wait %v", r.Verdict(), r.Load, got.During.Longest)
				}
				switch {
				case model == Closed && (got.During.Requests > 10 || got.Connections.Opened > got.Requests):
					t.Errorf("%d requests while the server stood still, want few", got.During.Requests)
				case model == Open && (got.During.Requests < 40 || got.During.P50 < Millis(long/5) || got.Connections.Opened < 30):
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
