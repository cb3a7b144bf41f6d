package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodrop/nodrop/pkg/activation"
	"github.com/nodrop/nodrop/pkg/carry"
)

// runReceiver takes connections as the instance "1" does, but meets with an
// accident when the given number of them has come: before their batch is
// answered, or afterwards.
func runReceiver() error {
	n, err := newNotifier(slog.Default())
	if err != nil {
		return err
	}
	socks, err := activation.Take(slog.Default())
	if err != nil {
		return err
	}
	l, err := socks.Handover()
	if err != nil {
		return err
	}
	accident := func() {}
	switch pid, _ := strconv.Atoi(os.Getenv("SERVE_TEST_SENDER")); os.Getenv("SERVE_TEST_ACCIDENT") {
	case "dies":
		accident = func() { syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }
	case "hangs":
		accident = func() { syscall.Kill(os.Getpid(), syscall.SIGSTOP) }
	case "sender dies":
		accident = func() {
			syscall.Kill(pid, syscall.SIGKILL)
			for state := byte(0); state != 'Z'; state = processState(pid) { // its descriptors are closed by then
				time.Sleep(time.Millisecond)
			}
		}
	}
	offered, taken := newCountdown("SERVE_TEST_OFFERED", accident), newCountdown("SERVE_TEST_TAKEN", accident)
	srv := &http.Server{Handler: text("1")}
	p := newPark(srv, l.Addr())
	go srv.Serve(p)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := n.send("READY=1"); err != nil {
		return err
	}
	adopted := 0
	carry.Receive(ctx, l, slog.Default(), func(string) bool { offered(); return true }, func(c carry.Conn) {
		if c.Conn == nil {
			return // what the sender tells of its drain
		}
		adopted++
		p.ready <- c.Conn
		taken()
	})
	return n.send(fmt.Sprintf("STATUS=adopted %d.", adopted))
}

// newCountdown returns a function that calls f the n-th time, n being the value of
// a variable.
func newCountdown(variable string, f func()) func() {
	n, _ := strconv.Atoi(os.Getenv(variable))
	return func() {
		if n--; n == 0 {
			f()
		}
	}
}

// processState is the state of a process as in /proc/PID/stat, 0 when it is gone.
func processState(pid int) byte {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, found := strings.Cut(string(text), ") ")
	if !found {
		return 0
	}
	return rest[0]
}

func waitProcessState(t *testing.T, c *child, want string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(want, string(processState(c.cmd.Process.Pid))); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process state %c, want one of %s", processState(c.cmd.Process.Pid), want)
		}
	}
}

// idlers opens connections to instance 0 and has each answered once.
func idlers(t testing.TB, addr string, n int) []*h1client {
	t.Helper()
	var all []*h1client
	for range n {
		c := mustDial(t, addr, "http/1.1").(*h1client)
		if reply, last, err := c.do("POST", "/", "x"); err != nil || last || reply != "0 x" {
			t.Fatalf("reply %q, last=%v, %v", reply, last, err)
		}
		all = append(all, c)
	}
	return all
}

// outcome has all clients speak up, and counts who answers: an instance, by its
// number, or nobody, as "lost". Every client closes then.
func outcome(t *testing.T, clients []*h1client) map[string]int {
	t.Helper()
	counts := map[string]int{}
	replies := make(chan string)
	for _, c := range clients {
		go func() {
			defer c.close()
			reply, _, err := c.do("POST", "/", "x")
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("a client waits forever")
			}
			if err != nil {
				reply = "lost"
			}
			replies <- strings.TrimSuffix(reply, " x")
		}()
	}
	for range clients {
		counts[<-replies]++
	}
	return counts
}

// Whoever dies or hangs in the middle of a hand-over takes with it what is its
// own, at most a batch more, and holds up nobody.
func TestAccidents(t *testing.T) {
	const clients, half = 3 * carry.MaxBatch, 3 * carry.MaxBatch / 2
	for _, tt := range []struct {
		name           string
		accident       string
		offered, taken int
		lost           [2]int // clients, at least and at most
	}{
		{"the receiver dies before its first answer", "dies", 1, 0, [2]int{0, 0}},
		{"the receiver dies before an answer", "dies", half, 0, [2]int{1, half - 1}},
		{"the receiver dies behind an answer", "dies", 0, half, [2]int{half, half + carry.MaxBatch}},
		{"the receiver hangs before its first answer", "hangs", 1, 0, [2]int{0, 0}},
		{"the receiver hangs before an answer", "hangs", half, 0, [2]int{0, 0}},
		{"the sender dies", "sender dies", half, 0, [2]int{clients - half - carry.MaxBatch, clients - half + carry.MaxBatch}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, "http")
			sender := f.instance(t, 0)
			all := idlers(t, f.addr(t, "http"), clients)
			receiver := f.start(t, "receiver", "SERVE_TEST_ACCIDENT="+tt.accident, fmt.Sprint("SERVE_TEST_SENDER=", sender.cmd.Process.Pid),
				fmt.Sprint("SERVE_TEST_OFFERED=", tt.offered), fmt.Sprint("SERVE_TEST_TAKEN=", tt.taken))
			sender.terminate(t)
			switch tt.accident {
			case "dies":
				waitProcessState(t, receiver, "Z")
			case "sender dies":
				waitProcessState(t, sender, "Z")
			case "hangs":
				waitProcessState(t, receiver, "T")
				// When the sender has given up it serves on what it has. What the receiver says
				// then comes too late.
				waitLog(t, sender, "ended early")
				receiver.cmd.Process.Signal(syscall.SIGCONT)
			}
			got := outcome(t, all)
			t.Logf("clients were answered by %v", got)
			if got["lost"] < tt.lost[0] || got["lost"] > tt.lost[1] || got["0"]+got["1"]+got["lost"] != clients {
				t.Errorf("clients were answered by %v, want %v lost", got, tt.lost)
			}
			if tt.accident == "sender dies" {
				sender.waitExit(t)
			} else {
				sender.wantStopped(t)
			}
			if tt.accident != "dies" {
				receiver.terminate(t)
				receiver.waitState(t, fmt.Sprintf("STATUS=adopted %d.", got["1"]))
				receiver.wantStopped(t)
			}
		})
	}
}

