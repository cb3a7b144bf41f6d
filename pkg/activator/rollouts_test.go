package activator

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
)

const rollouts = 200

// Two hundred rollouts of the reference service under load: no request fails,
// and no connection is closed, not even with a word. Of processes, files and
// descriptors nothing is left.
func TestTwoHundredRollouts(t *testing.T) {
	myapp := buildMyapp(t)
	s := begin(t, "", func(c *Config) {
		c.Program = []string{myapp}
		c.Env = append(c.Env, "STATE_DIRECTORY="+t.TempDir(), "MYAPP_LOG_LEVEL=warn")
		c.Sockets = append(c.Sockets,
			Socket{Name: "https", Network: "tcp", Address: "127.0.0.1:0"},
			Socket{Name: "metrics", Network: "tcp", Address: "127.0.0.1:0"})
		c.Carry = true
	})
	s.event(Ready, 1)
	web := "http://" + s.Addr("http").String()
	cfg := drill.Config{
		Clients: []drill.Client{
			{Kind: drill.Fresh, Number: 4, URL: web + "/"},
			{Kind: drill.Post, Number: 8, URL: web + "/"},
			{Kind: drill.Idle, Number: 8, URL: web + "/"},
			{Kind: drill.WebSocket, Number: 8, URL: web + "/ws"},
			{Kind: drill.Events, Number: 8, URL: web + "/events?every=100ms"},
		},
		Before: 500 * time.Millisecond, After: 500 * time.Millisecond, Rate: 20,
	}
	report, err := drill.Run(t.Context(), cfg, func(ctx context.Context) error {
		for n := range rollouts {
			if err := s.Rollout(ctx); err != nil {
				return fmt.Errorf("rollout %d: %w", n+1, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Lost() || report.Command.Error != "" {
		t.Errorf("%s", report.Verdict())
		report.WriteText(os.Stderr)
	}
	for _, kind := range report.Kinds {
		c := kind.Connections
		if kind.Kind != drill.Fresh && (c.Announced > 0 || c.Opened != uint64(kind.Clients)) {
			t.Errorf("%d %s clients opened %d connections, %d were asked to close", kind.Clients, kind.Kind, c.Opened, c.Announced)
		}
	}
	if n := len(s.all(Ready)); n != rollouts+1 {
		t.Errorf("%d instances were ready", n)
	}
	t.Logf("%d rollouts in %s, %d requests", rollouts, report.Command.Duration, report.Total.Requests)
}

func buildMyapp(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "myapp")
	build := exec.Command("go", "build", "-o", path, "github.com/nodrop/nodrop/cmd/myapp")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}
