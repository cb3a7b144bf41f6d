package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// A project that somebody has, taken through the guide's commands and those of
// README.md, is a package in which lint finds nothing; and through them once
// more, nothing but the program and the package is new.
func TestInitBuildsAPackage(t *testing.T) {
	l, err := lab.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	nodrop, err := l.Nodrop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := writeModule(l.Checkout(), dir); err != nil {
		t.Fatal(err)
	}
	main := filepath.Join(dir, "main.go")
	const program = `package main

import (
	"log"
	"net/http"
)

func main() {
	log.Fatal(http.ListenAndServe("localhost:8080", http.NotFoundHandler()))
}
`
	if err := os.WriteFile(main, []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	guide, err := CommandsOf(l.Checkout(), "docs/init.md", "nodrop init")
	if err != nil {
		t.Fatal(err)
	}
	commands, err := Commands(l.Checkout(), "nodrop init")
	if err != nil {
		t.Fatal(err)
	}
	var before string
	for _, commands := range []string{guide + commands, commands} {
		commands = strings.ReplaceAll(commands, "nodrop init", "nodrop init --yes")
		sh := exec.Command("sh", "-ec", commands+"nodrop lint packaging/hello hello_1.0.0_amd64.deb\n")
		sh.Dir = dir
		sh.Env = append(os.Environ(), "PATH="+filepath.Dir(nodrop)+":"+os.Getenv("PATH"))
		if out, err := sh.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if _, err := os.Stat(filepath.Join(dir, "hello_1.0.0_amd64.deb")); err != nil {
			t.Error(err)
		}
		text, err := os.ReadFile(main)
		if err != nil || !strings.Contains(string(text), "serve.Run(") || before != "" && before != string(text) {
			t.Errorf("main.go is %s (%v)", text, err)
		}
		before = string(text)
	}
}
