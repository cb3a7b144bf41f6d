package unpack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

const (
	rpmHeaderMagic = "\x8e\xad\xe8\x01"
	maxHeader      = 32 << 20 // bytes of the larger of a header's two parts; the largest packages have some MiB
)

// Types of what a header holds (rpmtag.h).
const (
	typeInt32       = 4
	typeString      = 6
	typeStringArray = 8
)

// header is one header of an rpm: tags with values, of which those are found that were asked for.
type header struct {
	entries map[uint32]headerEntry
	data    []byte
}

type headerEntry struct{ kind, at, count uint32 }

func readHeader(r io.Reader, wanted ...uint32) (*header, error) {
	var entry [16]byte
	if _, err := io.ReadFull(r, entry[:]); err != nil {
		return nil, err
	}
	count, size := binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])
	if string(entry[:4]) != rpmHeaderMagic || count > maxHeader/16 || size > maxHeader {
		return nil, errors.New("it is damaged")
	}
	h := &header{entries: map[uint32]headerEntry{}}
	for range count {
		if _, err := io.ReadFull(r, entry[:]); err != nil {
			return nil, err
		}
		e := headerEntry{binary.BigEndian.Uint32(entry[4:]), binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])}
		if tag := binary.BigEndian.Uint32(entry[:]); slices.Contains(wanted, tag) && e.at < size {
			h.entries[tag] = e
		}
	}
	// It grows only as far as there is data, whatever size says.
	var err error
	h.data, err = readAll(io.LimitReader(r, int64(size)), maxHeader)
	if err == nil && len(h.data) < int(size) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return h, nil
}

// text is a string of at most limit bytes; empty if there is none.
func (h *header) text(tag uint32, limit int) string {
	e, ok := h.entries[tag]
	if !ok || e.kind != typeString {
		return ""
	}
	text, _, _ := bytes.Cut(h.data[e.at:min(int(e.at)+limit, len(h.data))], []byte{0})
	return string(text)
}

// texts are the strings of an array, or the one string.
func (h *header) texts(tag uint32) []string {
	e, ok := h.entries[tag]
	switch {
	case ok && e.kind == typeString:
		e.count = 1
	case !ok || e.kind != typeStringArray:
		return nil
	}
	var all []string
	for rest := h.data[e.at:]; len(rest) > 0 && len(all) < int(min(e.count, maxPaths)); {
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte{0})
		all = append(all, string(text))
	}
	return all
}

// numbers are those of an array of 32 bits each.
func (h *header) numbers(tag uint32) []uint32 {
	e, ok := h.entries[tag]
	if !ok || e.kind != typeInt32 {
		return nil
	}
	var all []uint32
	for rest := h.data[e.at:]; len(rest) >= 4 && len(all) < int(min(e.count, maxPaths)); rest = rest[4:] {
		all = append(all, binary.BigEndian.Uint32(rest))
	}
	return all
}
