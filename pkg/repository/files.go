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

// add copies a package to its place, by way of the stage. One that is there must
// be the same.
func (p publication) add(pkg, to string) error {
	want, err := sumOf(pkg)
	if err != nil {
		return fmt.Errorf("reading %s: %w", pkg, err)
	}
	switch there, err := sumOf(to); {
	case err == nil && there == want:
		return nil
	case err == nil:
		return fmt.Errorf("%s was published before with other content; raise the version: hosts that have it would not get the new one, and others take it for tampered with", filepath.Base(to))
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("reading what is published: %w", err)
	}
	in, err := os.Open(pkg)
	if err != nil {
		return fmt.Errorf("reading a package: %w", err)
	}
	defer in.Close()
	staged := filepath.Join(p.stage, filepath.Base(to))
	out, err := os.Create(staged)
	if err != nil {
		return fmt.Errorf("copying %s: %w", pkg, err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("copying %s: %w", pkg, err)
	}
	return place(staged, to)
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
