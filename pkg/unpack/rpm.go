package unpack

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/cavaliergopher/cpio"
)

const (
	rpmMagic = "\xed\xab\xee\xdb"
	rpmLead  = 96
	maxName  = 256 // bytes of a name or version
)

// Tags of an rpm's header (rpmtag.h).
const (
	tagName        = 1000
	tagVersion     = 1001
	tagFileFlags   = 1037
	tagTriggers    = 1065
	tagTriggerProg = 1092
	tagDirIndexes  = 1116
	tagBaseNames   = 1117
	tagDirNames    = 1118

	flagConfig = 1 // of a file: %config
)

// scriptTags are those of the scripts, and of their interpreters.
func scriptTags() map[string][2]uint32 {
	return map[string][2]uint32{
		"pre": {1023, 1085}, "post": {1024, 1086}, "preun": {1025, 1087}, "postun": {1026, 1088},
		"pretrans": {1151, 1153}, "posttrans": {1152, 1154}, "trigger": {tagTriggers, tagTriggerProg},
	}
}

// readRPM reads an rpm (RPM V4 file format): a lead, which is history, a signature header padded to 8 bytes, the header, and
// the files as a compressed cpio archive.
func (p *Package) readRPM(r *bufio.Reader) error {
	if _, err := r.Discard(rpmLead); err != nil {
		return err
	}
	signature, err := readHeader(r)
	if err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	if _, err := r.Discard(-len(signature.data) & 7); err != nil {
		return err
	}
	wanted := []uint32{tagName, tagVersion, tagFileFlags, tagDirIndexes, tagBaseNames, tagDirNames}
	for _, tags := range scriptTags() {
		wanted = append(wanted, tags[:]...)
	}
	h, err := readHeader(r, wanted...)
	if err != nil {
		return fmt.Errorf("header: %w", err)
	}
	p.Name, p.Version = h.text(tagName, maxName), h.text(tagVersion, maxName)
	if err := p.checkNamed(); err != nil {
		return err
	}
	p.rpmScripts(h)
	p.rpmConfig(h)
	return decompress(r, p.payload)
}

func (p *Package) rpmScripts(h *header) {
	for name, tags := range scriptTags() {
		programs := h.texts(tags[1])
		for i, text := range h.texts(tags[0]) {
			s := Script{Name: name, Interpreter: "/bin/sh", Data: []byte(text)}
			switch {
			case name != "trigger" && len(programs) > 0: // program and arguments
				s.Interpreter = programs[0]
			case i < len(programs): // a program for each
				s.Interpreter = programs[i]
			}
			p.Scripts = append(p.Scripts, s)
		}
	}
}

// rpmConfig lists what is %config.
func (p *Package) rpmConfig(h *header) {
	dirs, names, flags, indexes := h.texts(tagDirNames), h.texts(tagBaseNames), h.numbers(tagFileFlags), h.numbers(tagDirIndexes)
	for i, name := range names {
		if i < len(flags) && i < len(indexes) && flags[i]&flagConfig != 0 && int64(indexes[i]) < int64(len(dirs)) {
			p.Conffiles = append(p.Conffiles, dirs[indexes[i]]+name)
		}
	}
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
		if err := p.add(h.Name, h.Linkname, h.Mode.IsRegular(), c); err != nil {
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
