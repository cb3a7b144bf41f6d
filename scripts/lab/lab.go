// Package lab builds releases of myapp and puts them through upgrades on real
// hosts, for the demo and for the tests in scripts/hosts.
package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Lab is a place to build releases in. Its methods may be called from several
// goroutines; they build one thing at a time.
type Lab struct {
	checkout string
	dir      string

	mu     sync.Mutex
	nodrop string // "" until it is built
}

// New makes a lab for the checkout that the working directory is in. What it
// builds goes to dir, which the caller removes.
func New(dir string) (*Lab, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("finding the checkout: %w", err)
	}
	return &Lab{checkout: strings.TrimSpace(string(out)), dir: dir}, nil
}

// Checkout is the directory of go.mod.
func (l *Lab) Checkout() string { return l.checkout }

// Nodrop builds the CLI, to run here or on a host, and returns its path.
func (l *Lab) Nodrop(ctx context.Context) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.nodrop != "" {
		return l.nodrop, nil
	}
	path := filepath.Join(l.dir, "nodrop")
	if err := l.build(ctx, path, "./cmd/nodrop", "-X main.version=lab"); err != nil {
		return "", err
	}
	l.nodrop = path
	return path, nil
}

// Probe builds the program of scripts/table, and returns its path.
func (l *Lab) Probe(ctx context.Context) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	path := filepath.Join(l.dir, "probe")
	return path, l.build(ctx, path, "./scripts/table/probe", "")
}

// Rude builds the program of scripts/rude, and returns its path.
func (l *Lab) Rude(ctx context.Context) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	path := filepath.Join(l.dir, "rude")
	return path, l.build(ctx, path, "./scripts/rude/client", "")
}

// A Release is a version of myapp to be built.
type Release struct {
	Version string
	Fault   string // "" for a good one; else see cmd/myapp/fault.go
	Config  string // added to the end of packaging/myapp/nfpm.yaml
	Change  string // a shell script that changes a copy of packaging/myapp, run in it
}

// Program builds the program of a release, without a package, and returns its
// path.
func (l *Lab) Program(ctx context.Context, r Release) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	path := filepath.Join(l.dir, "myapp-"+r.Version+r.Fault)
	return path, l.build(ctx, path, "./cmd/myapp", r.flags())
}

func (r Release) flags() string { return "-X main.version=" + r.Version + " -X main.fault=" + r.Fault }

// Package builds the deb or rpm of a release by nodrop package, as make
// package does, and returns its path.
func (l *Lab) Package(ctx context.Context, r Release, packager string) (string, error) {
	nodrop, err := l.Nodrop(ctx)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	dir, err := l.tree(ctx, r)
	if err != nil {
		return "", err
	}
	pack := exec.CommandContext(ctx, nodrop, "package", "-f", "nfpm.yaml", "-p", packager, "-t", dir)
	if err := run(pack, dir, "VERSION="+r.Version); err != nil {
		return "", err
	}
	made, err := filepath.Glob(filepath.Join(dir, "*."+packager))
	if err != nil || len(made) != 1 {
		return "", fmt.Errorf("nodrop package made %v, want one %s", made, packager)
	}
	return made[0], nil
}

// tree is a directory that looks like the checkout to nfpm.yaml, with that in
// it and the release in bin/.
func (l *Lab) tree(ctx context.Context, r Release) (string, error) {
	dir, err := os.MkdirTemp(l.dir, "myapp-"+r.Version+"-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return "", err
	}
	if err := run(exec.CommandContext(ctx, "cp", "-r", "packaging", "LICENSE", dir), l.checkout); err != nil {
		return "", err
	}
	if err := run(exec.CommandContext(ctx, "sh", "-euc", r.Change), filepath.Join(dir, "packaging/myapp")); err != nil {
		return "", err
	}
	config, err := os.ReadFile(filepath.Join(dir, "packaging/myapp/nfpm.yaml"))
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "nfpm.yaml"), append(config, r.Config...), 0o644); err != nil {
		return "", err
	}
	if err := l.build(ctx, filepath.Join(bin, "myapp"), "./cmd/myapp", r.flags()); err != nil {
		return "", err
	}
	const files = `gzip -9nc packaging/myapp/myapp.8 > "$1/myapp.8.gz"
go run ./scripts/licenses packaging/myapp/copyright ./cmd/myapp > "$1/myapp.copyright"`
	return dir, run(exec.CommandContext(ctx, "sh", "-ec", files, "sh", bin), l.checkout)
}

func (l *Lab) build(ctx context.Context, path, pkg, flags string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w "+flags, "-o", path, pkg)
	return run(cmd, l.checkout, "CGO_ENABLED=0")
}

func run(cmd *exec.Cmd, dir string, env ...string) error {
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
