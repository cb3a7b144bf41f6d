package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

type event struct{ id, data string }

// openEvents asks for a stream, and returns it with the reply.
func openEvents(t *testing.T, ts *httptest.Server, path, lastID string) (*bufio.Reader, *http.Response) {
	t.Helper()
	req, err := http.NewRequestWithContext(testContext(t), "GET", ts.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := ts.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return bufio.NewReader(resp.Body), resp
}

// nextEvent reads one event; the error is io.EOF at the stream's proper end.
func nextEvent(r *bufio.Reader) (e event, err error) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return e, err
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch {
		case field == "id":
			e.id = value
		case field == "data":
			e.data = value
		case field == "" && e.id != "":
			return e, nil
		}
	}
}

// readEvents reads n events and returns the last.
func readEvents(t *testing.T, ts *httptest.Server, path, lastID string, n int) (e event) {
	t.Helper()
	stream, resp := openEvents(t, ts, path, lastID)
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("%s: Content-Type %q", resp.Status, got)
	}
	for i := range n {
		var err error
		if e, err = nextEvent(stream); err != nil {
			t.Fatalf("after %d events: %v", i, err)
		}
	}
	return e
}

func TestEvents(t *testing.T) {
	ts := startTestServer(t)
	tests := []struct{ name, lastID, want string }{
		{"from the start", "", "3"},
		{"where it was cut", "41", "44"},
		{"broken id", "x", "3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := readEvents(t, ts, "/events?every=10ms", tt.lastID, 3)
			var data struct {
				N       json.Number
				Version string
			}
			if err := json.Unmarshal([]byte(e.data), &data); err != nil {
				t.Fatalf("%v: %s", err, e.data)
			}
			if e.id != tt.want || data.N.String() != tt.want || data.Version != version {
				t.Errorf("third event: %+v, want number %s", e, tt.want)
			}
		})
	}
	t.Run("every nonsense", func(t *testing.T) {
		resp, body := do(t, ts.Client(), "GET", ts.URL+"/events?every=1ms", nil)
		if resp.StatusCode != 400 || !strings.Contains(body, "want a duration from 10ms to 1m0s") {
			t.Errorf("got %d %q", resp.StatusCode, body)
		}
	})
}

// When the drain is over, a stream ends as a reply does, not as a broken one.
func TestEventsEndAtShutdown(t *testing.T) {
	ts := startTestServer(t)
	stream, _ := openEvents(t, ts, "/events?every=1m", "")
	if _, err := nextEvent(stream); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if err := ts.Config.Shutdown(ctx); err != nil {
		t.Errorf("the stream held the shutdown up: %v", err)
	}
	if rest, err := io.ReadAll(stream); err != nil || len(rest) != 0 {
		t.Errorf("the stream ended with %q and %v, want nothing and a proper end", rest, err)
	}
}
