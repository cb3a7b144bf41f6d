package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// A Recipe is a package of scripts/peers/recipe, a socket-activated server that nodrop had no hand
// in: its upgrade is systemctl restart.
type Recipe struct {
	Version  string
	Shutdown bool // drains by http.Server.Shutdown, which the plain recipe does not
}

const recipeSocket = `[Socket]
ListenStream = 80
BindIPv6Only = both
Service      = recipe.service

[Install]
WantedBy = sockets.target
`

const plainService = `[Unit]
Description = plain recipe
After       = network.target

[Service]
Type = simple

ExecStart = /usr/bin/recipe
ExecStop  = /bin/kill $MAINPID
KillMode  = none

[Install]
WantedBy = multi-user.target
`

const shutdownService = `[Unit]
Description = recipe that drains
After       = network.target

[Service]
Type      = notify
ExecStart = /usr/bin/recipe -shutdown

[Install]
WantedBy = multi-user.target
`

const recipePostinst = `#!/bin/sh
set -e
systemctl daemon-reload
systemctl enable recipe.socket recipe.service
systemctl start recipe.socket
systemctl restart recipe.service
`

// Recipe builds the deb of a recipe, and returns its path.
func (l *Lab) Recipe(ctx context.Context, r Recipe) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	dir, err := os.MkdirTemp(l.dir, "recipe-")
	if err != nil {
		return "", err
	}
	tree := filepath.Join(dir, "tree")
	service := plainService
	if r.Shutdown {
		service = shutdownService
	}
	for _, file := range []struct {
		path, text string
		mode       os.FileMode
	}{
		{"DEBIAN/control", "Package: recipe\nVersion: " + r.Version + "\nArchitecture: all\nMaintainer: nodrop\nDescription: a recipe\n", 0o644},
		{"DEBIAN/postinst", recipePostinst, 0o755},
		{"lib/systemd/system/recipe.socket", recipeSocket, 0o644},
		{"lib/systemd/system/recipe.service", service, 0o644},
	} {
		path := filepath.Join(tree, file.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(file.text), file.mode); err != nil {
			return "", err
		}
	}
	if err := l.build(ctx, filepath.Join(tree, "usr/bin/recipe"), "./scripts/peers/recipe", ""); err != nil {
		return "", err
	}
	deb := filepath.Join(dir, fmt.Sprintf("recipe_%s_all.deb", r.Version))
	return deb, run(exec.CommandContext(ctx, "dpkg-deb", "--root-owner-group", "-Zgzip", "--build", tree, deb), dir)
}
