package carry

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The protocol, version 1. All messages are packets; numbers are big-endian.
//
//	hello   receiver: magic
//	batch   sender:   magic, flags (1 byte), count (2), then for each connection:
//	                  length of kind (1), kind, length of state (4), state;
//	                  as many descriptors as count, in the same order
//	answer  receiver: magic, count (2): the batch was taken, all of it
//
// A batch flagged as state has one kind and one state, and no descriptor.
const (
	magic     = "nodrop1\n"
	flagBlind = 1 // the sender waits for no answer
	flagState = 2 // state without a connection
)

// Limits of a batch.
const (
	// MaxBatch is how many connections one message carries. The kernel's limit
	// is 253 (SCM_MAX_FD).
	MaxBatch = 200
	// MaxKind is the length of a kind, in bytes.
	MaxKind = 255
	// MaxState is the length of all the states of one batch, in bytes, so that
	// a message fits the default send buffer of a socket.
	MaxState = 64 << 10
)

const maxMessage = len(magic) + 3 + MaxBatch*(5+MaxKind) + MaxState

// meta is what travels beside a descriptor.
type meta struct {
	kind  string
	state []byte
}

type batch struct {
	blind bool
	state bool // of no connection
	metas []meta
}

func (b batch) marshal() []byte {
	var flags byte
	if b.blind {
		flags |= flagBlind
	}
	if b.state {
		flags |= flagState
	}
	out := append([]byte(magic), flags)
	out = binary.BigEndian.AppendUint16(out, uint16(len(b.metas)))
	for _, m := range b.metas {
		out = append(append(out, byte(len(m.kind))), m.kind...)
		out = binary.BigEndian.AppendUint32(out, uint32(len(m.state)))
		out = append(out, m.state...)
	}
	return out
}

var errMalformed = errors.New("malformed message")

// parseBatch reads a batch that came with a number of descriptors. The states
// are copies.
func parseBatch(p []byte, descriptors int) (batch, error) {
	var b batch
	rest, err := cutMagic(p)
	if err != nil {
		return b, err
	}
	if len(rest) < 3 {
		return b, errMalformed
	}
	if rest[0]&^(flagBlind|flagState) != 0 {
		return b, fmt.Errorf("%w: unknown flags %#x", errMalformed, rest[0])
	}
	b.blind, b.state = rest[0]&flagBlind != 0, rest[0]&flagState != 0
	count := int(binary.BigEndian.Uint16(rest[1:]))
	rest = rest[3:]
	want := count
	if b.state {
		want = 0
	}
	if count == 0 || count > MaxBatch || descriptors != want || b.state && count != 1 {
		return b, fmt.Errorf("%w: %d connections with %d descriptors", errMalformed, count, descriptors)
	}
	for range count {
		var m meta
		if m, rest, err = parseMeta(rest); err != nil {
			return b, err
		}
		b.metas = append(b.metas, m)
	}
	if len(rest) > 0 {
		return b, fmt.Errorf("%w: %d bytes too many", errMalformed, len(rest))
	}
	return b, nil
}

func parseMeta(p []byte) (m meta, rest []byte, err error) {
	if len(p) < 1 || len(p) < 1+int(p[0])+4 {
		return m, nil, errMalformed
	}
	end := 1 + int(p[0])
	m.kind, p = string(p[1:end]), p[end:]
	n := binary.BigEndian.Uint32(p)
	p = p[4:]
	if n > uint32(len(p)) {
		return m, nil, errMalformed
	}
	m.state = append([]byte(nil), p[:n]...)
	return m, p[n:], nil
}

func cutMagic(p []byte) ([]byte, error) {
	if len(p) < len(magic) || string(p[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: not version 1 of the protocol", errMalformed)
	}
	return p[len(magic):], nil
}

func answer(count int) []byte {
	return binary.BigEndian.AppendUint16([]byte(magic), uint16(count))
}

func parseAnswer(p []byte) (count int, err error) {
	rest, err := cutMagic(p)
	if err != nil {
		return 0, err
	}
	if len(rest) != 2 {
		return 0, errMalformed
	}
	return int(binary.BigEndian.Uint16(rest)), nil
}
