package hosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// lintian finds no error and no warning but those that the overrides in the package explain.
func TestLintian(t *testing.T) {
	t.Parallel()
	dir := nobodys(t)
	for name, path := range map[string]string{
		"myapp.deb":             deb(t, lab.Release{Version: "1.0.0"}),
		"myapp-goreleaser.deb":  snapshot(t, "myapp_1.1.0_linux_amd64.deb"),
		"nodrop-goreleaser.deb": snapshot(t, "nodrop_1.1.0_linux_amd64.deb"),
	} {
		t.Run(name, func(t *testing.T) {
			to := filepath.Join(dir, name)
			install(t, path, to)
			out, err := asNobody(t, dir, "lintian", "--fail-on=error,warning", to)
			if err != nil || out != "" {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// rpmlint finds no error but those that the package's rpmlintrc explains. It unpacks what
// it reads with cpio, which would follow the absolute paths that nfpm writes.
func TestRpmlint(t *testing.T) {
	t.Parallel()
	dir := nobodys(t)
	if err := os.WriteFile(filepath.Join(dir, "cpio"), []byte("#!/bin/sh\nexec /usr/bin/cpio --no-absolute-filenames \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"myapp":  rpm(t, lab.Release{Version: "1.0.0"}),
		"nodrop": snapshot(t, "nodrop_1.1.0_linux_amd64.rpm"),
	} {
		t.Run(name, func(t *testing.T) {
			to, filters := filepath.Join(dir, name+".rpm"), filepath.Join(dir, name+".rpmlintrc")
			install(t, path, to)
			install(t, filepath.Join(built.lab.Checkout(), "packaging", name, name+".rpmlintrc"), filters)
			out, err := asNobody(t, dir, "rpmlint", "-r", filters, to)
			if err != nil || !strings.Contains(out, " 0 errors,") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// nobodys makes a directory that the user nobody may write to.
func nobodys(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "nodrop-lint-") // t.TempDir's parent is root's
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	return dir
}

const nobody = 65534

func install(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// asNobody runs a program in dir, whose programs come before others, as a user who can
// write nowhere else, and returns its output.
func asNobody(t *testing.T, dir, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "HOME=" + dir, "TMPDIR=" + dir, "LC_ALL=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
