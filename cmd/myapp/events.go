package main

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// events streams server-sent events (HTML standard, section 9.2) with the
// numbers 1, 2, 3 … one every second, or every ?every=. A client that was cut
// off sends Last-Event-ID and goes on where it was, on whichever instance
// answers. The stream ends, in good form, when the drain is over.
func events(w http.ResponseWriter, r *http.Request) {
	every, err := durationIn(r, "every", time.Second, 10*time.Millisecond, time.Minute)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	// A broken or missing id is 0: the stream begins anew.
	last, _ := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 63)

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprint(w, "retry: 1000\n\n") // ms: how soon to come back after a cut
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := last + 1; ; n++ {
		if err := allow(w, every+stallTimeout); err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "id: %d\ndata: {\"n\":%d,\"version\":%q}\n\n", n, n, version); err != nil {
			return
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}
