package unpack

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// readDeb reads a deb (deb(5)): an ar archive of debian-binary, control.tar and data.tar, in this order, members beginning
// with "_" anywhere after the first.
func (p *Package) readDeb(r *bufio.Reader) error {
	a, err := newArchive(r)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		each func(*tar.Header, io.Reader) error
	}{
		{"debian-binary", nil},
		{"control.tar", p.control},
		{"data.tar", func(h *tar.Header, r io.Reader) error {
			return p.add(h.Name, h.Linkname, h.Typeflag == tar.TypeReg, r)
		}},
	} {
		name, member, err := a.next()
		for err == nil && strings.HasPrefix(name, "_") {
			name, member, err = a.next()
		}
		if err != nil {
			return err
		}
		if name != part.name && !strings.HasPrefix(name, part.name+".") {
			return fmt.Errorf("a deb has %s here, this has %q", part.name, name)
		}
		if part.each == nil {
			continue
		}
		if err := decompress(member, func(r io.Reader) error { return eachFile(r, part.each) }); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := a.skip(); err != nil {
		return err
	}
	return p.checkNamed()
}

// eachFile calls f for all that a tar archive holds.
func eachFile(r io.Reader, f func(*tar.Header, io.Reader) error) error {
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(h, t); err != nil {
			return err
		}
	}
}

// maxControl bounds the files that describe the package, which have some KiB.
const maxControl = 1 << 20

// control takes what it needs of the files that describe the package (deb(5), deb-control(5), deb-conffiles(5)).
func (p *Package) control(h *tar.Header, r io.Reader) error {
	name := path.Clean(h.Name)
	if h.Typeflag != tar.TypeReg || !slices.Contains([]string{"control", "conffiles", "preinst", "postinst", "prerm", "postrm"}, name) {
		return nil
	}
	data, err := p.keep(name, io.LimitReader(r, maxControl+1))
	if err == nil && len(data) > maxControl {
		err = fmt.Errorf("reading %s: %w", name, errTooLarge)
	}
	if err != nil {
		return err
	}
	switch name {
	case "control":
		p.fields(data)
	case "conffiles":
		p.conffiles(data)
	default:
		p.Scripts = append(p.Scripts, Script{Name: name, Data: data})
	}
	return nil
}

// fields reads name and version out of the file control.
func (p *Package) fields(data []byte) {
	for line := range bytes.Lines(data) {
		key, value, _ := strings.Cut(string(line), ":")
		switch value = strings.TrimSpace(value); key {
		case "Package":
			p.Name = value
		case "Version":
			p.Version = value
		}
	}
}

// conffiles reads the list of that name: a path a line, maybe with a flag before it.
func (p *Package) conffiles(data []byte) {
	for line := range bytes.Lines(data) {
		if i := bytes.IndexByte(line, '/'); i >= 0 {
			p.Conffiles = append(p.Conffiles, path.Clean(strings.TrimSpace(string(line[i:]))))
		}
	}
}
