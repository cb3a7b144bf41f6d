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
	"strings"

	"github.com/nodrop/nodrop/pkg/units"
)

// Package is what a built package says of itself, the unit files that it ships, and what else matters in an upgrade.
type Package struct {
	Format        string   // "deb" or "rpm"
	Name, Version string   // as the package manager knows them; Version without epoch and release in an rpm
	Files         []File   // unit files, in the order of the package
	Config        []File   // those of sysusers.d and tmpfiles.d
	Scripts       []Script // maintainer scripts, sorted by name
	Conffiles     []string // what is the admin's to change, as paths like those in Paths
	Paths         []Path   // what is installed, /usr/share left out, in the order of the package

	size int64 // of all that, about
}

// File is a file of the package with its content.
type File struct {
	Path string // where it is installed: "/lib/systemd/system/myapp.service"
	Data []byte
}

// Script is one maintainer script.
type Script struct {
	Name        string // as the format has it: "postinst", "posttrans"; all triggers of an rpm are "trigger"
	Interpreter string // what runs it in an rpm, "/bin/sh" or "<lua>"; a script of a deb says so itself, in its first line
	Data        []byte
}

// Path is something that is installed.
type Path struct {
	Name string // from "/" on, without "." and ".."
	Link string // what a symbolic link points to, as it stands there
}

// Bounds on what is read. A unit file has some KiB; a package may be large, but not without end.
const (
	maxKept     = 16 << 20 // bytes of all files that are kept, their names counted
	maxPaths    = 1 << 17
	maxUnpacked = 8 << 30 // bytes of one compressed part, when unpacked
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
		p.Format = "deb"
		err = p.readDeb(in)
	case bytes.HasPrefix(head, []byte(rpmMagic)):
		p.Format = "rpm"
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
	slices.SortFunc(p.Scripts, func(a, b Script) int { return strings.Compare(a.Name, b.Name) })
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

// add takes something that the package installs; its content is read if it is of use.
func (p *Package) add(name, link string, regular bool, r io.Reader) error {
	name = path.Join("/", name)
	if strings.HasPrefix(name, "/usr/share/") {
		return nil
	}
	if len(p.Paths) == maxPaths || len(name)+len(link) > maxLength {
		return errTooLarge
	}
	p.Paths = append(p.Paths, Path{Name: name, Link: link})
	if !regular {
		return nil
	}
	var list *[]File
	switch dir := path.Dir(name); {
	case isUnitDir(dir) && units.IsUnit(name):
		list = &p.Files
	case slices.Contains([]string{"/usr/lib/sysusers.d", "/usr/lib/tmpfiles.d"}, dir) && path.Ext(name) == ".conf":
		list = &p.Config
	default:
		return nil
	}
	data, err := p.keep(name, r)
	if err != nil {
		return err
	}
	*list = append(*list, File{Path: name, Data: data})
	return nil
}

// maxLength is that of a path, PATH_MAX of Linux.
const maxLength = 4096

func isUnitDir(dir string) bool {
	return slices.Contains([]string{"/lib/systemd/system", "/usr/lib/systemd/system", "/etc/systemd/system"}, dir)
}

// keep reads a file whole, within the bound on all of them.
func (p *Package) keep(name string, r io.Reader) ([]byte, error) {
	const overhead = 1024 // what reading even an empty file takes
	p.size += int64(len(name)) + overhead
	data, err := readAll(r, max(maxKept-p.size, 0))
	if err == nil && p.size > maxKept {
		err = errTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path.Base(name), err)
	}
	p.size += int64(len(data))
	return data, nil
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
