package activator

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// notifySocket is where one instance says how it is (sd_notify(3)).
type notifySocket struct {
	conn     *net.UnixConn
	path     string
	messages chan notification
	ended    chan struct{} // closed when all that was sent before end was read from messages
}

// notification is one message.
type notification struct {
	pid    int // of the sender; 0 where the system does not tell
	fields map[string]string
}

// endMessage is what end sends, to be read after all that was sent before.
const endMessage = "X_NODROP_END=1"

// listenNotify makes the socket at path, in a directory that is nobody else's.
func listenNotify(path string) (*notifySocket, error) {
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("making the notify socket: %w", err)
	}
	if err := passCredentials(conn); err != nil {
		conn.Close()
		return nil, fmt.Errorf("making the notify socket: %w", err)
	}
	n := &notifySocket{conn: conn, path: path, messages: make(chan notification), ended: make(chan struct{})}
	go n.read()
	return n, nil
}

// end has the socket end when all that came up to now was read.
func (n *notifySocket) end() {
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.path, Net: "unixgram"})
	if err == nil {
		defer c.Close()
		c.SetWriteDeadline(time.Now().Add(time.Second))
		_, err = c.Write([]byte(endMessage))
	}
	if err != nil { // the socket's file was removed, say
		n.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

func (n *notifySocket) read() {
	defer close(n.ended)
	defer os.Remove(n.path)
	defer n.conn.Close()
	p := make([]byte, 64<<10)
	oob := make([]byte, 4<<10)
	for {
		size, oobSize, _, _, err := n.conn.ReadMsgUnix(p, oob)
		if err != nil {
			return
		}
		control, _ := syscall.ParseSocketControlMessage(oob[:oobSize])
		// Closing what came along answers BARRIER=1 (sd_notify_barrier(3)). There
		// is no store for descriptors.
		closeDescriptors(control)
		text := string(p[:size])
		if text == endMessage {
			return
		}
		n.messages <- notification{pid: sender(control), fields: parseNotification(text)}
	}
}

func parseNotification(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			fields[key] = value
		}
	}
	return fields
}

func closeDescriptors(control []syscall.SocketControlMessage) {
	for _, m := range control {
		fds, err := syscall.ParseUnixRights(&m)
		if err != nil {
			continue // another kind of message
		}
		for _, fd := range fds {
			_ = syscall.Close(fd)
		}
	}
}
