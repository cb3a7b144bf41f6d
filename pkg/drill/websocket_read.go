package drill

import (
	"errors"
	"io"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// maxEcho bounds a message from the server, in bytes. None has more than the digits of a uint64.
const maxEcho = 1 << 10

// frame is what a server sent: a whole message, a control frame, or as the last one the error that ended the
// connection.
type frame struct {
	at      time.Time
	op      ws.OpCode
	payload []byte
	err     error
}

// readFrames reads frames from r until an error, which is the last of them, or until over is closed.
func readFrames(r io.Reader, frames chan<- frame, over <-chan struct{}) {
	pass := func(f frame) error {
		f.at = time.Now()
		select {
		case frames <- f:
			return f.err
		case <-over:
			return errors.New("nobody reads any more")
		}
	}
	rd := &wsutil.Reader{Source: r, State: ws.StateClientSide, CheckUTF8: true, MaxMessageSize: maxEcho}
	rd.OnIntermediate = func(h ws.Header, body io.Reader) error { // between the fragments of a message
		payload, err := io.ReadAll(body)
		if err != nil || int64(len(payload)) < h.Length {
			return errors.Join(err, io.ErrUnexpectedEOF)
		}
		return pass(frame{op: h.OpCode, payload: payload})
	}
	for {
		f := frame{}
		h, err := rd.NextFrame()
		if err == nil {
			f.op = h.OpCode
			f.payload, err = io.ReadAll(rd)
		}
		f.err = err
		if pass(f) != nil {
			return
		}
	}
}
