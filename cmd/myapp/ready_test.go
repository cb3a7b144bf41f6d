package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReady(t *testing.T) {
	dir := t.TempDir()
	cert, err := selfSigned(dir)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, cert, dir string
		want            string // in the error; "" for none
	}{
		{"all there", cert, dir, ""},
		{"no certificate", filepath.Join(dir, "no.pem"), dir, "loading the certificate"},
		{"no state directory", cert, filepath.Join(dir, "no"), "writing to the state directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := ready(tt.cert, tt.cert, tt.dir)(testContext(t))
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left in the state directory: %v", entries)
	}
}

func TestFaults(t *testing.T) {
	dir := t.TempDir()
	set := func(t *testing.T, f string) {
		t.Cleanup(func() { fault = "" })
		fault = f
	}
	t.Run("none", func(t *testing.T) {
		if err := errors.Join(failAtStart(dir), hangBeforeReady(testContext(t), dir)); err != nil {
			t.Error(err)
		}
	})
	t.Run("exit", func(t *testing.T) {
		set(t, "exit")
		if failAtStart(dir) == nil {
			t.Error("it starts")
		}
	})
	t.Run("unknown", func(t *testing.T) {
		set(t, "exti")
		if failAtStart(dir) == nil {
			t.Error("it starts")
		}
	})
	t.Run("once", func(t *testing.T) {
		set(t, "once")
		if first, second := failAtStart(dir), failAtStart(dir); first != nil || second == nil {
			t.Errorf("first start: %v, second start: %v", first, second)
		}
	})
	t.Run("sick", func(t *testing.T) {
		healthyNow, laterToo := healthy(time.Now()), healthy(time.Now().Add(-time.Hour))
		if err := errors.Join(healthyNow(testContext(t)), laterToo(testContext(t))); err != nil {
			t.Errorf("a good release is ill: %v", err)
		}
		set(t, "sick")
		if now, later := healthyNow(testContext(t)), laterToo(testContext(t)); now != nil || later == nil {
			t.Errorf("at start: %v, later: %v", now, later)
		}
	})
	for _, name := range []string{"hang", "hold"} {
		t.Run(name, func(t *testing.T) {
			set(t, name)
			dir := t.TempDir()
			hold := filepath.Join(dir, "hold")
			if err := errors.Join(failAtStart(dir), os.WriteFile(hold, nil, 0o600)); err != nil {
				t.Error(err)
			}
			ctx, cancel := context.WithCancel(testContext(t))
			done := make(chan error, 1)
			go func() { done <- hangBeforeReady(ctx, dir) }()
			select {
			case err := <-done:
				t.Errorf("ready: %v", err)
			default:
			}
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want the context's end", err)
			}
			if err := os.Remove(hold); err != nil {
				t.Error(err)
			}
			if name == "hold" && hangBeforeReady(testContext(t), dir) != nil {
				t.Error("it is not ready, though nothing holds it")
			}
		})
	}
}

func TestStateDir(t *testing.T) {
	base := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(base, "cache"))
	tests := []struct{ name, in, want string }{
		{"given", filepath.Join(base, "a"), filepath.Join(base, "a")},
		{"list from systemd", filepath.Join(base, "b") + ":" + filepath.Join(base, "c"), filepath.Join(base, "b")},
		{"without systemd", "", filepath.Join(base, "cache", "myapp")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := makeStateDir(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(got); got != tt.want || err != nil || !info.IsDir() {
				t.Errorf("got %s (%v), want the directory %s", got, err, tt.want)
			}
		})
	}
	t.Run("impossible", func(t *testing.T) {
		file := filepath.Join(base, "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := makeStateDir(file); err == nil {
			t.Error("took a file for a directory")
		}
	})
}
