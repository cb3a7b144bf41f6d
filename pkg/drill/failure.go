package drill

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
)

// Failure is the way in which a request was lost.
type Failure string

// The ways in which requests are lost. The unsent ones are those of requests that were not sent whole, so that the
// server has not done what they ask for.
const (
	Refused     Failure = "refused"      // the connection was refused, or the HTTP/2 stream, or a Unix socket is not there
	ResetUnsent Failure = "reset-unsent" // reset before the request was sent, or while it was
	EOFUnsent   Failure = "eof-unsent"   // closed before the request was sent, or while it was
	Reset       Failure = "reset"        // reset after the request was sent; HTTP/2: RST_STREAM
	EOF         Failure = "eof"          // closed after the request was sent and before the first byte of a response
	Short       Failure = "short"        // closed within the response
	Timeout     Failure = "timeout"      // not complete within Config.Timeout
	Status      Failure = "status"       // any status but 2xx; for a WebSocket, but 101
	Body        Failure = "body"         // download: not what it was before; upload: the server got something else
	Sequence    Failure = "sequence"     // WebSocket: repeated, out of order or altered; events: the same, or some left out
	Other       Failure = "other"
)

// stage is how far a request had come when it was lost.
type stage int

const (
	unsent  stage = iota // nothing of it was sent, or not all
	sent                 // all of it was
	started              // a part of the response had arrived
)

// failure is a lost request: the way and the cause.
type failure struct {
	kind Failure
	err  error
}

// fail classifies err.
func fail(err error, at stage) *failure {
	return &failure{classify(err, at), err}
}

func classify(err error, at stage) Failure {
	var timeout net.Error // context.DeadlineExceeded is one too
	switch {
	case refused(err):
		return Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return [...]Failure{unsent: ResetUnsent, sent: Reset, started: Reset}[at]
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return [...]Failure{unsent: EOFUnsent, sent: EOF, started: Short}[at]
	case errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	}
	return Other
}

// endOf is the stage that err says, of what is read after the request was sent.
func endOf(err error) stage {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return started
	}
	return sent
}

// refused reports whether connect(2) found nobody. On a Unix socket, EAGAIN is a full backlog.
func refused(err error) bool {
	var op *net.OpError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &op) && op.Op == "dial" &&
		(errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.EAGAIN))
}

// byServer reports whether the server ended the connection on which the request was lost.
func (f *failure) byServer() bool {
	switch f.kind {
	case ResetUnsent, EOFUnsent, Reset, EOF, Short:
		return true
	}
	return false
}

// text is the cause without what differs from one connection to the next, so that equal causes are equal texts.
func (f *failure) text() string {
	var inner, op *net.OpError
	for err := f.err; errors.As(err, &op); err = op.Err {
		inner = op
	}
	switch {
	case inner == nil:
		return f.err.Error()
	case inner.Op == "dial" && inner.Addr != nil:
		return fmt.Sprintf("dial %s: %v", inner.Addr, inner.Err)
	}
	return fmt.Sprintf("%s: %v", inner.Op, inner.Err)
}
