package serve

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// collector notes the datagrams that it reads.
type collector struct {
	mu   sync.Mutex
	got  map[string]int
	conn net.PacketConn
	over chan struct{}
}

func newCollector() *collector { return &collector{got: map[string]int{}, over: make(chan struct{})} }

func (c *collector) Serve(conn net.PacketConn) error {
	defer close(c.over)
	c.mu.Lock()
	c.conn = conn
	c.mu.Unlock()
	b := make([]byte, 100)
	for {
		n, _, err := conn.ReadFrom(b)
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.got[string(b[:n])]++
		c.mu.Unlock()
	}
}

func (c *collector) Shutdown(context.Context) error {
	c.mu.Lock()
	c.conn.SetReadDeadline(time.Unix(1, 0))
	c.mu.Unlock()
	<-c.over
	return nil
}

func (c *collector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.got)
}

// Datagrams that come while nobody reads are the next instance's.
func TestDatagramsSurviveARestart(t *testing.T) {
	held, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	file, err := held.(*net.UDPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	client, err := net.Dial("udp", held.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	sent := 0
	send := func(n int) {
		for range n {
			fmt.Fprintf(client, "%d", sent)
			sent++
		}
	}
	var all []*collector
	for range 5 {
		c := newCollector()
		all = append(all, c)
		s := startPacket(t, file, c)
		send(20)
		waitCount(t, all, sent)
		s.drain(t.Context(), time.Second)
		send(20) // to nobody
	}
	last := newCollector()
	s := startPacket(t, file, last)
	waitCount(t, append(all, last), sent)
	s.drain(t.Context(), time.Second)
	for _, c := range append(all, last) {
		for datagram, n := range c.got {
			if n != 1 {
				t.Errorf("%s was read %d times", datagram, n)
			}
		}
	}
}

func startPacket(t *testing.T, file *os.File, c *collector) *packetServer {
	t.Helper()
	conn, err := net.FilePacketConn(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &packetServer{socket: "udp", srv: c, socks: []net.PacketConn{conn}, log: slog.Default()}
	s.start(nil, func(err error) { t.Error(err) })
	return s
}

func waitCount(t *testing.T, all []*collector, want int) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		got := 0
		for _, c := range all {
			got += c.count()
		}
		if got == want {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d of %d datagrams were read", got, want)
		}
	}
}

// A Shutdown that ignores its context does not hold up the end.
func TestShutdownThatHangs(t *testing.T) {
	limit, cancel := context.WithCancel(t.Context())
	cancel()
	hang := make(chan struct{})
	defer close(hang)
	done := make(chan struct{})
	go func() {
		defer close(done)
		shutDown(func(context.Context) error { <-hang; return nil }, "x", slog.New(slog.DiscardHandler), limit, time.Millisecond)
	}()
	waitFor(t, "shutDown", done)
}
