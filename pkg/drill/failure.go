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

// The ways in which requests are lost.
const (
	Refused  Failure = "refused"  // the connection was refused, or the HTTP/2 stream
	Reset    Failure = "reset"    // connection reset or broken pipe; HTTP/2: RST_STREAM
	EOF      Failure = "eof"      // closed before the first byte of a response
	Short    Failure = "short"    // closed within the response
	Timeout  Failure = "timeout"  // not complete within Config.Timeout
	Status   Failure = "status"   // any status but 2xx; for a WebSocket, but 101
	Sequence Failure = "sequence" // WebSocket: repeated, out of order or altered; events: the same, or some left out
	Other    Failure = "other"
)

// failure is a lost request: the way and the cause.
type failure struct {
	kind Failure
	err  error
}

// fail classifies err. Started says whether a part of the response had arrived.
func fail(err error, started bool) *failure {
	return &failure{classify(err, started), err}
}

func classify(err error, started bool) Failure {
	var timeout net.Error // context.DeadlineExceeded is one too
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return Reset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if started {
			return Short
		}
		return EOF
	case errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	}
	return Other
}

// byServer reports whether the server ended the connection on which the request was lost.
func (f *failure) byServer() bool {
	return f.kind == Reset || f.kind == EOF || f.kind == Short
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
