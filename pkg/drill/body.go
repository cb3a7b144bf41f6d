package drill

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"sync"
	"time"
)

const (
	postSize   = 1 << 10
	chunk      = 64 << 10 // of an upload, and the size of write buffers for bodies
	maxReceipt = 64 << 10 // bytes
)

// Smaller in tests.
var (
	uploadSize int64 = 5 << 20                 // bytes
	bodyTime         = 1500 * time.Millisecond // that an upload takes, or a download
)

// sizedReader is a request body that knows its length.
type sizedReader interface {
	io.Reader
	Size() int64
}

// postBody returns what post clients send.
func postBody() sizedReader { return bytes.NewReader(bytes.Repeat([]byte("nodrop. "), postSize/8)) }

// paced is a body of known size that takes bodyTime to read, so that there are always some in flight.
type paced struct {
	io.Reader
	size  int64
	start time.Time
	read  int64
}

func newPaced(r io.Reader, size int64) *paced {
	return &paced{Reader: r, size: size, start: time.Now()}
}

func (b *paced) Size() int64 { return b.size }

func (b *paced) Read(p []byte) (int, error) {
	if b.size > 0 && b.read < b.size {
		share := float64(b.read) / float64(b.size)
		time.Sleep(time.Until(b.start.Add(time.Duration(share * float64(bodyTime)))))
	}
	n, err := b.Reader.Read(p[:min(len(p), chunk)])
	b.read += int64(n)
	return n, err
}

// pattern is an endless body: 0, 1, 2 … 255, 0, 1 …
type pattern struct{ at int }

func (r *pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r.at + i)
	}
	r.at += len(p)
	return len(p), nil
}

func uploaded() io.Reader { return io.LimitReader(&pattern{}, uploadSize) }

// newUpload returns what upload clients send.
func newUpload() sizedReader { return newPaced(uploaded(), uploadSize) }

var uploadSum = sync.OnceValue(func() string {
	hash := sha256.New()
	io.Copy(hash, uploaded())
	return hex.EncodeToString(hash.Sum(nil))
})

// reader reads the body of a good response to its end. The error is a wrongBody if that is not what it should be.
type reader func(*http.Response) error

// wrongBody says what is wrong with a body that arrived whole.
type wrongBody string

func (w wrongBody) Error() string { return string(w) }

func discard(resp *http.Response) error {
	_, err := io.Copy(io.Discard, resp.Body)
	return err
}

// readReceipt reads the response to an upload. If it is a JSON object with a member "sha256", that has to be the
// hash of what was sent, in hex.
func readReceipt(resp *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReceipt))
	if err != nil {
		return err
	}
	if err := discard(resp); err != nil {
		return err
	}
	var receipt struct{ SHA256 *string }
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != "application/json" || json.Unmarshal(text, &receipt) != nil || receipt.SHA256 == nil {
		return nil
	}
	if got := *receipt.SHA256; got != uploadSum() {
		return wrongBody(fmt.Sprintf("the server got an upload of SHA-256 %.16q…, and %.16q… was sent", got, uploadSum()))
	}
	return nil
}

// content is what a URL gives, by its length and hash, as soon as it is known: from the first download. The zero value
// knows nothing. It is safe for concurrent use.
type content struct {
	mu   sync.Mutex
	size int64
	hash []byte // nil: not known
}

// reprDigest finds the SHA-256 in a Repr-Digest field (RFC 9530, section 3).
var reprDigest = regexp.MustCompile(`(?:^|[\s,])sha-256=:([A-Za-z0-9+/=]+):`)

// read reads a download. It has to have the hash that the response's Repr-Digest says; without that, the
// length and hash of the first one.
func (c *content) read(resp *http.Response) error {
	hash := sha256.New()
	size, err := io.Copy(hash, newPaced(resp.Body, resp.ContentLength))
	if err != nil {
		return err
	}
	got := hash.Sum(nil)
	if m := reprDigest.FindStringSubmatch(resp.Header.Get("Repr-Digest")); m != nil {
		if want := m[1]; base64.StdEncoding.EncodeToString(got) != want {
			return wrongBody(fmt.Sprintf("%d bytes that have not the hash in Repr-Digest", size))
		}
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.hash == nil:
		c.size, c.hash = size, got
	case size != c.size:
		return wrongBody(fmt.Sprintf("%d bytes, and the first download had %d", size, c.size))
	case !bytes.Equal(got, c.hash):
		return wrongBody(fmt.Sprintf("the first download's length, %d, but not its hash", size))
	}
	return nil
}
