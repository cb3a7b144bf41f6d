package serve

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkRequest is the cost of serve.Run on every request and connection: the
// same handler and clients, on the bare http.Server and as Run has it. They take
// turns every few milliseconds, so that the noise of the machine is the same for both.
// throughput and p99 are Run's as multiples of the bare server's.
func BenchmarkRequest(b *testing.B) {
	for name, keepAlive := range map[string]bool{"keepalive": true, "fresh": false} {
		b.Run(name, func(b *testing.B) {
			run := func(b *testing.B, l net.Listener) { served(b, l, &httpServer{srv: &http.Server{Handler: hello}}) }
			ours, base := newSide(b, run, keepAlive), newSide(b, bare, keepAlive)
			const turn = 400
			var ratios []float64
			for n := 0; n < b.N || n < 2*turn; n += turn {
				first, second := ours, base
				if n/turn%2 == 1 {
					first, second = base, ours
				}
				first.turn(b, turn)
				second.turn(b, turn)
				ratios = append(ratios, float64(base.last)/float64(ours.last))
			}
			b.ReportMetric(float64(base.total.Nanoseconds())/float64(base.requests()), "base-ns/op")
			b.ReportMetric(float64(ours.total.Nanoseconds())/float64(ours.requests()), "ours-ns/op")
			b.ReportMetric(quantile(ratios, 0.5), "throughput")
			b.ReportMetric(float64(base.quantile(0.99)), "base-p99-ns")
			b.ReportMetric(float64(ours.quantile(0.99)), "ours-p99-ns")
			b.ReportMetric(float64(ours.quantile(0.99))/float64(base.quantile(0.99)), "p99")
		})
	}
}

func bare(b *testing.B, l net.Listener) {
	srv := &http.Server{Handler: hello}
	go srv.Serve(l)
	b.Cleanup(func() { srv.Close() })
}

func served(b *testing.B, l net.Listener, s *httpServer) {
	s.socket, s.listeners = "http", []net.Listener{l}
	if err := s.prepare(); err != nil {
		b.Fatal(err)
	}
	s.start(nil, func(error) {})
	b.Cleanup(func() { s.draining.Store(true); s.close(); s.srv.Close() })
}

// A side is a server with its clients.
type side struct {
	addr      string
	keepAlive bool
	clients   [8]client
	waits     [8][]time.Duration
	last      time.Duration // of the last turn
	total     time.Duration
}

func newSide(b *testing.B, serve func(*testing.B, net.Listener), keepAlive bool) *side {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	serve(b, l)
	return &side{addr: l.Addr().String(), keepAlive: keepAlive}
}

// turn has the clients send n requests together.
func (s *side) turn(b *testing.B, n int) {
	begun := time.Now()
	var all sync.WaitGroup
	for i := range s.clients {
		all.Go(func() {
			for range n / len(s.clients) {
				sent := time.Now()
				if err := s.request(&s.clients[i]); err != nil {
					b.Error(err)
					return
				}
				s.waits[i] = append(s.waits[i], time.Since(sent))
			}
		})
	}
	all.Wait()
	s.last = time.Since(begun)
	s.total += s.last
}

func (s *side) request(c *client) (err error) {
	if *c == nil {
		if *c, err = dial(s.addr, "http/1.1"); err != nil {
			return err
		}
	}
	_, _, err = (*c).do("GET", "/", "")
	if !s.keepAlive {
		(*c).close()
		*c = nil
	}
	return err
}

func (s *side) requests() int { return len(slices.Concat(s.waits[:]...)) }

func (s *side) quantile(q float64) time.Duration { return quantile(slices.Concat(s.waits[:]...), q) }

func quantile[T time.Duration | float64](values []T, q float64) T {
	slices.Sort(values)
	return values[int(q*float64(len(values)-1))]
}

