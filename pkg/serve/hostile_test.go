package serve

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nodrop/nodrop/scripts/rude"
)

// Whatever clients do to a server that has no time-outs of its own: its drain ends on time, and the polite ones beside them lose
// nothing. Those in the clear keep their one connection.
func TestRudeClientsHoldNobodyUp(t *testing.T) {
	const limit, each, polite = time.Second, 5, 8
	for _, proto := range protos {
		t.Run(proto, func(t *testing.T) {
			sock, held := sharedSocket(t), handoverSocket(t)
			start := func() (s *httpServer, drained func() <-chan struct{}) {
				srv := &http.Server{Handler: bigOr(text("hello"))}
				if proto == "http/1.1" {
					i := startInstance(t, sock, held, srv)
					return i.httpServer, func() <-chan struct{} {
						done := make(chan struct{})
						go func() { defer close(done); i.stop(limit) }()
						return done
					}
				}
				s = startOn(t, sock, proto, srv)
				return s, func() <-chan struct{} { return drainIn(s, limit, time.Second) }
			}
			current, drain := start()
			addr := current.addr()

			rudeStop, stop := make(chan struct{}), make(chan struct{})
			var rudes, load sync.WaitGroup
			number := 0
			for name, r := range rude.Clients(proto) {
				for range each {
					number++
					rudes.Go(func() {
						if err := r.Run(addr, proto, rudeStop); err != nil {
							t.Errorf("the client that %s: %v", name, err)
						}
					})
				}
			}
			var requests atomic.Int64
			for i := range polite {
				load.Go(func() {
					var err error
					if proto == "http/1.1" && i%2 == 0 {
						err = oneConnection(addr, stop, &requests)
					} else {
						err = hammer(addr, proto, i%2 == 0, stop, &requests)
					}
					if err != nil {
						t.Errorf("a polite client: %v", err)
					}
				})
			}
			waitRequests(t, &requests, 500)
			if open := current.open(); open < number/2 { // some have been shown the door
				t.Errorf("%d connections are open, of %d rude clients", open, number)
			}
			_, drainNext := start()
			began := time.Now()
			waitFor(t, "the drain", drain())
			const noise = 15 * time.Second
			if took := time.Since(began); took > limit+time.Second+noise {
				t.Errorf("the drain took %s", took)
			}
			if n := current.open(); n > 0 {
				t.Errorf("%d connections are open after the drain", n)
			}
			waitRequests(t, &requests, requests.Load()+500)
			close(stop)
			load.Wait()
			waitFor(t, "the next drain", drainNext())
			close(rudeStop)
			rudes.Wait()
		})
	}
}

// bigOr answers /big with more than any buffer holds.
func bigOr(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/big" {
			next.ServeHTTP(w, r)
			return
		}
		for chunk := make([]byte, 1<<20); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
}
