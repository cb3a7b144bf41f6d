package repository

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The suite and the component that hosts name in their sources.
const (
	suite     = "stable"
	component = "main"
)

// apt publishes debs: apt/pool has them, apt/dists/stable the indexes. A host
// reads InRelease, which is signed, and then the indexes by their hashes, which it
// names (Acquire-By-Hash: yes, https://wiki.debian.org/DebianRepository/Format).
func (p publication) apt(ctx context.Context, debs []placement) error {
	root := filepath.Join(p.Dir, aptDir)
	for _, deb := range debs {
		if err := p.add(deb); err != nil {
			return err
		}
	}
	if _, err := os.Stat(filepath.Join(root, "pool")); errors.Is(err, fs.ErrNotExist) {
		return nil // a repository of rpms
	}
	dist, staged := filepath.Join(root, "dists", suite), filepath.Join(p.stage, suite)
	architectures, err := index(ctx, root, staged)
	if err != nil {
		return err
	}
	release, err := p.release(ctx, staged, architectures)
	if err != nil {
		return err
	}
	signed, err := p.Key.clearSign(release)
	if err != nil {
		return err
	}
	if err := placeIndexes(staged, dist); err != nil {
		return err
	}
	before, err := os.ReadFile(filepath.Join(dist, "InRelease"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading what is published: %w", err)
	}
	inRelease := filepath.Join(p.stage, "InRelease")
	if err := os.WriteFile(inRelease, signed, 0o644); err != nil {
		return fmt.Errorf("writing InRelease: %w", err)
	}
	if err := place(inRelease, filepath.Join(dist, "InRelease")); err != nil {
		return err
	}
	return sweep(dist, string(before)+string(release))
}

// index writes the indexes of the pool into dir, and returns the architectures.
func index(ctx context.Context, root, dir string) ([]string, error) {
	list, err := tool(ctx, "apt-utils", root, "apt-ftparchive", "packages", "pool")
	if err != nil {
		return nil, fmt.Errorf("listing debs: %w", err)
	}
	stanzas := map[string]string{}
	for stanza := range strings.SplitSeq(strings.TrimSpace(string(list)), "\n\n") {
		stanzas[field(stanza, "Architecture")] += stanza + "\n\n"
	}
	// What is for all architectures is in the list of each.
	ofAll := stanzas["all"]
	if len(stanzas) > 1 {
		delete(stanzas, "all")
	}
	var architectures []string
	for architecture, text := range stanzas {
		architectures = append(architectures, architecture)
		if architecture != "all" {
			text += ofAll
		}
		if err := writeIndex(filepath.Join(dir, component, "binary-"+architecture), text); err != nil {
			return nil, fmt.Errorf("writing an index: %w", err)
		}
	}
	slices.Sort(architectures)
	return architectures, nil
}

// debs says where debs go. It refuses those that apt-ftparchive would pass over
// without a word.
func (p publication) debs(ctx context.Context, debs []string) (all []placement, err error) {
	for _, deb := range debs {
		abs, err := filepath.Abs(deb)
		if err != nil {
			return nil, err
		}
		list, err := tool(ctx, "apt-utils", "", "apt-ftparchive", "packages", abs)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", deb, err)
		}
		name, version, architecture := field(string(list), "Package"), field(string(list), "Version"), field(string(list), "Architecture")
		// Names of files, and parts of them; with the epoch, whose colon is no character for them.
		file := fmt.Sprintf("%s_%s_%s.deb", name, strings.ReplaceAll(version, ":", "_"), architecture)
		if name == "" || version == "" || architecture == "" || strings.Contains(file, "/") {
			return nil, fmt.Errorf("%s is not a deb that can be read", deb)
		}
		all = append(all, placement{deb, filepath.Join(p.Dir, aptDir, "pool", file)})
	}
	return all, nil
}

func field(stanza, name string) string {
	m := regexp.MustCompile(`(?m)^` + name + `: *(.*)$`).FindStringSubmatch(stanza)
	if m == nil {
		return ""
	}
	return m[1]
}

func writeIndex(dir, text string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "Packages"), []byte(text), 0o644),
		os.WriteFile(filepath.Join(dir, "Packages.gz"), packed.Bytes(), 0o644))
}

// release is the file that names all indexes with their hashes.
func (p publication) release(ctx context.Context, dir string, architectures []string) ([]byte, error) {
	var args []string
	for name, value := range map[string]string{
		"Origin": p.Name, "Label": p.Name, "Suite": suite, "Codename": suite, "Components": component,
		"Architectures": strings.Join(architectures, " "), "Acquire-By-Hash": "yes",
	} {
		args = append(args, "-o", "APT::FTPArchive::Release::"+name+"="+value)
	}
	// Apt asks for indexes by the strongest hash that it finds: there is to be one.
	for _, other := range []string{"MD5", "SHA1", "SHA512"} {
		args = append(args, "-o", "APT::FTPArchive::Release::"+other+"=false")
	}
	out, err := tool(ctx, "apt-utils", dir, "apt-ftparchive", append(args, "release", ".")...)
	if err != nil {
		return nil, fmt.Errorf("writing the release file: %w", err)
	}
	return out, nil
}

// placeIndexes moves the indexes to their places: first to those by hash, which
// nobody asks for yet.
func placeIndexes(staged, dist string) error {
	var files []string
	err := filepath.WalkDir(staged, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("publishing indexes: %w", err)
	}
	for _, file := range files {
		rel, err := filepath.Rel(staged, file)
		if err != nil {
			return err
		}
		hash, err := sumOf(file)
		if err != nil {
			return fmt.Errorf("publishing indexes: %w", err)
		}
		copied := file + ".by-hash"
		if err := os.Link(file, copied); err != nil {
			return fmt.Errorf("publishing indexes: %w", err)
		}
		if err := place(copied, filepath.Join(dist, filepath.Dir(rel), "by-hash", "SHA256", hash)); err != nil {
			return err
		}
		if err := place(file, filepath.Join(dist, rel)); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes indexes by hash that the text, of this and the last release file,
// does not name.
func sweep(dist, text string) error {
	old, err := filepath.Glob(filepath.Join(dist, component, "*", "by-hash", "SHA256", "*"))
	if err != nil {
		return err
	}
	for _, file := range old {
		if !strings.Contains(text, filepath.Base(file)) {
			if err := os.Remove(file); err != nil {
				return fmt.Errorf("removing an old index: %w", err)
			}
		}
	}
	return nil
}
