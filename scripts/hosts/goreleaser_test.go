package hosts

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// GoReleaser, fed by nodrop generate, makes the same deb as nodrop package, and
// it upgrades as cleanly.
func TestGoReleaserMakesTheSameDeb(t *testing.T) {
	theirs := snapshot(t, "myapp_1.1.0_linux_amd64.deb")
	ours := deb(t, lab.Release{Version: "1.1.0"})
	for _, what := range []string{"--contents", "--ctrl-tarfile"} {
		if a, b := listing(t, what, ours), listing(t, what, theirs); !slices.Equal(a, b) {
			t.Errorf("dpkg-deb %s: nodrop package made\n%s\nGoReleaser made\n%s", what, strings.Join(a, "\n"), strings.Join(b, "\n"))
		}
	}
	for _, script := range []string{"preinst", "postinst", "prerm", "postrm"} {
		if a, b := control(t, ours, script), control(t, theirs, script); a != b {
			t.Errorf("%s differs:\n%s\n---\n%s", script, a, b)
		}
	}

	m := installed(t)
	if err := m.Publish(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	r := m.cleanDrill(lab.Load, "apt-get", "-y", "upgrade")
	if !slices.Equal(r.Versions.After, []string{"1.1.0"}) {
		t.Errorf("after the upgrade these versions answered: %v", r.Versions.After)
	}
	m.wantStates(serving)
}

// snapshot is one of the files that GoReleaser makes of version 1.1.0.
func snapshot(t *testing.T, name string) string {
	t.Helper()
	if built.snapshot == "" {
		dist, err := built.lab.Snapshot(t.Context(), "1.1.0")
		if err != nil {
			t.Fatal(err)
		}
		built.snapshot = dist
	}
	return filepath.Join(built.snapshot, name)
}

// listing is the mode, owner, name and link of each file in a deb, without its
// size and time.
func listing(t *testing.T, what, deb string) []string {
	t.Helper()
	script := `dpkg-deb --contents "$2"`
	if what == "--ctrl-tarfile" {
		script = `dpkg-deb --ctrl-tarfile "$2" | tar -tv`
	}
	out, err := exec.Command("sh", "-ec", script, "sh", what, deb).Output()
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		files = append(files, f[0]+" "+strings.Join(f[5:], " "))
	}
	slices.Sort(files)
	return files
}

func control(t *testing.T, deb, name string) string {
	t.Helper()
	out, err := exec.Command("dpkg-deb", "--info", deb, name).Output()
	if err != nil {
		t.Fatalf("%s has no %s: %v", deb, name, err)
	}
	return string(out)
}
