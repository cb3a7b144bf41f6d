package unpack

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cavaliergopher/cpio"
)

const (
	rpmMagic       = "\xed\xab\xee\xdb"
	rpmHeaderMagic = "\x8e\xad\xe8\x01"
	rpmLead        = 96
	maxHeader      = 32 << 20 // bytes of the larger of a header's two parts; the largest packages have some MiB
	maxName        = 256      // bytes of a name or version

	tagName    = 1000
	tagVersion = 1001
	typeString = 6
)

// readRPM reads an rpm (RPM V4 file format): a lead, which is history, a signature header padded to 8 bytes, the header, and
// the files as a compressed cpio archive.
func (p *Package) readRPM(r *bufio.Reader) error {
	if _, err := r.Discard(rpmLead); err != nil {
		return err
	}
	size, err := readHeader(r, nil)
	if err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	if _, err := r.Discard(-size & 7); err != nil {
		return err
	}
	tags := map[uint32]string{tagName: "", tagVersion: ""}
	if _, err := readHeader(r, tags); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	p.Name, p.Version = tags[tagName], tags[tagVersion]
	if err := p.checkNamed(); err != nil {
		return err
	}
	return decompress(r, p.payload)
}

// readHeader reads one header and fills in those tags that are strings. It returns the size of the header's data.
func readHeader(r io.Reader, tags map[uint32]string) (int, error) {
	var entry [16]byte
	if _, err := io.ReadFull(r, entry[:]); err != nil {
		return 0, err
	}
	count, size := binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])
	if string(entry[:4]) != rpmHeaderMagic || count > maxHeader/16 || size > maxHeader {
		return 0, errors.New("it is damaged")
	}
	offsets := map[uint32]uint32{}
	for range count {
		if _, err := io.ReadFull(r, entry[:]); err != nil {
			return 0, err
		}
		tag, kind, at := binary.BigEndian.Uint32(entry[:]), binary.BigEndian.Uint32(entry[4:]), binary.BigEndian.Uint32(entry[8:])
		if _, wanted := tags[tag]; wanted && kind == typeString && at < size {
			offsets[tag] = at
		}
	}
	// It grows only as far as there is data, whatever size says.
	data, err := readAll(io.LimitReader(r, int64(size)), maxHeader)
	if err == nil && len(data) < int(size) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return 0, err
	}
	for tag, at := range offsets {
		tags[tag], _, _ = strings.Cut(string(data[at:min(at+maxName, size)]), "\x00")
	}
	return int(size), nil
}

// payload reads the cpio archive. An old one has names like "./usr/bin/app", and all of them begin in the root directory.
func (p *Package) payload(r io.Reader) error {
	for c := cpio.NewReader(endless{r}); ; {
		h, err := c.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("files: %w", err)
		}
		if !h.Mode.IsRegular() {
			continue
		}
		if err := p.keep(h.Name, c); err != nil {
			return err
		}
	}
}

// endless is a reader for which the end of its data is an error: a cpio archive says itself where it ends.
type endless struct{ io.Reader }

func (e endless) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
