package serve

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nodrop/nodrop/pkg/carry"
)

// counter is a long-lived connection with a state: it answers each line with
// the number of lines so far, and lets go of the connection between two lines.
type counter struct{ lines int }

func (c *counter) serve(conn net.Conn, ahead []byte) {
	defer conn.Close() // nothing, once it is passed on
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-Leaving(conn):
			conn.SetReadDeadline(time.Unix(1, 0)) // ends the read below
		case <-stop:
		}
	}()
	r := bufio.NewReader(io.MultiReader(bytes.NewReader(ahead), conn))
	for {
		line, err := r.ReadString('\n')
		if errors.Is(err, os.ErrDeadlineExceeded) {
			// What was read of the next line goes along.
			conn.SetReadDeadline(time.Time{})
			if err := Pass(conn, "counter", fmt.Appendf(nil, "%d %s", c.lines, line)); err != nil {
				c.lines = -1000 // seen by the test
				c.serve(conn, []byte(line))
			}
			return
		}
		if err != nil {
			return
		}
		c.answer(conn, line)
	}
}

func (c *counter) answer(w io.Writer, line string) {
	c.lines++
	fmt.Fprintf(w, "%d %s", c.lines, line)
}

// counterServer starts counters by an upgrade of HTTP, and goes on with those
// of an earlier instance.
func counterServer(t *testing.T) (*http.Server, *adopted) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: counter\r\n\r\n")
		ahead, _ := rw.Reader.Peek(rw.Reader.Buffered())
		new(counter).serve(conn, ahead)
	})
	return &http.Server{Handler: handler}, newAdopted("counter", func(_ context.Context, conn net.Conn, state []byte) {
		number, ahead, _ := strings.Cut(string(state), " ")
		var c counter
		fmt.Sscan(number, &c.lines)
		c.serve(conn, []byte(ahead))
	})
}

// A long-lived connection crosses ten hand-overs with its state, and with lines
// on the wire at every one of them.
func TestPassAndAdopt(t *testing.T) {
	sock, held := sharedSocket(t), handoverSocket(t)
	srv, more := counterServer(t)
	current := startInstance(t, sock, held, srv, more)
	c, err := net.Dial("tcp", current.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(60 * time.Second))
	r := bufio.NewReader(c)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: counter\r\n\r\nfirst\n")
	if _, err := http.ReadResponse(r, nil); err != nil {
		t.Fatal(err)
	}
	n := 0
	expect := func(line string) {
		t.Helper()
		n++
		if got, err := r.ReadString('\n'); err != nil || got != fmt.Sprintf("%d %s\n", n, line) {
			t.Fatalf("line %d: %q, %v", n, got, err)
		}
	}
	expect("first")
	for g := range 10 {
		srv, more := counterServer(t)
		next := startInstance(t, sock, held, srv, more)
		current.h.hello = patience
		io.WriteString(c, "before\nha")
		done := make(chan struct{})
		go func() { defer close(done); current.stop(30 * time.Second) }()
		io.WriteString(c, "lf\n")
		waitFor(t, fmt.Sprintf("hand-over %d", g), done)
		io.WriteString(c, "after\n")
		expect("before")
		expect("half")
		expect("after")
		current = next
	}
	c.Close()
	current.stop(30 * time.Second)
}

// Where nobody adopts, the connection stays with the program.
func TestPassWithoutANextInstance(t *testing.T) {
	sock, held := sharedSocket(t), handoverSocket(t)
	refused := make(chan error, 1)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		refused <- Pass(conn, "unheard of", nil)
		io.WriteString(conn, "still here\n")
		conn.Close()
	})}
	first := startInstance(t, sock, held, srv)
	c, err := net.Dial("tcp", first.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: t\r\n\r\n")
	waitOpen(t, first.httpServer, 1)
	done := make(chan struct{})
	go func() { defer close(done); first.stop(30 * time.Second) }()
	select {
	case err := <-refused:
		if err == nil {
			t.Error("Pass succeeded")
		}
	case <-time.After(30 * time.Second):
		t.Fatal("Pass does not return")
	}
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || line != "still here\n" {
		t.Errorf("read %q, %v", line, err)
	}
	waitFor(t, "the end", done)
}

// A kind that the next instance does not know stays, and takes nobody else with it.
func TestPassOfAKindThatIsRefused(t *testing.T) {
	sock, held := sharedSocket(t), handoverSocket(t)
	refused, release := make(chan error, 1), make(chan struct{})
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			io.WriteString(w, "slow")
			w.(http.Flusher).Flush()
			<-release
			return
		}
		if r.URL.Path != "/live" {
			text("1").ServeHTTP(w, r)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "live\n")
		<-Leaving(conn)
		refused <- Pass(conn, "unheard of", nil)
		bufio.NewReader(conn).ReadString('\n')
		io.WriteString(conn, "still here\n")
	})}
	first := startInstance(t, sock, held, srv)
	live := mustDial(t, first.addr(), "http/1.1").(*h1client)
	live.SetDeadline(time.Now().Add(60 * time.Second))
	io.WriteString(live, "GET /live HTTP/1.1\r\nHost: t\r\n\r\n")
	if line, err := live.r.ReadString('\n'); err != nil || line != "live\n" {
		t.Fatalf("read %q, %v", line, err)
	}
	busy := mustDial(t, first.addr(), "http/1.1").(*h1client) // leaves only after the other was refused
	busy.SetDeadline(time.Now().Add(30 * time.Second))
	io.WriteString(busy, "GET /slow HTTP/1.1\r\nHost: t\r\n\r\n")
	slow, err := http.ReadResponse(busy.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	second := startInstance(t, sock, held, numbered(2))
	first.h.hello = patience
	done := make(chan struct{})
	go func() { defer close(done); first.stop(30 * time.Second) }()
	select {
	case err := <-refused:
		if !errors.Is(err, carry.ErrRefused) {
			t.Errorf("Pass: %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("Pass does not return")
	}
	close(release)
	if reply, err := readReply(slow); err != nil || reply != "slow" {
		t.Fatalf("reply %q, %v", reply, err)
	}
	for reply := ""; reply != "2 x"; { // soon
		var last bool
		if reply, last, err = busy.do("POST", "/", "x"); err != nil || last {
			t.Fatalf("reply %q, last=%v, %v", reply, last, err)
		}
	}
	io.WriteString(live, "\n")
	if line, err := live.r.ReadString('\n'); err != nil || line != "still here\n" {
		t.Errorf("read %q, %v", line, err)
	}
	waitFor(t, "the end", done)
	busy.close()
	second.stop(30 * time.Second)
}

func TestPassOfAForeignConnection(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if Leaving(a) != nil {
		t.Error("a connection of somebody else's may leave")
	}
	if err := Pass(a, "x", nil); err == nil {
		t.Error("Pass succeeded")
	}
}
