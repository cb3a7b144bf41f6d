package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteFile(t *testing.T) {
	h := bootHost(t)
	mustRun(t, h, "ln", "-s", "/etc", "/srv/link")
	for _, tt := range []struct {
		name, dst, at string
		mode          os.FileMode
	}{
		{"new directories", "/srv/a/b/file", "/srv/a/b/file", 0o640},
		{"in the root", "/file", "/file", 0o644},
		{"a mount of the host's own", "/run/nodrop-test", "/run/nodrop-test", 0o755},
		{"through a link", "/srv/link/nodrop-test", "/etc/nodrop-test", 0o600},
		{"a name of many kinds", "/srv/-a 'b\" $c", "/srv/-a 'b\" $c", 0o644},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, text := range []string{"first", "second, in its place"} {
				if err := h.WriteFile(t.Context(), tt.dst, []byte(text), tt.mode); err != nil {
					t.Fatal(err)
				}
				want := fmt.Sprintf("%o root root %s", tt.mode, text)
				if got := mustRun(t, h, "sh", "-c", `stat -c '%a %U %G' "$1" | tr '\n' ' '; cat "$1"`, "sh", tt.at); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
			if _, err := os.Lstat(tt.at); err == nil {
				t.Errorf("%s is on this machine", tt.at)
			}
		})
	}
}

func TestWriteFileFails(t *testing.T) {
	h := bootHost(t)
	for _, tt := range []struct{ name, dst, want string }{
		{"relative", "srv/file", "not an absolute path"},
		{"a directory", "/srv", "directory"},
		{"where nothing can be", "/proc/1/file", "/proc/1/file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := h.WriteFile(t.Context(), tt.dst, []byte("text"), 0o644)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
		})
	}
	if got := mustRun(t, h, "sh", "-c", "ls -d /srv.* 2>/dev/null || true"); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

// A program can be replaced while it runs ("text file busy" otherwise).
func TestInstallOverRunningProgram(t *testing.T) {
	h := bootHost(t)
	src := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(src, []byte("#!/bin/sh\necho new\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	mustRun(t, h, "sh", "-c", "cp /bin/sleep /srv/program; systemd-run --quiet --unit=program /srv/program 1000")
	if err := h.Install(t.Context(), src, "/srv/program", 0o755); err != nil {
		t.Fatal(err)
	}
	if got := mustRun(t, h, "/srv/program"); got != "new" {
		t.Errorf("got %q", got)
	}
	if err := h.Install(t.Context(), src+"-missing", "/srv/other", 0o755); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing source: error %v", err)
	}
}

// makeDeb builds a package that holds one file, /usr/share/nodrop-tiny/version.
func makeDeb(t *testing.T, version string) string {
	t.Helper()
	tree := t.TempDir()
	for path, text := range map[string]string{
		"DEBIAN/control":                "Package: nodrop-tiny\nVersion: " + version + "\nArchitecture: all\nMaintainer: nodrop <nodrop@example.org>\nDescription: a test\n",
		"usr/share/nodrop-tiny/version": version + "\n",
	} {
		if err := replaceFile(filepath.Join(tree, path), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	deb := filepath.Join(t.TempDir(), "nodrop-tiny_"+version+"_all.deb")
	if out, err := exec.Command("dpkg-deb", "--root-owner-group", "--build", tree, deb).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return deb
}

func TestPublish(t *testing.T) {
	h := bootHost(t)
	installed := func() string { return mustRun(t, h, "cat", "/usr/share/nodrop-tiny/version") }

	if err := h.Publish(t.Context(), makeDeb(t, "1.0")); err != nil {
		t.Fatal(err)
	}
	mustRun(t, h, "apt-get", "install", "-y", "nodrop-tiny")
	if got := installed(); got != "1.0" {
		t.Errorf("installed %s, want 1.0", got)
	}
	// At once, within the same second: apt must see it.
	for _, version := range []string{"1.1", "1.2", "1.3"} {
		if err := h.Publish(t.Context(), makeDeb(t, version)); err != nil {
			t.Fatal(err)
		}
		mustRun(t, h, "apt-get", "upgrade", "-y")
		if got := installed(); got != version {
			t.Errorf("installed %s, want %s", got, version)
		}
	}
	mustRun(t, h, "apt-get", "install", "-y", "--allow-downgrades", "nodrop-tiny=1.1")
	if got := installed(); got != "1.1" {
		t.Errorf("installed %s, want 1.1", got)
	}

	notDeb := filepath.Join(t.TempDir(), "broken.deb")
	if err := os.WriteFile(notDeb, []byte("no package"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := h.Publish(t.Context(), notDeb); err == nil || !strings.Contains(err.Error(), "broken.deb") {
		t.Errorf("publishing what is no package: error %v, want one that names it", err)
	}
}