// BenchmarkHandshake is what a TLS client pays for a new connection when it
// resumes, as it can in the next instance, and when it cannot, in turn.
func BenchmarkHandshake(b *testing.B) {
	cert, key := writeCertificate(b, b.TempDir(), "test")
	c, err := newCertificate(cert, key, slog.Default())
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	served(b, l, &httpServer{tls: true, srv: &http.Server{Handler: hello, TLSConfig: c.config(nil)}})
	full := &tls.Config{InsecureSkipVerify: true}
	resuming := &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	handshake := func(cfg *tls.Config) time.Duration {
		raw, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer raw.Close()
		begun := time.Now()
		conn := tls.Client(raw, cfg)
		if err := conn.Handshake(); err != nil {
			b.Fatal(err)
		}
		took := time.Since(begun)
		newH1Client(conn).do("GET", "/", "") // the ticket comes before the reply
		return took
	}
	handshake(resuming)
	var ours, base []time.Duration
	for b.Loop() {
		ours, base = append(ours, handshake(resuming)), append(base, handshake(full))
	}
	b.ReportMetric(float64(quantile(base, 0.5)), "full-ns")
	b.ReportMetric(float64(quantile(ours, 0.5)), "resumed-ns")
	b.ReportMetric(float64(quantile(ours, 0.5))/float64(quantile(base, 0.5)), "handshake")
}

// BenchmarkHandOver is the whole hand-over of ten thousand idle keep-alive
// connections from one process to another, from SIGTERM to the end of the process.
func BenchmarkHandOver(b *testing.B) {
	const n = 10000
	f := newFleet(b, "http")
	current := f.instance(b, 0)
	idlers(b, f.addr(b, "http"), n)
	var took []time.Duration
	for number := 1; b.Loop(); number++ {
		next := f.instance(b, number)
		begun := time.Now()
		current.terminate(b)
		current.wantStopped(b)
		took = append(took, time.Since(begun))
		current = next
	}
	b.ReportMetric(float64(quantile(took, 0.5).Nanoseconds())/n, "handover-ns")
	current.terminate(b)
}

// BenchmarkWait is about keep-alive clients, each with a request every 20 ms, while
// instances, which are processes, follow each other: the longest wait during a
// hand-over against the wait that one in a thousand exceeds in quiet running.
func BenchmarkWait(b *testing.B) {
	f := newFleet(b, "http")
	addr := f.addr(b, "http")
	current := f.instance(b, 0)
	var m waitMeter
	stop := make(chan struct{})
	var load sync.WaitGroup
	for range 64 {
		load.Go(func() {
			if err := m.client(addr, stop); err != nil {
				b.Error(err)
			}
		})
	}
	quiet := m.during(func() { <-time.After(3 * time.Second) })
	var longest []time.Duration
	for n := 1; b.Loop(); n++ {
		next := f.instance(b, n)
		longest = append(longest, slices.Max(m.during(func() {
			current.terminate(b)
			current.wantStopped(b)
		})))
		current = next
	}
	close(stop)
	load.Wait()
	current.terminate(b)
	current.wantStopped(b)
	b.ReportMetric(float64(quantile(quiet, 0.999)), "quiet-p99.9-ns")
	b.ReportMetric(float64(quantile(longest, 0.5)), "longest-ns")
	b.ReportMetric(float64(quantile(longest, 0.5))/float64(quantile(quiet, 0.999)), "wait")
}

// waitMeter collects how long clients wait for their replies.
type waitMeter struct {
	mu    sync.Mutex
	waits []time.Duration
}

// during returns the waits that end while f runs, and a little later.
func (m *waitMeter) during(f func()) []time.Duration {
	m.mu.Lock()
	m.waits = nil
	m.mu.Unlock()
	f()
	<-time.After(200 * time.Millisecond) // whoever waits still
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.waits
}

// client keeps one connection.
func (m *waitMeter) client(addr string, stop <-chan struct{}) error {
	c, err := dial(addr, "http/1.1")
	if err != nil {
		return err
	}
	defer c.close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-tick.C:
		}
		sent := time.Now()
		if _, last, err := c.do("POST", "/", "x"); err != nil || last {
			return fmt.Errorf("last=%v, %w", last, err)
		}
		m.mu.Lock()
		m.waits = append(m.waits, time.Since(sent))
		m.mu.Unlock()
	}
}
