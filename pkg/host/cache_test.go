package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cacheWith makes an empty cache with the given directories in it.
func cacheWith(t *testing.T, names ...string) string {
	t.Helper()
	cache := t.TempDir()
	t.Setenv("NODROP_CACHE", cache)
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(cache, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return cache
}

func mustRecipe(t *testing.T, suite string, extra ...string) recipe {
	t.Helper()
	r, err := newRecipe(suite, extra)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRootIsCached(t *testing.T) {
	key := mustRecipe(t, "trixie", "rpm").key()
	cache := cacheWith(t, key)
	got, err := Root(t.Context(), Options{Suite: "trixie", Packages: []string{"rpm"}})
	if err != nil || got != filepath.Join(cache, key) {
		t.Errorf("got %q, %v; want the directory that is there", got, err)
	}
}

func TestRootUnknownSuite(t *testing.T) {
	_, err := Root(t.Context(), Options{Suite: "potato"})
	if err == nil || !strings.Contains(err.Error(), `"potato"`) || !strings.Contains(err.Error(), "bookworm, trixie") {
		t.Errorf("error %v, want one that names the suite and those there are", err)
	}
}

func TestCacheDir(t *testing.T) {
	for _, tt := range []struct{ name, nodrop, xdg, home, want string }{
		{"ours", "/a", "/b", "/c", "/a"},
		{"the user's", "", "/b", "/c", "/b/nodrop"},
		{"the default", "", "", "/c", "/c/.cache/nodrop"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("NODROP_CACHE", tt.nodrop)
			t.Setenv("XDG_CACHE_HOME", tt.xdg)
			t.Setenv("HOME", tt.home)
			if got, err := cacheDir(); err != nil || got != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.lock")
	unlock, err := lock(t.Context(), path, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lock(ctx, path, t.Output()); !errors.Is(err, context.Canceled) {
		t.Errorf("taking it twice: error %v, want to wait until cancelled", err)
	}
	unlock()
	unlock, err = lock(t.Context(), path, t.Output())
	if err != nil {
		t.Fatalf("taking it again: %v", err)
	}
	unlock()
}

// writerFunc is called with every write.
type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }

// A root whose making is broken off leaves nothing but its lock; what a killed
// process left is removed.
func TestRootCancelled(t *testing.T) {
	needHosts(t)
	key := mustRecipe(t, "bookworm").key()
	cache := cacheWith(t, key+".tmp-1/some")
	before := traces(t)["mounts"]
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log := writerFunc(func(p []byte) {
		if strings.Contains(string(p), "I: ") { // debootstrap is at work
			cancel()
		}
	})
	_, err := Root(ctx, Options{Suite: "bookworm", Log: log})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	entries, err := os.ReadDir(cache)
	if err != nil || len(entries) != 1 || entries[0].Name() != key+".lock" {
		t.Errorf("the cache holds %v, %v; want the lock only", entries, err)
	}
	if after := traces(t)["mounts"]; after != before {
		t.Errorf("mounts changed\nfrom %s\nto   %s", before, after)
	}
}
