package repository

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Options say what to publish and where.
type Options struct {
	Dir      string   // the repository; made if need be
	Name     string   // who publishes it, Origin: in apt's terms; empty for Dir's name
	Packages []string // debs, rpms, and directories of them
	Key      Key      // signs the repository, and has signed the rpms
}

// The parts of a repository.
const (
	aptDir  = "apt"
	dnfDir  = "dnf"
	keyFile = "key.asc"
)

// Publish adds the packages to the repository, or makes it, and signs it. It
// waits for another one that is at work on the same directory. A package that is
// there already must be the same, whatever its file is called: a published version
// does not change.
func Publish(ctx context.Context, o Options) error {
	packages, err := find(o.Packages)
	if err != nil {
		return err
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil { // rpmkeys wants it so
		return err
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return fmt.Errorf("making the repository: %w", err)
	}
	unlock, err := lock(filepath.Join(o.Dir, ".lock"))
	if err != nil {
		return fmt.Errorf("locking the repository: %w", err)
	}
	defer unlock()
	if o.Name == "" {
		o.Name = filepath.Base(o.Dir)
	}
	stage, err := makeStage(o.Dir)
	if err != nil {
		return fmt.Errorf("making room for indexes: %w", err)
	}
	defer os.RemoveAll(stage)
	p := publication{Options: o, stage: stage}
	// All that may be wrong with the packages, before anything is published.
	debs, err := p.debs(ctx, withExtension(packages, ".deb"))
	if err != nil {
		return err
	}
	rpms, err := p.rpms(ctx, withExtension(packages, ".rpm"))
	if err != nil {
		return err
	}
	if err := checkNew(append(slices.Clone(debs), rpms...)); err != nil {
		return err
	}
	if err := p.key(); err != nil {
		return err
	}
	if err := p.apt(ctx, debs); err != nil {
		return err
	}
	return p.dnf(ctx, rpms)
}

// makeStage makes a directory to work in, and takes away what a killed run left.
func makeStage(dir string) (string, error) {
	stale, err := filepath.Glob(filepath.Join(dir, ".stage-*"))
	if err != nil {
		return "", err
	}
	for _, old := range stale {
		if err := os.RemoveAll(old); err != nil {
			return "", err
		}
	}
	return os.MkdirTemp(dir, ".stage-")
}

// publication is one run.
type publication struct {
	Options
	stage string // a directory of the repository's file system, removed at the end
}

// key publishes the public key.
func (p publication) key() error {
	public, err := p.Key.public()
	if err != nil {
		return err
	}
	file := filepath.Join(p.stage, keyFile)
	if err := os.WriteFile(file, public, 0o644); err != nil {
		return err
	}
	return place(file, filepath.Join(p.Dir, keyFile))
}

// find lists the packages: files, and what is in directories.
func find(paths []string) ([]string, error) {
	var all []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("finding packages: %w", err)
		}
		if !info.IsDir() {
			if ext := filepath.Ext(path); ext != ".deb" && ext != ".rpm" {
				return nil, fmt.Errorf("%s is neither a .deb nor a .rpm", path)
			}
			all = append(all, path)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, fmt.Errorf("finding packages: %w", err)
		}
		before := len(all)
		for _, e := range entries {
			if ext := filepath.Ext(e.Name()); e.Type().IsRegular() && (ext == ".deb" || ext == ".rpm") {
				all = append(all, filepath.Join(path, e.Name()))
			}
		}
		if len(all) == before {
			return nil, fmt.Errorf("there is no .deb or .rpm in %s; build one first: nodrop package", path)
		}
	}
	return all, nil
}

func withExtension(paths []string, ext string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !strings.HasSuffix(path, ext) })
}

// lock waits for the lock of a file. The kernel gives it back should this process die.
func lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		if err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return func() { file.Close() }, nil
}
