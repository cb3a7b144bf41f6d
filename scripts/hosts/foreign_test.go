package hosts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/nodrop/nodrop/pkg/activator"
	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/scripts/lab"
)

// wsgi is a program of Python for gunicorn, which waits a little so that requests
// are in flight.
const wsgi = `import time
def app(environ, start_response):
    time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello from Python\n"]
`

// A program that is not ours, in another language: gunicorn, of Debian, takes its
// socket and is rolled out under nodrop run. No request is lost.
func TestForeignProgram(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hello.py"), []byte(wsgi), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(built.nodrop, "run", "--json", "--socket", "http=127.0.0.1:0", "--",
		"gunicorn", "--workers", "2", "--chdir", dir, "hello:app")
	run, err := lab.StartRun(cmd, testWriter{t})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// gunicorn ends with 0.
		if err := run.Stop(); err != nil {
			t.Error(err)
		}
	})
	if _, err := run.Kind(t.Context(), 0, activator.Ready); err != nil {
		t.Fatal(err)
	}
	addr, err := run.Addr(t.Context(), "http")
	if err != nil {
		t.Fatal(err)
	}
	report, err := drill.Run(t.Context(), drill.Config{
		Clients: []drill.Client{{Kind: drill.Fresh, Number: 8, URL: "http://" + addr + "/"}},
		Rate:    20, Before: time.Second, After: time.Second,
	}, func(ctx context.Context) error {
		for range 3 {
			if err := run.Rollout(ctx); err != nil {
				return err
			}
		}
		if n := run.Count(activator.Ready); n != 4 {
			return fmt.Errorf("%d instances were ready, want 4", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Lost() || report.Command.Error != "" {
		t.Error(report.Verdict())
	}
}
