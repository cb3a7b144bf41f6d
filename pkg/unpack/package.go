package unpack

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"

	"github.com/nodrop/nodrop/pkg/units"
)

// Package is what a built package says of itself, and the unit files that it ships.
type Package struct {
	Name, Version string // as the package manager knows them; Version without epoch and release in an rpm
	Files         []File // unit files, in the order of the package
	size          int64  // of Files, about
}

// File is one unit file.
type File struct {
	Path string // where it is installed: "/lib/systemd/system/myapp.service"
	Data []byte
}

// Bounds on what is read. A unit file has some KiB; a package may be large, but not without end.
const (
	maxUnits    = 16 << 20 // bytes of all unit files together, their names counted
	maxUnpacked = 8 << 30  // bytes of one compressed part, when unpacked
)

// Open reads the package in a file; whether it is a deb or an rpm, its content says. Errors name the file.
func Open(name string) (*Package, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading a package: %w", err)
	}
	defer f.Close()
	p, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("reading the package %s: %w", name, err)
	}
	return p, nil
}

// Read reads a package from its first byte on.
func Read(r io.Reader) (*Package, error) {
	in := bufio.NewReader(r)
	head, err := in.Peek(len(arMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	p := &Package{}
	switch {
	case bytes.HasPrefix(head, []byte(arMagic)):
		err = p.readDeb(in)
	case bytes.HasPrefix(head, []byte(rpmMagic)):
		err = p.readRPM(in)
	default:
		return nil, errors.New("it is neither a deb nor an rpm")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errors.New("it ends too early; copy or build it again")
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Units are the units of the package without the companions, which are made from them. shown stands for the package in
// messages: a unit is "shown/lib/systemd/system/myapp.service".
func (p *Package) Units(shown string) (*units.Set, error) {
	var all []*units.Unit
	for _, f := range p.Files {
		if bytes.Contains(f.Data[:min(len(f.Data), 512)], []byte(units.Generated)) {
			continue
		}
		u, err := units.Parse(path.Base(f.Path), shown+f.Path, f.Data)
		if err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	return units.NewSet(all)
}

// keep takes a file of the package if it is a unit file.
func (p *Package) keep(name string, r io.Reader) error {
	name = path.Join("/", name)
	if !units.IsUnit(name) || !slices.Contains([]string{"/lib/systemd/system", "/usr/lib/systemd/system", "/etc/systemd/system"}, path.Dir(name)) {
		return nil
	}
	const overhead = 1024 // what reading even an empty file takes
	p.size += int64(len(name)) + overhead
	data, err := readAll(r, max(maxUnits-p.size, 0))
	if err == nil && p.size > maxUnits {
		err = errTooLarge
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", path.Base(name), err)
	}
	p.size += int64(len(data))
	p.Files = append(p.Files, File{Path: name, Data: data})
	return nil
}

// readAll reads at most limit bytes, and more of them are an error.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errTooLarge
	}
	return data, err
}

var errTooLarge = errors.New("it is too large to be true")

func (p *Package) checkNamed() error {
	if p.Name == "" || p.Version == "" {
		return errors.New("it has no name or no version")
	}
	return nil
}
