package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// traces are what a host could leave behind on this machine.
func traces(t *testing.T) map[string]string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := cacheDir()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"mounts": string(mounts)}
	for _, dir := range []string{cache, "/run/systemd/nspawn", "/run/systemd/machines"} {
		entries, _ := os.ReadDir(dir)
		var names []string
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
		all[dir] = strings.Join(names, " ")
	}
	return all
}

func TestCloseLeavesNothing(t *testing.T) {
	needHosts(t)
	root, err := Root(t.Context(), Options{Suite: "bookworm", Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	cache := cacheWith(t) // one that no other process works in
	if err := os.Symlink(root, filepath.Join(cache, filepath.Base(root))); err != nil {
		t.Fatal(err)
	}
	before := traces(t)

	ctx, cancel := context.WithCancel(t.Context())
	h, err := Boot(ctx, Options{Suite: "bookworm"})
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, h, "systemd-run", "--quiet", "sleep", "1000")
	leader, nspawn := h.leader, h.sandbox.pid()
	command := h.Command(t.Context(), "sleep", "1000")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	cancel()

	begin := time.Now()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("closed in %s", time.Since(begin).Round(time.Millisecond))
	if err := h.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if err := command.Wait(); err == nil {
		t.Error("a command inside outlived the host")
	}
	for name, pid := range map[string]int{"PID 1": leader, "systemd-nspawn": nspawn} {
		if !gone(pid) {
			t.Errorf("%s, process %d, is still there", name, pid)
		}
	}
	if _, err := os.Stat(h.cgroup); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("control group %s: %v, want it gone", h.cgroup, err)
	}
	for what, was := range before {
		if is := traces(t)[what]; is != was {
			t.Errorf("%s changed\nfrom %s\nto   %s", what, was, is)
		}
	}
	if _, err := h.Run(t.Context(), "true"); err == nil {
		t.Error("a command runs in a closed host")
	}
}

func TestBootCancelled(t *testing.T) {
	h := bootHost(t) // the root is there
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Boot(ctx, Options{Suite: "bookworm"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	mustRun(t, h, "true")
}
