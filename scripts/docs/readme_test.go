package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const checkout = "../.."

func readme(t *testing.T) []Block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(checkout, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := Blocks(string(text))
	if len(blocks) < 8 {
		t.Fatalf("found only %d blocks in README.md", len(blocks))
	}
	return blocks
}

// The tutorial, done: its files, its commands, and a package comes out, in which lint finds nothing. That the
// package also upgrades cleanly is a test on a real host.
func TestTutorialBuildsAPackage(t *testing.T) {
	root, err := filepath.Abs(checkout)
	if err != nil {
		t.Fatal(err)
	}
	dir, bin := t.TempDir(), t.TempDir()
	if err := WriteProject(root, dir); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", bin, "./cmd/nodrop")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	commands, err := Commands(root, "nodrop package")
	if err != nil {
		t.Fatal(err)
	}
	check, err := Commands(root, "nodrop lint")
	if err != nil {
		t.Fatal(err)
	}
	commands += check
	sh := exec.Command("sh", "-ec", commands)
	sh.Dir = dir
	sh.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "hello_1.0.0_amd64.deb")); err != nil {
		t.Error(err)
	}
}

// Other Go in README.md has to compile, as the body of a function of the
// tutorial's program.
func TestGoFragmentsCompile(t *testing.T) {
	root, err := filepath.Abs(checkout)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range readme(t) {
		if b.Language != "go" || b.File != "" {
			continue
		}
		dir := t.TempDir()
		if err := writeModule(root, dir); err != nil {
			t.Fatal(err)
		}
		program := `package main

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/nodrop/nodrop/pkg/serve"
)

func main() { println(run(context.Background(), nil, nil, nil, nil, workers{})) }

type workers struct{}

func (workers) Check(context.Context) error { return nil }

func run(ctx context.Context, web, secure, metrics *http.Server, database *sql.DB, workers workers) error {
` + b.Text + "\n\treturn err\n}\n"
		if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o644); err != nil {
			t.Fatal(err)
		}
		vet := exec.Command("go", "vet", ".")
		vet.Dir = dir
		if out, err := vet.CombinedOutput(); err != nil {
			t.Errorf("%s\n%v\n%s", b.Text, err, out)
		}
	}
}

// The targets of make that the documents name exist.
func TestMakeTargetsExist(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(checkout, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("(?m)(?:^|`)make ([a-z]+)")
	for _, file := range []string{"README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"} {
		text, err := os.ReadFile(filepath.Join(checkout, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(string(makefile), "\n"+m[1]+": ") {
				t.Errorf("%s names make %s, which the Makefile does not have", file, m[1])
			}
		}
	}
}

// Files that the documents link to, or list, exist.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	guides, err := filepath.Glob(filepath.Join(checkout, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(guides, filepath.Join(checkout, "README.md"), filepath.Join(checkout, "CONTRIBUTING.md"),
		filepath.Join(checkout, "ARCHITECTURE.md"), filepath.Join(checkout, "SECURITY.md"), filepath.Join(checkout, "BENCHMARKS.md")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", file, m[1], err)
			}
		}
	}
}
