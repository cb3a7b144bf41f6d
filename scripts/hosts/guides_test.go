package hosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/scripts/docs"
)

// guide is a document that makes packages, in a directory as its reader has it, and a host to install them on.
type guide struct {
	machine
	document, dir string
}

func newGuide(t *testing.T, document string, packages ...string) guide {
	t.Helper()
	dir := t.TempDir()
	if err := docs.WriteFiles(built.lab.Checkout(), document, dir); err != nil {
		t.Fatal(err)
	}
	return guide{boot(t, "bookworm", packages...), document, dir}
}

// publish runs the document's commands that hold marker, for another version than they name, and publishes the package of that
// version.
func (g guide) publish(marker, named, version string) {
	g.t.Helper()
	commands, err := docs.CommandsOf(built.lab.Checkout(), g.document, marker)
	if err != nil {
		g.t.Fatal(err)
	}
	sh := exec.Command("sh", "-ec", strings.ReplaceAll(commands, named, version))
	sh.Dir = g.dir
	sh.Env = append(os.Environ(), "PATH="+filepath.Dir(built.nodrop)+":"+os.Getenv("PATH"))
	if out, err := sh.CombinedOutput(); err != nil {
		g.t.Fatalf("%v\n%s", err, out)
	}
	g.publishBuilt(version)
}

// publishBuilt publishes the package of a version that is somewhere in the guide's directory.
func (g guide) publishBuilt(version string) {
	g.t.Helper()
	var debs []string
	for _, dir := range []string{"", "*"} {
		found, err := filepath.Glob(filepath.Join(g.dir, dir, "*_"+version+"_*.deb"))
		if err != nil {
			g.t.Fatal(err)
		}
		debs = append(debs, found...)
	}
	if len(debs) != 1 {
		g.t.Fatalf("there are %v of version %s, want one package", debs, version)
	}
	if err := g.Publish(g.t.Context(), debs[0]); err != nil {
		g.t.Fatal(err)
	}
}

// drill runs a command of the document that drills an upgrade, in which nothing may be lost.
func (g guide) drill(command, version string) {
	g.t.Helper()
	out := g.must("sh", "-ec", command)
	g.t.Log(out)
	if !strings.HasSuffix(out, "PASS nothing was lost") {
		g.t.Error("the upgrade was not clean")
	}
	if got := g.must("dpkg-query", "-W", "-f", "${Version} ${db:Status-Abbrev}", "hello"); got != version+" ii" {
		g.t.Errorf("dpkg has %s, want %s", got, version)
	}
}

// rewrite replaces the version in a file of the document.
func (g guide) rewrite(file, version string) {
	g.t.Helper()
	path := filepath.Join(g.dir, file)
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "1.0.0") {
		g.t.Fatalf("%s: %v, or no 1.0.0 in it", file, err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "1.0.0", version)), 0o644); err != nil {
		g.t.Fatal(err)
	}
}

// root returns the document's commands for root.
func (g guide) root() []string {
	g.t.Helper()
	commands, err := docs.Root(built.lab.Checkout(), g.document)
	if err != nil || len(commands) == 0 {
		g.t.Fatalf("%s has no commands for root (%v)", g.document, err)
	}
	return commands
}

// The programs of docs/other-languages.md, packaged, installed and upgraded by its commands: nothing is lost.
func TestOtherLanguages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ dir, source, says string }{
		{"python", "python/hello.py", "hello from gunicorn"},
		{"node", "node/server.js", "hello from node"},
	} {
		t.Run(tt.dir, func(t *testing.T) {
			g := newGuide(t, "docs/other-languages.md", "gunicorn", "nodejs")
			commands := g.root()
			if len(commands) != 2 {
				t.Fatalf("commands for root: %q, want an install and a drill", commands)
			}
			g.publish("cd "+tt.dir, "1.0.0", "1.0.0")
			g.must("sh", "-ec", commands[0])
			g.rewrite(tt.source, "1.1.0")
			g.publish("cd "+tt.dir, "1.0.0", "1.1.0")
			g.drill(commands[1], "1.1.0")
			if got := g.must("curl", "-sS", "http://127.0.0.1:8080/"); got != tt.says {
				t.Errorf("it says %q, want %q", got, tt.says)
			}
		})
	}
}

