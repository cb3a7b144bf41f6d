package serve

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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

// A client that goes on sending to a connection which has ended holds up nobody for longer than the time for lingering.
func TestLingerEnds(t *testing.T) {
	for name, every := range map[string]time.Duration{"sends without end": time.Second, "is silent": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				c := newH2Conn(ours)
				c.asked.Store(true)
				var client sync.WaitGroup
				client.Go(func() {
					for {
						if _, err := theirs.Write([]byte(pingFrame)); err != nil {
							return
						}
						time.Sleep(every)
					}
				})
				began := time.Now()
				c.linger()
				if took := time.Since(began); took > lingerTime+lingerTimeout || every > lingerTime && took > lingerTimeout {
					t.Errorf("lingered for %s", took)
				}
				if _, err := ours.Write([]byte("x")); err != io.ErrClosedPipe {
					t.Errorf("after it: %v, want a closed connection", err)
				}
				client.Wait()
			})
		})
	}
}

// A client that does not answer in time has the answer put in for it, once, between two of its frames.
func TestOverdueAnswer(t *testing.T) {
	frames := func(n int) string { return strings.Repeat(pingFrame, n) }
	for name, tc := range map[string]struct {
		sends []string // a second between each and the next
		want  string
	}{
		"a silent client":        {nil, clientGoAwayFrame},
		"half a header":          {append(slices.Repeat([]string{pingFrame}, 29), pingFrame[:5], "", "", pingFrame[5:]), frames(29) + clientGoAwayFrame + pingFrame},
		"half a frame":           {append(slices.Repeat([]string{pingFrame}, 29), pingFrame[:12], "", "", pingFrame[12:]+pingFrame), frames(30) + clientGoAwayFrame + pingFrame},
		"frames without end":     {slices.Repeat([]string{pingFrame}, 40), frames(30) + clientGoAwayFrame + frames(10)},
		"an answer in time":      {append([]string{pingAckFrame, pingAckFrame}, slices.Repeat([]string{pingFrame}, 40)...), pingAckFrame + clientGoAwayFrame + frames(40)},
		"an answer that is late": {append(slices.Repeat([]string{""}, 40), pingAckFrame, pingAckFrame), clientGoAwayFrame + pingAckFrame + pingAckFrame},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				c := newH2Conn(ours)
				go io.Copy(io.Discard, theirs)
				c.goAway()
				time.Sleep(time.Millisecond) // the client is never as fast as the clock
				go func() {
					for _, s := range tc.sends {
						io.WriteString(theirs, s)
						time.Sleep(time.Second)
					}
					time.Sleep(2 * answerTime)
					theirs.Close()
				}()
				got, err := io.ReadAll(c)
				if err != nil {
					t.Error(err)
				}
				if string(got) != tc.want {
					t.Errorf("read %q, want %q", got, tc.want)
				}
			})
		})
	}
}
