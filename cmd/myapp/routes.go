package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// routes returns what the service answers to.
func routes() http.Handler {
	uploads := upload{limit: 1 << 30, stall: stallTimeout}
	mux := http.NewServeMux()
	mux.Handle("/{$}", home()) // any method, for load that posts
	mux.HandleFunc("GET /healthz", healthz)
	mux.HandleFunc("GET /slow", slow)
	mux.Handle("POST /upload", uploads)
	mux.Handle("PUT /upload", uploads)
	mux.HandleFunc("GET /download", download)
	mux.HandleFunc("GET /events", events)
	mux.HandleFunc("GET /ws", echo)
	return mux
}

// healthz says that the process answers. Whether it can serve at all was the
// readiness check's question, before the first connection was accepted.
func healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

// writeJSON replies with v.
func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v) // an error is the client's absence: nobody to tell
}

// durationIn reads the query's parameter name, a Go duration ("2s", "300ms")
// from least to most; without it, it is fallback. What is wrong with it comes
// as an error to show to the client.
func durationIn(r *http.Request, name string, fallback, least, most time.Duration) (time.Duration, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return fallback, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < least || d > most {
		return 0, fmt.Errorf("%s=%q: want a duration from %s to %s, such as %s", name, text, least, most, fallback)
	}
	return d, nil
}
