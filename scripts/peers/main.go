// Peers drills upgrades of well-known servers, and of myapp, under the same clients, and writes BENCHMARKS.md and the
// raw figures in benchmarks. make bench-peers runs it; with the argument peers or ours it does only that part again,
// with document neither. It takes root and a network.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/nodrop/nodrop/scripts/lab"
)

const suite = "bookworm"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	part := ""
	if len(args) > 0 {
		part = args[0]
	}
	dir, err := os.MkdirTemp("", "nodrop-peers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := lab.New(dir)
	if err != nil {
		return err
	}
	raw := filepath.Join(l.Checkout(), "benchmarks")
	if part == "" || part == "peers" {
		peers, err := drillPeers(ctx, l)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(raw, "peers.json"), peers); err != nil {
			return err
		}
	}
	if part == "" || part == "ours" {
		ours, err := drillOurs(ctx, l)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(raw, "ours.json"), ours); err != nil {
			return err
		}
	}
	return render(raw, filepath.Join(l.Checkout(), "BENCHMARKS.md"))
}

// render writes the document from the raw figures.
func render(raw, path string) error {
	var peers []drilled
	var ours repeated
	for name, into := range map[string]any{"peers.json": &peers, "ours.json": &ours} {
		text, err := os.ReadFile(filepath.Join(raw, name))
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return document(file, peers, &ours)
}

func write(path string, v any) error {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
