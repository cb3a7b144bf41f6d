package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// releaser are the names that GoReleaser's configuration can have, in its order.
var releaser = []string{
	".config/goreleaser.yml", ".config/goreleaser.yaml", ".goreleaser.yml", ".goreleaser.yaml", "goreleaser.yml", "goreleaser.yaml",
}

// releaserFile is the configuration that there is, or where one goes.
func releaserFile(dir string) string {
	for _, name := range releaser {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return name
		}
	}
	return ".goreleaser.yaml"
}

// releaserChange is a configuration of GoReleaser with what makes the project's packages.
type releaserChange struct {
	name        string
	exists      bool
	old, merged []byte
	notes       []string
}

func (p *Project) releaser(dir string) (*releaserChange, error) {
	c := &releaserChange{name: releaserFile(dir)}
	old, err := os.ReadFile(filepath.Join(dir, c.name))
	if err == nil {
		c.exists = true
	} else if errors.Is(err, os.ErrNotExist) {
		old = fmt.Appendf(nil, "# Releases of %s. Try it: goreleaser release --snapshot --clean\nversion: 2\nproject_name: %s\n\nbefore:\n\nbuilds:\n", p.Name, p.Name)
	} else {
		return nil, fmt.Errorf("reading %s: %w", c.name, err)
	}
	c.old = old
	if c.merged, c.notes, err = merge(old, p); err != nil {
		return nil, fmt.Errorf("adding to %s: %w; nothing was written: mend it and run nodrop init again", c.name, err)
	}
	return c, nil
}

func (c *releaserChange) write(dir string, log io.Writer) error {
	for _, note := range c.notes {
		fmt.Fprintf(log, "\n%s: %s\n", c.name, note)
	}
	if !c.exists {
		if _, err := put(dir, file{path: c.name, data: c.merged}); err != nil {
			return err
		}
		fmt.Fprintln(log, "wrote", c.name)
		return nil
	}
	if bytes.Equal(c.old, c.merged) {
		return nil
	}
	path := filepath.Join(dir, c.name)
	info, err := os.Stat(path)
	if err == nil {
		err = os.WriteFile(path, c.merged, info.Mode().Perm())
	}
	if err != nil {
		return fmt.Errorf("adding to %s: %w", c.name, err)
	}
	fmt.Fprintln(log, "added to", c.name)
	return nil
}
