package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/units"
)

// Generate writes what Build would add to a package as files, for GoReleaser and for reading: the companions in DIR/units,
// the maintainer scripts in DIR/deb and DIR/rpm. It returns the paths written. Nothing but unit files and own scripts needs
// to exist yet. A file in the way that Generate has not written is an error, and then nothing is written.
func Generate(ctx context.Context, config, dir string, warnings io.Writer) ([]string, error) {
	c, err := load(config)
	if err != nil {
		return nil, err
	}
	if err := c.checkRequired("name"); err != nil {
		return nil, err
	}
	deb, err := c.plan("deb", true, "", warnings)
	if err != nil {
		return nil, err
	}
	rpm, err := c.plan("rpm", true, "", io.Discard)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(deb.companions, rpm.companions) {
		return nil, c.errorf(c.find("rpm", "contents"), "deb and rpm ship different units, but share one directory of generated ones; use nodrop package")
	}
	var list []units.File
	for _, f := range deb.companions {
		f.Path = "units/" + f.Path
		list = append(list, f)
	}
	for format, p := range map[string]*plan{"deb": deb, "rpm": rpm} {
		for _, s := range p.scripts {
			list = append(list, units.File{Path: format + "/" + s.Name, Data: s.Data})
		}
	}
	slices.SortFunc(list, func(a, b units.File) int { return strings.Compare(a.Path, b.Path) })
	for _, f := range list {
		if err := checkOurs(filepath.Join(dir, f.Path), f); err != nil {
			return nil, err
		}
	}
	return writeAll(ctx, dir, list)
}

// checkOurs refuses to replace what somebody else has written.
func checkOurs(path string, f units.File) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at what is there: %w", err)
	}
	ours := false
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		ours = err == nil && f.LinkTarget != "" && target == f.LinkTarget
	case info.Mode().IsRegular() && f.LinkTarget == "":
		data, err := os.ReadFile(path)
		ours = err == nil && bytes.Contains(data[:min(len(data), 512)], []byte(units.Generated))
	}
	if !ours {
		return fmt.Errorf("%s is there and was not made by nodrop; move it away, or generate into another directory", path)
	}
	return nil
}

func writeAll(ctx context.Context, dir string, list []units.File) ([]string, error) {
	var written []string
	for _, f := range list {
		if err := ctx.Err(); err != nil {
			return written, err
		}
		path := filepath.Join(dir, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return written, fmt.Errorf("making a directory for generated files: %w", err)
		}
		if err := writeOne(path, f); err != nil {
			return written, fmt.Errorf("writing a generated file: %w", err)
		}
		written = append(written, path)
	}
	return written, nil
}

func writeOne(path string, f units.File) error {
	if f.LinkTarget == "" {
		return os.WriteFile(path, f.Data, 0o644)
	}
	err := os.Symlink(f.LinkTarget, path)
	if errors.Is(err, fs.ErrExist) {
		return nil // checkOurs has seen that it is the same
	}
	return err
}
