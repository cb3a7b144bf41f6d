package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/nodrop/nodrop/pkg/serve"
)

const (
	maxMessage   = 1 << 20          // bytes
	pingEvery    = 30 * time.Second // finds dead peers, and keeps middleboxes from forgetting the live ones
	pongTimeout  = 75 * time.Second // without a sign of life; two pings may get lost
	closeTimeout = 5 * time.Second  // for the peer to answer a close frame
)

// session is one WebSocket, on the server's side.
type session struct {
	conn  net.Conn
	early []byte // read ahead of the session, to be taken first

	mu      sync.Mutex // a frame is written whole, and none after the close frame
	closing bool
	between bool // no byte of the next message was read
	leave   bool // another instance is there to go on
}

func newSession(conn net.Conn, early []byte) *session {
	return &session{conn: conn, early: bytes.Clone(early)}
}

// errLeave is why a session that another instance goes on with ends here.
var errLeave = errors.New("between two messages, to be passed on")

// run echoes messages until either side closes, or until another instance goes
// on with the connection. The caller closes it.
func (s *session) run(ctx context.Context) {
	leaving := serve.Leaving(s.conn)
	for {
		over := make(chan struct{})
		var tending sync.WaitGroup
		tending.Go(func() { s.tend(ctx, leaving, over) })
		left := s.serve()
		close(over)
		tending.Wait() // nothing is written any more
		if !left || serve.Pass(s.conn, kindWebSocket, s.early) == nil {
			return
		}
		s.leave, leaving = false, nil // nobody takes it: it stays until ctx ends
	}
}

// Read reads what the peer sends, never more than is asked for, so that between
// two messages nothing but early is in this process.
func (s *session) Read(p []byte) (n int, err error) {
	if len(s.early) > 0 {
		n = copy(p, s.early)
		s.early = s.early[n:]
	} else {
		n, err = s.conn.Read(p)
	}
	if n > 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.between && s.leave && !s.closing {
			// depart came while this was being read: the rest is to come too.
			s.conn.SetReadDeadline(time.Now().Add(pongTimeout))
		}
		s.between = false
	}
	return n, err
}

// depart asks for the session to end between two messages.
func (s *session) depart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave = true
	if s.between && !s.closing {
		s.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// serve reports whether the session ended in order to be passed on.
func (s *session) serve() (left bool) {
	rd := &wsutil.Reader{
		Source:         s,
		State:          ws.StateServerSide,
		CheckUTF8:      true,
		MaxMessageSize: maxMessage,
		OnIntermediate: s.control, // between the fragments of a message
	}
	for {
		if err := s.next(rd); err != nil {
			if errors.Is(err, errLeave) {
				return true
			}
			if code, reason := farewell(err); code != 0 {
				s.close(code, reason)
				// Unread input would turn our close of the connection into a
				// reset, which can overtake the frame that says why.
				io.Copy(io.Discard, s)
			}
			return false
		}
	}
}

// next reads one frame or one message and answers it.
func (s *session) next(rd *wsutil.Reader) error {
	if s.expect(pongTimeout) {
		return errLeave
	}
	h, err := rd.NextFrame()
	if errors.Is(err, os.ErrDeadlineExceeded) && s.departs() {
		return errLeave
	}
	if err != nil {
		return err
	}
	if h.OpCode.IsControl() {
		return s.control(h, rd)
	}
	message, err := io.ReadAll(rd)
	if err != nil {
		return err
	}
	return s.send(h.OpCode, message)
}

// control answers a ping and a close. After the close it returns io.EOF.
func (s *session) control(h ws.Header, body io.Reader) error {
	payload := make([]byte, h.Length) // at most 125, the reader sees to that
	if _, err := io.ReadFull(body, payload); err != nil {
		return err
	}
	switch h.OpCode {
	case ws.OpPing:
		return s.send(ws.OpPong, payload)
	case ws.OpClose:
		code, reason := ws.ParseCloseFrameData(payload)
		if len(payload) == 0 {
			code = ws.StatusNormalClosure // none given is fine, and so is any in reply
		} else if err := ws.CheckCloseFrameData(code, reason); err != nil {
			return err
		}
		s.close(code, "")
		return io.EOF
	}
	return nil // a pong
}

// tend pings the peer until over is closed, ends the session when leaving is,
// so that it can be passed on, and says goodbye when ctx ends.
func (s *session) tend(ctx context.Context, leaving, over <-chan struct{}) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-leaving:
			leaving = nil
			s.depart()
		case <-over:
			return
		case <-tick.C:
			s.send(ws.OpPing, nil) // if it fails, the reader notices too
		case <-ctx.Done():
			s.close(ws.StatusGoingAway, errGoingAway.Error())
			return
		}
	}
}

// send writes a frame. After the close frame there must be none (RFC 6455,
// 5.5.1): then it does nothing.
func (s *session) send(op ws.OpCode, payload []byte) error {
	frame, err := ws.CompileFrame(ws.NewFrame(op, true, payload))
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	return s.write(frame)
}

// close sends the close frame, once, and leaves the peer closeTimeout to answer.
func (s *session) close(code ws.StatusCode, reason string) {
	frame := ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(code, reason)))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	s.closing = true
	s.write(frame) // if it fails, there is nobody to say goodbye to
	s.conn.SetReadDeadline(time.Now().Add(closeTimeout))
}

// write needs the lock.
func (s *session) write(frame []byte) error {
	s.conn.SetWriteDeadline(time.Now().Add(stallTimeout))
	_, err := s.conn.Write(frame)
	return err
}

// expect gives the peer d to send its next message, unless we are closing. It
// reports whether the session is to be passed on instead.
func (s *session) expect(d time.Duration) (leave bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.between = true
	s.conn.SetReadDeadline(time.Now().Add(d))
	return s.leave
}

// departs reports whether a read that ran out of time did so for depart.
func (s *session) departs() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leave && s.between && !s.closing
}

// farewell says with which code (RFC 6455, 7.4.1) and reason a session ends that
// err broke off. The code is 0 if no close frame is due: the peer has closed, or
// is gone.
func farewell(err error) (ws.StatusCode, string) {
	var protocol ws.ProtocolError
	switch {
	case errors.Is(err, wsutil.ErrMessageTooLarge):
		return ws.StatusMessageTooBig, "the message is longer than 1 MiB"
	case errors.Is(err, wsutil.ErrInvalidUTF8):
		return ws.StatusInvalidFramePayloadData, "the text is not UTF-8"
	case errors.As(err, &protocol), errors.Is(err, ws.ErrHeaderLengthMSB):
		return ws.StatusProtocolError, err.Error()
	}
	return 0, ""
}