func waitLog(t *testing.T, c *child, want string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(c.stderr.String(), want); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%q is not in the log: %s", want, &c.stderr)
		}
	}
}

// Descriptors may run out on either side: nothing is lost to an instance that is
// there.
func TestDescriptorsRunOut(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  [2]string // of the sender, of the receiver
	}{
		{"of the sender", [2]string{"SERVE_TEST_NOFILE=64"}},
		{"of the receiver", [2]string{"", "SERVE_TEST_NOFILE=64"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, "http")
			addr := f.addr(t, "http")
			sender := f.instance(t, 0, tt.env[0])
			var all []*h1client
			for range 100 {
				all = append(all, mustDial(t, addr, "http/1.1").(*h1client))
			}
			receiver := f.instance(t, 1, tt.env[1])
			sender.terminate(t)
			sender.waitState(t, "STOPPING=1")
			if got := outcome(t, all); got["lost"] > 0 {
				t.Errorf("clients were answered by %v", got)
			}
			sender.wantStopped(t)
			if got := outcome(t, []*h1client{mustDial(t, addr, "http/1.1").(*h1client)}); got["1"] != 1 {
				t.Errorf("afterwards a client was answered by %v", got)
			}
			receiver.terminate(t)
			receiver.wantStopped(t)
		})
	}
}

// A plain restart has no way back: what the next process has no room for is
// closed, and it serves.
func TestDescriptorsRunOutAfterARestart(t *testing.T) {
	f := newFleet(t, "http")
	addr := f.addr(t, "http")
	sender := f.instance(t, 0, "SERVE_TEST_RESTARTS=1")
	all := idlers(t, addr, 100)
	sender.terminate(t)
	sender.wantStopped(t)
	receiver := f.instance(t, 1, "SERVE_TEST_NOFILE=64")
	if got := outcome(t, all); got["lost"] == 0 || got["lost"]+got["1"] != len(all) {
		t.Errorf("clients were answered by %v", got)
	}
	if got := outcome(t, []*h1client{mustDial(t, addr, "http/1.1").(*h1client)}); got["1"] != 1 {
		t.Errorf("afterwards a client was answered by %v", got)
	}
	receiver.terminate(t)
	receiver.wantStopped(t)
}

// The descriptors of an instance that a hundred others hand their connections to are
// after each as they were before.
func TestNoDescriptorLeaks(t *testing.T) {
	f := newFleet(t, "http")
	receiver := f.instance(t, 1)
	pid := receiver.cmd.Process.Pid
	path := handoverPath(t, f)
	here, there := descriptorsOf(t, os.Getpid()), descriptorsOf(t, pid)
	for n := range 100 {
		handOver(t, path, 20)
		for deadline := time.Now().Add(20 * time.Second); descriptorsOf(t, pid) > there || descriptorsOf(t, os.Getpid()) > here; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("hand-over %d: descriptors of the sender %d, before %d; of the receiver %d, before %d",
					n, descriptorsOf(t, os.Getpid()), here, descriptorsOf(t, pid), there)
			}
		}
	}
	receiver.terminate(t)
	receiver.wantStopped(t)
}

// handOver passes connections on to instance 1, which answers on each.
func handOver(t *testing.T, path string, n int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var clients []*h1client
	var conns []carry.Conn
	for range n {
		c, err := dial(l.Addr().String(), "http/1.1")
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		clients, conns = append(clients, c.(*h1client)), append(conns, carry.Conn{Conn: s, Kind: "http"})
	}
	sender, err := carry.Dial(t.Context(), path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	if err := sender.Send(conns); err != nil {
		t.Fatal(err)
	}
	if got := outcome(t, clients); got["1"] != n {
		t.Fatalf("clients were answered by %v", got)
	}
}

func handoverPath(t *testing.T, f *fleet) string {
	t.Helper()
	return listening(t, f.files[len(f.files)-1])
}

func descriptorsOf(t *testing.T, pid int) int {
	t.Helper()
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(fds)
}
