package hosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/scripts/docs"
	"github.com/nodrop/nodrop/scripts/lab"
)

// The service of README.md, built by README.md's commands, upgrades cleanly.
func TestReadmeService(t *testing.T) {
	dir := t.TempDir()
	if err := docs.WriteProject(built.lab.Checkout(), dir); err != nil {
		t.Fatal(err)
	}
	commands, err := docs.Commands(built.lab.Checkout(), "nodrop package")
	if err != nil {
		t.Fatal(err)
	}
	m := boot(t, "bookworm")
	for _, version := range []string{"1.0.0", "1.1.0"} {
		sh := exec.Command("sh", "-ec", strings.Replace(commands, "VERSION=1.0.0", "VERSION="+version, 1))
		sh.Dir = dir
		sh.Env = append(os.Environ(), "PATH="+filepath.Dir(built.nodrop)+":"+os.Getenv("PATH"))
		if out, err := sh.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if err := m.Publish(t.Context(), filepath.Join(dir, "hello_"+version+"_amd64.deb")); err != nil {
			t.Fatal(err)
		}
		if version == "1.0.0" {
			m.must("apt-get", "-y", "install", "hello")
		}
	}
	r, err := lab.Drill(t.Context(), m.Host, testWriter{t}, []string{"--client", "fresh=8", "--client", "post=8"}, "apt-get", "-y", "upgrade")
	if err != nil {
		t.Fatal(err)
	}
	if r.Lost() || r.Command.Error != "" || !slices.Equal(r.Versions.After, []string{"1.1.0"}) {
		t.Errorf("%s; the command: %q; versions after: %v", r.Verdict(), r.Command.Error, r.Versions.After)
	}
}
