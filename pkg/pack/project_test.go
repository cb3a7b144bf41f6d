package pack

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A project is a package as its author has it, by path.
type project map[string]string

func good() project {
	return project{
		"nfpm.yaml": `name: app
arch: amd64
version: ${VERSION}
maintainer: An Author <author@example.com>
description: An application
contents:
  - src: bin/app
    dst: /usr/bin/app
  - src: units/*
    dst: /lib/systemd/system/
  - src: app.sysusers
    dst: /usr/lib/sysusers.d/app.conf
`,
		"bin/app":           "program",
		"units/app.service": "[Unit]\nDescription=App\n[Service]\nType=notify\nExecStart=/usr/bin/app\nRuntimeDirectory=app\n[Install]\nWantedBy=multi-user.target\n",
		"units/app.socket":  "[Socket]\nListenStream=80\n[Install]\nWantedBy=sockets.target\n",
		"app.sysusers":      "u app -\n",
	}
}

// write puts the project into a new directory and goes there.
func (p project) write(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("VERSION", "1.2.3")
	t.Setenv("SOURCE_DATE_EPOCH", "")
	for name, text := range p {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("out", 0o755); err != nil {
		t.Fatal(err)
	}
}

// edit returns the project with one file changed.
func (p project) edit(name, old, replacement string) project {
	if !strings.Contains(p[name], old) {
		panic(fmt.Sprintf("%s has no %q", name, old))
	}
	p[name] = strings.ReplaceAll(p[name], old, replacement)
	return p
}

// with returns the project with one more file, or another in its place.
func (p project) with(name, text string) project {
	p[name] = text
	return p
}

func (p project) without(name string) project {
	delete(p, name)
	return p
}

func build(t *testing.T, packager string) string {
	t.Helper()
	var warnings bytes.Buffer
	path, err := Build(t.Context(), Options{Config: "nfpm.yaml", Packager: packager, Target: "out", Warnings: &warnings})
	if err != nil {
		t.Fatal(err)
	}
	if warnings.Len() > 0 {
		t.Errorf("warnings: %s", &warnings)
	}
	return path
}

// left lists what lies in out.
func left(t *testing.T) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir("out", func(path string, d fs.DirEntry, err error) error {
		if path != "out" {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// debTree reads a deb's files: the data as "path" or "path -> target", the control files by name.
func debTree(t *testing.T, deb string) (data []string, control map[string]string) {
	t.Helper()
	control = map[string]string{}
	readTar(t, deb, "--fsys-tarfile", func(h *tar.Header, _ []byte) {
		name := strings.TrimPrefix(h.Name, ".")
		if h.Linkname != "" {
			name += " -> " + h.Linkname
		}
		data = append(data, name)
	})
	readTar(t, deb, "--ctrl-tarfile", func(h *tar.Header, text []byte) {
		control[strings.TrimPrefix(h.Name, "./")] = string(text)
	})
	slices.Sort(data)
	return data, control
}

func readTar(t *testing.T, deb, which string, each func(*tar.Header, []byte)) {
	t.Helper()
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("dpkg-deb is missing")
	}
	out, err := exec.Command("dpkg-deb", which, deb).Output()
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(bytes.NewReader(out)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		each(h, text)
	}
}
