package pack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // registers the packager "deb"
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm" // registers the packager "rpm"
)

// Options say what to build and where to.
type Options struct {
	Config   string    // path of the nfpm.yaml
	Packager string    // "deb" or "rpm"
	Target   string    // a directory, for the conventional file name in it; a file; empty for the current directory
	Previous string    // path of the package that this one is an upgrade of, to be compared with it; empty for none
	Warnings io.Writer // for what lint thinks of the units, one line each
}

// Build builds one package and returns its path. With SOURCE_DATE_EPOCH set, two builds are identical, unless they are
// signed: a signature holds the time at which it was made.
func Build(ctx context.Context, o Options) (string, error) {
	if err := checkPackager(o.Packager); err != nil {
		return "", err
	}
	c, err := load(o.Config)
	if err != nil {
		return "", err
	}
	if err := c.checkRequired("name", "version"); err != nil {
		return "", err
	}
	p, err := c.plan(o.Packager, false, o.Previous, o.Warnings)
	if err != nil {
		return "", err
	}
	if p.info.Changelog != "" {
		if _, err := os.Stat(p.info.Changelog); err != nil {
			return "", c.errorf(c.find(o.Packager, "changelog"), "changelog: %w", err)
		}
	}
	tmp, err := os.MkdirTemp("", "nodrop-")
	if err != nil {
		return "", fmt.Errorf("making room for generated files: %w", err)
	}
	defer os.RemoveAll(tmp)
	if err := p.stage(tmp, o.Packager); err != nil {
		return "", fmt.Errorf("writing generated files: %w", err)
	}
	path, err := p.write(ctx, o)
	return path, c.signError(o.Packager, err)
}

// ChoosePackager is the packager that was named, or the one that fits the extension of a target that is a file, as nfpm has
// it. Its errors are wrong use.
func ChoosePackager(named, target string) (string, error) {
	if info, err := os.Stat(target); named == "" && (err == nil && info.IsDir() || filepath.Ext(target) == "") {
		return "", errors.New("no packager: name one with -p deb or -p rpm, or a target that ends in .deb or .rpm with -t")
	}
	if named == "" {
		named = filepath.Ext(target)[1:]
	}
	return named, nil
}

func checkPackager(packager string) error {
	switch packager {
	case "deb", "rpm":
		return nil
	case "apk", "archlinux", "ipk", "srpm":
		return fmt.Errorf("packager %q is not supported: nodrop makes deb and rpm, for which it knows how an upgrade runs; build %s with nfpm", packager, packager)
	}
	return fmt.Errorf("packager %q is unknown; it is deb or rpm", packager)
}

// stage writes the generated files into a directory and adds them to the contents and scripts of the package.
func (p *plan) stage(dir, packager string) error {
	contents := make(files.Contents, 0, len(p.items)+len(p.companions))
	for _, i := range p.items {
		contents = append(contents, i.Content)
	}
	for n, companion := range p.companions {
		destination := path.Join(unitDir(packager), companion.Path)
		if parent := path.Dir(companion.Path); parent != "." && !contents.ContainsDestination(path.Dir(destination)) {
			contents = append(contents, &files.Content{Destination: path.Dir(destination), Type: files.TypeDir})
		}
		if companion.LinkTarget != "" {
			contents = append(contents, &files.Content{Source: companion.LinkTarget, Destination: destination, Type: files.TypeSymlink})
			continue
		}
		source := filepath.Join(dir, fmt.Sprint("companion", n))
		if err := os.WriteFile(source, companion.Data, 0o644); err != nil {
			return err
		}
		contents = append(contents, &files.Content{Source: source, Destination: destination, FileInfo: &files.ContentFileInfo{Mode: 0o644}})
	}
	settings := hooks(p.info, packager)
	for _, script := range p.scripts {
		file := filepath.Join(dir, script.Name)
		if err := os.WriteFile(file, script.Data, 0o644); err != nil {
			return err
		}
		*settings[hook(script.Name)] = file
	}
	p.info.Contents = contents
	p.info.DisableGlobbing = true // globs are resolved, and names may look like one
	p.reproducible()
	return nil
}

// reproducible takes the machine out of the package, and with SOURCE_DATE_EPOCH (which nfpm reads into MTime) also the day:
// what is younger, such as a directory of a checkout, gets that time.
func (p *plan) reproducible() {
	if p.info.RPM.BuildHost == "" {
		p.info.RPM.BuildHost = "reproducible"
	}
	if p.info.MTime.IsZero() {
		return
	}
	for _, content := range p.info.Contents {
		if content.FileInfo != nil && content.FileInfo.MTime.After(p.info.MTime) {
			content.FileInfo.MTime = p.info.MTime
		}
	}
}

// write builds the package beside its target and moves it there when it is complete.
func (p *plan) write(ctx context.Context, o Options) (_ string, err error) {
	packager, err := nfpm.Get(o.Packager)
	if err != nil {
		return "", fmt.Errorf("looking up the packager: %w", err)
	}
	target := o.Target
	if info, err := os.Stat(target); target == "" || err == nil && info.IsDir() {
		target = filepath.Join(target, packager.ConventionalFileName(p.info))
	}
	out, err := os.CreateTemp(filepath.Dir(target), ".nodrop-*")
	if err != nil {
		return "", fmt.Errorf("writing %s: %w; make the directory writable, or name another with -t", target, err)
	}
	defer func() {
		if err != nil {
			out.Close()
			os.Remove(out.Name())
		}
	}()
	p.info.Target = target
	if err := packager.Package(p.info, writer{ctx, out}); err != nil {
		return "", fmt.Errorf("building %s: %w", target, err)
	}
	if err := errors.Join(out.Chmod(0o644), out.Close(), ctx.Err()); err != nil {
		return "", fmt.Errorf("writing %s: %w", target, err)
	}
	if err := os.Rename(out.Name(), target); err != nil {
		return "", fmt.Errorf("writing %s: %w; name another target with -t", target, err)
	}
	return target, nil
}

// writer stops a build whose context is done.
type writer struct {
	ctx context.Context
	io.Writer
}

func (w writer) Write(data []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Writer.Write(data)
}
