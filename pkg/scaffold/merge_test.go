package scaffold

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var app = &Project{Name: "app", Module: "example.com/tool", Main: "./cmd/app", Synopsis: "application", Maintainer: "Jo Doe <jo@example.org>"}

const hook = "nodrop generate -f packaging/app/nfpm.yaml packaging/app/build"

func TestMerge(t *testing.T) {
	tests := []struct {
		name, config string
		want         string // of it, in order, each behind the one before; lines of ours in short
		notes        int
	}{
		{"sections are made", "version: 2\n", "version: 2|before:|  hooks:|    - nodrop|builds:|  - id: app|nfpms:|  - id: app|    ids: [app]", 0},
		{"no newline at the end", "version: 2", "version: 2\n|before:|nfpms:", 0},
		{"lists with entries and comments",
			"# head\nversion: 2\nbefore:\n  hooks:\n    - go mod tidy # why\n    # more of that\nbuilds:\n- main: ./cmd/app/\n  id: one\n  binary: app\n\n# about packages\nnfpms:\n# first\n- package_name: other\n  description: |-\n    text\n\n    # text\n\n# the end\nrelease: {}\n",
			"- go mod tidy # why|# more of that|    - nodrop|builds:|id: one\n  binary: app\n\n# about packages\nnfpms:|# first|    # text\n|- id: app\n|  ids: [one]\n|\n\n# the end\nrelease: {}\n", 0},
		{"a hook before another key", "before:\n  hooks:\n    - make\n  other: x\n", "    - make\n    - nodrop|  other: x", 0},
		{"empty values", "before:\nnfpms:\nbuilds:\n", "before:\n  hooks:\n    - nodrop|nfpms:\n  # The same|builds:\n  - id: app", 0},
		{"carriage returns", "version: 2\r\nnfpms:\r\n  - id: x\r\n    package_name: x\r\n", "package_name: x\r\n  # The same package|  - id: app\r\n", 0},
		{"the build of the same directory has no id", "builds:\n  - main: cmd/app\n", "builds:\n  - main: cmd/app\n\nbefore:|nfpms:|package_name: app\n    formats", 1},
		{"the build names the file of main", "builds:\n  - id: app\n    main: ./cmd/app/main.go\n    binary: app\n", "binary: app\n\nbefore:|ids: [app]", 0},
		{"the build names the directory of main", "builds:\n  - dir: cmd\n    main: ./app\n    binary: app\n", "binary: app\n\nbefore:|package_name: app\n    formats", 0},
		{"the build has the project's name", "project_name: app\nbuilds:\n  - main: ./cmd/app\n", "./cmd/app\n\nbefore:|package_name: app\n    formats", 0},
		{"the build has the repository's name, by a template", "release: {github: {name: app}}\nbuilds:\n  - main: ./cmd/app\n    binary: '{{ .ProjectName }}'\n", "'\n\nbefore:|package_name: app\n    formats", 0},
		{"the build calls the program otherwise", "builds:\n  - main: ./cmd/app\n    binary: out/appd\n", "binary: out/appd\n\nbefore:|nfpms:", 1},
		{"of several builds one has no id", "project_name: x\nbuilds:\n  - main: ./cmd/app\n    binary: app\n  - id: y\n    main: ./cmd/y\n", "main: ./cmd/y\n\nbefore:|ids: [x]", 0},
		{"ids of others", "builds:\n  - id: app\n    main: ./cmd/x\n    goos: [linux]\n    goarch: [arm64, amd64]\nnfpms:\n  - id: app\n    package_name: x\n", "  - id: app-2\n    main: ./cmd/app|nfpms:|  - id: app-2\n|    ids: [app-2]", 0},
		{"a build of another program for more platforms", "builds:\n  - id: x\n    main: ./cmd/x\n", "  - id: app\n    main: ./cmd/app", 1},
		{"archives of their own builds", "builds:\n  - id: x\n    main: ./cmd/x\narchives:\n  - ids: [x]\n  - id: all\n    allow_different_binary_count: true\n", "  - id: app\n    main: ./cmd/app|archives:", 0},
		{"a build by an anchor", "builds:\n  - &b\n    id: x\n    main: ./cmd/x\n    binary: app\n  - <<: *b\n    id: app\n    main: ./cmd/app\n", "main: ./cmd/app\n\nbefore:|ids: [app]", 0},
		{"flow style", "nfpms: []\nbefore: {hooks: [make]}\n", "nfpms: []\nbefore: {hooks: [make]}\n|builds:", 2},
		{"a package of that name", "project_name: app\nnfpms:\n  - formats: [deb]\n", "formats: [deb]\n|before:|builds:", 1},
		{"two documents", "version: 2\n---\nx: 1\n", "version: 2\n|before:|nfpms:|---\nx: 1\n", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			merged, notes, err := merge([]byte(tt.config), app)
			if err != nil || len(notes) != tt.notes {
				t.Fatalf("%v; notes: %q, want %d", err, notes, tt.notes)
			}
			rest := string(merged)
			for _, part := range strings.Split(strings.ReplaceAll(tt.want, "nodrop", hook), "|") {
				_, after, found := strings.Cut(rest, part)
				if !found {
					t.Fatalf("no %q at its place in\n%s", part, merged)
				}
				rest = after
			}
			checkMerged(t, app, []byte(tt.config), merged)
		})
	}
}

