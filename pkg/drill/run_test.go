package drill

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestCommandIsNotRun(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close() // nobody listens there now
	nobody := Client{Fresh, 1, "http://" + ln.Addr().String()}

	s := newFaulty(t)
	losing := newFaulty(t)
	losing.faults <- none // for the request before the drill
	losing.faults <- resetUnread
	plain := newSecure(t, nil)
	plain.TLS.NextProtos = []string{"http/1.1"}
	parting := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	parting.Config.SetKeepAlivesEnabled(false)
	parting.Start()
	t.Cleanup(parting.Close)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}

	tests := []struct {
		name    string
		clients []Client
		want    []string
	}{
		{"no server", []Client{nobody}, []string{nobody.URL, "fresh", "connection refused", "not run"}},
		{"one of two servers", []Client{{Post, 1, s.url()}, nobody}, []string{nobody.URL, "connection refused"}},
		{"loses before", []Client{{Post, 2, losing.url()}}, []string{"1 of", "requests failed", "post reset", "not run"}},
		{"no HTTP/2", []Client{{H2, 1, plain.URL}}, []string{plain.URL, "TLS handshake"}},
		{"no idle connections", []Client{{Idle, 1, parting.URL}}, []string{parting.URL, "keeps no connection", "without idle clients", "not run"}},
		{"too many clients", []Client{{Fresh, int(limit.Cur), s.url()}}, []string{"RLIMIT_NOFILE", "fewer clients"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Run(t.Context(), Config{Clients: tt.clients, Before: 300 * time.Millisecond, Timeout: 5 * time.Second},
				func(context.Context) error { t.Error("the command was run"); return nil })
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if r == nil || r.Error != err.Error() || !strings.HasPrefix(r.Verdict(), "NONE ") {
				t.Errorf("report %+v does not have the error %q", r, err)
			}
		})
	}
}

func TestCommandFails(t *testing.T) {
	s := newFaulty(t)
	r, err := Run(t.Context(), Config{Clients: []Client{{Post, 2, s.url()}}},
		func(context.Context) error { return errors.New("exit status 100") })
	if err != nil {
		t.Fatal(err)
	}
	if want := "FAIL the command failed (exit status 100); no request was lost"; r.Lost() || r.Verdict() != want {
		t.Errorf("Lost() = %v, %q, want %q", r.Lost(), r.Verdict(), want)
	}
}

func TestPhases(t *testing.T) {
	s := newFaulty(t)
	var progress bytes.Buffer
	r := drilled(t, Config{Clients: []Client{{Fresh, 2, s.url()}}, Rate: 100, Progress: &progress,
		Before: time.Second, After: time.Second}, quiet)
	// Paced by the rate: 100 a second of each client, and one as the phase begins; less on a busy machine.
	events := r.Timeline.Events
	for name, phase := range map[string]struct {
		Span
		length Millis
	}{"before": {r.Total.Before, events[0].At}, "after": {r.Total.After, r.Timeline.Length - events[1].At}} {
		span := phase.Span
		if most := 2 * (1 + 100*time.Duration(phase.length).Seconds()); span.Requests < 2 || float64(span.Requests) > most {
			t.Errorf("%s: %d requests, want up to %.0f", name, span.Requests, most)
		}
		if span.P50 == 0 || span.P50 > span.P99 || span.P99 > span.Longest {
			t.Errorf("%s: p50 %v, p99 %v, longest %v", name, span.P50, span.P99, span.Longest)
		}
	}
	if d := time.Duration(r.Command.Duration); d < 200*time.Millisecond {
		t.Errorf("the command took %v, want 200 ms or more", d)
	}
	if v := r.Versions; len(v.Before) != 1 || len(v.During) != 1 || len(v.After) != 1 || v.After[0] != "1" {
		t.Errorf("versions %+v, want 1 in each phase", v)
	}
	for _, want := range []string{"before: 2 clients for 1s", "during: ", "after: "} {
		if !strings.Contains(progress.String(), want) {
			t.Errorf("progress %q does not say %q", progress.String(), want)
		}
	}
}

// Every kind at work, broken off at each point: Run comes back, the command's context has ended, nothing counts as
// lost that the drill itself broke off, and no goroutine stays behind.
func TestBrokenOff(t *testing.T) {
	h1, tls, streams := newFaulty(t), newSecure(t, nil), newStreaming(t)
	h1.work.Store(int64(50 * time.Millisecond))
	cfg := Config{After: time.Minute}
	for _, kind := range Kinds() {
		url := h1.url()
		switch {
		case kind.needsTLS():
			url = tls.URL
		case kind == WebSocket:
			url = streams.URL + "/ws"
		case kind == Events:
			url = streams.URL + "/events"
		}
		cfg.Clients = append(cfg.Clients, Client{kind, 3, url})
	}
	interrupted := errors.New("interrupted by the test")
	tests := []struct {
		name    string
		when    string // the first word of the progress line upon which it is interrupted
		command func(context.Context) error
		ran     bool
	}{
		{"while asking", "asking", nil, false},
		{"before the command", "before:", nil, false},
		{"during the command", "during:", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, true},
		{"after the command", "after:", func(context.Context) error { return nil }, true},
	}
	for i, tt := range append(tests, tests...) {
		cfg.Model = Closed
		if i >= len(tests) {
			cfg.Model = Open
		}
		cfg.Before = time.Minute
		if tt.ran {
			cfg.Before = 200 * time.Millisecond
		}
		t.Run(tt.name+", "+string(cfg.Model), func(t *testing.T) {
			goroutines := runtime.NumGoroutine()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			cfg.Progress = trigger{"drill: " + tt.when, func() {
				time.AfterFunc(50*time.Millisecond, func() { cancel(interrupted) })
			}}
			ran := false
			began := time.Now()
			r, err := Run(ctx, cfg, func(ctx context.Context) error { ran = true; return tt.command(ctx) })
			if !errors.Is(err, interrupted) || ran != tt.ran {
				t.Errorf("error %v, command ran %v; want %v, %v", err, ran, interrupted, tt.ran)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			// The servers close nothing; but that of HTTP/2 gives a busy client 2 s for its first frame.
			for _, row := range r.Kinds {
				if row.Failed > 0 || row.Connections.Closed > 0 && row.Kind != H2 {
					t.Errorf("%s: %s %+v", row.Kind, row.losses(), r.Errors)
				}
			}
			h1.closeAll()
			tls.CloseClientConnections()
			if err := within(time.Minute, func() bool { return runtime.NumGoroutine() <= goroutines }); err != nil {
				stacks := make([]byte, 1<<20)
				t.Errorf("goroutines left behind:\n%s", stacks[:runtime.Stack(stacks, true)])
			}
		})
	}
}

// trigger calls a function when a line begins with a prefix.
type trigger struct {
	prefix string
	pull   func()
}

func (w trigger) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte(w.prefix)) {
		w.pull()
	}
	return len(p), nil
}
