package carry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// benchConns is as many idle connections as a process can have while it passes them
// on to itself; their clients are another process.
const benchConns = 10000

// BenchmarkCarry passes ten thousand idle connections on, and in turn does the same
// by the floor: what no way of passing them can do without, which is SCM_RIGHTS,
// net.FileConn and closing one's own copies. ns are per connection.
func BenchmarkCarry(b *testing.B) {
	conns := idle(b, benchConns)
	var ours, base, ratios []float64
	for b.Loop() {
		var took time.Duration
		conns, took = carried(b, conns)
		ours = append(ours, float64(took.Nanoseconds())/benchConns)
		conns, took = floor(b, conns)
		base = append(base, float64(took.Nanoseconds())/benchConns)
		ratios = append(ratios, ours[len(ours)-1]/base[len(base)-1])
	}
	b.ReportMetric(median(base), "floor-ns")
	b.ReportMetric(median(ours), "carry-ns")
	b.ReportMetric(median(ratios), "carry")
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// idle returns the servers' ends of connections that a child holds.
func idle(b *testing.B, n int) []Conn {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	child := exec.Command("/proc/self/exe")
	child.Env = append(os.Environ(), childEnv+"=connects", pathEnv+"="+l.Addr().String(), fmt.Sprint("CARRY_TEST_NUMBER=", n))
	stdin, err := child.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := child.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { stdin.Close(); child.Wait() })
	conns := make([]Conn, n)
	for i := range conns {
		c, err := l.Accept()
		if err != nil {
			b.Fatal(err)
		}
		conns[i] = Conn{c, "echo", nil}
	}
	return conns
}

// connects opens connections to addr and holds them until its input ends.
func connects(addr string) error {
	var n int
	fmt.Sscan(os.Getenv("CARRY_TEST_NUMBER"), &n)
	conns := make([]net.Conn, n)
	for i := range conns {
		var err error
		if conns[i], err = net.Dial("tcp", addr); err != nil {
			return err
		}
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(conns)
	return err
}

func carried(b *testing.B, conns []Conn) (adopted []Conn, took time.Duration) {
	path := filepath.Join(b.TempDir(), "handover")
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	begun := time.Now()
	go func() {
		defer close(done)
		Receive(ctx, l, slog.New(slog.DiscardHandler), func(string) bool { return true }, func(c Conn) { adopted = append(adopted, c) })
	}()
	s, err := Dial(b.Context(), path, false)
	if err != nil {
		b.Fatal(err)
	}
	for batch := range slices.Chunk(conns, MaxBatch) {
		if err := s.Send(batch); err != nil {
			b.Fatal(err)
		}
	}
	took = time.Since(begun)
	s.Close()
	cancel()
	<-done
	return adopted, took
}

func floor(b *testing.B, conns []Conn) (adopted []Conn, took time.Duration) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		b.Fatal(err)
	}
	var ends [2]*net.UnixConn
	for i, fd := range fds {
		c, err := fileConn(fd)
		if err != nil {
			b.Fatal(err)
		}
		ends[i] = c.(*net.UnixConn)
		defer c.Close()
	}
	taken := make(chan error)
	begun := time.Now()
	go func() {
		oob := make([]byte, syscall.CmsgSpace(MaxBatch*4))
		for {
			n, oobn, _, _, err := ends[1].ReadMsgUnix(make([]byte, 1), oob)
			if n == 0 || err != nil {
				return
			}
			got, _ := descriptors(oob[:oobn])
			for _, fd := range got {
				f := os.NewFile(uintptr(fd), "")
				c, ferr := net.FileConn(f)
				f.Close()
				if err = ferr; err == nil {
					adopted = append(adopted, Conn{c, "echo", nil})
				}
			}
			taken <- err
		}
	}()
	for batch := range slices.Chunk(conns, MaxBatch) {
		err := withDescriptors(batch, func(fds []int) error {
			_, _, err := ends[0].WriteMsgUnix([]byte{1}, syscall.UnixRights(fds...), nil)
			return err
		})
		if err == nil {
			err = <-taken
		}
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range batch {
			c.Close()
		}
	}
	took = time.Since(begun)
	ends[0].Close()
	return adopted, took
}
