package drill

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"syscall"

	"golang.org/x/net/http2"
)

const frameHeaderLen = 9 // RFC 9113, section 4.1: length 24 bits, type 8, flags 8, stream 32

// wire watches an HTTP/2 connection: whether the server said GOAWAY, and how it was lost. Read is for one goroutine;
// the rest is safe for concurrent use.
type wire struct {
	*tls.Conn
	goaway atomic.Bool
	err    atomic.Pointer[error]

	header []byte // of the frame that is arriving
	skip   int    // bytes left of its payload
}

// Read reads from the connection and looks at the frames that pass.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.scan(p[:n])
	if err != nil {
		w.err.CompareAndSwap(nil, &err)
	}
	return n, err
}

// Write writes to the connection. The kernel reports a reset once, to whoever comes first, and lets a later Read
// end like a close.
func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	if errors.Is(err, syscall.ECONNRESET) {
		w.err.CompareAndSwap(nil, &err)
	}
	return n, err
}

// lost returns the error that ended the connection, nil while it is good.
func (w *wire) lost() error {
	if err := w.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (w *wire) scan(p []byte) {
	for len(p) > 0 {
		if w.skip > 0 {
			n := min(w.skip, len(p))
			w.skip, p = w.skip-n, p[n:]
			continue
		}
		n := min(frameHeaderLen-len(w.header), len(p))
		w.header, p = append(w.header, p[:n]...), p[n:]
		if len(w.header) < frameHeaderLen {
			continue
		}
		if http2.FrameType(w.header[3]) == http2.FrameGoAway {
			w.goaway.Store(true)
		}
		w.skip = int(binary.BigEndian.Uint32(w.header) >> 8)
		w.header = w.header[:0]
	}
}
