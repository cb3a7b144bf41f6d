package maintscript

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tool finds a program; a machine without it skips the test, CI fails.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing", name)
		}
		t.Skipf("%s is missing", name)
	}
	return path
}

// Every script is one for any POSIX shell, and shellcheck has nothing to say.
func TestShell(t *testing.T) {
	checks := map[string][]string{
		"dash":       {"-n"},
		"bash":       {"-n"},
		"shellcheck": {"--shell=sh", "--severity=style"},
	}
	for program, args := range checks {
		t.Run(program, func(t *testing.T) {
			path := tool(t, program)
			for what, p := range map[string]*Package{"full": full(t), "small": small(t), "bare": bare(t)} {
				for name, text := range scripts(t, p) {
					file := filepath.Join(t.TempDir(), "script")
					if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
					if out, err := exec.Command(path, append(args, file)...).CombinedOutput(); err != nil {
						t.Errorf("%s, %s: %v\n%s", what, name, err, out)
					}
				}
			}
		})
	}
}

// Every fragment begins by saying why it is there, is used by a script, and leaves no key unfilled.
func TestFragments(t *testing.T) {
	var names []string
	for _, pattern := range []string{"fragments/*.sh", "fragments/*/*.sh"} {
		found, err := fs.Glob(fragments, pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no fragments %s: %v", pattern, err)
		}
		names = append(names, found...)
	}
	var all strings.Builder
	for name, text := range scripts(t, full(t)) {
		all.WriteString(text)
		if key := regexp.MustCompile(`@[A-Z]+@`).FindString(text); key != "" {
			t.Errorf("%s: %s is not filled", name, key)
		}
	}
	for _, name := range names {
		text := read(strings.TrimSuffix(strings.TrimPrefix(name, "fragments/"), ".sh"))
		first, _, _ := strings.Cut(text, "\n")
		if !strings.HasPrefix(first, "# ") {
			t.Errorf("%s does not begin with a comment", name)
		}
		if start := strings.SplitN(first, "@", 2)[0]; !strings.Contains(all.String(), start) {
			t.Errorf("%s is in no script", name)
		}
	}
}

func TestRefused(t *testing.T) {
	ownScript := func(text string) func(*Package) {
		return func(p *Package) {
			p.Own = map[Hook]Own{PostInstall: {Path: "own.sh", Data: []byte(text)}}
		}
	}
	tests := []struct {
		name   string
		change func(*Package)
		want   string
	}{
		{"package name", func(p *Package) { p.Name = "a b" }, `package name "a b"`},
		{"package name as an option", func(p *Package) { p.Name = "-a" }, `package name "-a"`},
		{"file name", func(p *Package) { p.Sysusers = []string{"$(reboot).conf"} }, `sysusers.d file name "$(reboot).conf"`},
		{"file name with a newline", func(p *Package) { p.Tmpfiles = []string{"a\nb"} }, "tmpfiles.d file name"},
		{"unit name", func(p *Package) { p.Units.Services[0].Name = "a;b.service" }, `unit name "a;b.service"`},
		{"bash", ownScript("#!/bin/bash\n"), `own.sh:1: "#!/bin/bash": only sh scripts`},
		{"env", ownScript("#!/usr/bin/env python3\n"), "own.sh:1: "},
		{"no interpreter", ownScript("#!\n"), "own.sh:1: "},
		{"odd options", ownScript("#!/bin/sh -e;reboot\n"), "only options such as -e"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := small(t)
			tt.change(p)
			for format, write := range map[string]func(*Package) ([]Script, error){"deb": Deb, "rpm": RPM} {
				if list, err := write(p); err == nil || list != nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: error %v, want …%s…", format, err, tt.want)
				}
			}
		})
	}
}
