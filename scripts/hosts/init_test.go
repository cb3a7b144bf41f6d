package hosts

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/pkg/drill"
)

// public is a server that somebody else wrote and published, as the module proxy has it.
type public struct {
	module  string // with the version
	only    string // the directory of it that is needed, with a go.mod of its own; empty for all of it
	require string // what that go.mod requires
	program string // what to package
	found   bool   // by init, without being told
	name    string // of the package
	hand    string // the change that init asks for in words, in testdata/init; empty where it shows a diff
}

var publics = []public{
	// net/http, and ends by itself on a signal.
	{module: "github.com/mccutchen/go-httpbin/v2@v2.26.0", program: "./cmd/go-httpbin", found: true, name: "go-httpbin", hand: "go-httpbin.diff"},
	// chi.
	{module: "github.com/go-chi/chi/v5@v5.5.0", program: "./_examples/todos-resource", name: "todos-resource"},
	// gRPC.
	{module: "google.golang.org/grpc/examples@v0.0.0-20260825154716-030ee8becb20", only: "helloworld", require: "google.golang.org/grpc v1.81.1",
		program: "./helloworld/greeter_server", name: "greeter-server"},
}

// stranger is a copy of a public server, to which nodrop init was new.
type stranger struct {
	public
	t   *testing.T
	dir string
}

// newStranger copies the server from the module cache, runs nodrop init, and changes the program as that says.
func newStranger(t *testing.T, p public) stranger {
	t.Helper()
	s := stranger{p, t, t.TempDir()}
	var module struct{ Dir string }
	download := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", p.module)
	download.Dir = s.dir // outside of a module
	out, err := download.Output()
	if err == nil {
		err = json.Unmarshal(out, &module)
	}
	if err != nil {
		t.Fatalf("%v: %v\n%s", download, err, out)
	}
	s.sh("", `mkdir -p "./$2" && cp -r "$1/$2/." "./$2" && chmod -R u+w .`, module.Dir, p.only)
	if p.only != "" {
		path, _, _ := strings.Cut(p.module, "@")
		s.sh("", `printf 'module %s\n\ngo 1.26\n\nrequire %s\n' "$1" "$2" >go.mod && go build -o /dev/null "$3"`, path, p.require, p.program)
	}
	s.sh("", "git init -q && git config user.name 'Jo Doe' && git config user.email jo@example.org")

	diff, log := s.init()
	if (diff == "") != (p.hand != "") {
		t.Fatalf("init showed %q, and said\n%s", diff, log)
	}
	if p.hand != "" {
		if !strings.Contains(log, "serve.Run(") {
			t.Errorf("init did not say what to write:\n%s", log)
		}
		data, err := os.ReadFile(filepath.Join("testdata/init", p.hand))
		if err != nil {
			t.Fatal(err)
		}
		diff = string(data)
	}
	s.sh(diff, "patch -p1 --fuzz=0")
	s.sh("", `go mod edit -require github.com/nodrop/nodrop@v0.0.0 -replace "github.com/nodrop/nodrop=$1"`, built.lab.Checkout())
	s.sh("", `go build -o /dev/null "$1"`, p.program) // for go.sum
	if diff, log := s.init(); diff != "" || strings.Contains(log, "wrote") || strings.Contains(log, "kept") || strings.Contains(log, "added") {
		t.Errorf("done twice, init showed %q, and said\n%s", diff, log)
	}
	return s
}

// init runs nodrop init.
func (s stranger) init() (diff, log string) {
	s.t.Helper()
	args := []string{"init", "--yes"}
	if !s.found {
		args = append(args, s.program)
	}
	cmd := exec.CommandContext(s.t.Context(), built.nodrop, args...)
	var out, said bytes.Buffer
	cmd.Dir, cmd.Env = s.dir, moduleEnv()
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("%v: %v\n%s", cmd, err, &said)
	}
	return out.String(), said.String()
}

// moduleEnv lets go add to go.mod and go.sum, which go get and go mod tidy would do.
func moduleEnv() []string { return append(os.Environ(), "GOFLAGS=-mod=mod") }

