package main

import (
	"debug/buildinfo"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every module that a program says it was built from is in its copyright file, and Debian's tools can read that.
func TestCopyright(t *testing.T) {
	for _, name := range []string{"myapp", "nodrop"} {
		t.Run(name, func(t *testing.T) {
			text, err := copyright("../../packaging/"+name+"/copyright", "../../cmd/"+name)
			if err != nil {
				t.Fatal(err)
			}
			binary := filepath.Join(t.TempDir(), name)
			if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/"+name).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			info, err := buildinfo.ReadFile(binary)
			if err != nil {
				t.Fatal(err)
			}
			if len(info.Deps) < 10 {
				t.Errorf("built from %d modules only?", len(info.Deps))
			}
			for _, module := range info.Deps {
				if !strings.Contains(text, "\n "+module.Path+"@"+module.Version+"/*\n") {
					t.Errorf("nothing about %s %s", module.Path, module.Version)
				}
			}
			if !strings.Contains(text, "the-Go-standard-library") {
				t.Error("nothing about Go's own library")
			}
			for _, paragraph := range strings.Split(text, "\n\n") {
				if !regexp.MustCompile(`^(([A-Z][A-Za-z-]+:.*|\s.*\S)(\n|$))+$`).MatchString(paragraph) {
					t.Errorf("no paragraph of copyright-format 1.0:\n%s", paragraph)
				}
				if !strings.HasPrefix(paragraph, "Format:") && !regexp.MustCompile(`(?s)^Files:.*\nCopyright:.*\nLicense: `).MatchString(paragraph) {
					t.Errorf("a paragraph without Files, Copyright or License:\n%s", paragraph)
				}
			}
		})
	}
}

// What nobody has looked at is not shipped.
func TestUnknownLicence(t *testing.T) {
	l := licence{text: "Do what you like on Sundays.", covers: []string{"example.com/sunday@v1.0.0"}}
	if err := l.write(new(strings.Builder)); err == nil || !strings.Contains(err.Error(), "example.com/sunday@v1.0.0 is unknown") {
		t.Errorf("error %v", err)
	}
	dir := t.TempDir()
	if _, err := read(map[string]string{dir: "example.com/none@v1.0.0"}, map[string]string{dir: dir}); err == nil || !strings.Contains(err.Error(), "example.com/none@v1.0.0 has no licence") {
		t.Errorf("error %v", err)
	}
}
