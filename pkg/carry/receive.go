package carry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Receive accepts senders on the handover socket and passes what they carry to
// adopt, until ctx ends. Then it takes what every sender has sent so far, closes
// its connection, and returns when the calls of adopt have. The caller closes l.
// What goes wrong with one sender is logged.
//
// accepts is asked for each kind before anything of a batch is taken: a batch
// with a kind that is not accepted stays with its sender, as does one for which
// descriptors are lacking. adopt owns the
// connection that it is given, which is nil for state that came without one
// ([Sender.SendState], of any kind); it must not block.
func Receive(ctx context.Context, l *net.UnixListener, log *slog.Logger, accepts func(kind string) bool, adopt func(Conn)) {
	var sessions sync.WaitGroup
	defer sessions.Wait()
	stop := context.AfterFunc(ctx, func() { l.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	for {
		c, err := l.AcceptUnix()
		if err != nil && ctx.Err() != nil {
			return
		}
		if err != nil {
			log.Warn("handover socket", "error", err)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if !pause(ctx, 100*time.Millisecond) { // out of descriptors, say
				return
			}
			continue
		}
		sessions.Go(func() {
			defer c.Close()
			// What was sent is read to its end, as a blind sender may be gone; what is not sent yet stays with its sender.
			stop := context.AfterFunc(ctx, func() { c.CloseRead() })
			defer stop()
			if err := (&receiver{c, log, accepts, adopt}).run(ctx); err != nil && ctx.Err() == nil {
				log.Warn("a hand-over ended early", "error", err)
			}
		})
	}
}

// Waiting reports whether a sender is in the queue of the handover socket.
func Waiting(l *net.UnixListener) bool {
	raw, err := l.SyscallConn()
	if err != nil {
		return false
	}
	n := 0
	err = raw.Control(func(fd uintptr) {
		n, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	})
	return err == nil && n > 0
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// receiver talks to one sender.
type receiver struct {
	conn    *net.UnixConn
	log     *slog.Logger
	accepts func(string) bool
	adopt   func(Conn)
}

func (r *receiver) run(ctx context.Context) error {
	if err := checkPeer(r.conn); err != nil {
		return err
	}
	if ctx.Err() == nil { // else it waits for the next instance's
		_ = r.write([]byte(magic)) // a blind sender may be gone, and its batches are there all the same
	}
	p := make([]byte, maxMessage)
	oob := make([]byte, syscall.CmsgSpace(MaxBatch*4))
	for {
		n, oobn, flags, _, err := r.conn.ReadMsgUnix(p, oob)
		fds, fdErr := descriptors(oob[:oobn])
		if n == 0 && len(fds) == 0 && (err == nil || errors.Is(err, io.EOF)) {
			return nil
		}
		if err = errors.Join(err, fdErr); err == nil && flags&syscall.MSG_CTRUNC != 0 {
			closeAll(fds)
			_ = r.refuse(errors.New("there is no room for their descriptors")) // a blind sender may be gone
			continue
		}
		if err == nil && flags&syscall.MSG_TRUNC != 0 {
			err = fmt.Errorf("%w: too long", errMalformed)
		}
		var b batch
		if err == nil {
			b, err = parseBatch(p[:n], len(fds))
		}
		if err != nil {
			closeAll(fds)
			return err
		}
		if err := r.take(b, fds); err != nil {
			return err
		}
	}
}

// take takes a whole batch, or none of it. An error ends the hand-over.
func (r *receiver) take(b batch, fds []int) error {
	conns, refusal := r.open(b, fds)
	var err error
	if refusal != nil {
		err = r.refuse(refusal)
	} else {
		err = r.write(answer(len(b.metas)))
	}
	if b.blind {
		err = nil // its sender did not wait
	}
	for _, c := range conns {
		if err == nil && refusal == nil {
			r.adopt(c)
		} else if c.Conn != nil {
			c.Close()
		}
	}
	return err
}

// refuse says that nothing of a batch was taken, and goes on.
func (r *receiver) refuse(why error) error {
	r.log.Warn("connections of another instance were refused", "error", why)
	return r.write(answer(0))
}

// open makes connections of the descriptors, which it closes.
func (r *receiver) open(b batch, fds []int) ([]Conn, error) {
	defer func() { closeAll(fds) }()
	if b.state {
		return []Conn{{nil, b.metas[0].kind, b.metas[0].state}}, nil
	}
	for _, m := range b.metas {
		if !r.accepts(m.kind) {
			return nil, fmt.Errorf("nothing here goes on with connections of kind %q", m.kind)
		}
	}
	conns := make([]Conn, 0, len(fds))
	for _, m := range b.metas {
		c, err := fileConn(fds[0])
		fds = fds[1:]
		if err != nil {
			return conns, err
		}
		if c.RemoteAddr() == nil {
			c.Close() // its client was gone before it came here
			continue
		}
		conns = append(conns, Conn{c, m.kind, m.state})
	}
	return conns, nil
}

func (r *receiver) write(p []byte) error {
	r.conn.SetWriteDeadline(time.Now().Add(answerTime))
	_, err := r.conn.Write(p)
	return err
}

// fileConn makes a connection of a descriptor, which it closes.
func fileConn(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "carried connection")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	switch network := c.LocalAddr().Network(); network {
	case "tcp", "unix", "unixpacket":
		return c, nil
	default:
		c.Close()
		return nil, fmt.Errorf("%w: a socket of %s is no connection", errMalformed, network)
	}
}

func descriptors(oob []byte) ([]int, error) {
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, err
	}
	var all []int
	for _, m := range messages {
		fds, err := syscall.ParseUnixRights(&m)
		if err != nil {
			return all, err
		}
		all = append(all, fds...)
	}
	return all, nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		_ = syscall.Close(fd)
	}
}