// sh runs a script in the directory.
func (s stranger) sh(stdin, script string, args ...string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "sh", append([]string{"-euc", script, "sh"}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stdin = s.dir, moduleEnv(), strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// deb builds a version and returns the package.
func (s stranger) deb(version string) string {
	s.t.Helper()
	s.sh("", `CGO_ENABLED=0 go build -ldflags "-s -w -X main.version=$1" -o "packaging/$2/build/$2" "$3"
VERSION=$1 "$4" package -f "packaging/$2/nfpm.yaml" -p deb -t "packaging/$2/build" 2>warnings
! grep . warnings
"$4" lint "packaging/$2/build/$2_$1_amd64.deb" >&2`, version, s.name, s.program, built.nodrop)
	return filepath.Join(s.dir, "packaging", s.name, "build", s.name+"_"+version+"_amd64.deb")
}

// patient has go-httpbin wait longer than its own 1 and 5 s for a request: on a busy machine a client may be late with it.
const patient = `mkdir /etc/systemd/system/go-httpbin.service.d
printf '[Service]\nEnvironment=SRV_READ_HEADER_TIMEOUT=60s SRV_READ_TIMEOUT=60s\n' >/etc/systemd/system/go-httpbin.service.d/patient.conf`

// Public servers of three shapes, made ready by nodrop init, are clean packages that upgrade without a loss: all three in one
// apt upgrade.
func TestInit(t *testing.T) {
	m := boot(t, "bookworm")
	dir := nobodys(t)
	names := []string{}
	var next []string
	for _, p := range publics {
		s := newStranger(t, p)
		first := s.deb("1.0.0")
		if err := m.Publish(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		next = append(next, s.deb("1.1.0"))
		names = append(names, p.name)
		if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=15",
			filepath.Join(s.dir, "packaging", p.name, p.name+".service")).CombinedOutput(); err != nil {
			t.Errorf("%s is exposed: %v\n%s", p.name, err, out)
		}
		checked := filepath.Join(dir, p.name+".deb")
		install(t, first, checked)
		if out, err := asNobody(t, dir, "lintian", "--fail-on=error,warning", checked); err != nil || out != "" {
			t.Errorf("lintian: %v\n%s", err, out)
		}
		if p.only != "" {
			load := filepath.Join(s.dir, "load")
			install(t, "testdata/init/load/main.go", makeDir(t, load)+"/main.go")
			s.sh("", "CGO_ENABLED=0 go build -o greet ./load")
			if err := m.Install(t.Context(), filepath.Join(s.dir, "greet"), "/usr/bin/greet", 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	m.must("sh", "-euc", patient)
	m.must("apt-get", append([]string{"-y", "install"}, names...)...)
	for _, path := range next {
		if err := m.Publish(t.Context(), path); err != nil {
			t.Fatal(err)
		}
	}
	pids := func() (all []string) {
		for _, name := range names {
			all = append(all, m.must("systemctl", "show", "-p", "MainPID", "--value", name+".service"))
		}
		return all
	}
	before := pids()
	var report, log bytes.Buffer
	load := m.Command(t.Context(), "nodrop", "drill", "--json", "-", "--rate", "10", "--url", "http://127.0.0.1:8080/get",
		"--client", "fresh=8", "--client", "post=8@http://127.0.0.1:8080/post",
		"--client", "fresh=8@http://127.0.0.1:3333/todos", "--client", "post=8@http://127.0.0.1:3333/todos",
		"--", "greet", "127.0.0.1:50051", "apt-get", "-y", "upgrade")
	load.Stdout, load.Stderr = &report, &log
	err := load.Run()
	t.Logf("%s", &log)
	var r drill.Report
	if jsonErr := json.Unmarshal(report.Bytes(), &r); err != nil || jsonErr != nil || r.Lost() || r.Total.During.Requests == 0 {
		t.Errorf("%v, %v: %s", err, jsonErr, r.Verdict())
	}
	for i, pid := range pids() {
		if pid == before[i] || slices.Contains([]string{"", "0"}, pid) {
			t.Errorf("the main process of %s was %s and is %s", names[i], before[i], pid)
		}
		if got := m.must("dpkg-query", "-W", "-f", "${Version}", names[i]); got != "1.1.0" {
			t.Errorf("%s has version %s", names[i], got)
		}
	}
}

func makeDir(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
