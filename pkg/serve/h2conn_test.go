package serve

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
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

// A reader that is elsewhere when the answer is late finds out, once: also when net/http takes the deadline away meanwhile, as it
// does behind the head of a request when there is a ReadTimeout.
func TestOverdueAnswerWhileNobodyReads(t *testing.T) {
	for _, cleared := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			c := newH2Conn(ours)
			go io.Copy(io.Discard, theirs)
			c.goAway()
			time.Sleep(answerTime)
			synctest.Wait()
			if cleared {
				c.SetReadDeadline(time.Time{})
			}
			time.AfterFunc(time.Minute, func() { theirs.Close() })
			if got, err := io.ReadAll(c); err != nil || string(got) != clientGoAwayFrame {
				t.Errorf("cleared=%v: read %q, %v", cleared, got, err)
			}
		})
	}
}

// The wake-up of a reader does not end the lingering behind it.
func TestOverdueAnswerWhileLingering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		c := newH2Conn(ours)
		c.asked.Store(true)
		began := time.Now()
		time.AfterFunc(time.Second, c.overdue)
		c.linger()
		if took := time.Since(began); took != lingerTimeout {
			t.Errorf("lingered for %s, want %s", took, lingerTimeout)
		}
	})
}

const (
	headersFrame      = "\x00\x00\x05\x01\x00\x00\x00\x00\x01block"
	moreFrame         = "\x00\x00\x05\x09\x00\x00\x00\x00\x01block"
	continuationFrame = "\x00\x00\x05\x09\x04\x00\x00\x00\x01block"
)

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
		"half a field block":     {append(slices.Repeat([]string{pingFrame}, 29), headersFrame, "", "", continuationFrame, pingFrame), frames(29) + headersFrame + continuationFrame + clientGoAwayFrame + pingFrame},
		"a block left open":      {append(slices.Repeat([]string{pingFrame}, 29), headersFrame), frames(29) + headersFrame + clientGoAwayFrame},
		"a block without end":    {append(append(slices.Repeat([]string{pingFrame}, 29), headersFrame), slices.Repeat([]string{moreFrame}, 40)...), frames(29) + headersFrame + strings.Repeat(moreFrame, 5) + clientGoAwayFrame + strings.Repeat(moreFrame, 35)},
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
