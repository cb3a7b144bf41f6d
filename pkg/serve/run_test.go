package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The life is tested as systemd sees it: the test binary starts itself as a
// child, with a socket, a notification socket and signals.
const childEnv = "SERVE_TEST_CHILD"

func TestMain(m *testing.M) {
	scenario, ok := os.LookupEnv(childEnv)
	if !ok {
		os.Exit(m.Run())
	}
	if os.Getenv("LISTEN_FDS") != "" && os.Getenv("LISTEN_PID") == "" {
		// systemd knows the child's pid before exec; here a second exec does.
		os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
		err := syscall.Exec("/proc/self/exe", os.Args, os.Environ())
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	if err := scenarios[scenario](); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })

var scenarios = map[string]func() error{
	"serve": func() error {
		return Run(context.Background(), HTTP("http", &http.Server{Handler: hello}))
	},
	"not ready": func() error {
		return Run(context.Background(), HTTP("http", &http.Server{Handler: hello}),
			Ready(func(context.Context) error { return errors.New("the database\nis away") }))
	},
	"waits for ready": func() error {
		return Run(context.Background(), HTTP("http", &http.Server{Handler: hello}),
			Ready(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
	},
	"two servers": func() error {
		return Run(context.Background(), HTTP("http", &http.Server{Handler: hello}), HTTP("admin", &http.Server{}))
	},
	"one is optional": func() error {
		return Run(context.Background(), HTTP("http", &http.Server{Handler: hello}), Optional(HTTP("admin", &http.Server{})))
	},
	"other fails": func() error {
		return Run(context.Background(), Other("http", "", brokenServer{}))
	},
	"other stops": func() error {
		return Run(context.Background(), Other("http", "", idleServer{}))
	},
	"falls ill": func() error {
		return Run(context.Background(), HTTP("http", &http.Server{Handler: hello}),
			Healthy(func(context.Context) error { return nil }),
			Healthy(func(context.Context) error { return errors.New("the queue stands still") }))
	},
	"is slow, then ill": func() error {
		runs := 0
		return Run(context.Background(), HTTP("http", &http.Server{Handler: hello}),
			Healthy(func(context.Context) error {
				if runs++; runs > 1 {
					return errors.New("the second time")
				}
				time.Sleep(healthEvery + time.Second)
				return nil
			}))
	},
	"check hangs": func() error {
		healthTime = 100 * time.Millisecond
		return Run(context.Background(), HTTP("http", &http.Server{Handler: hello}),
			Healthy(func(context.Context) error { select {} }))
	},
	"no certificate": func() error {
		return Run(context.Background(), HTTPS("http", &http.Server{Handler: hello}, "", ""))
	},
	"same server": func() error {
		srv := &http.Server{Handler: hello}
		return Run(context.Background(), HTTP("http", srv), HTTP("admin", srv))
	},
	"instance": runInstance,
	"observed": runObserved,
	"receiver": runReceiver,
	"none":     func() error { return Run(context.Background()) },
}

type brokenServer struct{}

func (brokenServer) Serve(net.Listener) error       { return errors.New("out of order") }
func (brokenServer) Shutdown(context.Context) error { return nil }

type idleServer struct{ brokenServer }

func (idleServer) Serve(net.Listener) error { return nil }

// child is a running scenario.
type child struct {
	cmd    *exec.Cmd
	addr   string
	states <-chan string // what it tells systemd
	stderr output
}

// output is what a child has written so far.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// startChild runs a scenario with one listening socket per name.
func startChild(t *testing.T, scenario string, names ...string) *child {
	t.Helper()
	var files []*os.File
	for range names {
		files = append(files, sharedSocket(t))
	}
	return startChildOn(t, scenario, names, files)
}

// startChildOn runs a scenario with these sockets, and with what env adds to the
// environment.
func startChildOn(t testing.TB, scenario string, names []string, files []*os.File, env ...string) *child {
	t.Helper()
	notifyPath := filepath.Join(t.TempDir(), "notify")
	notifications, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notifyPath, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	states := make(chan string, 100)
	go func() {
		defer close(states)
		b := make([]byte, 4096)
		for {
			n, err := notifications.Read(b)
			if err != nil {
				return
			}
			states <- string(b[:n])
		}
	}()
	c := &child{cmd: exec.Command("/proc/self/exe"), states: states}
	c.cmd.Stderr = &c.stderr
	c.cmd.Env = append(os.Environ(), childEnv+"="+scenario, "NOTIFY_SOCKET="+notifyPath, "WATCHDOG_USEC=20000")
	// The race detector would have each process that exits sleep for a second.
	c.cmd.Env = append(append(c.cmd.Env, "GORACE=atexit_sleep_ms=0"), env...)
	c.cmd.ExtraFiles = files
	if len(files) > 0 {
		c.addr = listening(t, files[0])
	}
	if len(names) > 0 {
		c.cmd.Env = append(c.cmd.Env, "LISTEN_FDS="+strconv.Itoa(len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.cmd.Process.Kill()
		c.cmd.Wait()
		notifications.Close()
	})
	return c
}

// listening is the address of a socket.
func listening(t testing.TB, socket *os.File) string {
	t.Helper()
	l, err := net.FileListener(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// waitState waits for a notification that holds want.
func (c *child) waitState(t testing.TB, want string) string {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case s := <-c.states:
			if strings.Contains(s, want) {
				return s
			}
		case <-timeout:
			t.Fatalf("no notification with %q; stderr: %s", want, &c.stderr)
		}
	}
}

// waitExit returns the exit status.
func (c *child) waitExit(t testing.TB) int {
	t.Helper()
	timer := time.AfterFunc(30*time.Second, func() { c.cmd.Process.Signal(syscall.SIGQUIT) }) // which tells where it hangs
	defer timer.Stop()
	_ = c.cmd.Wait()
	return c.cmd.ProcessState.ExitCode()
}

func TestLife(t *testing.T) {
	c := startChild(t, "serve", "http")
	if s := c.waitState(t, "READY=1"); !strings.Contains(s, "STATUS=serving http on "+c.addr) {
		t.Errorf("READY=1 came with %q", s)
	}
	c.waitState(t, "WATCHDOG=1")
	client := mustDial(t, c.addr, "http/1.1")
	reply, _, err := client.do("GET", "/", "")
	if err != nil || reply != "hello" {
		t.Fatalf("reply %q, %v", reply, err)
	}
	c.cmd.Process.Signal(syscall.SIGTERM)
	c.waitState(t, "STOPPING=1")
	for last := false; !last; { // soon after it has said so
		if _, last, err = client.do("GET", "/", ""); err != nil {
			t.Fatalf("during the drain: %v", err)
		}
	}
	client.close()
	if status := c.waitExit(t); status != 0 {
		t.Errorf("exit status %d; stderr: %s", status, &c.stderr)
	}
}

func TestSecondSignalEndsTheDrain(t *testing.T) {
	c := startChild(t, "serve", "http")
	c.waitState(t, "READY=1")
	client := mustDial(t, c.addr, "http/1.1")
	if _, _, err := client.do("GET", "/", ""); err != nil {
		t.Fatal(err)
	}
	c.cmd.Process.Signal(syscall.SIGTERM)
	c.waitState(t, "STOPPING=1")
	c.cmd.Process.Signal(syscall.SIGINT)
	if status := c.waitExit(t); status != -1 {
		t.Errorf("exit status %d, want death by signal", status)
	}
}

func TestNothingIsAcceptedBeforeReady(t *testing.T) {
	c := startChild(t, "waits for ready", "http")
	c.waitState(t, "STATUS=starting")
	// The kernel queues the request; nobody may take it.
	conn := mustDial(t, c.addr, "http/1.1").(*h1client)
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: t\r\n\r\n")
	c.cmd.Process.Signal(syscall.SIGTERM)
	if status := c.waitExit(t); status != 0 {
		t.Errorf("exit status %d, want 0 for a stop that was asked for", status)
	}
	for s := range drainStates(c) {
		if strings.Contains(s, "READY=1") {
			t.Error("it told systemd that it was ready")
		}
	}
	conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection was touched: %d bytes, %v", n, err)
	}
}

// drainStates returns what was notified so far.
func drainStates(c *child) map[string]bool {
	all := map[string]bool{}
	for {
		select {
		case s := <-c.states:
			all[s] = true
		default:
			return all
		}
	}
}

func TestFailures(t *testing.T) {
	for _, tt := range []struct {
		scenario string
		sockets  []string
		want     string
	}{
		{"not ready", []string{"http"}, "readiness check: the database"},
		{"two servers", []string{"http"}, `no socket is named "admin" among those that systemd passed (http)`},
		{"serve", []string{"http", "metrics"}, "systemd passed sockets that no server asked for: metrics"},
		{"other fails", []string{"http"}, "serving http: out of order"},
		{"other stops", []string{"http"}, "serving http: it ended by itself"},
		{"no certificate", []string{"http"}, "no certificate: give serve.HTTPS"},
		{"same server", []string{"http"}, "an http.Server of its own"},
		{"none", nil, "no server"},
	} {
		t.Run(tt.scenario, func(t *testing.T) {
			c := startChild(t, tt.scenario, tt.sockets...)
			if status := c.waitExit(t); status != 1 {
				t.Errorf("exit status %d, want 1", status)
			}
			if !strings.Contains(c.stderr.String(), tt.want) {
				t.Errorf("stderr %q, want %q", c.stderr.String(), tt.want)
			}
			for s := range drainStates(c) {
				if strings.Contains(s, "READY=1") && !strings.HasPrefix(tt.scenario, "other ") {
					t.Error("it told systemd that it was ready")
				}
			}
		})
	}
}

// What is optional is served if its socket is there, and missed by nobody if not.
func TestOptional(t *testing.T) {
	for _, tt := range []struct{ sockets, serving string }{
		{"http", "serving http on"},
		{"http admin", "admin on"},
	} {
		c := startChild(t, "one is optional", strings.Fields(tt.sockets)...)
		if s := c.waitState(t, "READY=1"); !strings.Contains(s, tt.serving) || strings.Contains(s, "admin") != strings.Contains(tt.sockets, "admin") {
			t.Errorf("with %s: %q", tt.sockets, s)
		}
	}
}

// Who fails a health check drains, as on SIGTERM, and then fails.
func TestHealth(t *testing.T) {
	for scenario, why := range map[string]string{
		"falls ill":         "health check: the queue stands still",
		"is slow, then ill": "health check: the second time",
		"check hangs":       "health check: no answer for 100ms",
	} {
		t.Run(scenario, func(t *testing.T) {
			c := startChild(t, scenario, "http")
			c.waitState(t, "READY=1")
			if s := c.waitState(t, "STOPPING=1"); !strings.Contains(s, "STATUS=failed, draining: "+why) {
				t.Errorf("notified %q", s)
			}
			if status := c.waitExit(t); status != 1 || !strings.Contains(c.stderr.String(), why) {
				t.Errorf("exit status %d, want 1; stderr %q", status, &c.stderr)
			}
		})
	}
}

// A status of several lines would be several assignments (sd_notify(3)).
func TestStatusIsOneLine(t *testing.T) {
	c := startChild(t, "not ready", "http")
	if s := c.waitState(t, "STATUS=not ready"); s != "STATUS=not ready: the database is away" {
		t.Errorf("notified %q", s)
	}
	c.waitExit(t)
}

func TestOtherServerIsShutDown(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	serving := make(chan struct{})
	srv := &http.Server{Handler: hello, BaseContext: func(net.Listener) context.Context { close(serving); return context.Background() }}
	done := make(chan error, 1)
	go func() { done <- Run(ctx, Other("any", "127.0.0.1:0", srv)) }()
	waitFor(t, "the server", serving)
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("Run did not return")
	}
	srv.BaseContext = nil
	if err := srv.Serve(closedListener{}); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("the server was not shut down: %v", err)
	}
}
