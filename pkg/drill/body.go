package drill

import (
	"bytes"
	"io"
	"time"
)

const (
	postSize   = 1 << 10
	uploadSize = 5 << 20
	uploadTime = 1500 * time.Millisecond
	chunk      = 64 << 10 // of an upload, and the size of write buffers for bodies
)

// sizedReader is a request body that knows its length.
type sizedReader interface {
	io.Reader
	Size() int64
}

// postBody returns what post clients send.
func postBody() sizedReader { return bytes.NewReader(bytes.Repeat([]byte("nodrop. "), postSize/8)) }

// pacedBody is a body of uploadSize bytes that takes uploadTime to read, so that uploads are always in flight.
type pacedBody struct {
	start time.Time
	sent  int64
}

func newPacedBody() *pacedBody { return &pacedBody{start: time.Now()} }

func (b *pacedBody) Size() int64 { return uploadSize }

func (b *pacedBody) Read(p []byte) (int, error) {
	if b.sent == uploadSize {
		return 0, io.EOF
	}
	time.Sleep(time.Until(b.start.Add(uploadTime * time.Duration(b.sent) / uploadSize)))
	n := min(int64(len(p)), chunk, uploadSize-b.sent)
	for i := range p[:n] {
		p[i] = byte(b.sent + int64(i))
	}
	b.sent += n
	return int(n), nil
}
