package activation

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Descriptors are passed to a real child: the test binary starts itself, sets
// $LISTEN_PID as systemd would, and executes itself once more.
const childEnv = "ACTIVATION_TEST_CHILD"

func TestMain(m *testing.M) {
	question, ok := os.LookupEnv(childEnv)
	switch {
	case !ok:
		os.Exit(m.Run())
	case os.Getenv("LISTEN_PID") == "":
		os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
		fmt.Fprintln(os.Stderr, syscall.Exec("/proc/self/exe", os.Args, os.Environ()))
		os.Exit(3)
	}
	var q asked
	if err := json.Unmarshal([]byte(question), &q); err != nil {
		panic(err)
	}
	json.NewEncoder(os.Stdout).Encode(q.answer())
}

// asked is what a child is to do with its sockets: hand out streams, then
// packets, by these names; or all at once.
type asked struct {
	Streams, Packets []string
	All              bool
}

type answer struct {
	Addrs     []string // of what was handed out, in order
	Errors    []string
	Unclaimed []string
	EnvLeft   bool // $LISTEN_FDS was left for children
	Open      int  // descriptors of sockets still open after everything was closed
}

func (q asked) answer() (a answer) {
	fail := func(err error) {
		if err != nil {
			a.Errors = append(a.Errors, err.Error())
		}
	}
	if q.All {
		ls, err := Listeners()
		fail(err)
		for _, l := range ls {
			a.Addrs = append(a.Addrs, l.Addr().String())
			l.Close()
		}
		a.Open = openSockets()
		return a
	}
	s, err := Take(nil)
	fail(err)
	if err != nil {
		return a
	}
	a.EnvLeft = os.Getenv("LISTEN_FDS") != ""
	for _, name := range q.Streams {
		ls, err := s.Listen(name, "127.0.0.1:0")
		fail(err)
		for _, l := range ls {
			a.Addrs = append(a.Addrs, l.Addr().String())
			l.Close()
		}
	}
	for _, name := range q.Packets {
		cs, err := s.ListenPacket(name, "127.0.0.1:0")
		fail(err)
		for _, c := range cs {
			a.Addrs = append(a.Addrs, c.LocalAddr().String())
			c.Close()
		}
	}
	a.Unclaimed = s.Unclaimed()
	fail(s.Close())
	a.Open = openSockets()
	return a
}

func openSockets() int {
	n := 0
	fds, _ := filepath.Glob("/proc/self/fd/*")
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil && strings.HasPrefix(target, "socket:") {
			n++
		}
	}
	return n
}

// file turns anything with a File method into a descriptor to pass.
func file(t *testing.T, s interface{ File() (*os.File, error) }) *os.File {
	t.Helper()
	f, err := s.File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func listenTCP(t *testing.T) (*os.File, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return file(t, l.(*net.TCPListener)), l.Addr().String()
}

func listenUnix(t *testing.T) (*os.File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return file(t, l.(*net.UnixListener)), path
}

func listenUDP(t *testing.T) (*os.File, string) {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return file(t, c.(*net.UDPConn)), c.LocalAddr().String()
}

// ask starts a child with the descriptors and returns its answer.
func ask(t *testing.T, q asked, names string, files ...*os.File) answer {
	t.Helper()
	question, _ := json.Marshal(q)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childEnv+"="+string(question), "LISTEN_FDS="+strconv.Itoa(len(files)), "LISTEN_FDNAMES="+names)
	cmd.ExtraFiles = files
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("child: %v", err)
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatalf("child said %q: %v", out, err)
	}
	return a
}

