package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/nodrop/nodrop/pkg/serve"
)

// kindEvents is the name under which event streams go to another instance.
const kindEvents = "events"

// events streams server-sent events (HTML standard, section 9.2) with the
// numbers 1, 2, 3 … one every second, or every ?every=. A client that was cut
// off sends Last-Event-ID and goes on where it was, on whichever instance
// answers.
//
// In an upgrade a stream in the clear goes on in the next instance, on the same
// connection. Any other ends, in good form, when the drain is over.
func events(w http.ResponseWriter, r *http.Request) {
	every, err := durationIn(r, "every", time.Second, 10*time.Millisecond, time.Minute)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	// A broken or missing id is 0: the stream begins anew.
	last, _ := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 63)
	s := &stream{Last: last, Every: every}

	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	if r.ProtoMajor == 1 && r.TLS == nil {
		if conn, err := hijackStream(w); err == nil {
			s.live(r.Context(), conn)
		}
		return
	}
	fmt.Fprint(w, retry)
	s.run(r.Context(), nil, func(event []byte) error {
		if err := allow(w, every+stallTimeout); err != nil {
			return err
		}
		if _, err := w.Write(event); err != nil {
			return err
		}
		return http.NewResponseController(w).Flush()
	})
}

// retry tells a client how soon to come back after a cut, in ms.
const retry = "retry: 1000\n\n"

// hijackStream takes the connection over, and writes the head of a reply that
// goes on until the connection is closed: a stream without chunks, which
// another process can go on with in the middle.
func hijackStream(w http.ResponseWriter) (net.Conn, error) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "this connection cannot stream", http.StatusInternalServerError)
		return nil, err
	}
	head := "HTTP/1.1 200 OK\r\nConnection: close\r\n"
	for name := range w.Header() {
		head += name + ": " + w.Header().Get(name) + "\r\n"
	}
	if err := writeEvent(conn, []byte(head+"\r\n"+retry)); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// stream is where an event stream is.
type stream struct {
	Last  uint64        // the number of the last event that was sent
	Every time.Duration // between two events
}

// run sends events until ctx ends or the client is gone, upon which it returns
// false, or until leaving is closed, upon which it returns true. No event is
// half written then.
func (s *stream) run(ctx context.Context, leaving <-chan struct{}, write func([]byte) error) (leave bool) {
	tick := time.NewTicker(s.Every)
	defer tick.Stop()
	for {
		n := s.Last + 1
		if err := write(fmt.Appendf(nil, "id: %d\ndata: {\"n\":%d,\"version\":%q}\n\n", n, n, version)); err != nil {
			return false
		}
		s.Last = n
		select {
		case <-tick.C:
		case <-leaving:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// live runs the stream on a connection of its own, which it closes or passes
// on.
func (s *stream) live(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	conn.SetReadDeadline(time.Time{})
	leaving := serve.Leaving(conn)
	for s.run(ctx, leaving, func(event []byte) error { return writeEvent(conn, event) }) {
		state, err := json.Marshal(s)
		if err == nil && serve.Pass(conn, kindEvents, state) == nil {
			return
		}
		leaving = nil // nobody takes it: it stays until ctx ends
	}
}

func writeEvent(conn net.Conn, event []byte) error {
	conn.SetWriteDeadline(time.Now().Add(stallTimeout))
	_, err := conn.Write(event)
	return err
}

// adoptEvents goes on with a stream of an earlier instance.
func adoptEvents(ctx context.Context, conn net.Conn, state []byte) {
	var s stream
	if err := json.Unmarshal(state, &s); err != nil || s.Every <= 0 {
		conn.Close()
		return
	}
	s.live(ctx, conn)
}
