package unpack

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
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
		{"data.tar", func(h *tar.Header, r io.Reader) error { return p.keep(h.Name, r) }},
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

// eachFile calls f for the regular files of a tar archive.
func eachFile(r io.Reader, f func(*tar.Header, io.Reader) error) error {
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := f(h, t); err != nil {
			return err
		}
	}
}

// maxControl bounds the file control, which describes the package in some KiB.
const maxControl = 1 << 20

// control reads name and version out of the file of that name (deb-control(5)).
func (p *Package) control(h *tar.Header, r io.Reader) error {
	if path.Clean(h.Name) != "control" {
		return nil
	}
	data, err := readAll(r, maxControl)
	if err != nil {
		return fmt.Errorf("reading control: %w", err)
	}
	for line := range bytes.Lines(data) {
		key, value, _ := strings.Cut(string(line), ":")
		switch value = strings.TrimSpace(value); key {
		case "Package":
			p.Name = value
		case "Version":
			p.Version = value
		}
	}
	return nil
}
