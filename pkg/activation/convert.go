package activation

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// asListener makes a listener of its own from a passed descriptor, which it
// leaves open. The net package would take a datagram or a connected Unix
// socket for a listener and fail at the first Accept, so the type is asked of
// the kernel first (SO_TYPE, SO_ACCEPTCONN: socket(7)).
func asListener(f *os.File) (net.Listener, error) {
	kind, listening, err := probe(f)
	switch {
	case err != nil:
		return nil, err
	case kind != unix.SOCK_STREAM:
		return nil, fmt.Errorf("it is a %s socket, but a stream is wanted: use ListenStream= in the socket unit", kindName(kind))
	case !listening:
		return nil, errors.New("it is one accepted connection, not a listener: set Accept=no in the socket unit")
	}
	return net.FileListener(f)
}

// asHandover makes a listener of sequential packets.
func asHandover(f *os.File) (*net.UnixListener, error) {
	kind, listening, err := probe(f)
	if err != nil {
		return nil, err
	}
	if kind != unix.SOCK_SEQPACKET || !listening {
		return nil, fmt.Errorf("it is a %s socket, but a handover socket has ListenSequentialPacket= and Accept=no", kindName(kind))
	}
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	return l.(*net.UnixListener), nil // sequential packets are Unix sockets
}

// asPacketConn is asListener for datagrams.
func asPacketConn(f *os.File) (net.PacketConn, error) {
	kind, _, err := probe(f)
	switch {
	case err != nil:
		return nil, err
	case kind != unix.SOCK_DGRAM:
		return nil, fmt.Errorf("it is a %s socket, but datagrams are wanted: use ListenDatagram= in the socket unit", kindName(kind))
	}
	return net.FilePacketConn(f)
}

func probe(f *os.File) (kind int, listening bool, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, false, err
	}
	var accept int
	var errno error
	err = raw.Control(func(fd uintptr) {
		if kind, errno = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE); errno == nil {
			accept, errno = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
		}
	})
	err = errors.Join(err, errno)
	if errors.Is(err, unix.ENOTSOCK) {
		return 0, false, errors.New("it is not a socket: only ListenStream= and ListenDatagram= are served")
	}
	return kind, accept == 1, err
}

func kindName(kind int) string {
	switch kind {
	case unix.SOCK_STREAM:
		return "stream"
	case unix.SOCK_DGRAM:
		return "datagram"
	case unix.SOCK_SEQPACKET:
		return "sequential-packet"
	}
	return fmt.Sprintf("type %d", kind)
}

func streamNetwork(addr string) string {
	if isUnix(addr) {
		return "unix"
	}
	return "tcp"
}

func packetNetwork(addr string) string {
	if isUnix(addr) {
		return "unixgram"
	}
	return "udp"
}

func isUnix(addr string) bool { return strings.HasPrefix(addr, "/") || strings.HasPrefix(addr, "@") }
