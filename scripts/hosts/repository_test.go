package hosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/scripts/docs"
)

// A publisher follows docs/repository.md on the tutorial of README.md.
type publisher struct {
	t   *testing.T
	dir string // the project
	env []string
}

func newPublisher(t *testing.T) *publisher {
	t.Helper()
	p := &publisher{t: t, dir: t.TempDir()}
	checkout := built.lab.Checkout()
	if err := docs.WriteProject(checkout, p.dir); err != nil {
		t.Fatal(err)
	}
	blocks, err := docs.Read(checkout, "docs/repository.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		if b.Language == "yaml" {
			p.run("cat >>nfpm.yaml <<'end'\n" + b.Text + "end")
		}
	}
	home, err := os.MkdirTemp("", "gnupg-") // short, for the agent's socket
	if err != nil {
		t.Fatal(err)
	}
	p.env = []string{"GNUPGHOME=" + home, "PATH=" + filepath.Dir(built.nodrop) + ":" + os.Getenv("PATH")}
	t.Cleanup(func() {
		p.run("gpgconf --kill gpg-agent")
		os.RemoveAll(home)
	})
	p.run(strings.Replace(p.block("apt-get -y install apt-utils"), "-y", "--simulate", 1)) // they are there
	p.run(p.block("gpg --batch"))
	return p
}

// block is the document's commands that hold marker.
func (p *publisher) block(marker string) string {
	p.t.Helper()
	commands, err := docs.CommandsOf(built.lab.Checkout(), "docs/repository.md", marker)
	if err != nil {
		p.t.Fatal(err)
	}
	return commands
}

func (p *publisher) run(script string) {
	p.t.Helper()
	sh := exec.Command("sh", "-ec", script)
	sh.Dir, sh.Env = p.dir, append(os.Environ(), p.env...)
	if out, err := sh.CombinedOutput(); err != nil {
		p.t.Fatalf("%s\n%v\n%s", script, err, out)
	}
}

// publish builds a version, publishes it, and copies the repository to where a host
// serves it.
func (p *publisher) publish(version string, to machine) {
	p.t.Helper()
	p.run(strings.Replace(p.block("nodrop repo"), "VERSION=1.0.0", "VERSION="+version, 1))
	to.upload(filepath.Join(p.dir, "repo"))
}

func (m machine) upload(repo string) {
	m.t.Helper()
	pack := exec.Command("tar", "-c", "-C", repo, ".")
	unpack := m.Command(m.t.Context(), "sh", "-ec", "rm -rf /srv/repo; mkdir -p /srv/repo; tar -x -C /srv/repo")
	pipe, err := pack.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	unpack.Stdin = pipe
	if err := pack.Start(); err != nil {
		m.t.Fatal(err)
	}
	out, err := unpack.CombinedOutput()
	if werr := pack.Wait(); err != nil || werr != nil {
		m.t.Fatalf("%v %v\n%s", err, werr, out)
	}
}

// serveFiles has packages.example.com be the host itself, and the only repository.
// Apt checks signatures as a user of its own, who needs a /dev/null to write to; the
// host's has the mode of this machine's.
func (m machine) serveFiles() {
	m.t.Helper()
	program := filepath.Join(m.t.TempDir(), "files")
	build := exec.Command("go", "build", "-o", program, "./testdata/files")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		m.t.Fatalf("%v\n%s", err, out)
	}
	if err := m.Install(m.t.Context(), program, "/usr/local/bin/files", 0o755); err != nil {
		m.t.Fatal(err)
	}
	m.must("sh", "-ec", "chmod 666 /dev/null; rm /etc/apt/sources.list.d/nodrop.list; echo 127.0.0.1 packages.example.com >>/etc/hosts; systemd-run --quiet --unit=files files :80 /srv/repo")
	m.must("curl", "-sS", "--retry", "20", "--retry-connrefused", "--retry-delay", "1", "-o", "/dev/null", "http://packages.example.com/")
}

