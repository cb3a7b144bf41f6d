package activator

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func bindFor(t *testing.T, s Socket) *bound {
	t.Helper()
	b, err := bind(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.close() })
	return b
}

func parsed(t *testing.T, k kind, address, only string) Socket {
	t.Helper()
	s, err := newSocket("x", k, address, only)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// One socket serves IPv4 and IPv6, or IPv6 only, as BindIPv6Only= says.
func TestBindIPv6Only(t *testing.T) {
	for only, want := range map[string]bool{"": true, "both": true, "ipv6-only": false} {
		s := parsed(t, stream, "[::]:0", only)
		b := bindFor(t, s)
		_, port, _ := net.SplitHostPort(b.addr().String())
		for host, want := range map[string]bool{"127.0.0.1": want, "::1": true} {
			c, err := net.DialTimeout("tcp", net.JoinHostPort(host, port), limit)
			if (err == nil) != want {
				t.Errorf("BindIPv6Only=%s, a connection to %s: %v", only, host, err)
			}
			if err == nil {
				c.Close()
			}
		}
	}
}

// A connection waits in the backlog; with none of it left, the next one waits
// outside. The socket is a blocking one, unless told otherwise.
func TestBacklogAndBlocking(t *testing.T) {
	s := parsed(t, stream, filepath.Join(t.TempDir(), "s"), "")
	s.Backlog = 1
	bindFor(t, s)
	full := 0
	for range 4 {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
		if unix.Connect(fd, &unix.SockaddrUnix{Name: s.Address}) == unix.EAGAIN {
			full++
		}
	}
	if full != 2 { // the kernel takes one more than the backlog
		t.Errorf("%d of 4 connections found the backlog full, want 2", full)
	}
	for _, want := range []bool{false, true} {
		s := parsed(t, stream, "127.0.0.1:0", "")
		s.NonBlocking = want
		b := bindFor(t, s)
		flags, err := unix.FcntlInt(uintptr(b.fd), unix.F_GETFL, 0)
		if got := flags&unix.O_NONBLOCK != 0; err != nil || got != want {
			t.Errorf("non-blocking: %v, %v, want %v", got, err, want)
		}
	}
}

// A socket that is left over is replaced; one that is in use, and what is no
// socket, is left alone.
func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "s")
	for _, k := range []kind{stream, datagram, sequentialPacket} {
		s := parsed(t, k, path, "")
		b := bindFor(t, s)
		if _, err := bind(t.Context(), s); err == nil || !strings.Contains(err.Error(), "address already in use") {
			t.Errorf("%s, one in use: %v", k, err)
		}
		b.file = "" // it stays, as after kill -9
		if err := b.close(); err != nil {
			t.Error(err)
		}
		b = bindFor(t, s)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o666 {
			t.Errorf("%s: %v, %v", k, info, err)
		}
		if err := b.close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", k, err)
		}
	}
	if err := os.WriteFile(path, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := bind(t.Context(), parsed(t, stream, path, "")); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("a file: %v", err)
	}
}

// Datagrams wait in the socket as well, and one starts a lazy program.
func TestDatagram(t *testing.T) {
	s := begin(t, "echoes", func(c *Config) {
		c.Lazy = true
		c.Sockets = []Socket{parsed(t, datagram, "127.0.0.1:0", "")}
	})
	s.event(Waiting, 1)
	c, err := net.Dial("udp", s.Addr("x").String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(limit))
	c.Write([]byte("hello"))
	p := make([]byte, 100)
	n, err := c.Read(p)
	if got := string(p[:n]); err != nil || got != "hello "+strconv.Itoa(s.event(Ready, 1).PID) {
		t.Errorf("%q, %v", got, err)
	}
	c.Close()
}
