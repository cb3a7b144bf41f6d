package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"
)

//go:embed templates
var templates embed.FS

// file is a file that init writes.
type file struct {
	path string // in the module
	data []byte
	own  bool // what it says is its author's from then on: that it differs is not worth a word
}

// files are those that a package is made from, but for .goreleaser.yaml.
func (p *Project) files() ([]file, error) {
	list := []struct {
		path, template string
		data           any
		own            bool
	}{
		{p.Name + ".service", "service", p, false},
		{p.Name + ".sysusers", "sysusers", p, false},
		{"nfpm.yaml", "nfpm.yaml", p, false},
		{"changelog.yaml", "changelog.yaml", p, true},
		{"copyright", "copyright", p, true},
		{p.Name + ".lintian-overrides", "lintian-overrides", p, true},
		{".gitignore", "gitignore", p, true},
	}
	var all []file
	add := func(path, name string, data any, own bool) error {
		text, err := render(name, data)
		all = append(all, file{p.Dir() + "/" + path, text, own})
		return err
	}
	for _, f := range list {
		if err := add(f.path, f.template, f.data, f.own); err != nil {
			return nil, err
		}
	}
	for i, s := range p.Sockets {
		if err := add(s.Unit, "socket", map[string]any{"Project": p, "Socket": s, "First": i == 0}, false); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func render(name string, data any) ([]byte, error) {
	functions := template.FuncMap{
		"yaml": func(text string) (string, error) {
			out, err := yaml.Marshal(text)
			return strings.TrimSpace(string(out)), err
		},
		"unit": func(text string) string { return strings.ReplaceAll(text, "%", "%%") }, // specifiers, systemd.unit(5)
		"join": strings.Join,
	}
	t, err := template.New(name).Funcs(functions).ParseFS(templates, "templates/"+name)
	if err != nil {
		return nil, fmt.Errorf("reading a template: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("writing %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// fate is what became of a file.
type fate int

const (
	written fate = iota
	same         // it was there, and as it would be written
	kept         // it was there, and says something else
)

// put writes a file unless there is one.
func put(dir string, f file) (fate, error) {
	path := filepath.Join(dir, f.path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return kept, fmt.Errorf("making a directory for %s: %w", f.path, err)
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		old, err := os.ReadFile(path)
		switch {
		case err != nil:
			return kept, fmt.Errorf("reading what is there: %w", err)
		case f.own || bytes.Equal(old, f.data):
			return same, nil
		}
		return kept, nil
	}
	if err != nil {
		return kept, fmt.Errorf("writing %s: %w", f.path, err)
	}
	_, err = out.Write(f.data)
	if err := errors.Join(err, out.Close()); err != nil {
		return kept, fmt.Errorf("writing %s: %w", f.path, errors.Join(err, os.Remove(path)))
	}
	return written, nil
}
