package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Root returns the directory of the cached root that opts.Suite and opts.Packages
// ask for, and makes it first when it is not there: that takes about a minute, a
// network, and 180 MB. Nobody writes to a root once it is made.
//
// Roots are kept in $NODROP_CACHE, or else in nodrop below the user's cache
// directory ($XDG_CACHE_HOME, ~/.cache). Any of them may be deleted while no host runs.
// Several callers may ask for the same root at once: one makes it, the others wait.
func Root(ctx context.Context, opts Options) (string, error) {
	recipe, err := newRecipe(opts.Suite, opts.Packages)
	if err != nil {
		return "", err
	}
	cache, err := cacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the cache directory: %w (set NODROP_CACHE to one)", err)
	}
	root := filepath.Join(cache, recipe.key())
	if made(root) {
		return root, nil
	}
	if err := Available(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("making the cache directory: %w", err)
	}
	unlock, err := lock(ctx, root+".lock", opts.log())
	if err != nil {
		return "", fmt.Errorf("waiting for another process that makes %s: %w", root, err)
	}
	defer unlock()
	if made(root) {
		return root, nil
	}
	if err := build(ctx, recipe, root, opts.log()); err != nil {
		return "", fmt.Errorf("making a %s root: %w", recipe.Suite, err)
	}
	return root, nil
}

func cacheDir() (string, error) {
	if dir := os.Getenv("NODROP_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "nodrop"), err
}

// made tells whether root is there. It is renamed into place when it is complete, so
// it is whole if it is there.
func made(root string) bool {
	_, err := os.Stat(root)
	return err == nil
}

// lock takes the lock of the file at path, waiting as long as ctx allows. The
// kernel gives it back should this process die.
func lock(ctx context.Context, path string, log io.Writer) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for waiting := false; ; waiting = true {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			file.Close()
			return nil, err
		}
		if !waiting {
			fmt.Fprintf(log, "waiting for another process that makes %s\n", strings.TrimSuffix(path, ".lock"))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			file.Close()
			return nil, ctx.Err()
		}
	}
}

// build makes the root in a directory beside it and renames that. The caller holds
// root's lock, so that any such directory already there is what a killed process left.
func build(ctx context.Context, recipe recipe, root string, log io.Writer) error {
	stale, err := filepath.Glob(root + ".tmp-*")
	if err != nil {
		return err
	}
	for _, dir := range stale {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp(filepath.Dir(root), filepath.Base(root)+".tmp-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // nothing there any more once it is renamed
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}

	begin := time.Now()
	fmt.Fprintf(log, "making a %s root in %s, once: about a minute\n", recipe.Suite, root)
	if err := debootstrap(ctx, recipe, dir, log); err != nil {
		return err
	}
	if err := recipe.finish(dir); err != nil {
		return err
	}
	if err := os.Rename(dir, root); err != nil {
		return err
	}
	fmt.Fprintf(log, "made %s in %s\n", root, time.Since(begin).Round(time.Second))
	return nil
}

// debootstrap installs the recipe's packages in dir. It runs in a sandbox: the
// mounts that it makes inside dir never reach this machine, also when it is killed, and
// so cannot be taken for dir's content when dir is removed.
func debootstrap(ctx context.Context, recipe recipe, dir string, log io.Writer) error {
	var output tail
	usr := "--merged-usr"
	if recipe.Split {
		usr = "--no-merged-usr"
	}
	s, err := startSandbox(sandboxSpec{
		Dir:    dir,
		Script: `exec debootstrap --variant=minbase --include="$1" "$3" "$2" .`,
		Args:   []string{strings.Join(recipe.Packages, ","), recipe.Suite, usr},
		Env:    []string{"LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"},
		Out:    io.MultiWriter(&output, log),
	})
	if err != nil {
		return err
	}
	select {
	case <-s.done:
	case <-ctx.Done():
		return errors.Join(ctx.Err(), s.kill())
	}
	if s.err != nil {
		return fmt.Errorf("debootstrap: %w; it said last:\n%s", s.err, lastLines(output.String(), 20))
	}
	return nil
}
