package serve

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// handoverSocket is the part of systemd: it holds the socket that instances
// listen on one after the other.
func handoverSocket(t testing.TB) *net.UnixListener {
	t.Helper()
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "handover"), Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// instance is a server with a handover, as Run puts them together.
type instance struct {
	*httpServer
	h    *handover
	more []*adopted
}

func startInstance(t *testing.T, sock *os.File, held *net.UnixListener, srv *http.Server, more ...*adopted) *instance {
	t.Helper()
	f, err := held.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	h := newHandover(l.(*net.UnixListener), slog.New(slog.DiscardHandler), askSystemd)
	i := &instance{startWith(t, sock, "http/1.1", srv, h), h, more}
	servers := []server{i.httpServer}
	for _, a := range more {
		a.start(h, nil)
		servers = append(servers, a)
	}
	h.adopt((&life{servers: servers}).adopters())
	return i
}

// stop drains as life.drain does.
func (i *instance) stop(limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	i.h.halt()
	ended := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { i.drain(ctx, time.Second) })
	for _, a := range i.more {
		all.Go(func() { a.drain(ctx, time.Second) })
	}
	go func() { defer close(ended); all.Wait() }()
	i.h.run(ctx, ended)
	<-ended
	i.h.close()
}

// numbered answers with the instance's number and the request's body.
func numbered(n int) *http.Server { return &http.Server{Handler: text(fmt.Sprint(n))} }

// patience is for the hello of an instance that is there, however busy the
// machine is.
const patience = 30 * time.Second

// rollout replaces current by another instance, as the rollout unit does.
func rollout(t *testing.T, sock *os.File, held *net.UnixListener, current *instance, n int) *instance {
	t.Helper()
	next := startInstance(t, sock, held, numbered(n))
	current.h.hello = patience
	done := make(chan struct{})
	go func() { defer close(done); current.stop(30 * time.Second) }()
	waitFor(t, "the drain", done)
	return next
}

// Every client keeps its one connection through eight instances: it dials
// once, numbers its requests, and never retries.
func TestNoConnectionIsClosed(t *testing.T) {
	const instances, busy, idle = 8, 16, 200
	sock, held := sharedSocket(t), handoverSocket(t)
	current := startInstance(t, sock, held, numbered(0))
	addr := current.addr()

	var idlers []*h1client
	for range idle {
		idlers = append(idlers, mustDial(t, addr, "http/1.1").(*h1client))
	}
	waitOpen(t, current.httpServer, idle)
	stop := make(chan struct{})
	var requests atomic.Int64
	var load sync.WaitGroup
	for range busy {
		load.Go(func() {
			if err := oneConnection(addr, stop, &requests); err != nil {
				t.Error(err)
			}
		})
	}
	for n := 1; n < instances; n++ {
		waitRequests(t, &requests, int64(n)*100)
		current = rollout(t, sock, held, current, n)
		// A part of the idle ones speaks up after each hand-over.
		for i := n % 10; i < idle; i += 10 {
			want := fmt.Sprintf("%d speaks", n)
			if reply, last, err := idlers[i].do("POST", "/", "speaks"); err != nil || last || reply != want {
				t.Fatalf("idle connection %d after hand-over %d: %q, last=%v, %v", i, n, reply, last, err)
			}
		}
	}
	close(stop)
	load.Wait()
	t.Logf("%d requests", requests.Load())
	for _, c := range idlers {
		c.close()
	}
	current.stop(30 * time.Second)
}

// When systemd stops the service for good, nothing goes to the handover socket, whoever might be there: it would start the service
// again.
func TestNothingLeavesAServiceThatEnds(t *testing.T) {
	sock, held := sharedSocket(t), handoverSocket(t)
	i := startInstance(t, sock, held, numbered(0))
	i.h.outlook = func(context.Context, *slog.Logger) outlook { return ends }
	mustDial(t, i.addr(), "http/1.1")
	waitOpen(t, i.httpServer, 1)
	another := startInstance(t, sock, held, numbered(1))
	i.stop(100 * time.Millisecond)
	if n := another.open(); n > 0 {
		t.Errorf("%d connections came", n)
	}
	another.stop(100 * time.Millisecond)
}

