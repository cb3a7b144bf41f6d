package units

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// Each directory of testdata/companions holds the unit files of a package, and in want.txt its companions.
func TestCompanionsGolden(t *testing.T) {
	dirs, err := filepath.Glob("testdata/companions/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			set := readDir(t, dir)
			files, err := set.Companions()
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, f := range files {
				got.WriteString("==> " + f.Path)
				if f.LinkTarget != "" {
					got.WriteString(" -> " + f.LinkTarget + "\n")
					continue
				}
				got.WriteString("\n" + string(f.Data))
				if _, err := Parse(filepath.Base(f.Path), f.Path, f.Data); err != nil {
					t.Errorf("a companion does not parse: %v", err)
				}
			}
			golden := filepath.Join(dir, "want.txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got:\n%s\nwant (go test -update refreshes it):\n%s", got.String(), want)
			}
		})
	}
}

func readDir(t *testing.T, dir string) *Set {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []*Unit
	for _, e := range entries {
		if !IsUnit(e.Name()) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parse(t, e.Name(), string(data)))
	}
	set, err := NewSet(all)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestCompanionsRefused(t *testing.T) {
	long := strings.Repeat("a", 244)
	set, err := newSet(t, map[string]string{long + ".service": "[Service]\n", long + ".socket": "[Socket]\n"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set.Companions(); err == nil || !strings.Contains(err.Error(), "longer than 255") {
		t.Errorf("no room for a suffix: error %v", err)
	}
}
