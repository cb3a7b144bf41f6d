package carry

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Both benchmarks pass the same connections on, a batch at a time, from one
// socket to another in this process; ns/op is for one connection. The floor is
// what no way of passing them can do without: SCM_RIGHTS and net.FileConn.

func benchConns(b *testing.B) []Conn {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	var conns []Conn
	for range MaxBatch {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		s, err := l.Accept()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Close(); s.Close() })
		// Sent again and again, it must not be closed.
		conns = append(conns, Conn{unclosed{s.(*net.TCPConn)}, "echo", nil})
	}
	return conns
}

type unclosed struct{ *net.TCPConn }

func (unclosed) Close() error { return nil }

func BenchmarkCarry(b *testing.B) {
	path := filepath.Join(b.TempDir(), "handover")
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	conns := benchConns(b)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		Receive(ctx, l, slog.New(slog.DiscardHandler), func(string) bool { return true }, func(c Conn) { c.Close() })
	}()
	s, err := Dial(b.Context(), path, false)
	if err != nil {
		b.Fatal(err)
	}
	for n := 0; b.Loop(); n++ {
		if n%MaxBatch == 0 {
			if err := s.Send(conns); err != nil {
				b.Fatal(err)
			}
		}
	}
	s.Close()
	cancel()
	<-done
}

func BenchmarkFloor(b *testing.B) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET, 0)
	if err != nil {
		b.Fatal(err)
	}
	conns := benchConns(b)
	var ends [2]*net.UnixConn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "")
		c, err := net.FileConn(f)
		f.Close()
		if err != nil {
			b.Fatal(err)
		}
		ends[i] = c.(*net.UnixConn)
		defer c.Close()
	}
	taken := make(chan error)
	go func() {
		oob := make([]byte, syscall.CmsgSpace(MaxBatch*4))
		for {
			n, oobn, _, _, err := ends[1].ReadMsgUnix(make([]byte, 1), oob)
			if n == 0 || err == io.EOF {
				return
			}
			got, _ := descriptors(oob[:oobn])
			for _, fd := range got {
				f := os.NewFile(uintptr(fd), "")
				c, ferr := net.FileConn(f)
				f.Close()
				if err = ferr; err == nil {
					c.Close()
				}
			}
			taken <- err
		}
	}()
	for n := 0; b.Loop(); n++ {
		if n%MaxBatch != 0 {
			continue
		}
		err := withDescriptors(conns, func(fds []int) error {
			_, _, err := ends[0].WriteMsgUnix([]byte{1}, syscall.UnixRights(fds...), nil)
			return err
		})
		if err == nil {
			err = <-taken
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
