package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// limit bounds every wait in these tests; none should come near it.
const limit = 20 * time.Second

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newTestServer returns the service on a free port of loopback, not started.
func newTestServer(t *testing.T) *httptest.Server {
	t.Helper()
	ts := httptest.NewUnstartedServer(nil)
	ts.Config = newServer("", named(newMeter().observe(quiet(), routes())), quiet())
	t.Cleanup(ts.Close)
	return ts
}

// startTestServer returns it started, in clear text.
func startTestServer(t *testing.T) *httptest.Server {
	t.Helper()
	ts := newTestServer(t)
	ts.Start()
	return ts
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// do sends a request and returns the response, its body read.
func do(t *testing.T, c *http.Client, method, url string, body io.Reader) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(testContext(t), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("reading the reply to %s %s: %v", method, url, err)
	}
	return resp, string(text)
}
