package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// metricsProgram is what the Go of docs/metrics.md is the body of a function in.
const metricsProgram = `package main

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/nodrop/nodrop/pkg/metrics"
	"github.com/nodrop/nodrop/pkg/serve"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var (
	_ = log.Println
	_ time.Duration
	_ = metrics.New
	_ prometheus.Collector
	_ = promhttp.Handler
)

func main() { println(run(context.Background(), &http.Server{})) }

func run(ctx context.Context, web *http.Server) error {
`

func TestMetricsFragmentsCompile(t *testing.T) {
	root, err := filepath.Abs(checkout)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := Read(root, "docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, b := range blocks {
		if b.Language != "go" {
			continue
		}
		seen++
		dir := t.TempDir()
		if err := writeModule(root, dir); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(metricsProgram+b.Text+"\n\treturn err\n}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		vet := exec.Command("go", "vet", ".")
		vet.Dir = dir
		if out, err := vet.CombinedOutput(); err != nil {
			t.Errorf("%s\n%v\n%s", b.Text, err, out)
		}
	}
	if seen == 0 {
		t.Error("docs/metrics.md has no Go")
	}
}
