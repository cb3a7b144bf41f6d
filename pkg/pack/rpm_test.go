package pack

import (
	"bytes"
	"encoding/binary"
	"os"
	"slices"
	"testing"
)

// Tags of an rpm's header (rpmtag.h).
const (
	tagBuildHost  = 1007
	tagPreIn      = 1023
	tagPostIn     = 1024
	tagPreUn      = 1025
	tagPostUn     = 1026
	tagLinkTos    = 1036
	tagDirIndexes = 1116
	tagBaseNames  = 1117
	tagDirNames   = 1118
	tagPostTrans  = 1152
)

// rpmHeader is the main header of an rpm: where each tag's data begins, and how many values it has.
type rpmHeader struct {
	index map[uint32][2]uint32
	store []byte
}

// readRPM reads the header as the rpm V4 file format has it: a lead of 96 bytes, the signature header, padded to 8 bytes,
// the header.
func readRPM(t *testing.T, path string) rpmHeader {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, end := rpmSection(t, data, 96)
	h, _ := rpmSection(t, data, (end+7)&^7)
	return h
}

func rpmSection(t *testing.T, data []byte, at int) (rpmHeader, int) {
	t.Helper()
	if !bytes.HasPrefix(data[at:], []byte{0x8e, 0xad, 0xe8, 1}) {
		t.Fatalf("no header at %d", at)
	}
	number := func(at int) uint32 { return binary.BigEndian.Uint32(data[at:]) }
	count, size := int(number(at+8)), int(number(at+12))
	store := at + 16 + 16*count
	h := rpmHeader{map[uint32][2]uint32{}, data[store : store+size]}
	for i := range count {
		entry := at + 16 + 16*i
		h.index[number(entry)] = [2]uint32{number(entry + 8), number(entry + 12)}
	}
	return h, store + size
}

func (h rpmHeader) texts(tag uint32) []string {
	at := h.index[tag]
	var list []string
	rest := h.store[at[0]:]
	for range at[1] {
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte{0})
		list = append(list, string(text))
	}
	return list
}

func (h rpmHeader) text(tag uint32) string {
	if list := h.texts(tag); len(list) > 0 {
		return list[0]
	}
	return ""
}

func (h rpmHeader) files() []string {
	dirs, links := h.texts(tagDirNames), h.texts(tagLinkTos)
	var list []string
	for i, name := range h.texts(tagBaseNames) {
		at := int(h.index[tagDirIndexes][0]) + 4*i
		name = dirs[binary.BigEndian.Uint32(h.store[at:])] + name
		if links[i] != "" {
			name += " -> " + links[i]
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
