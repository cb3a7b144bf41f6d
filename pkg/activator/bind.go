package activator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// bound is a socket that is open. It stays open whatever becomes of the programs
// that get it.
type bound struct {
	Socket
	endpoint endpoint
	fd       int    // a descriptor of its own, to be inherited
	file     string // of a Unix socket, to be removed; may be empty
}

// endpoint is a net.Listener or net.PacketConn.
type endpoint interface {
	syscall.Conn
	Close() error
}

// bind binds a socket as systemd does: the directories above a Unix socket are
// made, a socket file that nobody listens on any more is replaced.
func bind(ctx context.Context, s Socket) (*bound, error) {
	b := &bound{Socket: s}
	if err := b.open(ctx); err != nil {
		what := "binding"
		if s.From != "" {
			what += " " + s.From + ":"
		}
		if errors.Is(err, syscall.EACCES) && b.file == "" {
			err = fmt.Errorf("%w; ports below 1024 are root's, another one is given by --socket %s=8080", err, s.Name)
		}
		return nil, fmt.Errorf("%s socket %q: %w", what, s.Name, err)
	}
	return b, nil
}

func (b *bound) open(ctx context.Context) error {
	if strings.HasPrefix(b.Network, "unix") && strings.HasPrefix(b.Address, "/") {
		if err := makeRoom(ctx, b.Network, b.Address); err != nil {
			return err
		}
	}
	if err := b.listen(ctx); err != nil {
		return err
	}
	if strings.HasPrefix(b.Network, "unix") && strings.HasPrefix(b.Address, "/") {
		b.file = b.Address
	}
	if err := b.prepare(); err != nil {
		b.close()
		return err
	}
	return nil
}

func (b *bound) listen(ctx context.Context) error {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // a plain socket, as systemd's
	var opened any
	var err error
	if strings.HasPrefix(b.Network, "udp") || b.Network == "unixgram" {
		opened, err = config.ListenPacket(ctx, b.Network, b.Address)
	} else {
		opened, err = config.Listen(ctx, b.Network, b.Address)
	}
	if err != nil {
		return err
	}
	b.endpoint = opened.(endpoint)
	if l, ok := opened.(*net.UnixListener); ok {
		l.SetUnlinkOnClose(false) // close does that, for datagrams as well
	}
	return nil
}

// prepare sets what the net package has no word for, and makes the descriptor
// that programs inherit.
func (b *bound) prepare() error {
	if b.file != "" {
		mode := b.Mode
		if mode == 0 {
			mode = 0o666
		}
		if err := os.Chmod(b.file, mode); err != nil {
			return err
		}
	}
	raw, err := b.endpoint.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) {
		if _, listens := b.endpoint.(net.Listener); listens && b.Backlog > 0 {
			// A second listen(2) changes the backlog.
			if inner = os.NewSyscallError("listen", unix.Listen(int(fd), b.Backlog)); inner != nil {
				return
			}
		}
		// Blocking is what most programs expect, and what systemd gives them
		// unless the unit has NonBlocking=. It is set here and never again: the
		// flag belongs to the open socket, and with it to every instance.
		if inner = os.NewSyscallError("fcntl", unix.SetNonblock(int(fd), b.NonBlocking)); inner != nil {
			return
		}
		b.fd, inner = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
		inner = os.NewSyscallError("fcntl", inner)
	})
	return errors.Join(err, inner)
}

// makeRoom makes the directories for a Unix socket, and removes a socket that
// is left over from somebody who is gone.
func makeRoom(ctx context.Context, network, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeSocket == 0 {
		return fmt.Errorf("%s is there and is no socket", path)
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, network, path)
	if err == nil {
		c.Close()
		return fmt.Errorf("%s: %w", path, syscall.EADDRINUSE)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}

// addr is where the socket listens, the port that the system chose included.
func (b *bound) addr() net.Addr {
	if l, ok := b.endpoint.(net.Listener); ok {
		return l.Addr()
	}
	return b.endpoint.(net.PacketConn).LocalAddr()
}

func (b *bound) close() error {
	errs := []error{b.endpoint.Close()}
	if b.fd > 0 {
		errs = append(errs, os.NewSyscallError("close", unix.Close(b.fd)))
	}
	if b.file != "" {
		if err := os.Remove(b.file); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
