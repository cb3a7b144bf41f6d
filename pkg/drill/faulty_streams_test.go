package drill

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// twist is what a streaming server does to one message or event.
type twist int

const (
	straight  twist = iota
	lose            // it never comes
	repeat          // it comes twice
	swap            // it comes after the next one
	alter           // it comes with something else in it
	odd             // the same, with a number that was never sent
	ping            // a ping comes before it
	cut             // FIN instead of it
	rst             // RST instead of it
	part            // half of it, then FIN
	away            // it comes, then the end with a word
	fault1011       // it comes, then a close frame that tells of a fault
	slow            // it comes later by pause
	mute            // nothing comes until the client leaves
)

// ends reports whether the connection ends with it, so that the client opens another.
func (tw twist) ends() bool {
	return tw == cut || tw == rst || tw == part || tw == away || tw == fault1011 || tw == mute
}

// pause is long beside what a busy machine makes of an event every 5 ms.
const pause = time.Second

// streaming is a server of WebSockets, at /ws, and of event streams, at /events and /chunked, that twists
// exactly as many messages as it is told.
type streaming struct {
	*httptest.Server
	twists  chan twist
	good    atomic.Int64 // messages and events that came straight
	dropped atomic.Int64 // messages that came after the server's end of the connection
	most    atomic.Int64 // messages that a client sent without waiting, where a slow one was met
	open    atomic.Int64 // connections
	opened  atomic.Int64 // connections so far
	resumed atomic.Int64 // requests with a Last-Event-ID
}

func newStreaming(t *testing.T) *streaming {
	t.Helper()
	s := &streaming{twists: make(chan twist, 100)}
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", s.echo)
	mux.HandleFunc("/events", s.events)
	mux.HandleFunc("/chunked", s.events)
	mux.HandleFunc("/unnumbered", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: x\n\n")
	})
	mux.HandleFunc("/empty", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/event-stream") })
	mux.HandleFunc("/page", func(http.ResponseWriter, *http.Request) {})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *streaming) twist() twist {
	select {
	case tw := <-s.twists:
		return tw
	default:
		return straight
	}
}

// inject is a command that twists n messages of the clients, one after the other, and ends when all are twisted, the clients
// have the connections again that this cost them, and some more were straight.
func (s *streaming) inject(clients int64, tw twist, n int) func(context.Context) error {
	return func(context.Context) error {
		// The server may not have noticed yet that the stream before the drill is over.
		if err := within(time.Minute, func() bool { return s.open.Load() == clients }); err != nil {
			return err
		}
		for range n {
			opened := s.opened.Load()
			if tw.ends() {
				opened++
			}
			s.twists <- tw
			if err := within(time.Minute, func() bool { return len(s.twists) == 0 && s.opened.Load() >= opened }); err != nil {
				return err
			}
			good := s.good.Load()
			if err := within(time.Minute, func() bool { return s.good.Load() >= good+10 }); err != nil {
				return err
			}
		}
		return nil
	}
}

// events sends an event every 5 ms: chunked if the path says so, else until the connection is closed.
func (s *streaming) events(w http.ResponseWriter, r *http.Request) {
	s.opened.Add(1)
	s.open.Add(1)
	defer s.open.Add(-1)
	out, conn := io.Writer(w), net.Conn(nil)
	flush := http.NewResponseController(w).Flush
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("X-Version", "1")
	if r.URL.Path == "/events" {
		var err error
		if conn, _, err = http.NewResponseController(w).Hijack(); err != nil {
			return
		}
		defer conn.Close()
		out, flush = conn, func() error { return nil }
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Version: 1\r\n\r\n")
	}
	last, err := strconv.Atoi(r.Header.Get("Last-Event-ID"))
	if err == nil {
		s.resumed.Add(1)
	}
	for n := last + 1; ; n++ {
		event := func(n int) error {
			if _, err := fmt.Fprintf(out, ": comment\n\nid: %d\nretry: 1\ndata: {\"n\":%d}\n\n", n, n); err != nil {
				return err
			}
			return flush()
		}
		tw := s.twist()
		switch tw {
		case lose:
			continue
		case repeat:
			event(n)
		case swap:
			event(n + 1)
			event(n)
			n++
			continue
		case alter:
			fmt.Fprintf(out, "id: x%d\ndata: x\n\n", n)
			continue
		case cut:
			if conn == nil {
				panic(http.ErrAbortHandler)
			}
			return
		case rst:
			conn.(*net.TCPConn).SetLinger(0)
			return
		case part:
			fmt.Fprintf(out, "id: %d\nda", n)
			return
		case away:
			return
		case slow:
			time.Sleep(pause)
		case mute:
			io.Copy(io.Discard, conn)
			return
		}
		if event(n) != nil {
			return
		}
		if tw == straight {
			s.good.Add(1)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-r.Context().Done():
			return
		}
	}
}