// An instance of which systemd knows may be slow to answer, on a machine that is busy with the upgrade.
func TestAnotherInstanceMayBeSlow(t *testing.T) {
	sock, held := sharedSocket(t), handoverSocket(t)
	first := startInstance(t, sock, held, numbered(0))
	first.h.outlook = func(context.Context, *slog.Logger) outlook { return another }
	c := mustDial(t, first.addr(), "http/1.1")
	waitOpen(t, first.httpServer, 1)
	second := make(chan *instance, 1)
	time.AfterFunc(2*helloTime, func() { second <- startInstance(t, sock, held, numbered(1)) })
	first.stop(30 * time.Second)
	if reply, last, err := c.do("POST", "/", "x"); err != nil || last || reply != "1 x" {
		t.Errorf("reply %q, last=%v, %v", reply, last, err)
	}
	c.close()
	(<-second).stop(30 * time.Second)
}

// oneConnection sends numbered POSTs on one connection until stop.
func oneConnection(addr string, stop <-chan struct{}, requests *atomic.Int64) error {
	c, err := dial(addr, "http/1.1")
	if err != nil {
		return err
	}
	defer c.close()
	for n := 0; !isDone(stop); n++ {
		body := fmt.Sprint("request ", n)
		reply, last, err := c.do("POST", "/", body)
		if err != nil || last || !strings.HasSuffix(reply, body) {
			return fmt.Errorf("request %d: %q, last=%v, %v", n, reply, last, err)
		}
		requests.Add(1)
	}
	return nil
}

// Requests written in pieces of any size, several at a time, with hand-overs at
// any moment: each is answered once, in order.
func TestHandOverAtAnyByte(t *testing.T) {
	sock, held := sharedSocket(t), handoverSocket(t)
	current := startInstance(t, sock, held, numbered(0))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	const clients, bursts = 12, 300
	var load sync.WaitGroup
	addr := current.addr()
	for i := range clients {
		load.Go(func() {
			if err := dribble(addr, rand.New(rand.NewPCG(seed, uint64(i))), func(burst int) bool { return burst < bursts }); err != nil {
				t.Error(err)
			}
		})
	}
	over := make(chan struct{})
	go func() { defer close(over); load.Wait() }()
	n := 1
	for ; !isDone(over); n++ {
		current = rollout(t, sock, held, current, n)
	}
	t.Logf("%d hand-overs", n-1)
	if n < 10 {
		t.Errorf("only %d hand-overs happened meanwhile", n-1)
	}
	current.stop(30 * time.Second)
}

// dribble sends requests on one connection in bursts, each pipelined and in
// random pieces, and checks that the replies come in order.
func dribble(addr string, r *rand.Rand, more func(burst int) bool) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	replies := bufio.NewReader(c)
	for burst := 0; more(burst); burst++ {
		c.SetDeadline(time.Now().Add(60 * time.Second))
		count := 1 + r.IntN(4)
		written := make(chan error, 1)
		stream := burstOf(burst, count, r)
		cuts := rand.New(rand.NewPCG(r.Uint64(), 0))
		go func() { written <- writeInPieces(c, stream, cuts) }()
		for n := range count {
			resp, err := http.ReadResponse(replies, nil)
			if err != nil {
				return fmt.Errorf("reply %d.%d: %w", burst, n, err)
			}
			reply, err := readReply(resp)
			if err != nil || resp.Close || !strings.Contains(reply, fmt.Sprintf("body %d.%d ", burst, n)) {
				return fmt.Errorf("reply %d.%d: %.40q, close=%v, %v", burst, n, reply, resp.Close, err)
			}
		}
		if err := <-written; err != nil {
			return err
		}
	}
	return nil
}