func TestSocketsByName(t *testing.T) {
	http1, http1Addr := listenTCP(t)
	http2, http2Addr := listenTCP(t)
	admin, adminPath := listenUnix(t)
	dns, dnsAddr := listenUDP(t)
	files := []*os.File{http1, admin, http2, dns}
	const names = "http:admin:http:dns"

	tests := []struct {
		name      string
		q         asked
		addrs     []string
		errors    []string
		unclaimed []string
	}{
		{name: "several under one name, Unix and UDP",
			q:     asked{Streams: []string{"http", "admin"}, Packets: []string{"dns"}},
			addrs: []string{http1Addr, http2Addr, adminPath, dnsAddr}},
		{name: "left over", q: asked{Streams: []string{"admin"}},
			addrs: []string{adminPath}, unclaimed: []string{"http", "dns"}},
		{name: "missing", q: asked{Streams: []string{"https"}},
			errors:    []string{`no socket is named "https" among those that systemd passed (http, admin, dns): pass one with FileDescriptorName=https`},
			unclaimed: []string{"http", "admin", "dns"}},
		{name: "asked twice", q: asked{Streams: []string{"admin", "admin"}},
			addrs: []string{adminPath}, errors: []string{`socket "admin" was asked for twice`}, unclaimed: []string{"http", "dns"}},
		{name: "datagrams as a stream", q: asked{Streams: []string{"dns"}},
			errors: []string{"it is a datagram socket, but a stream is wanted: use ListenStream="}, unclaimed: []string{"http", "admin"}},
		{name: "stream as datagrams", q: asked{Packets: []string{"http"}},
			errors: []string{"it is a stream socket, but datagrams are wanted: use ListenDatagram="}, unclaimed: []string{"admin", "dns"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(t, tt.q, names, files...)
			if fmt.Sprint(a.Addrs) != fmt.Sprint(tt.addrs) {
				t.Errorf("addresses %v, want %v", a.Addrs, tt.addrs)
			}
			if fmt.Sprint(a.Unclaimed) != fmt.Sprint(tt.unclaimed) {
				t.Errorf("unclaimed %v, want %v", a.Unclaimed, tt.unclaimed)
			}
			checkErrors(t, a.Errors, tt.errors)
			if a.EnvLeft || a.Open != 0 {
				t.Errorf("left behind: environment %v, %d sockets", a.EnvLeft, a.Open)
			}
		})
	}
	if _, err := os.Stat(adminPath); err != nil {
		t.Errorf("closing a passed Unix socket removed its path: %v", err)
	}
}

func checkErrors(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("errors %q, want %q", got, want)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("error %q, want %q", got[i], want[i])
		}
	}
}

func TestOnlyListenersAreListeners(t *testing.T) {
	tcp, addr := listenTCP(t)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	accepted := file(t, c.(*net.TCPConn))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, tt := range []struct {
		name   string
		second *os.File
		want   string
	}{
		{"a connection", accepted, "set Accept=no"},
		{"a pipe", r, "it is not a socket"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(t, asked{Streams: []string{"x"}}, "x:x", tcp, tt.second)
			checkErrors(t, a.Errors, []string{tt.want})
			if len(a.Addrs) != 0 || a.Open != 0 {
				t.Errorf("half the sockets stayed: %v, %d open", a.Addrs, a.Open)
			}
		})
	}
}

func TestListenersIsTheRecipe(t *testing.T) {
	one, oneAddr := listenTCP(t)
	two, twoAddr := listenTCP(t)
	dns, _ := listenUDP(t)
	if a := ask(t, asked{All: true}, "", one, two); fmt.Sprint(a.Addrs) != fmt.Sprint([]string{oneAddr, twoAddr}) {
		t.Errorf("addresses %v, errors %v", a.Addrs, a.Errors)
	}
	a := ask(t, asked{All: true}, "", one, dns)
	checkErrors(t, a.Errors, []string{"it is a datagram socket"})
	if a.Open != 0 {
		t.Errorf("%d sockets left open", a.Open)
	}
	checkErrors(t, ask(t, asked{All: true}, "").Errors, []string{"no sockets were passed"})
}

func TestWithoutSystemd(t *testing.T) {
	s, err := Take(nil)
	if err != nil {
		t.Fatal(err)
	}
	ls, err := s.Listen("http", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ls[0].Close()
	path := filepath.Join(t.TempDir(), "s")
	ls, err = s.Listen("admin", path)
	if err != nil || ls[0].Addr().String() != path {
		t.Fatalf("%v, %v", ls, err)
	}
	ls[0].Close()
	cs, err := s.ListenPacket("dns", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cs[0].Close()
	if _, err := s.Listen("http", ""); err == nil || !strings.Contains(err.Error(), "no address of its own") {
		t.Errorf("without an address: %v", err)
	}
	if _, err := s.Listen("http", "127.0.0.1:notaport"); err == nil || !strings.Contains(err.Error(), `socket "http"`) {
		t.Errorf("with a bad address: %v", err)
	}
}
