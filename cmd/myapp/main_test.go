package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary runs as myapp itself when this is in its environment.
const asMyapp = "NODROP_TEST_RUN_MYAPP"

func TestMain(m *testing.M) {
	if os.Getenv(asMyapp) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// child is myapp as a process of its own.
type child struct {
	*exec.Cmd
	out    bytes.Buffer // read it after exited
	exited chan error
}

// start runs path, and kills it at the
// test's end if it still runs then.
func start(t *testing.T, env []string, files []*os.File, path string, args ...string) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(path, args...), exited: make(chan error, 1)}
	c.Env = append(os.Environ(), env...)
	c.ExtraFiles = files
	c.Stdout, c.Stderr = &c.out, &c.out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		c.exited <- c.Wait()
		close(done)
	}()
	t.Cleanup(func() {
		c.Process.Kill()
		<-done
	})
	return c
}

// wait returns how the process ended.
func (c *child) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-c.exited:
		return err
	case <-time.After(limit):
		t.Fatal("the process does not end")
		return nil
	}
}

// activated starts myapp as systemd starts it, with three sockets and a notify
// socket, and waits until it is ready. The URLs are by the socket's name.
func activated(t *testing.T) (c *child, notify *net.UnixConn, urls map[string]string) {
	t.Helper()
	dir := t.TempDir()
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { notify.Close() })
	var files []*os.File
	urls = map[string]string{}
	for _, name := range []string{"http", "https", "metrics"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		l.Close() // f is another descriptor of the same socket
		t.Cleanup(func() { f.Close() })
		files = append(files, f)
		scheme := strings.Replace(name, "metrics", "http", 1)
		urls[name] = scheme + "://" + l.Addr().String()
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c = start(t, []string{
		asMyapp + "=1", "STATE_DIRECTORY=" + filepath.Join(dir, "state"), "NOTIFY_SOCKET=" + filepath.Join(dir, "notify"),
		"LISTEN_FDS=3", "LISTEN_FDNAMES=http:https:metrics",
	}, files, "sh", "-c", `LISTEN_PID=$$ exec "$0"`, self)
	if !told(t, notify, "READY=1") {
		c.Process.Kill()
		t.Fatalf("never ready: %v\n%s", c.wait(t), c.out.String())
	}
	return c, notify, urls
}

// Started as systemd starts it, myapp becomes ready, serves on all its sockets,
// and ends at SIGTERM with status 0.
func TestLifeUnderSystemd(t *testing.T) {
	c, notify, urls := activated(t)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true} // its certificate is self-signed
	client := &http.Client{Transport: transport}
	for _, tt := range []struct{ name, path, proto, want string }{
		{"http", "/", "HTTP/1.1", fmt.Sprintf(`"pid":%d`, c.Process.Pid)},
		{"https", "/", "HTTP/2.0", fmt.Sprintf(`"pid":%d`, c.Process.Pid)},
		{"metrics", "/metrics", "HTTP/1.1", "myapp_http_requests_in_flight 0"},
	} {
		resp, body := do(t, client, "GET", urls[tt.name]+tt.path, nil)
		if resp.StatusCode != 200 || resp.Proto != tt.proto || !strings.Contains(body, tt.want) {
			t.Errorf("%s: %s %s, want %s with %s: %s", tt.name, resp.Proto, resp.Status, tt.proto, tt.want, body)
		}
	}
	transport.CloseIdleConnections() // else the drain waits for them

	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if !told(t, notify, "STOPPING=1") {
		t.Error("systemd was not told of the stop")
	}
	if err := c.wait(t); err != nil {
		t.Errorf("it ended with %v, want status 0\n%s", err, c.out.String())
	}
}

// A process that hangs while its clients wait for it, as an instance may in an
// upgrade, cuts off nobody when it goes on.
func TestHangCutsNobodyOff(t *testing.T) {
	const hang = 6 * time.Second // an upgrade waits 5 s, and a little more, for one that hangs
	c, _, urls := activated(t)
	addr := strings.TrimPrefix(urls["https"], "https://")
	conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(tls.ConnectionState) error {
		// In the middle of the handshake: the server waits for what the client sends next.
		if err := c.Process.Signal(syscall.SIGSTOP); err != nil {
			return err
		}
		<-time.After(hang)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", addr); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(limit))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("cut off: %v", err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("got %s", resp.Status)
	}
}

// told reads notifications until one has the line want, and reports false when
// none came in time.
func told(t *testing.T, notify *net.UnixConn, want string) bool {
	t.Helper()
	notify.SetReadDeadline(time.Now().Add(limit))
	buf := make([]byte, 1<<16)
	for {
		n, err := notify.Read(buf)
		if err != nil {
			return false
		}
		for line := range strings.Lines(string(buf[:n])) {
			if strings.TrimSpace(line) == want {
				return true
			}
		}
	}
}

// What releases set when linking has to reach the program: the linker says
// nothing about a name that does not exist.
func TestLinkedIn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "myapp")
	build := exec.Command("go", "build", "-ldflags", "-X main.version=9.8.7 -X main.fault=exit", "-o", path, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.Command(path, "--version").CombinedOutput(); err != nil || string(out) != "myapp 9.8.7\n" {
		t.Errorf("--version: %q, %v", out, err)
	}
	c := start(t, nil, nil, path)
	if err := c.wait(t); err == nil || !strings.Contains(c.out.String(), "main.fault=exit") {
		t.Errorf("the release built to fail at start: %v, %s", err, c.out.String())
	}
}
