package docs

import (
	"bufio"
	"bytes"
	"context"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nodrop/nodrop/pkg/activator"
	"github.com/nodrop/nodrop/scripts/lab"
)

// built is nodrop, built once for all guides.
var built struct {
	sync.Once
	lab    *lab.Lab
	nodrop string
	err    error
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "nodrop-docs-")
	if err != nil {
		panic(err)
	}
	built.lab, built.err = lab.New(dir)
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// guide is a guide in docs, in a directory as its reader has it.
type guide struct {
	t             *testing.T
	document, dir string
}

func newGuide(t *testing.T, document string) guide {
	t.Helper()
	built.Do(func() {
		if built.err == nil {
			built.nodrop, built.err = built.lab.Nodrop(context.Background())
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	dir := t.TempDir()
	if err := WriteFiles(built.lab.Checkout(), document, dir); err != nil {
		t.Fatal(err)
	}
	return guide{t, document, dir}
}

// shell runs commands in the guide's directory and returns what they print.
func (g guide) shell(commands string) string {
	g.t.Helper()
	out, err := g.command(commands).CombinedOutput()
	if err != nil {
		g.t.Fatalf("%s\n%v\n%s", commands, err, out)
	}
	return string(out)
}

func (g guide) command(commands string) *exec.Cmd {
	sh := exec.Command("sh", "-ec", commands)
	sh.Dir = g.dir
	sh.Env = append(os.Environ(), "PATH="+filepath.Dir(built.nodrop)+":"+os.Getenv("PATH"))
	return sh
}

// build runs the guide's shell blocks, in order, but for those that serve until they are stopped. A text block is what the one
// before it prints, its lines in any order.
func (g guide) build() {
	g.t.Helper()
	var printed string
	for _, b := range g.blocks() {
		switch {
		case b.Language == "sh" && b.File == "" && !strings.Contains(b.Text, "nodrop run"):
			printed = g.shell(b.Text)
		case b.Language == "text" && sorted(printed) != sorted(b.Text):
			g.t.Errorf("%s says that commands print\n%s, they print\n%s", g.document, b.Text, printed)
		}
	}
}

func sorted(lines string) string {
	return strings.Join(slices.Sorted(strings.Lines(lines)), "")
}

func (g guide) blocks() []Block {
	g.t.Helper()
	blocks, err := Read(built.lab.Checkout(), g.document)
	if err != nil {
		g.t.Fatal(err)
	}
	return blocks
}

// serve runs the guide's nodrop run, and returns it with the address of a socket.
func (g guide) serve(socket string) (*lab.Running, string) {
	g.t.Helper()
	command, err := CommandsOf(built.lab.Checkout(), g.document, "nodrop run")
	if err != nil {
		g.t.Fatal(err)
	}
	units, err := filepath.Glob(filepath.Join(g.dir, "*.socket"))
	if err != nil {
		g.t.Fatal(err)
	}
	for _, unit := range units { // tests have no fixed ports
		text, err := os.ReadFile(unit)
		if err == nil {
			err = os.WriteFile(unit, regexp.MustCompile(`(?m)^ListenStream=\d+$`).ReplaceAll(text, []byte("ListenStream=127.0.0.1:0")), 0o644)
		}
		if err != nil {
			g.t.Fatal(err)
		}
	}
	run, err := lab.StartRun(g.command("exec "+strings.Replace(command, "nodrop run", "nodrop run --json", 1)), g.t.Output())
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() {
		if err := run.Stop(); err != nil {
			g.t.Error(err)
		}
	})
	if _, err := run.Kind(g.t.Context(), 0, activator.Ready); err != nil {
		g.t.Fatal(err)
	}
	addr, err := run.Addr(g.t.Context(), socket)
	if err != nil {
		g.t.Fatal(err)
	}
	return run, addr
}

// The commands of these guides that build are run here; those for a host, in console blocks, by scripts/hosts. Guides that
// also serve have tests of their own, below.
func TestGuides(t *testing.T) {
	for _, name := range []string{"migrating.md", "other-languages.md", "several-services.md", "strategies.md", "troubleshooting.md"} {
		t.Run(name, func(t *testing.T) { newGuide(t, "docs/"+name).build() })
	}
}

// The commands of the page about lint find nothing in the reference service.
func TestLintPage(t *testing.T) {
	g := newGuide(t, "docs/lint.md")
	for _, version := range []string{"1.0.0", "1.1.0"} {
		deb, err := built.lab.Package(t.Context(), lab.Release{Version: version}, "deb")
		if err != nil {
			t.Fatal(err)
		}
		g.shell("cp " + deb + " myapp_" + version + "_amd64.deb")
	}
	g.shell("cp -r " + filepath.Join(built.lab.Checkout(), "packaging/myapp") + " packaging && cp packaging/myapp.service packaging/myapp.socket .")
	g.build()
}

// Every document that gives commands is named in a test.
func TestEveryGuideIsTested(t *testing.T) {
	var tests []byte
	for _, dir := range []string{"cmd", "pkg", "scripts"} {
		err := filepath.WalkDir(filepath.Join(checkout, dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			tests = append(tests, text...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	documents, err := filepath.Glob(filepath.Join(checkout, "docs", "*.md"))
	if err != nil || len(documents) == 0 {
		t.Fatal("no documents", err)
	}
	for _, path := range documents {
		blocks, err := Read(checkout, filepath.Join("docs", filepath.Base(path)))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocks {
			where := "docs/" + filepath.Base(path)
			if b.Language == "sh" {
				where = filepath.Base(path)
			}
			if (b.Language == "sh" || b.Language == "console") && !bytes.Contains(tests, []byte(where+`"`)) {
				t.Errorf("%s: nobody tests %s", path, b.Text)
			}
		}
	}
}

// The certificate of the guide's server, replaced while it serves, is that of the next handshake.
func TestCertificateRenewal(t *testing.T) {
	g := newGuide(t, "docs/https.md")
	g.build()
	run, addr := g.serve("https")
	certificate := func() string {
		return g.shell("openssl s_client -connect " + addr + " </dev/null 2>/dev/null | openssl x509 -noout -fingerprint")
	}
	if out := g.shell("curl -sS --cacert tls.crt --connect-to localhost:443:" + addr + " https://localhost/"); out != "hello over TLS\n" {
		t.Errorf("it says %q", out)
	}
	before := certificate()
	renew, err := CommandsOf(built.lab.Checkout(), g.document, "openssl req")
	if err != nil {
		t.Fatal(err)
	}
	g.shell(strings.Split(renew, "\n")[0])
	want := g.shell("openssl x509 -noout -fingerprint -in tls.crt")
	for end := time.Now().Add(20 * time.Second); certificate() != want; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the certificate is still %s", before)
		}
	}
	if before == want || run.Count(activator.Ready) != 1 {
		t.Errorf("renewed from %sto %swith %d starts", before, want, run.Count(activator.Ready))
	}
}

// A connection of the guide's own protocol counts on through rollouts.
func TestCarrying(t *testing.T) {
	g := newGuide(t, "docs/carrying.md")
	g.build()
	run, addr := g.serve("counter")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	numbers := bufio.NewScanner(conn)
	for n := 1; n <= 4; n++ {
		conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		if !numbers.Scan() || numbers.Text() != strconv.Itoa(n) {
			t.Fatalf("%q (%v), want %d", numbers.Text(), numbers.Err(), n)
		}
		if n < 4 {
			if err := run.Rollout(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A grpc-go server of the guide is rolled out under the load of a grpc-go client, which loses no call.
func TestGRPC(t *testing.T) {
	g := newGuide(t, "docs/grpc.md")
	g.build()
	source, err := os.ReadFile("testdata/grpc/client.go")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(g.dir, "client"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(g.dir, "client", "main.go"), source, 0o644); err != nil {
		t.Fatal(err)
	}
	g.shell("go build -o load ./client")
	run, addr := g.serve("grpc")

	load := g.command("exec ./load " + addr)
	var failures bytes.Buffer
	load.Stderr = &failures
	stdin, err := load.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := load.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := load.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { load.Process.Kill(); load.Wait() })
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() || lines.Text() != "under load" {
		t.Fatalf("the client says %q\n%s", lines.Text(), &failures)
	}
	for range 5 {
		if err := run.Rollout(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stdin.Close()
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "0 of ") {
		t.Errorf("%s\n%s", lines.Text(), &failures)
	}
	t.Log(lines.Text())
}
