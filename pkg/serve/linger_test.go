package serve

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A client that goes on sending to a connection which has ended holds up nobody for longer than the time for lingering.
func TestLingerEnds(t *testing.T) {
	for name, every := range map[string]time.Duration{"sends without end": time.Second, "is silent": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				c := newH2Conn(ours)
				c.asked.Store(true)
				var client sync.WaitGroup
				client.Go(func() {
					for {
						if _, err := theirs.Write([]byte(pingFrame)); err != nil {
							return
						}
						time.Sleep(every)
					}
				})
				began := time.Now()
				c.linger()
				if took := time.Since(began); took > lingerTime+lingerTimeout || every > lingerTime && took > lingerTimeout {
					t.Errorf("lingered for %s", took)
				}
				if _, err := ours.Write([]byte("x")); err != io.ErrClosedPipe {
					t.Errorf("after it: %v, want a closed connection", err)
				}
				client.Wait()
			})
		})
	}
}

// A client that takes its reply slowly gets all of it, however long it takes, and says nothing meanwhile.
func TestLingerForASlowReader(t *testing.T) {
	for name, tc := range map[string]struct {
		takes time.Duration // what was sent
		stops time.Duration // it takes no more
		want  time.Duration
	}{
		"takes it all":        {2 * time.Minute, time.Hour, 2*time.Minute + lingerTimeout},
		"takes it in no time": {0, time.Hour, lingerTimeout},
		"takes half of it":    {2 * time.Minute, time.Minute, time.Minute + lingerTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				defer theirs.Close()
				c := newH2Conn(ours)
				c.asked.Store(true)
				began := time.Now()
				c.unsent = func() int { return int(max(tc.takes-min(time.Since(began), tc.stops), 0)) }
				c.linger()
				if took := time.Since(began); took < tc.want || took > tc.want+lingerTimeout {
					t.Errorf("lingered for %s, want %s", took, tc.want)
				}
			})
		})
	}
}

// What the kernel has yet to send is known, also under TLS.
func TestUnsent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	defer client.Close()
	c := tls.Server(newConns().add(accepted), nil)
	if n := unsent(c); n != 0 {
		t.Errorf("%d bytes, before any were sent", n)
	}
	until := func(what string, reached func(int) bool) {
		for deadline := time.Now().Add(20 * time.Second); !reached(unsent(c)); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s, and %d bytes are unsent", what, unsent(c))
			}
		}
	}
	const size = 64 << 20 // more than any buffer
	var server sync.WaitGroup
	defer server.Wait()
	server.Go(func() { accepted.Write(make([]byte, size)) })
	until("nobody reads", func(n int) bool { return n > 0 })
	if _, err := io.CopyN(io.Discard, client, size); err != nil {
		t.Fatal(err)
	}
	until("all was read", func(n int) bool { return n == 0 })
}

// A client that reads nothing cannot hold up the end of its connection.
func TestCloseWhileAWriteIsStuck(t *testing.T) {
	certFile, keyFile := writeCertificate(t, t.TempDir(), "test")
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	defer theirs.Close()
	shaken := make(chan error, 1)
	go func() { shaken <- tls.Client(theirs, clientTLS).Handshake() }()
	server := tls.Server(ours, &tls.Config{Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true})
	if err := errors.Join(server.Handshake(), <-shaken); err != nil {
		t.Fatal(err)
	}
	c := newH2Conn(server)
	c.asked.Store(true)
	stuck, ended := make(chan error, 1), make(chan struct{})
	go func() {
		_, err := c.Write([]byte(pingFrame))
		stuck <- err
	}()
	if _, err := theirs.Read(make([]byte, 1)); err != nil { // and nothing further
		t.Fatal(err)
	}
	go func() {
		defer close(ended)
		c.Close()
		c.linger()
	}()
	waitFor(t, "the end of the connection", ended)
	if err := <-stuck; err == nil {
		t.Error("nobody read, and yet it was written")
	}
}
