package serve

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"testing"

	"golang.org/x/net/http2"
)

// clientFrames is what a client sends: a request in pieces, and answers to
// PINGs, one of them to the server's own.
func clientFrames(t testing.TB, answer bool) []byte {
	var out bytes.Buffer
	fr := http2.NewFramer(&out, nil)
	errs := []error{
		fr.WriteSettings(),
		fr.WritePing(true, [8]byte{1, 2, 3}),
		fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndHeaders: true, BlockFragment: []byte("block")}),
		fr.WriteData(1, true, bytes.Repeat([]byte(pingAckFrame), 500)), // only looks like one
	}
	if answer {
		errs = append(errs, fr.WritePing(true, [8]byte([]byte(pingData))))
	}
	for _, err := range append(errs, fr.WriteWindowUpdate(0, 10)) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// pieces is a connection whose bytes come in pieces of random size.
type pieces struct {
	net.Conn
	r    io.Reader
	rand *rand.Rand
}

func (p pieces) Read(b []byte) (int, error) {
	return p.r.Read(b[:min(len(b), 1+p.rand.IntN(30))])
}

// readAll reads through c with buffers of random size.
func readAll(t *testing.T, c *h2conn, r *rand.Rand) []byte {
	t.Helper()
	var got []byte
	for {
		b := make([]byte, 1+r.IntN(50))
		n, err := c.Read(b)
		got = append(got, b[:n]...)
		if err == io.EOF {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzReadPassesEverythingButTheAnswer(f *testing.F) {
	f.Add(uint64(1), true, true)
	f.Add(uint64(2), true, false)
	f.Add(uint64(3), false, true)
	f.Fuzz(func(t *testing.T, seed uint64, asked, answer bool) {
		r := rand.New(rand.NewPCG(seed, 0))
		in := clientFrames(t, answer)
		want := in
		if asked && answer {
			at := bytes.LastIndex(in, []byte(pingAckFrame))
			want = append(append(bytes.Clone(in[:at]), clientGoAwayFrame...), in[at+len(pingAckFrame):]...)
		}
		c := newH2Conn(pieces{r: bytes.NewReader(in), rand: r})
		c.asked.Store(asked)
		c.again = true // this is the answer to the second PING
		if got := readAll(t, c, r); !bytes.Equal(got, want) {
			t.Errorf("read %d bytes, want %d, or others", len(got), len(want))
		}
	})
}

// A connection that breaks off inside a header must not lose bytes, nor hide
// the end.
func TestReadOfABrokenOffFrame(t *testing.T) {
	for _, size := range []int{0, 1, frameHeaderLen - 1} {
		c := newH2Conn(pieces{r: bytes.NewReader(make([]byte, size)), rand: rand.New(rand.NewPCG(1, 1))})
		if n, err := c.Read(make([]byte, 100)); n != 0 || err != io.EOF {
			t.Errorf("%d bytes: read %d, %v", size, n, err)
		}
	}
}
