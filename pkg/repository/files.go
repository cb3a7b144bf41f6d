package repository

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// place moves a file of the same file system to its place, whole and readable
// for everybody.
func place(from, to string) error {
	err := os.Chmod(from, 0o644)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.Rename(from, to)
	}
	if err != nil {
		return fmt.Errorf("publishing %s: %w", to, err)
	}
	return nil
}

// placement is a package and its place in the repository, named for what the
// package says that it is.
type placement struct{ pkg, to string }

// checkNew refuses a package in whose place is another one, or is to be.
func checkNew(all []placement) error {
	sums := map[string]string{}
	for _, p := range all {
		sum, err := sumOf(p.pkg)
		if err != nil {
			return fmt.Errorf("reading %s: %w", p.pkg, err)
		}
		there, ok := sums[p.to]
		if !ok {
			if there, err = sumOf(p.to); errors.Is(err, os.ErrNotExist) {
				there = sum
			} else if err != nil {
				return fmt.Errorf("reading what is published: %w", err)
			}
			sums[p.to] = there
		}
		if there != sum {
			return fmt.Errorf("%s: %s was published before with other content; raise the version: hosts that have it would not get the new one, and others take it for tampered with", p.pkg, filepath.Base(p.to))
		}
	}
	return nil
}

// add copies a package to its place, by way of the stage, unless it is there.
func (p publication) add(pkg placement) error {
	if _, err := os.Stat(pkg.to); err == nil {
		return nil
	}
	in, err := os.Open(pkg.pkg)
	if err != nil {
		return fmt.Errorf("reading a package: %w", err)
	}
	defer in.Close()
	staged := filepath.Join(p.stage, filepath.Base(pkg.to))
	out, err := os.Create(staged)
	if err != nil {
		return fmt.Errorf("copying %s: %w", pkg.pkg, err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("copying %s: %w", pkg.pkg, err)
	}
	return place(staged, pkg.to)
}

// sumOf is the SHA-256 of a file, in hexadecimal digits.
func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// tool runs a program, which debian has in a package, and returns what it writes.
func tool(ctx context.Context, debian, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("%w; install it: Debian has it in %s", err, debian)
	}
	if err != nil {
		return out, fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(complaints.Bytes()))
	}
	return out, nil
}
