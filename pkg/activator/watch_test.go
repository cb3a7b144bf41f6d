package activator

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// What counts as a change: contents, not permissions, nor what came and went, nor
// what the build makes and editors leave.
func TestChanges(t *testing.T) {
	dir := t.TempDir()
	source, program := filepath.Join(dir, "source"), filepath.Join(dir, "program")
	w := &watcher{roots: []string{dir}, made: program, files: map[string]bool{}, known: map[string]fs.FileInfo{}}
	for path, want := range map[string]bool{
		source: true, filepath.Join(dir, "sub", "source"): true,
		program: false, dir + "-else/source": false,
		filepath.Join(dir, ".source.swp"): false, filepath.Join(dir, "source~"): false,
	} {
		if got := w.counts(path); got != want {
			t.Errorf("%s counts: %v", path, got)
		}
	}
	step := func(what string, want bool, do func() error) {
		t.Helper()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		if got := w.changed(source); got != want {
			t.Errorf("%s is a change: %v", what, got)
		}
	}
	nothing := func() error { return nil }
	write := func() error { return os.WriteFile(source, []byte("more"), 0o644) }
	remove := func() error { return os.Remove(source) }
	step("what is not there", false, nothing)
	step("a new file", true, write)
	step("the same file", false, nothing)
	step("its permissions", false, func() error { return os.Chmod(source, 0o600) })
	step("its length", true, func() error { return os.Truncate(source, 1) })
	step("its end", true, remove)
	step("what came and went", false, func() error { write(); return remove() })
	w.files[source] = true // a file that is watched by itself, and replaced
	step("a new file", true, write)
	step("its end", false, remove)
	step("its return", true, write)
}
