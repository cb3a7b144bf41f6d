package serve

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// serverFrames writes what a server writes: settings, a reply whose field
// block is split, data, a ping.
func serverFrames(t testing.TB) []byte {
	var out, block bytes.Buffer
	fr := http2.NewFramer(&out, nil)
	enc := hpack.NewEncoder(&block)
	_ = enc.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
	_ = enc.WriteField(hpack.HeaderField{Name: "x-long", Value: "abcdefghijklmnopqrstuvwxyz"})
	for _, err := range []error{
		fr.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 10}),
		fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes()[:5]}),
		fr.WriteContinuation(1, true, block.Bytes()[5:]),
		fr.WriteData(1, false, make([]byte, 3000)),
		fr.WriteData(1, true, nil),
		fr.WritePing(true, [8]byte{}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// insertGoAways follows the stream in pieces and puts a GOAWAY in wherever the
// boundary logic allows one; it returns how many went in.
func insertGoAways(stream []byte, size func() int) ([]byte, int) {
	var f frames
	var out []byte
	n := 0
	for len(stream) > 0 {
		piece := stream[:min(max(size(), 1), len(stream))]
		stream = stream[len(piece):]
		out = append(out, piece...)
		f.advance(piece)
		if f.boundary() {
			out = append(out, goAwayFrame...)
			n++
		}
	}
	return out, n
}

// checkFrames reads the stream by x/net's framer, which refuses a frame inside
// a field block, and compares the kinds of frames other than GOAWAY.
func checkFrames(t *testing.T, stream []byte, goAways int) {
	t.Helper()
	want := []http2.FrameType{http2.FrameSettings, http2.FrameHeaders, http2.FrameContinuation, http2.FrameData, http2.FrameData, http2.FramePing}
	fr := http2.NewFramer(nil, bytes.NewReader(stream))
	fr.SetMaxReadFrameSize(1 << 20)
	var got []http2.FrameType
	for range len(want) + goAways {
		f, err := fr.ReadFrame()
		if err != nil {
			t.Fatalf("after %v: %v", got, err)
		}
		if g, ok := f.(*http2.GoAwayFrame); ok {
			goAways--
			if g.LastStreamID != 1<<31-1 || g.ErrCode != http2.ErrCodeNo {
				t.Fatalf("GOAWAY refuses streams: %v", g)
			}
			continue
		}
		got = append(got, f.Header().Type)
	}
	if goAways != 0 || len(got) != len(want) {
		t.Fatalf("frames %v, %d GOAWAY missing", got, goAways)
	}
}

func TestGoAwayGoesInOnlyBetweenFrames(t *testing.T) {
	stream := serverFrames(t)
	for _, tt := range []struct {
		name  string
		size  int
		count int
	}{
		// Everything but the place between HEADERS and its CONTINUATION.
		{"one byte at a time", 1, 5},
		{"all at once", 1 << 20, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, n := insertGoAways(stream, func() int { return tt.size })
			if n != tt.count {
				t.Errorf("%d boundaries, want %d", n, tt.count)
			}
			checkFrames(t, out, n)
		})
	}
}

func TestNoGoAwayBeforeSettings(t *testing.T) {
	var f frames
	if f.boundary() {
		t.Error("a GOAWAY could be the first frame, which must be SETTINGS")
	}
}

func FuzzGoAwayInAnyPieces(f *testing.F) {
	f.Add(uint64(1))
	stream := serverFrames(f)
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		out, n := insertGoAways(stream, func() int { return r.IntN(40) })
		checkFrames(t, out, n)
	})
}
