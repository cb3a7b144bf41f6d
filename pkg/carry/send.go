package carry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// A Conn is a connection on its way to another process.
type Conn struct {
	net.Conn        // a *net.TCPConn or *net.UnixConn; nil for state alone, see SendState
	Kind     string // who is to go on with it; at most MaxKind bytes
	State    []byte // whatever the next process needs to do so
}

// ErrNobody is what Dial returns when no other instance adopts connections
// now.
var ErrNobody = errors.New("no instance is there to adopt connections")

// ErrRefused is what a batch fails with that the other instance does not take,
// because it does not know a kind of it, or lacks descriptors.
var ErrRefused = errors.New("the next instance does not take them")

// answerTime is how long a sender waits for another instance: to say hello,
// and for each answer. An instance that takes longer is stuck.
const answerTime = 5 * time.Second

// redialTime is how long Dial waits before it tries again after an instance that
// took no connection.
const redialTime = 10 * time.Millisecond

// fullTime is how long a message that nobody reads yet may wait for room.
const fullTime = 50 * time.Millisecond

// discardTime is how long Discard waits for what somebody else has accepted.
const discardTime = 50 * time.Millisecond

// Sender sends connections to one receiver. It is for one goroutine.
type Sender struct {
	path  string
	conn  *net.UnixConn
	blind bool
	ended bool
}

// Dial connects to the handover socket at path. Unless blind, it waits until
// ctx ends for another instance to say that it adopts, and returns an error
// that wraps [ErrNobody] when none does; the connection is then still in the
// socket's queue, see [Discard]. The caller closes the Sender.
func Dial(ctx context.Context, path string, blind bool) (*Sender, error) {
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "unixpacket", path)
		if err != nil {
			return nil, fmt.Errorf("connecting to the handover socket: %w", err)
		}
		s := &Sender{path: path, conn: c.(*net.UnixConn), blind: blind}
		err = s.meet(ctx)
		if err == nil {
			return s, nil
		}
		c.Close()
		switch {
		case !errors.Is(err, io.EOF):
			return nil, fmt.Errorf("handover socket %s: %w", path, err)
		case !pause(ctx, redialTime): // an instance that was about to end had accepted it
			return nil, fmt.Errorf("handover socket %s: %w", path, ErrNobody)
		}
	}
}

// Discard takes connections that nobody accepted out of the queue of the
// handover socket, where the service's own listening would otherwise make
// systemd start it. What comes while it does so stays.
func Discard(l *net.UnixListener) error {
	for more := Waiting(l); more; {
		// A deadline to come, as one that is over would hide what is there.
		if err := l.SetDeadline(time.Now().Add(discardTime)); err != nil {
			return err
		}
		c, err := l.AcceptUnix()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("emptying the handover socket: %w", err)
		}
		more = Waiting(l)
		c.Close()
	}
	return nil
}

