package status

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// The kernel tells of connections that nobody has accepted.
func TestQueues(t *testing.T) {
	listeners := []net.Listener{}
	for _, at := range [][2]string{{"tcp4", "127.0.0.1:0"}, {"tcp6", "[::1]:0"}, {"unix", filepath.Join(t.TempDir(), "sock")}, {"unix", fmt.Sprint("@nodrop-", os.Getpid())}} {
		l, err := net.Listen(at[0], at[1])
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		for range 2 {
			c, err := net.Dial(at[0], l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
		}
		listeners = append(listeners, l)
	}
	p, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.WriteTo([]byte("hello"), p.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	all, err := readQueues()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range listeners {
		if q := all[listening{"Stream", l.Addr().String()}]; q.Waiting != 2 || q.Limit < 2 {
			t.Errorf("%s: %+v", l.Addr(), q)
		}
	}
	if q := all[listening{"Datagram", p.LocalAddr().String()}]; q.Waiting < 5 || q.Limit != 0 {
		t.Errorf("datagrams: %+v", q)
	}
}

// Whatever the kernel says, nothing panics.
func FuzzMessages(f *testing.F) {
	f.Add([]byte{1, 1, 10})
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, message []byte) {
		all := queues{}
		all.addInet(message)
		all.addUnix(message)
	})
}
