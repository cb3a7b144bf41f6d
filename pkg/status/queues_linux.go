package status

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// sock_diag(7), linux/inet_diag.h, linux/unix_diag.h. Go's packages do not have
// these.
const (
	sockDiagByFamily = 20
	tcpClose         = 7
	tcpListen        = 10
	showName         = 1 << 0
	showQueue        = 1 << 4
	attrName         = 0
	attrQueue        = 4

	inetRequest = 56
	inetMessage = 72
	unixRequest = 24
	unixMessage = 16
)

// readQueues asks the kernel for the sockets of this network namespace that
// listen, or take datagrams.
func readQueues() (queues, error) {
	all := queues{}
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		for protocol, state := range map[uint8]uint32{unix.IPPROTO_TCP: tcpListen, unix.IPPROTO_UDP: tcpClose} {
			request := make([]byte, inetRequest)
			request[0], request[1] = family, protocol
			binary.NativeEndian.PutUint32(request[4:], 1<<state)
			if err := sockDiag(request, all.addInet); err != nil {
				return nil, err
			}
		}
	}
	request := make([]byte, unixRequest)
	request[0] = unix.AF_UNIX
	binary.NativeEndian.PutUint32(request[4:], 1<<tcpListen|1<<tcpClose)
	binary.NativeEndian.PutUint32(request[12:], showName|showQueue)
	return all, sockDiag(request, all.addUnix)
}

// sockDiag sends a request and has take called with each message of the answer.
func sockDiag(request []byte, take func([]byte)) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return fmt.Errorf("asking the kernel for sockets: %w", err)
	}
	defer unix.Close(fd)
	header := make([]byte, unix.NLMSG_HDRLEN)
	binary.NativeEndian.PutUint32(header, uint32(len(header)+len(request)))
	binary.NativeEndian.PutUint16(header[4:], sockDiagByFamily)
	binary.NativeEndian.PutUint16(header[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	if err := unix.Sendto(fd, append(header, request...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("asking the kernel for sockets: %w", err)
	}
	buffer := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(fd, buffer, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("asking the kernel for sockets: %w", err)
		}
		messages, err := syscall.ParseNetlinkMessage(buffer[:n])
		if err != nil {
			return fmt.Errorf("reading the kernel's answer about sockets: %w", err)
		}
		for _, m := range messages {
			switch m.Header.Type {
			case unix.NLMSG_DONE:
				return nil
			case unix.NLMSG_ERROR:
				return errors.New("asking the kernel for sockets: it refuses")
			}
			take(m.Data)
		}
	}
}

// addInet reads a struct inet_diag_msg.
func (all queues) addInet(m []byte) {
	if len(m) < inetMessage {
		return
	}
	ip := netip.AddrFrom4([4]byte(m[8:]))
	if m[0] == unix.AF_INET6 {
		ip = netip.AddrFrom16([16]byte(m[8:]))
	}
	kind := "Datagram"
	if m[1] == tcpListen {
		kind = "Stream"
	}
	all.add(kind, netip.AddrPortFrom(ip, binary.BigEndian.Uint16(m[4:])).String(),
		Queue{binary.NativeEndian.Uint32(m[56:]), binary.NativeEndian.Uint32(m[60:])})
}

// addUnix reads a struct unix_diag_msg and the attributes behind it.
func (all queues) addUnix(m []byte) {
	if len(m) < unixMessage {
		return
	}
	kind := map[byte]string{unix.SOCK_STREAM: "Stream", unix.SOCK_DGRAM: "Datagram", unix.SOCK_SEQPACKET: "SequentialPacket"}[m[1]]
	if (m[2] == tcpListen) == (kind == "Datagram") {
		return // a stream that does not listen
	}
	name, queue := "", Queue{}
	for rest := m[unixMessage:]; len(rest) >= 4; {
		size := int(binary.NativeEndian.Uint16(rest))
		if size < 4 || size > len(rest) {
			return
		}
		switch value := rest[4:size]; {
		case binary.NativeEndian.Uint16(rest[2:]) == attrName:
			name = string(value)
		case binary.NativeEndian.Uint16(rest[2:]) == attrQueue && len(value) >= 8:
			queue = Queue{binary.NativeEndian.Uint32(value), binary.NativeEndian.Uint32(value[4:])}
		}
		rest = rest[min((size+3)&^3, len(rest)):]
	}
	if len(name) > 1 {
		if name[0] == 0 {
			name = "@" + name[1:] // an abstract one, as systemd writes it
		}
		for name[len(name)-1] == 0 {
			name = name[:len(name)-1]
		}
		all.add(kind, name, queue)
	}
}

// add counts several sockets of one address, which share the work (SO_REUSEPORT),
// as one. The limit of a datagram socket is none of this.
func (all queues) add(kind, address string, q Queue) {
	if kind == "Datagram" {
		q.Limit = 0
	}
	key := listening{kind, address}
	all[key] = Queue{all[key].Waiting + q.Waiting, all[key].Limit + q.Limit}
}