func (s *Sender) meet(ctx context.Context) error {
	if err := checkPeer(s.conn); err != nil || s.blind {
		return err
	}
	stop := context.AfterFunc(ctx, func() { s.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	p := make([]byte, maxMessage)
	n, err := s.conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ErrNobody
	}
	if err != nil {
		return err
	}
	if rest, err := cutMagic(p[:n]); err != nil || len(rest) > 0 {
		return errors.Join(err, errMalformed)
	}
	return nil
}

// Send passes conns on, at most [MaxBatch] of them and [MaxState] bytes of
// state, and closes them. On error none was passed on and none is closed: they
// are still the caller's, to go on with. Unless the error wraps [ErrRefused], the
// Sender is of no more use then.
//
// Nothing may read from or write to conns meanwhile.
func (s *Sender) Send(conns []Conn) error {
	if err := s.send(conns); err != nil {
		return fmt.Errorf("handing over %d connections: %w", len(conns), err)
	}
	for _, c := range conns {
		c.Close()
	}
	return nil
}

// SendState passes state on that belongs to no connection, at most [MaxState]
// bytes. An instance of a version that knows nothing of this ends the hand-over:
// use a Sender for it alone.
func (s *Sender) SendState(kind string, state []byte) error {
	b := batch{blind: s.blind, state: true, metas: []meta{{kind, state}}}
	if len(kind) > MaxKind || len(state) > MaxState {
		return fmt.Errorf("handing over state: %d bytes of kind %q do not fit", len(state), kind)
	}
	if err := s.finish(s.write(b, nil), 1); err != nil {
		return fmt.Errorf("handing over state: %w", err)
	}
	return nil
}

func (s *Sender) send(conns []Conn) error {
	b := batch{blind: s.blind}
	total := 0
	for _, c := range conns {
		if len(c.Kind) > MaxKind {
			return fmt.Errorf("kind %q is longer than %d bytes", c.Kind, MaxKind)
		}
		total += len(c.State)
		b.metas = append(b.metas, meta{c.Kind, c.State})
	}
	if total > MaxState || len(conns) > MaxBatch || len(conns) == 0 {
		return fmt.Errorf("%d connections with %d bytes of state do not fit one batch", len(conns), total)
	}
	err := withDescriptors(conns, func(fds []int) error { return s.write(b, fds) })
	return s.finish(err, len(conns))
}

// write sends a batch. A blind sender whose socket is full goes on over another.
func (s *Sender) write(b batch, fds []int) error {
	if s.ended {
		return errors.New("an earlier hand-over failed")
	}
	message, rights := b.marshal(), syscall.UnixRights(fds...)
	if s.blind {
		s.conn.SetWriteDeadline(time.Now().Add(fullTime))
		_, _, err := s.conn.WriteMsgUnix(message, rights, nil)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		if err := s.again(); err != nil {
			return err
		}
	}
	s.conn.SetWriteDeadline(time.Now().Add(answerTime))
	_, _, err := s.conn.WriteMsgUnix(message, rights, nil)
	return err
}

// finish waits for the answer to a batch of count that was written with this
// error.
func (s *Sender) finish(err error, count int) error {
	if err == nil && !s.blind {
		err = s.awaitAnswer(count)
	}
	if err != nil && !errors.Is(err, ErrRefused) {
		s.ended = true
	}
	return err
}

// again goes on over another connection to the handover socket: some hundred
// messages fill one that nobody reads yet. What the first one holds stays.
func (s *Sender) again() error {
	c, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: s.path, Net: "unixpacket"})
	if err != nil {
		return fmt.Errorf("connecting to the handover socket once more: %w", err)
	}
	s.conn.Close()
	s.conn = c
	return checkPeer(c)
}

// awaitAnswer waits until the receiver has taken the batch. Before it gives
// up it makes sure that no answer can come any more, and takes one that came.
func (s *Sender) awaitAnswer(count int) error {
	p := make([]byte, len(magic)+3)
	s.conn.SetReadDeadline(time.Now().Add(answerTime))
	n, err := s.conn.Read(p)
	if err != nil {
		if s.conn.CloseRead() == nil {
			s.conn.SetReadDeadline(time.Now().Add(answerTime)) // does not block: the end of file is there
			if late, lateErr := s.conn.Read(p); lateErr == nil && late > 0 {
				n, err = late, nil
			}
		}
	}
	if err != nil {
		return err
	}
	got, err := parseAnswer(p[:n])
	if err != nil {
		return err
	}
	if got == 0 {
		return ErrRefused
	}
	if got != count {
		return fmt.Errorf("%w: %d of %d were taken", errMalformed, got, count)
	}
	return nil
}

// Close ends the hand-over. What was sent blind stays in the socket.
func (s *Sender) Close() error { return s.conn.Close() }

// withDescriptors calls f with the descriptors of all conns, which stay open
// while it runs.
func withDescriptors(conns []Conn, f func(fds []int) error) error {
	fds := make([]int, 0, len(conns))
	var hold func(rest []Conn) error
	hold = func(rest []Conn) error {
		if len(rest) == 0 {
			return f(fds)
		}
		sc, ok := rest[0].Conn.(syscall.Conn)
		if !ok {
			return fmt.Errorf("a %T has no descriptor", rest[0].Conn)
		}
		raw, err := sc.SyscallConn()
		if err != nil {
			return err
		}
		var inner error
		err = raw.Control(func(fd uintptr) {
			fds = append(fds, int(fd))
			inner = hold(rest[1:])
		})
		return errors.Join(err, inner)
	}
	return hold(conns)
}