// What GoReleaser builds without being told, the module's own directory for all platforms, it goes on building.
func TestMergeWithoutBuilds(t *testing.T) {
	own := *app
	own.Main = "."
	for config, want := range map[string]int{"version: 2\nproject_name: app\n": 0, "version: 2\n": 1} {
		merged, notes, err := merge([]byte(config), &own)
		if err != nil || len(notes) != want || bytes.Contains(merged, []byte("builds:")) {
			t.Errorf("%v; notes: %q, want %d\n%s", err, notes, want, merged)
		}
		checkMerged(t, &own, []byte(config), merged)
	}
}

func FuzzMerge(f *testing.F) {
	for _, config := range []string{
		"version: 2\n", "before:\n  hooks:\n    - a\n", "nfpms:\n- id: x\n  description: |\n    a\n    # b\n# c\nz: 1", "builds: &b []\nnfpms: *b\n", "{}", "a: 1\r\n",
		"before: {}\nbuilds:\n\n\n  - main: x\n", "? nfpms\n: - a\n", "a: |\n\n  x\n\n", "nfpms:\n  -\n", "'before':\n \"hooks\":\n - x\n",
	} {
		f.Add(config)
	}
	f.Fuzz(func(t *testing.T, config string) {
		merged, _, err := merge([]byte(config), app)
		if err == nil {
			checkMerged(t, app, []byte(config), merged)
		}
	})
}

// checkMerged fails unless all lines of a configuration are in the merged one, as they were and in their order, what they mean is
// too, and a second merge adds nothing.
func checkMerged(t *testing.T, p *Project, config, merged []byte) {
	t.Helper()
	if bytes.Equal(merged, config) {
		return
	}
	lines := slices.Collect(bytes.Lines(config))
	for line := range bytes.Lines(merged) {
		if len(lines) == 0 {
			break
		}
		end, ok := bytes.CutPrefix(line, lines[0])
		if ok && (len(end) == 0 || len(lines) == 1 && len(bytes.Trim(end, "\r\n")) == 0) { // a last line may get its end
			lines = lines[1:]
		}
	}
	if len(lines) > 0 {
		t.Errorf("%q is not in\n%q", lines[0], merged)
	}
	var before, after map[string]any
	if yaml.Unmarshal(append(bytes.Clone(config), '\n'), &before) != nil { // a last line without an end gets one, and it counts in a text
		return // keys that are not text
	}
	if err := yaml.Unmarshal(merged, &after); err != nil {
		t.Fatalf("%v in\n%s", err, merged)
	}
	for key, value := range before {
		if !begins(after[key], value) {
			t.Errorf("%s was %v and is %v", key, value, after[key])
		}
	}
	again, _, err := merge(merged, p)
	if err != nil || !bytes.Equal(again, merged) {
		t.Errorf("merged twice (%v):\n%s", err, again)
	}
}

// begins reports whether a value is as it was, but for entries added to a list.
func begins(value, as any) bool {
	switch as := as.(type) {
	case nil:
		return true
	case []any:
		list, ok := value.([]any)
		return ok && len(list) >= len(as) && reflect.DeepEqual(list[:len(as)], as)
	case map[string]any:
		mapping, ok := value.(map[string]any)
		for key := range as {
			ok = ok && begins(mapping[key], as[key])
		}
		return ok
	case map[any]any: // with keys that are not text
		mapping, ok := value.(map[any]any)
		for key := range as {
			ok = ok && begins(mapping[key], as[key])
		}
		return ok
	}
	return reflect.DeepEqual(value, as)
}
