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

// hello is the service of README.md, in a directory as its reader has it, and a host to install it on.
type hello struct {
	machine
	dir      string
	commands string // README.md's, which build the package
}

func newHello(t *testing.T) hello {
	t.Helper()
	dir := t.TempDir()
	if err := docs.WriteProject(built.lab.Checkout(), dir); err != nil {
		t.Fatal(err)
	}
	commands, err := docs.Commands(built.lab.Checkout(), "nodrop package")
	if err != nil {
		t.Fatal(err)
	}
	return hello{boot(t, "bookworm"), dir, commands}
}

// publish builds a version, with further options for nodrop package, and returns what that says.
func (h hello) publish(version, options string) string {
	h.t.Helper()
	sh := exec.Command("sh", "-ec", strings.NewReplacer("VERSION=1.0.0", "VERSION="+version, "nodrop package", "nodrop package "+options).Replace(h.commands))
	sh.Dir = h.dir
	sh.Env = append(os.Environ(), "PATH="+filepath.Dir(built.nodrop)+":"+os.Getenv("PATH"))
	out, err := sh.CombinedOutput()
	if err != nil {
		h.t.Fatalf("%v\n%s", err, out)
	}
	if err := h.Publish(h.t.Context(), filepath.Join(h.dir, "hello_"+version+"_amd64.deb")); err != nil {
		h.t.Fatal(err)
	}
	return string(out)
}

// upgrade upgrades to the version under load, in which nothing may be lost.
func (h hello) upgrade(version string) {
	h.t.Helper()
	r, err := lab.Drill(h.t.Context(), h.Host, testWriter{h.t}, []string{"--client", "fresh=8", "--client", "post=8"}, "apt-get", "-y", "upgrade")
	if err != nil {
		h.t.Fatal(err)
	}
	if r.Lost() || r.Command.Error != "" || !slices.Equal(r.Versions.After, []string{version}) {
		h.t.Errorf("%s; the command: %q; versions after: %v", r.Verdict(), r.Command.Error, r.Versions.After)
	}
}

// The service of README.md, built by README.md's commands, upgrades cleanly.
func TestReadmeService(t *testing.T) {
	h := newHello(t)
	h.publish("1.0.0", "")
	h.must("apt-get", "-y", "install", "hello")
	h.publish("1.1.0", "")
	h.upgrade("1.1.0")

	// The same on a host that nodrop drill brings. The other command of that block is tested in rehearse_test.go.
	drills, err := docs.Commands(built.lab.Checkout(), "nodrop drill --from")
	if err != nil {
		t.Fatal(err)
	}
	command, _, _ := strings.Cut(drills, "\n")
	sh := exec.Command("sh", "-ec", command)
	sh.Dir = h.dir
	sh.Env = append(os.Environ(), "PATH="+filepath.Dir(built.nodrop)+":"+os.Getenv("PATH"))
	if out, err := sh.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", command, err, out)
	}
}
