package main

import (
	"fmt"
	"net/http"
	"time"
)

// slowest is shorter than the drain (75 s), so that a stop waits for any /slow.
const slowest = time.Minute

// slow replies after ?for= (2s if it is not said), sooner if the client goes.
func slow(w http.ResponseWriter, r *http.Request) {
	wait, err := durationIn(r, "for", 2*time.Second, 0, slowest)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := allow(w, wait+quickTimeout); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	select {
	case <-time.After(wait):
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "waited", wait)
	case <-r.Context().Done(): // the client has gone, or the drain is over
		http.Error(w, "stopped waiting: the client or the server goes away", http.StatusServiceUnavailable)
	}
}
