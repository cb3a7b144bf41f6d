package activator

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Whatever a program says over its notify socket, with whatever descriptors, the socket ends in order, nothing of it is kept
// open, and its keys and values are what was sent.
func FuzzNotify(f *testing.F) {
	f.Add([]byte("READY=1\nSTATUS=a=b\nWATCHDOG=trigger"), uint8(0))
	f.Add([]byte("BARRIER=1"), uint8(1))
	f.Add([]byte("\n=\n==\nFDSTORE=1\x00"), uint8(253))
	f.Add([]byte(endMessage), uint8(2))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, message []byte, count uint8) {
		before := len(descriptors(t))
		n, err := listenNotify(filepath.Join(dir, "notify"))
		if err != nil {
			t.Fatal(err)
		}
		sent := make(chan error, 1)
		go func() {
			sent <- sendNotification(n.path, message, min(int(count), 253)) // SCM_MAX_FD
			n.end()
		}()
		for open := true; open; {
			select {
			case m := <-n.messages:
				if m.pid != os.Getpid() {
					t.Errorf("the sender is %d", m.pid)
				}
				for key, value := range m.fields {
					if got := parseNotification(key + "=" + value); len(got) != 1 || got[key] != value {
						t.Errorf("%q=%q is read as %q", key, value, got)
					}
				}
			case <-n.ended:
				open = false
			}
		}
		if err := <-sent; err != nil {
			t.Skip(err) // too long for a datagram, or it came to the end of the socket
		}
		if after := len(descriptors(t)); after > before {
			t.Errorf("%d descriptors before, %d after", before, after)
		}
	})
}

// sendNotification sends a message with so many copies of a descriptor, as one more process would.
func sendNotification(path string, message []byte, count int) error {
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer c.Close()
	var rights []byte
	if count > 0 {
		rights = unix.UnixRights(make([]int, count)...)
	}
	_, _, err = c.WriteMsgUnix(message, rights, nil)
	return err
}
