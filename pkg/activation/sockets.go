package activation

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"

	systemd "github.com/coreos/go-systemd/v22/activation"
)

// Sockets are the sockets that this process was started with. A socket
// belongs to Sockets until it is handed out by Listen or ListenPacket; what is
// left is closed by Close. Methods are not safe for concurrent use.
type Sockets struct {
	files  []*os.File // not yet handed out
	names  []string   // every name that was passed, in systemd's order
	origin origin
	log    *slog.Logger
}

// Take takes over the sockets passed to this process and removes $LISTEN_PID,
// $LISTEN_FDS and $LISTEN_FDNAMES from the environment, so that no child
// mistakes them for its own. It is called once, before anything else opens
// descriptors; a second call finds nothing. A nil log means [slog.Default].
//
// It fails when sockets were passed to another process than this one, which
// happens when a shell stands between systemd and the program.
func Take(log *slog.Logger) (*Sockets, error) {
	if log == nil {
		log = slog.Default()
	}
	o, err := readOrigin(os.Getenv, os.Getpid(), os.Getppid())
	if err != nil {
		return nil, err
	}
	s := &Sockets{files: systemd.Files(true), origin: o, log: log}
	for _, f := range s.files {
		if !slices.Contains(s.names, f.Name()) {
			s.names = append(s.names, f.Name())
		}
	}
	return s, nil
}

// Listen returns the stream sockets named name: TCP or Unix, one for each
// ListenStream= line. Without systemd it listens on addr instead, a TCP
// host:port or the path of a Unix socket when it begins with "/" or "@".
//
// The caller closes what it gets. On error nothing of that name stays open.
func (s *Sockets) Listen(name, addr string) ([]net.Listener, error) {
	if !s.passed() {
		l, err := fallback(s, name, addr, streamNetwork, net.Listen)
		if err != nil {
			return nil, err
		}
		return []net.Listener{l}, nil
	}
	return claim(s, name, asListener)
}

// ListenPacket is Listen for datagram sockets, UDP or Unix: one for each
// ListenDatagram= line.
func (s *Sockets) ListenPacket(name, addr string) ([]net.PacketConn, error) {
	if !s.passed() {
		c, err := fallback(s, name, addr, packetNetwork, net.ListenPacket)
		if err != nil {
			return nil, err
		}
		return []net.PacketConn{c}, nil
	}
	return claim(s, name, asPacketConn)
}

// HandoverName is the FileDescriptorName= of the handover socket.
const HandoverName = "nodrop-handover"

// Handover returns the handover socket, over which live connections go from
// one instance to the next (package carry), nil where there is none. The
// caller closes it.
func (s *Sockets) Handover() (*net.UnixListener, error) {
	if !slices.Contains(s.names, HandoverName) {
		return nil, nil
	}
	ls, err := claim(s, HandoverName, asHandover)
	if err != nil {
		return nil, err
	}
	if len(ls) != 1 {
		for _, l := range ls {
			l.Close()
		}
		return nil, fmt.Errorf("%d handover sockets were passed, want one", len(ls))
	}
	return ls[0], nil
}

// Lacks reports whether sockets were passed, but none of that name: an admin
// has masked its socket unit, say.
func (s *Sockets) Lacks(name string) bool {
	return s.passed() && !slices.Contains(s.names, name)
}

// Unclaimed lists the names of the sockets that nobody asked for yet, each
// once. A server that serves and leaves one unclaimed lets its clients hang in
// the kernel's queue, so it should refuse to start.
func (s *Sockets) Unclaimed() []string {
	var names []string
	for _, f := range s.files {
		if !slices.Contains(names, f.Name()) {
			names = append(names, f.Name())
		}
	}
	return names
}

// Close closes the sockets that were not handed out.
func (s *Sockets) Close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	s.files = nil
	return errors.Join(errs...)
}

// Listeners returns all sockets passed to this process, in systemd's order,
// like the function of that name in go-systemd, with two differences: a socket
// that is no listening stream is an error and never a nil in the slice, and so
// is having been passed no socket at all.
func Listeners() ([]net.Listener, error) {
	s, err := Take(nil)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if !s.passed() {
		if s.origin.service != "" {
			return nil, s.origin.missing("")
		}
		return nil, errors.New("no sockets were passed to this process: start it by systemd, or by systemd-socket-activate(1)")
	}
	files := s.files
	s.files = nil
	return collect(files, asListener)
}

func (s *Sockets) passed() bool { return len(s.names) > 0 }

// claim hands out the sockets of one name, converted.
func claim[T io.Closer](s *Sockets, name string, convert func(*os.File) (T, error)) ([]T, error) {
	var mine, rest []*os.File
	for _, f := range s.files {
		if f.Name() == name {
			mine = append(mine, f)
		} else {
			rest = append(rest, f)
		}
	}
	if len(mine) == 0 {
		if slices.Contains(s.names, name) {
			return nil, fmt.Errorf("socket %q was asked for twice", name)
		}
		return nil, fmt.Errorf("no socket is named %q among those that systemd passed (%s): %s",
			name, strings.Join(s.names, ", "), s.origin.advice(name))
	}
	s.files = rest
	return collect(mine, convert)
}

// collect converts all of files or none, and closes the files either way: the
// converted sockets are descriptors of their own.
func collect[T io.Closer](files []*os.File, convert func(*os.File) (T, error)) ([]T, error) {
	var socks []T
	var errs []error
	for _, f := range files {
		sock, err := convert(f)
		if err == nil {
			socks = append(socks, sock)
		} else {
			errs = append(errs, fmt.Errorf("socket %q (descriptor %d): %w", f.Name(), f.Fd(), err))
		}
	}
	for _, f := range files {
		f.Close()
	}
	if err := errors.Join(errs...); err != nil {
		for _, sock := range socks {
			sock.Close()
		}
		return nil, err
	}
	return socks, nil
}

// fallback binds the program's own address, where that is right.
func fallback[T any](s *Sockets, name, addr string, network func(string) string, listen func(network, addr string) (T, error)) (T, error) {
	var none T
	if s.origin.service != "" {
		return none, s.origin.missing(name)
	}
	if addr == "" {
		return none, fmt.Errorf("socket %q: not started by systemd, and no address of its own to listen on", name)
	}
	l, err := listen(network(addr), addr)
	if err != nil {
		return none, fmt.Errorf("socket %q: %w", name, err)
	}
	s.log.Info("not started by systemd: listening by itself", "socket", name, "address", addr)
	return l, nil
}
