package serve

// Frames of our own: length, type, flags and stream, then the payload (RFC
// 9113, sections 4.1, 6.7 and 6.8).
const (
	// goAwayFrame names the highest stream and NO_ERROR: it refuses nothing.
	goAwayFrame = "\x00\x00\x08" + "\x07" + "\x00" + "\x00\x00\x00\x00" + "\x7f\xff\xff\xff" + "\x00\x00\x00\x00"
	// clientGoAwayFrame is what a client sends that is done: the server pushed
	// no stream, hence 0, and NO_ERROR.
	clientGoAwayFrame = "\x00\x00\x08" + "\x07" + "\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"
	pingFrame         = "\x00\x00\x08" + "\x06" + "\x00" + "\x00\x00\x00\x00" + pingData
	pingAckFrame      = "\x00\x00\x08" + "\x06" + "\x01" + "\x00\x00\x00\x00" + pingData
	pingData          = "go-away?"
)

const frameHeaderLen = 9

func payloadLen(header []byte) int {
	return int(header[0])<<16 | int(header[1])<<8 | int(header[2])
}

// frames follows a stream of HTTP/2 frames (RFC 9113, section 4.1) as it is
// written, in pieces of any size.
type frames struct {
	header  [frameHeaderLen]byte
	have    int  // bytes of header seen, 0 in between and while payload is left
	payload int  // bytes of payload still to come
	begun   bool // the first frame, the server's SETTINGS, was seen
	block   bool // inside a field block, where only CONTINUATION may follow
}

func (f *frames) advance(p []byte) {
	for len(p) > 0 {
		if f.payload > 0 {
			n := min(f.payload, len(p))
			f.payload -= n
			p = p[n:]
			continue
		}
		n := copy(f.header[f.have:], p)
		f.have += n
		p = p[n:]
		if f.have == frameHeaderLen {
			f.enter()
		}
	}
}

// enter takes in a complete header.
func (f *frames) enter() {
	h := f.header[:]
	f.have = 0
	f.begun = true
	f.payload = payloadLen(h)
	f.block = inBlock(h, f.block)
}

// inBlock reports whether a field block goes on behind a frame with this header, given whether one went on before it.
func inBlock(header []byte, before bool) bool {
	const (
		headers      = 0x1
		pushPromise  = 0x5
		continuation = 0x9
		endHeaders   = 0x4
	)
	switch header[3] {
	case headers, pushPromise, continuation:
		return header[4]&endHeaders == 0
	}
	return before
}

// boundary reports whether a frame of our own may go in here.
func (f *frames) boundary() bool {
	return f.begun && f.have == 0 && f.payload == 0 && !f.block
}
