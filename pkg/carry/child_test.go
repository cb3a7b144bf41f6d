package carry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Who somebody is, and how much may be on its way, the kernel tells by user: such
// tests run the test binary as a child of another user.
const (
	childEnv = "CARRY_TEST_CHILD"
	pathEnv  = "CARRY_TEST_PATH"
)

// stranger is a user that this process has for itself: what is on its way of the
// same user's other processes counts as well (unix(7), ETOOMANYREFS).
var stranger = 20000 + os.Getpid()%30000

func TestMain(m *testing.M) {
	scenario, ok := os.LookupEnv(childEnv)
	if !ok {
		os.Exit(m.Run())
	}
	if err := scenarios[scenario](os.Getenv(pathEnv)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var scenarios = map[string]func(path string) error{
	"sends": func(path string) error {
		s, err := Dial(context.Background(), path, true)
		if err != nil {
			return err
		}
		conn, _, err := connection()
		if err != nil {
			return err
		}
		return s.Send([]Conn{{conn, "echo", nil}})
	},
	"listens": func(path string) error {
		l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
		if err != nil {
			return err
		}
		fmt.Println("listening")
		c, err := l.AcceptUnix()
		if err != nil {
			return err
		}
		c.Write([]byte(magic))
		n, _ := c.Read(make([]byte, 1))
		fmt.Println(n, "bytes")
		return nil
	},
	"too many": tooMany,
	"connects": connects,
}

// connection opens a connection; the client's end stays open.
func connection() (server, client net.Conn, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		return nil, nil, err
	}
	server, err = l.Accept()
	return server, client, err
}

// tooMany sends blind until the kernel has as many descriptors of this user on
// their way as a process of it may have open (ETOOMANYREFS, unix(7)).
func tooMany(path string) error {
	const limit = 300
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		return err
	}
	s, err := Dial(context.Background(), path, true)
	if err != nil {
		return err
	}
	for sent := 0; ; sent += 50 {
		var conns []Conn
		var clients []net.Conn
		for range 50 {
			server, client, err := connection()
			if err != nil {
				return err
			}
			conns, clients = append(conns, Conn{server, "echo", nil}), append(clients, client)
		}
		if err := s.Send(conns); errors.Is(err, syscall.ETOOMANYREFS) {
			fmt.Println("sent", sent)
			return stillOpen(conns, clients)
		} else if err != nil || sent > 2*limit {
			return fmt.Errorf("%d sent: %w", sent, err)
		}
		for _, c := range clients {
			c.Close()
		}
	}
}

func stillOpen(servers []Conn, clients []net.Conn) error {
	p := make([]byte, 10)
	for i, s := range servers {
		fmt.Fprint(clients[i], i)
		s.SetReadDeadline(time.Now().Add(10 * time.Second))
		if n, err := s.Read(p); err != nil || string(p[:n]) != fmt.Sprint(i) {
			return fmt.Errorf("connection %d, which was not sent: %q, %w", i, p[:n], err)
		}
	}
	return nil
}

// asStranger runs a scenario as another user.
func asStranger(t *testing.T, scenario, path string) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("only root can be another user")
		}
		t.Skip("only root can be another user")
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childEnv+"="+scenario, pathEnv+"="+path)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(stranger), Gid: uint32(stranger)}}
	return cmd
}

// abstract is the name of a socket that needs no file, and so asks for no
// permission (unix(7)).
func abstract(t *testing.T) string { return fmt.Sprintf("@%s %d", t.Name(), os.Getpid()) }

// Another user may be able to connect, but gets nothing adopted.
func TestSenderOfAnotherUser(t *testing.T) {
	path := abstract(t)
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	before := openDescriptors(t)
	if out, err := asStranger(t, "sends", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	err = (&receiver{c, slog.New(slog.DiscardHandler), func(string) bool { return true }, func(Conn) { t.Error("a connection was adopted") }}).run(t.Context())
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint("the other side is user ", stranger)) {
		t.Errorf("run: %v", err)
	}
	c.Close()
	if after := openDescriptors(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// Nor gets a socket of another user any connection.
func TestReceiverOfAnotherUser(t *testing.T) {
	path := abstract(t)
	cmd := asStranger(t, "listens", path)
	var out bytes.Buffer
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	if _, err := stdout.Read(make([]byte, 100)); err != nil { // listening
		t.Fatal(err)
	}
	for _, blind := range []bool{false, true} {
		s, err := Dial(t.Context(), path, blind)
		if err == nil {
			s.Close()
			t.Fatalf("blind=%v: Dial succeeded", blind)
		}
		if !strings.Contains(err.Error(), fmt.Sprint("the other side is user ", stranger)) {
			t.Errorf("blind=%v: %v", blind, err)
		}
	}
	out.ReadFrom(stdout)
	if out.String() != "0 bytes\n" {
		t.Errorf("it got %q", &out)
	}
}

// The kernel refuses what is too much, and then nothing has happened to it.
func TestTooManyOnTheirWay(t *testing.T) {
	path := abstract(t)
	cmd := asStranger(t, "too many", path)
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	out, err := cmd.CombinedOutput()
	var sent int
	if _, scanErr := fmt.Sscanf(string(out), "sent %d", &sent); err != nil || scanErr != nil || sent < 300 {
		t.Fatalf("%v: %s", err, out)
	}
}

// A socket that nobody reads yet holds some hundred messages; more go over further
// connections.
func TestFullSocket(t *testing.T) {
	l, path := handoverSocket(t)
	clients, servers := tcpPairs(t, 1000)
	s := mustDial(t, path, true)
	for i := range servers {
		if err := s.Send(servers[i : i+1]); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
	}
	s.Close()
	a, _ := receive(t, another(t, l))
	checkAlive(t, clients, a.wait(t, len(servers)))
}

// Until the queue of the socket is full as well: the rest stays with its sender.
func TestFullQueue(t *testing.T) {
	l, path := handoverSocket(t)
	raw, err := l.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }) // makes it that short
	if err != nil {
		t.Fatal(err)
	}
	clients, servers := tcpPairs(t, 1000)
	s := mustDial(t, path, true)
	sent := 0
	for begun := time.Now(); ; sent++ {
		if err = s.Send(servers[sent : sent+1]); err != nil {
			if took := time.Since(begun); took > answerTime {
				t.Errorf("it took %v to give up", took)
			}
			break
		}
	}
	if !errors.Is(err, syscall.EAGAIN) || sent == 0 {
		t.Fatalf("%d connections were sent: %v", sent, err)
	}
	s.Close()
	a, _ := receive(t, another(t, l))
	checkAlive(t, clients[:sent], a.wait(t, sent))
	var rest []net.Conn
	var kept []Conn
	for i := sent; i < len(servers); i++ {
		kept = append(kept, servers[i])
		rest = append(rest, clients[i])
	}
	if err := stillOpen(kept, rest); err != nil {
		t.Error(err)
	}
}
