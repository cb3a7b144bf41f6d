package hosts

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A release has archives with all that a package has, a bill of materials of each program, and the checksums of all.
func TestSnapshot(t *testing.T) {
	archive := snapshot(t, "nodrop_1.1.0_linux_amd64.tar.gz")
	out, err := exec.CommandContext(t.Context(), "tar", "-tzf", archive).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(out))
	slices.Sort(got)
	want := []string{"LICENSE", "README.md", "completion/_nodrop", "completion/nodrop.bash", "completion/nodrop.fish", "man/nodrop.1.gz", "nodrop"}
	if !slices.Equal(got, want) {
		t.Errorf("the archive has %v, want %v", got, want)
	}

	sums, err := os.ReadFile(snapshot(t, "checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"nodrop_1.1.0_linux_amd64.tar.gz", "nodrop_1.1.0_linux_arm64.tar.gz",
		"nodrop_1.1.0_linux_amd64.deb", "nodrop_1.1.0_linux_arm64.rpm", "myapp_1.1.0_linux_amd64.deb", "myapp_1.1.0_linux_arm64.rpm",
		"nodrop_1.1.0_linux_amd64.cdx.json", "myapp_1.1.0_linux_arm64.cdx.json",
	} {
		data, err := os.ReadFile(snapshot(t, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if line := fmt.Sprintf("%x  %s\n", sha256.Sum256(data), name); !strings.Contains(string(sums), line) {
			t.Errorf("checksums.txt has no line %q", line)
		}
	}

	data, err := os.ReadFile(snapshot(t, "myapp_1.1.0_linux_amd64.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		BOMFormat  string
		Components []struct{ Name, Version, PURL string }
	}
	if err := json.Unmarshal(data, &bill); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(built.snapshot, "myapp_linux_amd64_v1", "myapp")
	modules, err := exec.CommandContext(t.Context(), "go", "version", "-m", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(modules)) {
		f := strings.Fields(line)
		if f[0] != "dep" {
			continue
		}
		n++
		listed := false
		for _, c := range bill.Components {
			listed = listed || c.Name == f[1] && c.Version == f[2] && strings.HasPrefix(c.PURL, "pkg:golang/")
		}
		if !listed {
			t.Errorf("the bill of materials lacks %s %s", f[1], f[2])
		}
	}
	if bill.BOMFormat != "CycloneDX" || n == 0 {
		t.Errorf("a bill of format %q for a program of %d modules", bill.BOMFormat, n)
	}
}
