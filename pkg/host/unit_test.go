package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAvailableNamesPackages(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := Available()
	want := "apt-get install systemd-container debootstrap util-linux mount"
	if os.Geteuid() != 0 {
		want = "need root"
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one that says %q", err, want)
	}
}

func TestRecipeKey(t *testing.T) {
	base := mustRecipe(t, "bookworm")
	masked, file := mustRecipe(t, "bookworm"), mustRecipe(t, "bookworm")
	masked.Masked = append(masked.Masked, "more.service")
	file.Files["/etc/more"] = "text"
	for _, tt := range []struct {
		name string
		r    recipe
		same bool
	}{
		{"equal", mustRecipe(t, "bookworm"), true},
		{"a package that is there anyway", mustRecipe(t, "bookworm", "systemd"), true},
		{"another package", mustRecipe(t, "bookworm", "rpm"), false},
		{"another suite", mustRecipe(t, "sid"), false},
		{"another mask", masked, false},
		{"another file", file, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if same := tt.r.key() == base.key(); same != tt.same {
				t.Errorf("keys %s and %s", tt.r.key(), base.key())
			}
		})
	}
	if a, b := mustRecipe(t, "sid", "a", "b"), mustRecipe(t, "sid", "b", "a"); a.key() != b.key() {
		t.Error("the order of packages makes another key")
	}
}

// Links in a root lead into this machine's files: they are replaced, not followed.
func TestRecipeFinish(t *testing.T) {
	root, outside := t.TempDir(), filepath.Join(t.TempDir(), "outside")
	for path, text := range map[string]string{
		outside: "this machine's",
		filepath.Join(root, "var/cache/apt/archives/old.deb"): "package",
		filepath.Join(root, "etc/systemd/system/some"):        "",
	} {
		if err := replaceFile(path, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(root, "etc/hostname")); err != nil {
		t.Fatal(err)
	}
	r := mustRecipe(t, "bookworm")
	if err := r.finish(root); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(outside); err != nil || string(text) != "this machine's" {
		t.Errorf("outside: %q, %v", text, err)
	}
	for path, want := range r.Files {
		if got, err := os.ReadFile(filepath.Join(root, path)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if to, err := os.Readlink(filepath.Join(root, "etc/systemd/system/apt-daily.timer")); to != "/dev/null" {
		t.Errorf("a masked unit links to %q, %v", to, err)
	}
	if left, err := os.ReadDir(filepath.Join(root, "var/cache/apt/archives")); err != nil || len(left) != 0 {
		t.Errorf("archives: %v, %v", left, err)
	}
}

func TestUnifiedPath(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"version 2", "0::/user.slice/session-1.scope\n", "/user.slice/session-1.scope"},
		{"both", "9:name=systemd:/a\n1:cpu:/b\n0::/c\n", "/c"},
		{"version 1", "1:name=systemd:/a\n", ""},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := unifiedPath([]byte(tt.text))
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestCgroupOwner(t *testing.T) {
	for _, tt := range []struct {
		name string
		pid  int
	}{
		{"nodrop-123-abcd", 123},
		{"nodrop-123", 0},
		{"nodrop--5-abcd", 0},
		{"nodrop-x-abcd", 0},
		{"other-123-abcd", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if pid, ok := cgroupOwner(tt.name); ok != (tt.pid != 0) || ok && pid != tt.pid {
				t.Errorf("got %d, %v", pid, ok)
			}
		})
	}
}

func TestFirstOfNamespace(t *testing.T) {
	for _, tt := range []struct {
		name, status string
		want         bool
	}{
		{"first of an inner namespace", "Name:\tsystemd\nNSpid:\t17905\t3\t1\nNSsid:\t0\n", true},
		{"a helper beside it", "Name:\tsd-x\nNSpid:\t17904\t2\n", false},
		{"ends in 1", "NSpid:\t17901\t21\n", false},
		{"no such line", "Name:\tsystemd\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := firstOfNamespace(tt.status); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestTail(t *testing.T) {
	var out tail
	for range 3 {
		_, _ = out.Write([]byte(strings.Repeat("x", tailSize-1)))
	}
	_, _ = out.Write([]byte("end"))
	if got := out.String(); len(got) != tailSize || !strings.HasSuffix(got, "xend") {
		t.Errorf("%d bytes ending in %q", len(got), got[len(got)-4:])
	}
}

func TestLastLines(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"none", " \n", "  (no output)"},
		{"few", "a\r\nb\n", "  a\n  b"},
		{"many", "a\nb\nc\n", "  …\n  b\n  c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := lastLines(tt.text, 2); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
