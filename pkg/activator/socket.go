package activator

import (
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
)

// A Socket is one that programs are to be given, not bound yet.
type Socket struct {
	Name    string // under which the program finds it: systemd's FileDescriptorName=
	Network string // as the net package has it: tcp, tcp4, tcp6, udp, udp4, udp6, unix, unixgram or unixpacket
	Address string // host:port, the path of a Unix socket, or "@name" for an abstract one

	Backlog     int         // of connections that nobody has accepted; 0: what the system allows
	Mode        fs.FileMode // of the file of a Unix socket; 0: 0666
	NonBlocking bool        // sets O_NONBLOCK before the first program starts; it is never set anew
	From        string      // where it was written, for messages: "--socket", "myapp.socket:6"
}

// kind is what a line of a socket unit begins with.
type kind string

const (
	stream           kind = "ListenStream"
	datagram         kind = "ListenDatagram"
	sequentialPacket kind = "ListenSequentialPacket"
)

// ParseSocket reads NAME=ADDRESS, the address being what ListenStream= of a
// socket unit takes (systemd.socket(5)): a port, an IPv4 or IPv6 address with a
// port, the path of a Unix socket, or "@name". from is for messages.
func ParseSocket(text, from string) (Socket, error) { return parseNamed(text, from, stream) }

// ParseDatagram is [ParseSocket] for ListenDatagram=.
func ParseDatagram(text, from string) (Socket, error) { return parseNamed(text, from, datagram) }

func parseNamed(text, from string, k kind) (Socket, error) {
	name, address, ok := strings.Cut(text, "=")
	if !ok || name == "" || address == "" {
		return Socket{}, fmt.Errorf("%s %q: write NAME=ADDRESS, such as http=127.0.0.1:8080", from, text)
	}
	s, err := newSocket(name, k, strings.TrimPrefix(address, ":"), "")
	if err != nil {
		return s, fmt.Errorf("%s %q: %w", from, text, err)
	}
	s.From = from
	return s, nil
}

// newSocket reads an address of a socket unit. bindIPv6Only is that setting,
// "" and "default" being what the system has as its own default, "both" on any
// that was not changed.
func newSocket(name string, k kind, address, bindIPv6Only string) (Socket, error) {
	s := Socket{Name: name, Address: address}
	if !validName(name) {
		return s, fmt.Errorf("a socket cannot be named %q: up to 255 printable ASCII characters, and no colon (FileDescriptorName= in systemd.socket(5))", name)
	}
	var err error
	if strings.HasPrefix(address, "/") || strings.HasPrefix(address, "@") {
		s.Network = map[kind]string{stream: "unix", datagram: "unixgram", sequentialPacket: "unixpacket"}[k]
		return s, nil
	}
	if k == sequentialPacket {
		return s, fmt.Errorf("%s=%s: only Unix sockets have sequential packets", k, address)
	}
	s.Network, s.Address, err = internet(address, bindIPv6Only)
	if k == datagram {
		s.Network = strings.Replace(s.Network, "tcp", "udp", 1)
	}
	return s, err
}

// internet gives network and address of a TCP socket. A port alone, and the
// IPv6 wildcard, serve IPv4 as well unless bindIPv6Only says otherwise.
func internet(address, bindIPv6Only string) (network, hostPort string, err error) {
	host, port, splitErr := net.SplitHostPort(address)
	if splitErr != nil {
		host, port = "::", address
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 && splitErr != nil {
		return "", "", fmt.Errorf("%q is no address: write a port, IPV4:PORT, [IPV6]:PORT, the path of a Unix socket or @NAME", address)
	}
	ip := host
	if i := strings.IndexByte(host, '%'); i > 0 {
		ip = host[:i] // the interface of a link-local address
	}
	parsed := net.ParseIP(ip)
	switch {
	case parsed == nil:
		return "", "", fmt.Errorf("%q is no address: %q is neither IPv4 nor IPv6; write 127.0.0.1:%s for this machine only", address, host, port)
	case !strings.Contains(ip, ":"):
		return "tcp4", address, nil
	case !parsed.IsUnspecified():
		return "tcp6", net.JoinHostPort(host, port), nil
	}
	switch bindIPv6Only {
	case "", "default", "both":
		return "tcp", net.JoinHostPort(host, port), nil
	case "ipv6-only":
		return "tcp6", net.JoinHostPort(host, port), nil
	}
	return "", "", fmt.Errorf("BindIPv6Only=%s is unknown: write default, both or ipv6-only", bindIPv6Only)
}

// validName follows fdname_is_valid of systemd.
func validName(name string) bool {
	bad := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' }
	return name != "" && len(name) <= 255 && strings.IndexFunc(name, bad) < 0
}
