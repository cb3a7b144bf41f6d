package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestMetrics(t *testing.T) {
	m := newMeter()
	h := m.observe(quiet(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/early":
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusTeapot)
			w.WriteHeader(http.StatusOK) // too late
		case "/cut":
			panic(http.ErrAbortHandler)
		}
	}))
	for _, r := range []struct{ method, path string }{
		{"GET", "/"}, {"GET", "/"}, {"POST", "/early"}, {"BREW", "/"}, {"PUT", "/cut"},
	} {
		func() {
			defer func() { _ = recover() }() // /cut
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(r.method, r.path, nil))
		}()
	}

	rec := httptest.NewRecorder()
	m.handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`myapp_http_request_duration_seconds_count{code="200",method="GET"} 2`,
		`myapp_http_request_duration_seconds_count{code="418",method="POST"} 1`,
		`myapp_http_request_duration_seconds_count{code="200",method="other"} 1`,
		`myapp_http_requests_in_flight 0`,
		`myapp_build_info{version="` + version + `"} 1`,
		"nodrop_start_duration_seconds 0",
		"go_goroutines ",
		"process_open_fds ",
	} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	if strings.Contains(rec.Body.String(), "BREW") {
		t.Error("a client's word became a label")
	}
}

func TestRequestLog(t *testing.T) {
	tests := []struct {
		level slog.Level
		want  bool
	}{{slog.LevelDebug, true}, {slog.LevelInfo, false}}
	for _, tt := range tests {
		t.Run(tt.level.String(), func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: tt.level}))
			r := httptest.NewRequest("GET", "/x?token=secret", nil)
			r.Header.Set("Authorization", "Bearer secret")
			r.Header.Set("Cookie", "session=secret")
			newMeter().observe(log, http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
			if got := strings.Contains(out.String(), `"path":"/x"`) && strings.Contains(out.String(), `"code":404`); got != tt.want {
				t.Errorf("logged: %v, want %v: %s", got, tt.want, out.String())
			}
			if strings.Contains(out.String(), "secret") {
				t.Errorf("a secret was logged: %s", out.String())
			}
		})
	}
}
