package drill

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// The generator must find exactly what was lost on connections that live long, and nothing on clean ones.
func TestStreamFaultsAreFoundExactly(t *testing.T) {
	t.Parallel()
	const socket, events, chunked = "/ws", "/events", "/chunked"
	tests := []struct {
		name              string
		path              string
		twist             twist
		n                 int
		failure           Failure // "": nothing is lost
		each              uint64  // requests lost by each twist
		announced, closed uint64
	}{
		{"clean", socket, straight, 5, "", 0, 0, 0},
		{"pings", socket, ping, 5, "", 0, 0, 0},
		{"lost", socket, lose, 5, Timeout, 1, 0, 0},
		{"repeated", socket, repeat, 5, Sequence, 1, 0, 0},
		{"reordered", socket, swap, 5, Sequence, 1, 0, 0},
		{"altered", socket, alter, 5, Sequence, 1, 0, 0},
		{"altered to another number", socket, odd, 5, Sequence, 1, 0, 0},
		{"cut", socket, cut, 3, EOF, 1, 0, 3},
		{"cut in a message", socket, part, 3, Short, 1, 0, 3},
		{"reset", socket, rst, 3, Reset, 1, 0, 3},
		{"announced", socket, away, 3, EOF, 0, 3, 0},
		{"fault told", socket, fault1011, 3, EOF, 0, 0, 3},

		{"clean", events, straight, 5, "", 0, 0, 0},
		{"lost", events, lose, 5, Sequence, 1, 0, 0},
		{"repeated", events, repeat, 5, Sequence, 1, 0, 0},
		{"reordered, which leaves out and goes back", events, swap, 5, Sequence, 2, 0, 0},
		{"altered, which leaves out too", events, alter, 5, Sequence, 2, 0, 0},
		{"cut", events, cut, 3, "", 0, 0, 3},
		{"cut in an event", events, part, 3, "", 0, 0, 3},
		{"reset", events, rst, 3, "", 0, 0, 3},
		{"clean chunks", chunked, straight, 5, "", 0, 0, 0},
		{"cut between chunks", chunked, cut, 3, "", 0, 0, 3},
		{"the proper end of chunks", chunked, away, 3, "", 0, 3, 0},
	}
	for _, tt := range tests {
		t.Run(tt.path[1:]+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStreaming(t)
			kind := Events
			if tt.path == socket {
				kind = WebSocket
			}
			cfg := Config{
				Clients: []Client{{kind, 4, s.URL + tt.path}}, Rate: 10,
				Before: 50 * time.Millisecond, After: 50 * time.Millisecond,
			}
			if tt.failure == Timeout {
				cfg.Timeout = 5 * time.Second
			}
			r := drilled(t, cfg, s.inject(4, tt.twist, tt.n))
			got := row(t, r, kind)

			// What was sent when the server had ended the connection already is lost too.
			want := map[Failure]uint64{}
			if lost := tt.each*uint64(tt.n) + uint64(s.dropped.Load()); lost > 0 {
				want[tt.failure] = lost
			}
			if n := uint64(tt.n); kind == WebSocket && tt.twist == rst && got.Failed > n && got.Failed <= n*maxInFlight {
				want[Reset] = got.Failed // nobody knows how much had been sent, or half sent
				if unsent := got.Failures[ResetUnsent]; unsent > 0 {
					want[Reset], want[ResetUnsent] = got.Failed-unsent, unsent
				}
			}
			if !maps.Equal(got.Failures, want) || got.Failed != want[tt.failure]+want[ResetUnsent] || got.During.Requests == 0 {
				t.Errorf("lost %v of %d, want %v; %v", got.Failures, got.Requests, want, r.Errors)
			}
			if c := (Connections{4 + tt.announced + tt.closed, tt.announced, tt.closed}); got.Connections != c {
				t.Errorf("connections %+v, want %+v; %v", got.Connections, c, r.Errors)
			}
			if lost := got.Failed+tt.closed > 0; r.Lost() != lost || lost && len(r.Errors) == 0 {
				t.Errorf("%s, want lost %v; %v", r.Verdict(), lost, r.Errors)
			}
			// One more than counted: that before the drill.
			if answered := int64(got.Requests); kind == WebSocket && tt.failure == "" && answered != s.good.Load()-1 {
				t.Errorf("%d messages came back, the server says %d", answered, s.good.Load()-1)
			}
			if resumed := uint64(s.resumed.Load()); kind == Events && resumed != tt.announced+tt.closed {
				t.Errorf("%d connections went on from an earlier one's last event, want %d", resumed, tt.announced+tt.closed)
			}
			// On a busy machine the command may begin before the first answer.
			if v := r.Versions; !slices.Contains(slices.Concat(v.Before, v.During), "1") {
				t.Errorf("versions %+v, want 1", v)
			}
		})
	}
}

// A client sends on while echoes are outstanding, and not more than it may; the wait is each message's own.
func TestMessagesInFlight(t *testing.T) {
	t.Parallel()
	s := newStreaming(t)
	r := drilled(t, Config{Clients: []Client{{WebSocket, 1, s.URL + "/ws"}}}, s.inject(1, slow, 1))
	if n := s.most.Load(); n != maxInFlight {
		t.Errorf("%d messages in flight, want %d", n, maxInFlight)
	}
	if w := time.Duration(r.Total.During.Longest); r.Lost() || w < pause {
		t.Errorf("%s, longest wait %v", r.Verdict(), w)
	}
}

