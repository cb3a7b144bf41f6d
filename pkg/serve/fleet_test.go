package serve

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodrop/nodrop/pkg/activation"
)

// A fleet is what systemd holds of a service, sockets of which instances are
// started that are real processes.
type fleet struct {
	names []string
	files []*os.File
}

// newFleet has a socket for each name, and a handover socket.
func newFleet(t testing.TB, names ...string) *fleet {
	t.Helper()
	f := &fleet{names: append(names, activation.HandoverName)}
	for range names {
		f.files = append(f.files, nonBlocking(t, sharedSocket(t)))
	}
	held, err := handoverSocket(t).File()
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	f.files = append(f.files, nonBlocking(t, held))
	return f
}

// nonBlocking returns a copy of f that starts of children do not make blocking, as
// NonBlocking=yes has it: they ask it for its Fd.
func nonBlocking(t testing.TB, f *os.File) *os.File {
	t.Helper()
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	held := os.NewFile(uintptr(fd), f.Name()) // leaves alone a flag that it has not seen
	t.Cleanup(func() { held.Close() })
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return held
}

// addr is the address of the socket of that name.
func (f *fleet) addr(t testing.TB, name string) string {
	t.Helper()
	for i := range f.names {
		if f.names[i] == name {
			return listening(t, f.files[i])
		}
	}
	t.Fatalf("no socket is named %s", name)
	return ""
}

// start starts a scenario and waits until it is ready.
func (f *fleet) start(t testing.TB, scenario string, env ...string) *child {
	t.Helper()
	c := startChildOn(t, scenario, f.names, f.files, append(env, "WATCHDOG_USEC=")...)
	c.waitState(t, "READY=1")
	return c
}

// instance starts the scenario "instance" with a number for the replies.
func (f *fleet) instance(t testing.TB, n int, env ...string) *child {
	t.Helper()
	return f.start(t, "instance", append(env, "SERVE_TEST_NUMBER="+strconv.Itoa(n))...)
}

// terminate tells a child to stop.
func (c *child) terminate(t testing.TB) {
	t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// wantStopped waits until a child has ended well, and within its time.
func (c *child) wantStopped(t testing.TB) {
	t.Helper()
	if status := c.waitExit(t); status != 0 {
		t.Fatalf("exit status %d; stderr: %s", status, &c.stderr)
	}
}

// runInstance serves the sockets that it got, with its number in each reply.
func runInstance() error {
	number := os.Getenv("SERVE_TEST_NUMBER")
	server := func() *http.Server {
		return &http.Server{Handler: text(number), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	}
	options := []Option{Logger(slog.New(slog.NewTextHandler(os.Stderr, nil)))}
	if os.Getenv("SERVE_TEST_RESTARTS") != "" {
		options = append(options, func(l *life) {
			l.outlook = func(context.Context, *slog.Logger) outlook { return restarts }
		})
	}
	names := strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	for _, name := range names {
		switch name {
		case "http":
			options = append(options, HTTP(name, server()))
		case "https":
			options = append(options, HTTPS(name, server(), os.Getenv("SERVE_TEST_CERT"), os.Getenv("SERVE_TEST_KEY")))
		}
	}
	if limit, err := strconv.ParseUint(os.Getenv("SERVE_TEST_NOFILE"), 10, 64); err == nil {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			return err
		}
	}
	return Run(context.Background(), options...)
}

// resumes opens a TLS connection and reports whether it went on with an earlier
// session, and the number of the instance that answered.
func resumes(t testing.TB, addr string, cfg *tls.Config) (resumed bool, number string) {
	t.Helper()
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: cfg}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	h := newH1Client(c)
	reply, _, err := h.do("GET", "/", "") // the ticket comes before the reply
	if err != nil {
		t.Fatal(err)
	}
	return c.(*tls.Conn).ConnectionState().DidResume, strings.TrimSpace(reply)
}

// Eight instances one after the other, by rollouts and by plain restarts: TLS
// clients resume in each, by the ticket of the one before and by that of the
// first.
func TestTLSClientsResumeInTheNextInstance(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			cert, key := writeCertificate(t, t.TempDir(), "test")
			f := newFleet(t, "https")
			addr := f.addr(t, "https")
			env := []string{"SERVE_TEST_CERT=" + cert, "SERVE_TEST_KEY=" + key, "SERVE_TEST_RESTARTS=1"}
			config := func() *tls.Config {
				return &tls.Config{InsecureSkipVerify: true, MaxVersion: version, NextProtos: []string{"http/1.1"}, ClientSessionCache: tls.NewLRUClientSessionCache(10)}
			}
			first, latest := config(), config()
			current := f.instance(t, 0, env...)
			if resumed, _ := resumes(t, addr, first); resumed {
				t.Fatal("a new client resumed")
			}
			resumes(t, addr, latest)
			for n := 1; n <= 8; n++ {
				if n%2 == 0 { // a plain restart
					current.terminate(t)
					current.wantStopped(t)
					current = f.instance(t, n, env...)
				} else {
					next := f.instance(t, n, env...)
					current.terminate(t)
					current.wantStopped(t)
					current = next
				}
				resumed, number := resumes(t, addr, latest)
				if !resumed || number != fmt.Sprint(n) {
					t.Errorf("instance %d: resumed=%v, %s answers", n, resumed, number)
				}
			}
			if resumed, _ := resumes(t, addr, first); !resumed {
				t.Error("the first client did not resume")
			}
			current.terminate(t)
			current.wantStopped(t)
		})
	}
}
