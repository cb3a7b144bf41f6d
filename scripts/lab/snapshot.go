package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Snapshot runs goreleaser release --snapshot on a copy of the checkout, as it
// is, and returns the directory of what it made.
func (l *Lab) Snapshot(ctx context.Context, version string) (string, error) {
	tool, err := exec.CommandContext(ctx, filepath.Join(l.checkout, "scripts/tool.sh"), "goreleaser").Output()
	if err != nil {
		return "", fmt.Errorf("building goreleaser: %w", err)
	}
	dir := filepath.Join(l.dir, "snapshot-"+version)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// GoReleaser wants a repository of git, with a commit.
	const clone = `git ls-files -co --exclude-standard | tar -c -T - | tar -x -C "$1"
cd "$1"
git init -q
git add -A
git -c user.name=lab -c user.email=lab@example.com commit -q -m snapshot`
	if err := run(exec.CommandContext(ctx, "sh", "-ec", clone, "sh", dir), l.checkout); err != nil {
		return "", err
	}
	release := exec.CommandContext(ctx, strings.TrimSpace(string(tool)), "release", "--snapshot", "--clean")
	return filepath.Join(dir, "dist"), run(release, dir, "VERSION="+version)
}