// The service of docs/migrating.md: its first upgrade works, and has a gap; its second one has none.
func TestMigrating(t *testing.T) {
	g := newGuide(t, "docs/migrating.md")
	commands := g.root()
	if len(commands) != 2 {
		t.Fatalf("commands for root: %q, want two drills", commands)
	}
	g.publish("dpkg-deb", "2.0.0", "2.0.0")
	g.must("apt-get", "-y", "install", "hello=2.0.0") // as a check that it installs afresh
	g.must("apt-get", "-y", "purge", "hello")
	g.publishBuilt("1.0.0")
	g.must("apt-get", "-y", "install", "hello=1.0.0")
	g.must("curl", "-sS", "--retry", "50", "--retry-delay", "0", "--retry-connrefused", "http://127.0.0.1:8080/")
	out := g.must("sh", "-c", commands[0]+" || test $? = 1")
	t.Log(out)
	if strings.Contains(out, "the command failed") || !strings.Contains(out, "PASS") && !strings.Contains(out, "FAIL") {
		t.Error("the first upgrade went wrong")
	}
	if got := g.must("curl", "-sS", "http://127.0.0.1:8080/"); got != "the new way" {
		t.Errorf("it says %q", got)
	}
	g.publish("dpkg-deb", "2.0.0", "2.1.0")
	g.drill(commands[1], "2.1.0")
}

// The commands of docs/troubleshooting.md work on a host where all is well, and say what they are said to say.
func TestTroubleshooting(t *testing.T) {
	m := installed(t)
	commands := guide{machine: m, document: "docs/troubleshooting.md"}.root()
	says := map[string]string{
		"systemctl show -p FileDescriptorName": "FileDescriptorName=http",
		"systemctl is-active":                  "active",
		"journalctl -u myapp.service":          "drained",
		"systemctl show -p TimeoutStopUSec":    "TimeoutStopUSec=",
		"nodrop drill":                         "PASS nothing was lost",
		"systemctl cat":                        "50-nodrop.conf",
		"ss -ltnp":                             ":8080 ",
	}
	for _, command := range commands {
		allowed := "0"
		if strings.HasPrefix(command, "systemctl status") && strings.Contains(command, "standby") {
			allowed = "3" // inactive, as the document says
		}
		out := m.must("sh", "-c", command+"\ntest $? = "+allowed)
		for prefix, want := range says {
			if strings.HasPrefix(command, prefix) {
				delete(says, prefix)
				if !strings.Contains(out, want) {
					t.Errorf("%s does not say %q:\n%s", command, want, out)
				}
			}
		}
	}
	page := m.must("cat", "/report.html")
	for _, want := range []string{"<h1>Nothing was lost</h1>", `data-lane="unit"`, ">myapp-standby</text>", "<code>myapp-standby.service</code> stopping"} {
		if !strings.Contains(page, want) {
			t.Errorf("the drill's page does not have %s", want)
		}
	}
	keep := filepath.Join(t.ArtifactDir(), "report.html")
	if err := os.WriteFile(keep, []byte(page), 0o644); err != nil {
		t.Error(err)
	}
	for prefix := range says {
		t.Errorf("the document has no command %q", prefix)
	}
}

// The drills of docs/drills.md, on a host.
func TestDrills(t *testing.T) {
	m := installed(t)
	for _, command := range (guide{machine: m, document: "docs/drills.md"}).root() {
		out := m.must("sh", "-ec", command)
		t.Log(out)
		if !strings.HasSuffix(out, "PASS nothing was lost") {
			t.Errorf("it was not clean: %s", command)
		}
	}
	for file, want := range map[string]string{
		"/report.html": "<h1>Nothing was lost</h1>", "/report.xml": `name="no request waits longer than 10.00 s"`, "/report.json": `"max_wait_ms": 10000`,
	} {
		if text := m.must("cat", file); !strings.Contains(text, want) {
			t.Errorf("%s does not have %s", file, want)
		}
	}
}
