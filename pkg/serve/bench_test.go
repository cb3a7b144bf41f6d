package serve

import (
	"net"
	"net/http"
	"testing"
)

// The cost of serve.Run on every request and connection: the same handler and
// clients, once on the bare http.Server and once as Run has it.

func BenchmarkBareKeepAlive(b *testing.B)  { benchmark(b, bare, true) }
func BenchmarkServeKeepAlive(b *testing.B) { benchmark(b, served, true) }
func BenchmarkBareFresh(b *testing.B)      { benchmark(b, bare, false) }
func BenchmarkServeFresh(b *testing.B)     { benchmark(b, served, false) }

func bare(b *testing.B, l net.Listener) (stop func()) {
	srv := &http.Server{Handler: hello}
	go srv.Serve(l)
	return func() { srv.Close() }
}

func served(b *testing.B, l net.Listener) (stop func()) {
	s := &httpServer{socket: "http", srv: &http.Server{Handler: hello}, listeners: []net.Listener{l}}
	if err := s.prepare(); err != nil {
		b.Fatal(err)
	}
	s.start(nil, func(error) {})
	return func() { s.draining.Store(true); s.close(); s.srv.Close() }
}

func benchmark(b *testing.B, serve func(*testing.B, net.Listener) func(), keepAlive bool) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer serve(b, l)()
	b.RunParallel(func(pb *testing.PB) {
		var c client
		for pb.Next() {
			if c == nil {
				if c, err = dial(l.Addr().String(), "http/1.1"); err != nil {
					b.Error(err)
					return
				}
			}
			if _, _, err := c.do("GET", "/", ""); err != nil {
				b.Error(err)
				return
			}
			if !keepAlive {
				c.close()
				c = nil
			}
		}
		if c != nil {
			c.close()
		}
	})
}
