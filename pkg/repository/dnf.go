package repository

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// dnf publishes rpms: dnf/packages has them, dnf/repodata the indexes. A host
// reads repomd.xml, its signature, and then the indexes, whose names hold their
// hashes.
func (p publication) dnf(ctx context.Context, rpms []placement) error {
	root := filepath.Join(p.Dir, dnfDir)
	for _, rpm := range rpms {
		if err := p.add(rpm); err != nil {
			return err
		}
	}
	if _, err := os.Stat(filepath.Join(root, "packages")); errors.Is(err, fs.ErrNotExist) {
		return nil // a repository of debs
	}
	if _, err := tool(ctx, "createrepo-c", "", "createrepo_c", "--quiet", "--no-database", "--general-compress-type=gz", "--outputdir", p.stage, root); err != nil {
		return fmt.Errorf("listing rpms: %w", err)
	}
	staged, data := filepath.Join(p.stage, "repodata"), filepath.Join(root, "repodata")
	index, err := os.ReadFile(filepath.Join(staged, "repomd.xml"))
	if err != nil {
		return fmt.Errorf("listing rpms: %w", err)
	}
	signature, err := p.Key.sign(index)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(staged, "repomd.xml.asc"), signature, 0o644); err != nil {
		return fmt.Errorf("writing the signature: %w", err)
	}
	if err := keepFormer(data, staged); err != nil {
		return fmt.Errorf("publishing indexes: %w", err)
	}
	return placeData(staged, data)
}

// keepFormer links what the published repomd.xml names into the new directory, for
// those who have read it and come for the rest.
func keepFormer(data, staged string) error {
	former, err := os.ReadFile(filepath.Join(data, "repomd.xml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	files, err := os.ReadDir(data)
	if err != nil {
		return err
	}
	for _, file := range files {
		if !strings.Contains(string(former), file.Name()) {
			continue // of one still earlier
		}
		err := os.Link(filepath.Join(data, file.Name()), filepath.Join(staged, file.Name()))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// placeData puts the new directory in place of the published one, at once where
// that can be done.
func placeData(staged, data string) error {
	files, err := os.ReadDir(staged)
	if err != nil {
		return fmt.Errorf("publishing indexes: %w", err)
	}
	for _, file := range files {
		if err := os.Chmod(filepath.Join(staged, file.Name()), 0o644); err != nil {
			return fmt.Errorf("publishing indexes: %w", err)
		}
	}
	if err := os.Chmod(staged, 0o755); err != nil {
		return fmt.Errorf("publishing indexes: %w", err)
	}
	if os.Rename(staged, data) == nil || exchange(staged, data) == nil { // the first needs that there is none
		return nil
	}
	return placeEach(files, staged, data)
}

// placeEach puts the files in their places, those that name others last.
func placeEach(files []fs.DirEntry, staged, data string) error {
	slices.SortFunc(files, func(a, b fs.DirEntry) int { return cmp.Compare(rank(a.Name()), rank(b.Name())) })
	for _, file := range files {
		if err := place(filepath.Join(staged, file.Name()), filepath.Join(data, file.Name())); err != nil {
			return err
		}
	}
	return nil
}

func rank(name string) int {
	switch name {
	case "repomd.xml":
		return 2
	case "repomd.xml.asc":
		return 1
	}
	return 0
}

// rpms says where rpms go, once they have been looked at.
func (p publication) rpms(ctx context.Context, rpms []string) (all []placement, err error) {
	if err := p.checkSigned(ctx, rpms); err != nil {
		return nil, err
	}
	for _, rpm := range rpms {
		name, err := tool(ctx, "rpm", "", "rpm", "--dbpath="+filepath.Join(p.stage, "rpmdb"), "--query", "--package", "--queryformat=%{NVRA}.rpm", rpm)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", rpm, err)
		}
		if strings.Contains(string(name), "/") {
			return nil, fmt.Errorf("%s is not an rpm that can be read", rpm)
		}
		all = append(all, placement{rpm, filepath.Join(p.Dir, dnfDir, "packages", string(name))})
	}
	return all, nil
}

// checkSigned refuses rpms that the key has not signed: a host that checks would
// not install them (gpgcheck=1, dnf.conf(5)).
func (p publication) checkSigned(ctx context.Context, rpms []string) error {
	if len(rpms) == 0 {
		return nil
	}
	db := filepath.Join(p.stage, "rpmdb")
	public, err := p.Key.public()
	if err != nil {
		return err
	}
	key := filepath.Join(p.stage, "rpm-key.asc")
	if err := os.WriteFile(key, public, 0o644); err != nil {
		return err
	}
	if _, err := tool(ctx, "rpm", "", "rpmkeys", "--dbpath="+db, "--import", key); err != nil {
		return fmt.Errorf("checking signatures: %w", err)
	}
	for _, rpm := range rpms {
		said, err := tool(ctx, "rpm", "", "rpmkeys", "--dbpath="+db, "--checksig", "--verbose", rpm)
		if err == nil && !strings.Contains(string(said), "ignature, key ") {
			err = errors.New("it has no signature")
		}
		if err != nil {
			return fmt.Errorf("%s is not signed by this key, so no host would install it: build it with rpm.signature.key_file in nfpm.yaml: %w", rpm, err)
		}
	}
	return nil
}