// The commands of docs/repository.md install, upgrade under load without a loss, and
// go back, by apt.
func TestRepositoryApt(t *testing.T) {
	p := newPublisher(t)
	m := boot(t, "bookworm")
	m.serveFiles()
	p.publish("1.0.0", m)
	m.must("sh", "-ec", p.block("apt install hello"))
	p.publish("1.1.0", m)
	upgrade, back, _ := strings.Cut(p.block("apt -y upgrade"), "\n")
	h := hello{machine: m}
	h.during("1.1.0", upgrade)
	h.during("1.0.0", back)

	const install = "rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*; apt-get update; apt-get -y install hello=1.1.0"
	m.wantRefused(install, []tampering{
		{"a deb", "printf x | dd of=/srv/repo/apt/pool/hello_1.1.0_amd64.deb bs=1 seek=2000 conv=notrunc"},
		{"an index", "cd /srv/repo/apt/dists/stable/main/binary-amd64; for f in by-hash/SHA256/* Packages*; do printf x | dd of=$f bs=1 seek=30 conv=notrunc; done"},
		{"the release file", "sed -i 's/^Suite: stable/Suite:  stable/' /srv/repo/apt/dists/stable/InRelease"},
		{"no signature", "cd /srv/repo/apt/dists/stable; sed -n '/^Acquire/,/^-----BEGIN/p' InRelease | grep -v ^----- >Release; rm InRelease"},
		{"another key", "sed -i 's/signed-by=[^]]*/signed-by=\\/usr\\/share\\/keyrings\\/debian-archive-keyring.gpg/' /etc/apt/sources.list.d/example.list"},
	})
}

// The same by dnf.
func TestRepositoryDnf(t *testing.T) {
	p := newPublisher(t)
	m := bootRPM(t, "bookworm")
	m.serveFiles()
	p.publish("1.0.0", m)
	m.must("sh", "-ec", p.block("dnf -y install hello"))
	p.publish("1.1.0", m)
	upgrade, back, _ := strings.Cut(p.block("dnf -y --refresh upgrade"), "\n")
	h := hello{machine: m}
	h.during("1.1.0", upgrade)
	h.during("1.0.0", back)
	if out := m.must("nodrop", "status", "hello"); !strings.Contains(out, "Package: hello 1.0.0-1\n") {
		t.Errorf("nodrop status:\n%s", out)
	}

	const install = "dnf clean all; dnf -y install hello-1.1.0"
	m.wantRefused(install, []tampering{
		{"an rpm", "printf x | dd of=/srv/repo/dnf/packages/hello-1.1.0-1.x86_64.rpm bs=1 seek=9000 conv=notrunc"},
		{"an index", "for f in /srv/repo/dnf/repodata/*primary*; do printf x | dd of=$f bs=1 seek=30 conv=notrunc; done"},
		{"repomd.xml", "sed -i 's/<revision>/&1/' /srv/repo/dnf/repodata/repomd.xml"},
		{"no signature", "rm /srv/repo/dnf/repodata/repomd.xml.asc"},
	})
}

// during runs a command under load, after which a version answers.
func (h hello) during(version, command string) {
	h.t.Helper()
	r := h.cleanDrill([]string{"--client", "fresh=8", "--client", "post=8", "--before", "1s", "--after", "1s"}, "sh", "-ec", command)
	if got := strings.Join(r.Versions.After, " "); got != version {
		h.t.Errorf("after %s these versions answered: %s, want %s", command, got, version)
	}
}

// tampering is something that was done to a repository, or to what a host knows of
// it, by a shell script.
type tampering struct{ name, script string }

// wantRefused checks that a command that installs fails for each, and then that it
// would have succeeded.
func (m machine) wantRefused(install string, all []tampering) {
	m.t.Helper()
	m.must("sh", "-ec", "mkdir /srv/good; cp -a /srv/repo /etc/apt/sources.list.d /srv/good")
	const restore = "rm -rf /srv/repo; cp -a /srv/good/repo /srv; cp -a /srv/good/sources.list.d /etc/apt"
	for _, tt := range all {
		m.t.Run(tt.name, func(t *testing.T) {
			m := machine{m.Host, t}
			m.must("sh", "-ec", tt.script)
			out, err := m.Run(t.Context(), "sh", "-c", install)
			if err == nil {
				t.Errorf("it is installed:\n%s", out)
			}
			if got := m.version(); got != "1.0.0" {
				t.Errorf("version %q answers", got)
			}
			m.must("sh", "-ec", restore)
		})
	}
	m.must("sh", "-c", install)
	if got := m.version(); got != "1.1.0" {
		m.t.Errorf("version %q answers", got)
	}
}
