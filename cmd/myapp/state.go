package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// makeStateDir returns the directory for what outlives the process, made if it
// was missing. dir is systemd's $STATE_DIRECTORY (systemd.exec(5)): with several
// in StateDirectory= it is a list with colons, and the first one is ours. If dir
// is empty, it is a directory in the user's cache.
func makeStateDir(dir string) (string, error) {
	dir, _, _ = strings.Cut(dir, ":")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("finding a place for the state: %w: set --state-dir", err)
		}
		dir = filepath.Join(cache, "myapp")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the state directory: %w", err)
	}
	return dir, nil
}
