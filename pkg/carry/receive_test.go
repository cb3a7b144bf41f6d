package carry

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// State alone arrives, whether somebody is there or not.
func TestSendState(t *testing.T) {
	for _, blind := range []bool{false, true} {
		l, path := handoverSocket(t)
		if Waiting(l) {
			t.Error("somebody waits before anybody came")
		}
		var a *adopter
		if !blind {
			a, _ = receive(t, another(t, l))
		}
		s := mustDial(t, path, blind)
		if err := s.SendState("keys", []byte("secret")); err != nil {
			t.Fatal(err)
		}
		if blind {
			s.Close()
			if !Waiting(l) {
				t.Error("nobody waits, although state was sent")
			}
			a, _ = receive(t, another(t, l))
		}
		if got := a.wait(t, 1)[0]; got.Conn != nil || got.Kind != "keys" || string(got.State) != "secret" {
			t.Errorf("blind=%v: got %+v", blind, got)
		}
	}
	_, path := handoverSocket(t)
	if err := mustDial(t, path, true).SendState("keys", make([]byte, MaxState+1)); err == nil {
		t.Error("too much state was sent")
	}
}

// A client that has gone meanwhile takes nobody else with it.
func TestClientThatHasGone(t *testing.T) {
	l, path := handoverSocket(t)
	clients, servers := tcpPairs(t, 3)
	s := mustDial(t, path, true)
	if err := s.Send(servers); err != nil {
		t.Fatal(err)
	}
	clients[2].(*net.TCPConn).SetLinger(0) // a reset
	clients[2].Close()
	a, stop := receive(t, another(t, l))
	checkAlive(t, clients[:2], a.wait(t, 2))
	stop()
	if len(a.conns) != 2 {
		t.Errorf("%d connections were adopted, want 2", len(a.conns))
	}
}

// What was sent blind is taken by an instance that is told to end at that moment, or waits for the next one.
func TestBlindBatchesOutliveAnInstanceThatEnds(t *testing.T) {
	for range 200 {
		l, path := handoverSocket(t)
		clients, servers := tcpPairs(t, 1)
		s := mustDial(t, path, true)
		if err := s.Send(servers); err != nil {
			t.Fatal(err)
		}
		s.Close()
		first, stop := receive(t, another(t, l))
		time.Sleep(rand.N(100 * time.Microsecond)) // about as long as it takes to accept
		stop()
		if len(first.conns) == 0 {
			second, stop := receive(t, another(t, l))
			second.wait(t, 1)
			stop()
			first = second
		}
		checkAlive(t, clients, first.conns)
		first.conns[0].Close()
	}
}

// odd are descriptors that are no stream connections, and yet come as such.
func odd(t *testing.T) map[string]syscall.Conn {
	t.Helper()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { udp.Close() })
	unixgram, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: t.TempDir() + "/s", Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unixgram.Close() })
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return map[string]syscall.Conn{"udp": udp.(*net.UDPConn), "unixgram": unixgram, "file": file}
}

// oddConn passes a descriptor off as a connection.
type oddConn struct {
	net.Conn
	of syscall.Conn
}

func (c oddConn) SyscallConn() (syscall.RawConn, error) { return c.of.SyscallConn() }
func (oddConn) Close() error                            { return nil }

func TestWhatIsNoConnectionIsRefused(t *testing.T) {
	l, path := handoverSocket(t)
	a, stop := receive(t, another(t, l))
	for name, c := range odd(t) {
		if err := mustDial(t, path, false).Send([]Conn{{Conn: oddConn{of: c}, Kind: "echo"}}); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A socket that listens looks like one whose client has gone.
	if err := mustDial(t, path, false).Send([]Conn{{Conn: oddConn{of: l}, Kind: "echo"}}); err != nil {
		t.Error(err)
	}
	stop()
	if len(a.conns) > 0 {
		t.Errorf("%d were adopted", len(a.conns))
	}
}

// Whatever comes over the handover socket, with whatever descriptors, costs a
// receiver nothing: it adopts as many connections as it says in its answer, and
// keeps no descriptor otherwise.
func FuzzReceiver(f *testing.F) {
	good := batch{metas: []meta{{"echo", []byte("state")}, {"echo", nil}}}.marshal()
	f.Add(good, uint8(2), []byte(nil))
	f.Add(good, uint8(2), good) // replayed without the descriptors
	f.Add(good[:len(good)-1], uint8(2), good)
	f.Add(good, uint8(255), []byte(nil))
	f.Add(batch{blind: true, metas: []meta{{"unheard of", nil}}}.marshal(), uint8(1), []byte{0})
	f.Add(batch{state: true, metas: []meta{{"keys", []byte("x")}}}.marshal(), uint8(1), []byte(nil))
	f.Fuzz(func(t *testing.T, first []byte, descriptors uint8, second []byte) {
		before := openDescriptors(t)
		sender, conn := socketPair(t)
		fds := make([]int, min(int(descriptors), 253)) // SCM_MAX_FD
		for i := range fds {
			fds[i] = 0
			if i%2 == 0 {
				fds[i] = streamSocket
			}
		}
		if _, _, err := sender.WriteMsgUnix(first, syscall.UnixRights(fds...), nil); err != nil {
			t.Skip(err) // too long for the socket
		}
		sender.Write(second)
		adopted, states := 0, 0
		r := &receiver{conn, slog.New(slog.DiscardHandler), func(kind string) bool { return kind == "echo" }, func(c Conn) {
			if c.Conn == nil {
				states++
				return
			}
			adopted++
			c.Close()
		}}
		sender.CloseWrite()
		r.run(t.Context())
		conn.Close()
		if said := answers(sender); said != adopted+states || adopted > len(fds) {
			t.Errorf("of %d, %d and %d states were adopted, and %d answered for", len(fds), adopted, states, said)
		}
		sender.Close()
		if after := openDescriptors(t); after != before {
			t.Errorf("%d descriptors before, %d after", before, after)
		}
	})
}

// answers sums up what a receiver that is gone has said that it took.
func answers(sender *net.UnixConn) (taken int) {
	p := make([]byte, 100)
	for {
		n, err := sender.Read(p)
		if errors.Is(err, syscall.ECONNRESET) {
			continue // it has left something unread; its answers are still there
		}
		if n == 0 || err != nil {
			return taken
		}
		if count, err := parseAnswer(p[:n]); err == nil {
			taken += count
		}
	}
}

// streamSocket is one end of a pair.
var streamSocket = func() int {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	return fds[0]
}()

func socketPair(t *testing.T) (a, b *net.UnixConn) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends []*net.UnixConn
	for _, fd := range fds {
		c, err := fileConn(fd)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, c.(*net.UnixConn))
	}
	return ends[0], ends[1]
}