func burstOf(burst, count int, r *rand.Rand) (stream []byte) {
	for n := range count {
		body := fmt.Sprintf("body %d.%d %s", burst, n, strings.Repeat("x", r.IntN(6000)))
		if r.IntN(3) == 0 {
			stream = fmt.Appendf(stream, "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
		} else {
			stream = fmt.Appendf(stream, "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		}
	}
	return stream
}

func writeInPieces(w io.Writer, stream []byte, r *rand.Rand) error {
	for len(stream) > 0 {
		size := 1 + r.IntN(2000)
		if r.IntN(4) == 0 {
			size = 1
		}
		piece := stream[:min(size, len(stream))]
		if _, err := w.Write(piece); err != nil {
			return err
		}
		stream = stream[len(piece):]
	}
	return nil
}

// Half a request's head stays with the instance that read it; the connection
// goes on to the next one behind the reply.
func TestHalfARequest(t *testing.T) {
	sock, held := sharedSocket(t), handoverSocket(t)
	first := startInstance(t, sock, held, numbered(1))
	c := mustDial(t, first.addr(), "http/1.1").(*h1client)
	if _, _, err := c.do("GET", "/", ""); err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: t\r\nContent-Le")
	waitRead(t, first)

	second := startInstance(t, sock, held, numbered(2))
	first.h.hello = patience
	done := make(chan struct{})
	go func() { defer close(done); first.stop(30 * time.Second) }()
	waitDraining(t, first.httpServer)
	io.WriteString(c, "ngth: 4\r\n\r\nhalf")
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := readReply(resp); err != nil || reply != "1 half" || resp.Close {
		t.Fatalf("reply %q, close=%v, %v", reply, resp.Close, err)
	}
	waitFor(t, "the first instance to end", done)
	if reply, _, err := c.do("POST", "/", "whole"); err != nil || reply != "2 whole" {
		t.Fatalf("reply %q, %v", reply, err)
	}
	c.close()
	second.stop(30 * time.Second)
}

// waitRead waits until the one connection has read part of a request.
func waitRead(t *testing.T, i *instance) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		all := i.conns.all()
		if len(all) == 1 {
			all[0].http.mu.Lock()
			phase := all[0].http.phase
			all[0].http.mu.Unlock()
			if phase == inRequest {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the request's beginning was not read")
		}
	}
}

// An idle connection that was carried keeps the idle time-out of a kept-alive
// connection, and is not taken for a new one that has to speak at once.
func TestCarriedConnectionMayStayIdle(t *testing.T) {
	sock, held := sharedSocket(t), handoverSocket(t)
	first := startInstance(t, sock, held, numbered(1))
	c := mustDial(t, first.addr(), "http/1.1")
	if _, _, err := c.do("GET", "/", ""); err != nil {
		t.Fatal(err)
	}
	srv := numbered(2)
	srv.ReadHeaderTimeout, srv.ReadTimeout, srv.IdleTimeout = 50*time.Millisecond, 100*time.Millisecond, time.Minute
	second := startInstance(t, sock, held, srv)
	first.h.hello = patience
	first.stop(30 * time.Second)
	waitOpen(t, second.httpServer, 1)
	// Longer than a new connection would get.
	idle := time.NewTimer(300 * time.Millisecond)
	defer idle.Stop()
	<-idle.C
	if reply, last, err := c.do("POST", "/", "later"); err != nil || last || reply != "2 later" {
		t.Fatalf("reply %q, last=%v, %v", reply, last, err)
	}
	c.close()
	second.stop(30 * time.Second)
}

// With nobody to adopt them, connections are drained politely.
func TestNobodyAdopts(t *testing.T) {
	sock, held := sharedSocket(t), handoverSocket(t)
	only := startInstance(t, sock, held, numbered(1))
	c := mustDial(t, only.addr(), "http/1.1")
	if _, _, err := c.do("GET", "/", ""); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); only.stop(30 * time.Second) }()
	waitDraining(t, only.httpServer)
	for deadline := time.Now().Add(20 * time.Second); ; {
		reply, last, err := c.do("POST", "/", "x")
		if err != nil || reply != "1 x" {
			t.Fatalf("reply %q, %v", reply, err)
		}
		if last {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the client is never asked to leave")
		}
	}
	c.close()
	waitFor(t, "the drain", done)
}

// An adopter that refuses gets nothing, and nobody else loses anything.
func TestRefusedConnectionsAreServedOn(t *testing.T) {
	sock, held := sharedSocket(t), handoverSocket(t)
	only := startInstance(t, sock, held, numbered(1))
	var clients []client
	for range 300 { // more than a batch
		c := mustDial(t, only.addr(), "http/1.1")
		if _, _, err := c.do("GET", "/", ""); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	other := &httpServer{socket: "another name"}
	f, err := held.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	adopter := newHandover(l.(*net.UnixListener), slog.New(slog.DiscardHandler), askSystemd)
	only.h.halt()
	adopter.adopt((&life{servers: []server{other}}).adopters())
	defer adopter.halt()

	only.h.hello = patience
	done := make(chan struct{})
	go func() { defer close(done); only.stop(30 * time.Second) }()
	waitDraining(t, only.httpServer)
	for i, c := range clients {
		if reply, _, err := c.do("POST", "/", "x"); err != nil || reply != "1 x" {
			t.Fatalf("connection %d: %q, %v", i, reply, err)
		}
		c.close()
	}
	waitFor(t, "the drain", done)
}
