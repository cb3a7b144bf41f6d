package hosts

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What nodrop init adds to .goreleaser.yaml makes the same packages as nodrop package, but for the program, which is built anew, and
// its time.
func TestInitForGoReleaser(t *testing.T) {
	s := newStranger(t, publics[1])
	tool, err := exec.CommandContext(t.Context(), filepath.Join(built.lab.Checkout(), "scripts/tool.sh"), "goreleaser").Output()
	if err != nil {
		t.Fatal(err)
	}
	s.sh("", `git remote add origin https://github.com/example/example.git
git add -A && git commit -q -m "made ready" && git tag v1.0.0
PATH=$1:$PATH "$2" release --clean --skip=publish
git diff --exit-code && test -z "$(git ls-files -o --exclude-standard --exclude=/dist/)"`, filepath.Dir(built.nodrop), strings.TrimSpace(string(tool)))
	theirs := map[string]string{}
	for _, format := range []string{"deb", "rpm"} {
		found, err := filepath.Glob(filepath.Join(s.dir, "dist", s.name+"_*_amd64."+format))
		if err != nil || len(found) != 1 {
			t.Fatalf("GoReleaser made these of %s for amd64: %v", format, found)
		}
		theirs[format] = found[0]
	}
	ours := map[string]string{"deb": s.deb("1.0.0")}
	s.sh("", `VERSION=1.0.0 "$1" package -f "packaging/$2/nfpm.yaml" -p rpm -t "packaging/$2/build/ours.rpm"`, built.nodrop, s.name)
	ours["rpm"] = filepath.Join(s.dir, "packaging", s.name, "build/ours.rpm")

	for _, what := range []string{"--contents", "--ctrl-tarfile"} {
		if a, b := listing(t, what, ours["deb"]), listing(t, what, theirs["deb"]); !slices.Equal(a, b) {
			t.Errorf("dpkg-deb %s: nodrop package made\n%s\nGoReleaser made\n%s", what, strings.Join(a, "\n"), strings.Join(b, "\n"))
		}
	}
	for _, format := range []string{"deb", "rpm"} {
		if a, b := inside(t, format, ours[format]), inside(t, format, theirs[format]); a != b {
			t.Errorf("nodrop package made this %s:\n%s\nGoReleaser this:\n%s", format, a, b)
		}
	}
}

// inside is what a package says and brings, but for the program.
func inside(t *testing.T, format, path string) string {
	t.Helper()
	script := map[string]string{
		"deb": `mkdir all && dpkg-deb -R "$1" all && rm all/usr/bin/* all/DEBIAN/md5sums && cd all && find . -type f | sort | xargs tail -n +1`,
		"rpm": `rpm -qp --nosignature --qf '[%{FILEMODES:perms} %{FILEUSERNAME} %{FILENAMES} %{FILELINKTOS} %{FILEFLAGS:fflags}\n]' "$1"
rpm -qp --nosignature --scripts "$1"; rpm -qp --nosignature --requires "$1"; rpm -qp --nosignature --qf '%{NAME} %{ARCH} %{SUMMARY} %{LICENSE} %{URL} %{PACKAGER}\n%{DESCRIPTION}\n' "$1"`,
	}[format]
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", script, "sh", path)
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("looking into %s: %v", path, err)
	}
	return regexp.MustCompile(`(?m)^(Installed-Size|Architecture-Variant|Date): .*\n`).ReplaceAllString(string(out), "")
}
