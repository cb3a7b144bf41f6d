package carry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// handoverSocket listens as systemd would.
func handoverSocket(t *testing.T) (*net.UnixListener, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "handover")
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	t.Cleanup(func() { l.Close() })
	return l, path
}

// another is a second descriptor of the same listening socket.
func another(t *testing.T, l *net.UnixListener) *net.UnixListener {
	t.Helper()
	f, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.UnixListener)
}

// tcpPairs opens n connections; the servers' ends are to be carried.
func tcpPairs(t *testing.T, n int) (clients []net.Conn, servers []Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i := range n {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		s, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		clients = append(clients, c)
		servers = append(servers, Conn{s, "echo", fmt.Appendf(nil, "state %d", i)})
	}
	return clients, servers
}

// adopter collects what it is given.
type adopter struct {
	mu    sync.Mutex
	conns []Conn
	got   chan struct{}
}

// receive runs Receive until the end of the test or stop.
func receive(t *testing.T, l *net.UnixListener) (a *adopter, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	a = &adopter{got: make(chan struct{}, 10000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		Receive(ctx, l, slog.New(slog.DiscardHandler), func(kind string) bool { return kind == "echo" }, func(c Conn) {
			a.mu.Lock()
			a.conns = append(a.conns, c)
			a.mu.Unlock()
			a.got <- struct{}{}
		})
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(func() {
		stop()
		for _, c := range a.conns {
			if c.Conn != nil {
				c.Close()
			}
		}
	})
	return a, stop
}

func (a *adopter) wait(t *testing.T, n int) []Conn {
	t.Helper()
	for range n {
		select {
		case <-a.got:
		case <-time.After(20 * time.Second):
			t.Fatal("a connection did not arrive")
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.conns
}

// checkAlive sends a different line over each connection and expects it at the
// adopted end that has the matching state.
func checkAlive(t *testing.T, clients []net.Conn, adopted []Conn) {
	t.Helper()
	byState := map[string]Conn{}
	for _, c := range adopted {
		byState[string(c.State)] = c
	}
	for i, client := range clients {
		want := fmt.Sprintf("line %d", i)
		io.WriteString(client, want)
		server, ok := byState[fmt.Sprintf("state %d", i)]
		if !ok {
			t.Fatalf("connection %d was not adopted", i)
		}
		got := make([]byte, len(want))
		server.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.ReadFull(server, got); err != nil || string(got) != want {
			t.Fatalf("connection %d read %q, %v; want %q", i, got, err, want)
		}
	}
}

func mustDial(t *testing.T, path string, blind bool) *Sender {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s, err := Dial(ctx, path, blind)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestCarryToAnInstanceThatIsThere(t *testing.T) {
	l, path := handoverSocket(t)
	a, _ := receive(t, another(t, l))
	clients, servers := tcpPairs(t, 2*MaxBatch)
	s := mustDial(t, path, false)
	for _, half := range [][]Conn{servers[:MaxBatch], servers[MaxBatch:]} {
		if err := s.Send(half); err != nil {
			t.Fatal(err)
		}
	}
	checkAlive(t, clients, a.wait(t, len(servers)))
}

// A plain restart: the sender is gone before the receiver comes.
func TestBlindBatchesWaitInTheSocket(t *testing.T) {
	l, path := handoverSocket(t)
	clients, servers := tcpPairs(t, 3*50)
	s := mustDial(t, path, true)
	for i := 0; i < len(servers); i += 50 {
		if err := s.Send(servers[i : i+50]); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	a, _ := receive(t, another(t, l))
	checkAlive(t, clients, a.wait(t, len(servers)))
}

func TestNobodyThere(t *testing.T) {
	_, path := handoverSocket(t)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, path, false); !errors.Is(err, ErrNobody) {
		t.Errorf("Dial: %v, want ErrNobody", err)
	}
	if _, err := Dial(ctx, path+"x", false); err == nil || errors.Is(err, ErrNobody) {
		t.Errorf("Dial of no socket: %v", err)
	}
}

// What is thrown out of the socket is what was there, and not what another instance sends meanwhile.
func TestDiscardLeavesWhatComesLater(t *testing.T) {
	l, path := handoverSocket(t)
	question, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer question.Close()
	clients, servers := tcpPairs(t, 1)
	sent := make(chan error, 1)
	go func() {
		question.Read(make([]byte, 1)) // until it is thrown out
		s, err := Dial(context.Background(), path, true)
		if err == nil {
			err = s.Send(servers)
			s.Close()
		}
		sent <- err
	}()
	if err := Discard(another(t, l)); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	a, _ := receive(t, another(t, l))
	checkAlive(t, clients, a.wait(t, 1))
}

// An instance that is about to end may take a sender's connection and close it. The next one takes it up.
func TestNextInstanceAfterOneThatEnds(t *testing.T) {
	l, path := handoverSocket(t)
	receivers := make(chan func(), 1)
	go func() {
		if c, err := l.AcceptUnix(); err == nil {
			c.Close()
		}
		_, stop := receive(t, another(t, l))
		receivers <- stop
	}()
	s := mustDial(t, path, false)
	defer (<-receivers)()
	s.Close()
}

func TestRefusedKindStaysWithTheSender(t *testing.T) {
	l, path := handoverSocket(t)
	a, _ := receive(t, another(t, l))
	clients, servers := tcpPairs(t, 2)
	servers[1].Kind = "unheard of"
	s := mustDial(t, path, false)
	if err := s.Send(servers); !errors.Is(err, ErrRefused) {
		t.Fatalf("Send: %v", err)
	}
	checkAlive(t, clients, servers)
	// The others can go.
	if err := s.Send(servers[:1]); err != nil {
		t.Error(err)
	}
	checkAlive(t, clients[:1], a.wait(t, 1))
}

// Nor does a blind sender lose anything else by them.
func TestRefusedKindSentBlind(t *testing.T) {
	l, path := handoverSocket(t)
	clients, servers := tcpPairs(t, 2)
	unknown := Conn{servers[1].Conn, "unheard of", nil}
	s := mustDial(t, path, true)
	for _, c := range []Conn{unknown, servers[0]} {
		if err := s.Send([]Conn{c}); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	a, _ := receive(t, another(t, l))
	checkAlive(t, clients[:1], a.wait(t, 1))
}

// A receiver that dies, or hangs, before it answers: the connections stay.
func TestReceiverThatDoesNotAnswer(t *testing.T) {
	for _, tt := range []struct {
		name string
		then func(*net.UnixConn)
	}{
		{"dies", func(c *net.UnixConn) { c.Close() }},
		{"talks nonsense", func(c *net.UnixConn) { c.Write([]byte("hello?")) }},
		{"says too few", func(c *net.UnixConn) { c.Write(answer(1)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, path := handoverSocket(t)
			go func() {
				c, err := l.AcceptUnix()
				if err != nil {
					return
				}
				c.Write([]byte(magic))
				c.Read(make([]byte, maxMessage)) // descriptors are dropped by the kernel
				tt.then(c)
			}()
			clients, servers := tcpPairs(t, 2)
			if err := mustDial(t, path, false).Send(servers); err == nil {
				t.Fatal("Send succeeded")
			}
			checkAlive(t, clients, servers)
		})
	}
}

// A sender that has given up must not lose a connection that the receiver
// nevertheless took, nor leave both with it: whoever comes second sees it.
func TestAnswerAfterTheSenderGaveUp(t *testing.T) {
	l, path := handoverSocket(t)
	a := &adopter{got: make(chan struct{}, 10)}
	accepted := make(chan *net.UnixConn, 1)
	go func() {
		c, err := l.AcceptUnix()
		if err == nil {
			accepted <- c
		}
	}()
	clients, servers := tcpPairs(t, 1)
	sender, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	conn := <-accepted
	defer conn.Close()
	s := &Sender{conn: sender}
	b := batch{metas: []meta{{"echo", []byte("state 0")}}}
	if err := withDescriptors(servers, func(fds []int) error {
		_, _, err := sender.WriteMsgUnix(b.marshal(), rights(fds), nil)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	// The sender gives up: what awaitAnswer does at the end of its time.
	if err := s.conn.CloseRead(); err != nil {
		t.Fatal(err)
	}
	r := &receiver{conn, slog.New(slog.DiscardHandler), func(string) bool { return true }, func(c Conn) { a.conns = append(a.conns, c) }}
	if err := r.run(t.Context()); err == nil {
		t.Error("the receiver did not notice")
	}
	if len(a.conns) != 0 {
		t.Fatal("the receiver took a connection that the sender keeps")
	}
	checkAlive(t, clients, servers)
}

// And the other way round: an answer that was written just before counts.
func TestAnswerJustBeforeTheSenderGivesUp(t *testing.T) {
	l, path := handoverSocket(t)
	sender, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	conn, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(answer(1)); err != nil {
		t.Fatal(err)
	}
	if err := sender.CloseRead(); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 100)
	n, err := sender.Read(p)
	if count, perr := parseAnswer(p[:n]); err != nil || perr != nil || count != 1 {
		t.Errorf("read %q, %v, %v", p[:n], err, perr)
	}
}

func TestLimits(t *testing.T) {
	l, path := handoverSocket(t)
	receive(t, another(t, l))
	_, servers := tcpPairs(t, 1)
	for name, conns := range map[string][]Conn{
		"none":       nil,
		"too many":   make([]Conn, MaxBatch+1),
		"state":      {{servers[0].Conn, "echo", make([]byte, MaxState+1)}},
		"kind":       {{servers[0].Conn, strings.Repeat("k", MaxKind+1), nil}},
		"not a file": {{Conn: struct{ net.Conn }{}}},
	} {
		if err := mustDial(t, path, false).Send(conns); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := mustDial(t, path, false).Send([]Conn{{servers[0].Conn, strings.Repeat("k", MaxKind), nil}}); !errors.Is(err, ErrRefused) {
		t.Errorf("the largest kind: %v", err)
	}
	if err := mustDial(t, path, false).Send([]Conn{{servers[0].Conn, "echo", make([]byte, MaxState)}}); err != nil {
		t.Errorf("the largest state: %v", err)
	}
}

func TestHostileMessagesCostNothing(t *testing.T) {
	l, path := handoverSocket(t)
	a, _ := receive(t, another(t, l))
	before := openDescriptors(t)
	_, servers := tcpPairs(t, 1)
	good := batch{metas: []meta{{"echo", nil}}}.marshal()
	for _, p := range [][]byte{nil, {0}, []byte(magic), good[:len(good)-1], append(bytes.Clone(good), 0), []byte("nodrop2\n\x00\x00\x01"), make([]byte, maxMessage+1)} {
		c, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: path, Net: "unixpacket"})
		if err != nil {
			t.Fatal(err)
		}
		withDescriptors(servers, func(fds []int) error {
			_, _, err := c.WriteMsgUnix(p, rights(fds), nil)
			return err
		})
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		io.Copy(io.Discard, c) // until the receiver closes
		c.Close()
	}
	if len(a.conns) != 0 {
		t.Errorf("%d connections were adopted", len(a.conns))
	}
	servers[0].Close()
	for deadline := time.Now().Add(10 * time.Second); openDescriptors(t) > before+1; {
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors before, %d after", before, openDescriptors(t))
		}
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(fds)
}

func TestCheckUser(t *testing.T) {
	for _, tt := range []struct {
		peer, own int
		ok        bool
	}{{1000, 1000, true}, {0, 1000, true}, {1001, 1000, false}, {1000, 0, false}} {
		if err := checkUser(tt.peer, tt.own); (err == nil) != tt.ok {
			t.Errorf("checkUser(%d, %d) = %v", tt.peer, tt.own, err)
		}
	}
}