func TestGapsBetweenEventsAreNoWaits(t *testing.T) {
	t.Parallel()
	s := newStreaming(t)
	r := drilled(t, Config{Clients: []Client{{Events, 1, s.URL + "/events"}}}, s.inject(1, slow, 1))
	if gap := time.Duration(row(t, r, Events).During.Longest); r.Lost() || gap < pause/2 { // the event before may be seen late
		t.Errorf("%s, longest gap %v", r.Verdict(), gap)
	}
	if r.Total.During.Longest != 0 || r.Total.During.Requests == 0 {
		t.Errorf("total %+v, want requests and no wait", r.Total.During)
	}
}

// A stream that falls silent for longer than a request may take is one request lost; the client leaves it and opens
// another.
func TestSilentStream(t *testing.T) {
	t.Parallel()
	s := newStreaming(t)
	r := drilled(t, Config{Clients: []Client{{Events, 1, s.URL + "/events"}}, Timeout: 4 * time.Second},
		s.inject(1, mute, 1))
	got := row(t, r, Events)
	if !maps.Equal(got.Failures, map[Failure]uint64{Timeout: 1}) || got.Connections != (Connections{Opened: 2}) {
		t.Errorf("lost %v, connections %+v; %v", got.Failures, got.Connections, r.Errors)
	}
}

func TestNoStreamThere(t *testing.T) {
	t.Parallel()
	s := newStreaming(t)
	tests := []struct {
		client Client
		want   string
	}{
		{Client{WebSocket, 1, s.URL + "/page"}, "HTTP 200 rather than 101"},
		{Client{WebSocket, 1, s.URL + "/nowhere"}, "HTTP 404 rather than 101"},
		{Client{Events, 1, s.URL + "/nowhere"}, "HTTP 404"},
		{Client{Events, 1, s.URL + "/page"}, "not text/event-stream"},
		{Client{Events, 1, s.URL + "/unnumbered"}, "id is not a number"},
		{Client{Events, 1, s.URL + "/empty"}, "ended before its first event"},
	}
	for _, tt := range tests {
		t.Run(string(tt.client.Kind)+" "+tt.client.URL[len(s.URL):], func(t *testing.T) {
			_, err := Run(t.Context(), Config{Clients: []Client{tt.client}, Timeout: 5 * time.Second}, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestFlight(t *testing.T) {
	start := time.Unix(1000, 0)
	tests := []struct {
		name   string
		sent   int
		expire int // as many are given up first
		echoes []string
		want   []error
		left   int
	}{
		{"in order", 3, 0, []string{"1", "2", "3"}, []error{nil, nil, nil}, 0},
		{"one lost", 3, 0, []string{"1", "3"}, []error{nil, nil}, 1},
		{"repeated at once", 2, 0, []string{"1", "1", "2"}, []error{nil, errRepeated, nil}, 0},
		{"repeated later", 2, 0, []string{"1", "2", "1"}, []error{nil, nil, errRepeated}, 0},
		{"reordered", 3, 0, []string{"2", "1", "3"}, []error{nil, errReordered, nil}, 0},
		{"backwards", 3, 0, []string{"3", "2", "1"}, []error{nil, errReordered, errReordered}, 0},
		{"altered", 2, 0, []string{"x", "2"}, []error{errAltered, nil}, 0},
		{"altered to a number", 2, 0, []string{"7", "2"}, []error{errAltered, nil}, 0},
		{"altered to nothing", 1, 0, []string{""}, []error{errAltered}, 0},
		{"altered behind a lost one", 3, 0, []string{"2", "x"}, []error{nil, errAltered}, 1},
		{"unasked", 1, 0, []string{"1", "2"}, []error{nil, errUnasked}, 0},
		{"late", 2, 1, []string{"1", "2"}, []error{errLate, nil}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f flight
			for i := range tt.sent {
				f.send(start.Add(time.Duration(i) * time.Second))
			}
			if n := len(f.expire(start.Add(time.Duration(tt.expire-1) * time.Second))); n != tt.expire {
				t.Errorf("%d expired, want %d", n, tt.expire)
			}
			for i, text := range tt.echoes {
				if _, err := f.echo([]byte(text), start); !errors.Is(err, tt.want[i]) {
					t.Errorf("echo %d: %v, want %v", i, err, tt.want[i])
				}
			}
			if len(f.waiting) != tt.left {
				t.Errorf("%d messages left, want %d", len(f.waiting), tt.left)
			}
		})
	}
}

// A message that was not written whole is lost unsent; the others that were under way with it are not.
func TestFailureOfAMessage(t *testing.T) {
	var f flight
	f.send(time.Now())
	f.send(time.Now())
	f.last().unsent = true
	for lost, want := range map[Failure][]Failure{EOF: {EOF, EOFUnsent}, Reset: {Reset, ResetUnsent}, Short: {Short, Short}} {
		for i, m := range f.waiting {
			if got := (&failure{lost, errNoEcho}).of(m).kind; got != want[i] {
				t.Errorf("message %d, on a connection that ended by %s: %s, want %s", i+1, lost, got, want[i])
			}
		}
	}
}
