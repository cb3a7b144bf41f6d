package serve

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A slowpoke is a client that a rollout finds in the middle of a request.
type slowpoke struct {
	name       string
	head, tail string // what it sends before and after the switch
	proceed    bool   // it gets 100 Continue between them
	request    bool   // the old instance finishes it, having read its beginning
}

const post = "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n"

var slowpokes = []slowpoke{
	{name: "silent", tail: post + "\r\nbody"},
	{name: "half a head", head: post[:20], tail: post[20:] + "\r\nbody", request: true},
	{name: "a byte of a head", head: post[:1], tail: post[1:] + "\r\nbody", request: true},
	{name: "half a body", head: post + "\r\nbo", tail: "dy", request: true},
	{name: "100-continue", head: post + "Expect: 100-continue\r\n\r\n", tail: "body", proceed: true, request: true},
	{name: "pipelined", head: post + "\r\nbody" + post + "\r\nbo", tail: "dy", request: true},
}

// Twenty rollouts, every instance a process. On one connection each, no client
// of any kind is closed, is asked to leave, loses a byte or gets somebody else's.
func TestTwentyRolloutsOfProcesses(t *testing.T) {
	const rollouts, busy, idle = 20, 64, 100
	f := newFleet(t, "http")
	addr := f.addr(t, "http")
	current := f.instance(t, 0)

	var idlers []*h1client
	for range idle {
		idlers = append(idlers, mustDial(t, addr, "http/1.1").(*h1client))
	}
	slow, finished := map[slowpoke]*h1client{}, map[string]int{}
	for _, s := range slowpokes {
		slow[s] = mustDial(t, addr, "http/1.1").(*h1client)
	}
	stop := make(chan struct{})
	var requests atomic.Int64
	var load sync.WaitGroup
	client := func(run func() error) {
		load.Go(func() {
			if err := run(); err != nil {
				t.Error(err)
			}
		})
	}
	for i := range busy {
		client(func() error { return oneConnection(addr, stop, &requests) })
		if i < 8 {
			client(func() error { return byteByByte(addr, stop) })
			client(func() error {
				return dribble(addr, rand.New(rand.NewPCG(rand.Uint64(), 0)), func(int) bool { return !isDone(stop) })
			})
		}
	}
	for n := 1; n <= rollouts; n++ {
		waitRequests(t, &requests, int64(n)*100)
		for s, c := range slow {
			s.begin(t, c)
		}
		next := f.instance(t, n)
		current.terminate(t)
		current.waitState(t, "STOPPING=1")
		waitGivingAway(t, addr, n)
		for s, c := range slow {
			if s.finish(t, c, n) {
				finished[s.name]++
			}
		}
		current.wantStopped(t)
		current = next
		for i := n % 5; i < idle; i += 5 {
			if reply, last, err := idlers[i].do("POST", "/", "speaks"); err != nil || last || reply != fmt.Sprint(n, " speaks") {
				t.Fatalf("idle connection %d after rollout %d: %q, last=%v, %v", i, n, reply, last, err)
			}
		}
	}
	close(stop)
	load.Wait()
	t.Logf("%d requests of busy clients; finished by the old instance: %v", requests.Load(), finished)
	for _, s := range slowpokes {
		if s.request && finished[s.name] == 0 {
			t.Errorf("%s: the old instance finished none of its requests", s.name)
		}
	}
	for _, c := range idlers {
		c.close()
	}
	for _, c := range slow {
		c.close()
	}
	current.terminate(t)
	current.wantStopped(t)
}

// waitGivingAway waits until new connections are accepted by instance n only.
func waitGivingAway(t *testing.T, addr string, n int) {
	t.Helper()
	for inARow := 0; inARow < 5; {
		c := mustDial(t, addr, "http/1.1")
		reply, _, err := c.do("GET", "/", "")
		if err != nil {
			t.Fatal(err)
		}
		c.close()
		if inARow++; reply != fmt.Sprint(n, " ") {
			inARow = 0
		}
	}
}

// begin sends the first part.
func (s slowpoke) begin(t *testing.T, c *h1client) {
	t.Helper()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	io.WriteString(c, s.head)
	if s.proceed {
		if line, err := c.r.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
			t.Fatalf("%s: %q, %v", s.name, line, err)
		}
		c.r.ReadString('\n')
	}
}

// finish sends the rest and reads the replies, of instance n or of the one before
// it, which is reported.
func (s slowpoke) finish(t *testing.T, c *h1client, n int) (old bool) {
	t.Helper()
	io.WriteString(c, s.tail)
	for range strings.Count(s.head+s.tail, "POST") {
		resp, err := http.ReadResponse(c.r, nil)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		reply, err := readReply(resp)
		old = reply == fmt.Sprint(n-1, " body")
		if err != nil || resp.Close || !old && reply != fmt.Sprint(n, " body") {
			t.Fatalf("%s, rollout %d: reply %q, close=%v, %v", s.name, n, reply, resp.Close, err)
		}
	}
	return old
}

// byteByByte sends requests on one connection, a byte at a time, until stop.
func byteByByte(addr string, stop <-chan struct{}) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	replies := bufio.NewReader(c)
	for n := 0; !isDone(stop); n++ {
		c.SetDeadline(time.Now().Add(30 * time.Second))
		body := fmt.Sprintf("%06d", n)
		request := fmt.Sprintf("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		for i := range len(request) {
			if _, err := io.WriteString(c, request[i:i+1]); err != nil {
				return fmt.Errorf("byte %d of request %d: %w", i, n, err)
			}
		}
		resp, err := http.ReadResponse(replies, nil)
		if err != nil {
			return fmt.Errorf("request %d, byte by byte: %w", n, err)
		}
		if reply, err := readReply(resp); err != nil || resp.Close || !strings.HasSuffix(reply, body) {
			return fmt.Errorf("request %d, byte by byte: %q, close=%v, %v", n, reply, resp.Close, err)
		}
	}
	return nil
}
