package docs

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nodrop/nodrop/pkg/activator"
	"github.com/nodrop/nodrop/scripts/lab"
)

// The loop of editing and running: README.md's command, on its tutorial, builds,
// serves, and serves what was saved.
func TestRunRebuilds(t *testing.T) {
	l, err := lab.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	nodrop, err := l.Nodrop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := WriteProject(l.Checkout(), dir); err != nil {
		t.Fatal(err)
	}
	replace(t, filepath.Join(dir, "hello.socket"), "ListenStream=8080", "ListenStream=127.0.0.1:0") // tests have no fixed ports
	command, err := Commands(l.Checkout(), "nodrop run")
	if err != nil {
		t.Fatal(err)
	}
	sh := exec.Command("sh", "-ec", "exec "+strings.Replace(command, "nodrop run", "nodrop run --json", 1))
	sh.Dir = dir
	sh.Env = append(os.Environ(), "PATH="+filepath.Dir(nodrop)+":"+os.Getenv("PATH"))
	run, err := lab.StartRun(sh, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := run.Stop(); err != nil {
			t.Error(err)
		}
	})
	addr, err := run.Addr(t.Context(), "http")
	if err != nil {
		t.Fatal(err)
	}
	says(t, addr, "hello from dev\n")
	replace(t, filepath.Join(dir, "main.go"), "hello from", "greetings from")
	says(t, addr, "greetings from dev\n")
	replace(t, filepath.Join(dir, "main.go"), "package main", "package mian main")
	if _, err := run.Await(context.Background(), 0, "the build fails", func(e activator.Event) bool {
		return e.Kind == activator.Failed && strings.HasPrefix(e.Text, "the build failed")
	}); err != nil {
		t.Error(err)
	}
	says(t, addr, "greetings from dev\n")
}

func replace(t *testing.T, file, old, new string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("%s: %v, or no %q in it", file, err, old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// says waits until the server answers so. While it is built, the first request
// waits in the socket.
func says(t *testing.T, addr, want string) {
	t.Helper()
	client := &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{}}
	defer client.CloseIdleConnections() // a drain waits for them
	var got string
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		resp, err := client.Get("http://" + addr + "/")
		if err != nil {
			t.Fatal(err) // none is lost
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if got = string(body); got == want {
			return
		}
	}
	t.Errorf("it says %q, want %q", got, want)
}
