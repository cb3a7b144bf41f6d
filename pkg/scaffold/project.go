package scaffold

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/go/packages"
)

// Project is what the files are made from.
type Project struct {
	Name            string // of the package, the program, the units and the user
	Module          string // its path
	Main            string // the program's directory, as go build takes it: "./cmd/app"
	Argument        string // with which the program has to be called, a command of its own; "" if none
	Synopsis        string
	Maintainer      string
	Homepage        string // "" if it is not known
	VersionVariable string // "main.version"; "" if there is none
	Exclusive       string // the import because of which it must not run twice at once
	Licence         licence
	Date            string   // of the first entry in the changelog, RFC 3339
	Sockets         []Socket // the first one is the service's namesake
}

// Socket is a socket unit.
type Socket struct {
	Unit   string // "app.socket"
	Name   string // FileDescriptorName=
	Listen string // ListenStream=
	Speaks string // "HTTP"
}

// Dir is where the files go.
func (p *Project) Dir() string { return "packaging/" + p.Name }

// Build is where what is built from them goes.
func (p *Project) Build() string { return p.Dir() + "/build" }

// AnyPort tells whether a socket listens on every address of the host.
func (s Socket) AnyPort() bool { return regexp.MustCompile(`^[0-9]+$`).MatchString(s.Listen) }

// choose finds the program that is meant.
func (m *module) choose(ctx context.Context, a *asker, pattern string) (*command, error) {
	if pattern != "" {
		return m.named(pattern)
	}
	var serving []*command
	var failure error
	for _, main := range m.mains() {
		c, err := m.commandOf(main)
		switch {
		case err != nil:
			failure = errors.Join(failure, err)
		case len(c.servers) > 0:
			serving = append(serving, c)
		}
	}
	switch {
	case len(serving) == 0 && failure != nil:
		return nil, failure
	case len(serving) == 0:
		return nil, fmt.Errorf("no program in %s serves HTTP in a way that is known (net/http, gin, echo, gRPC); name its package, as in: nodrop init ./cmd/app", m.path)
	case len(serving) == 1:
		return serving[0], nil
	}
	var dirs []string
	standard := serving[0].dir
	for _, c := range serving {
		dirs = append(dirs, c.dir)
		if base(c.PkgPath) == base(m.path) {
			standard = c.dir
		}
	}
	find := func(dir string) *command {
		for _, c := range serving {
			if c.dir == strings.TrimPrefix(dir, "./") {
				return c
			}
		}
		return nil
	}
	dir, err := a.ask(ctx, "Which program ("+strings.Join(dirs, ", ")+")", standard, func(dir string) error {
		if find(dir) == nil {
			return fmt.Errorf("it is one of %s", strings.Join(dirs, ", "))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return find(dir), nil
}

// named is the program in the directory, or with the import path, that somebody named.
func (m *module) named(pattern string) (*command, error) {
	dir := strings.Trim(strings.TrimPrefix(pattern, "./"), "/")
	var main *packages.Package
	for _, p := range m.mains() {
		if p.PkgPath == pattern || m.relative(p.Dir) == cmp.Or(dir, ".") {
			main = p
		}
	}
	if main == nil {
		return nil, fmt.Errorf("%s is no program of %s; name the directory of one, as in: nodrop init ./cmd/app", pattern, m.path)
	}
	return m.commandOf(main)
}

// project finds out about a program what there is to know.
func (m *module) project(ctx context.Context, a *asker, c *command) (*Project, error) {
	p := &Project{
		Name: programName(m.path, c.PkgPath), Module: m.path, Main: "./" + c.dir,
		Synopsis: synopsis(c.Syntax), Maintainer: maintainer(ctx, m.dir), Homepage: homepage(m.path),
		VersionVariable: c.versionVariable(), Exclusive: c.exclusive(),
		Date: time.Now().UTC().Format(time.RFC3339),
	}
	if c.dir == "." {
		p.Main = "."
	}
	if !regexp.MustCompile(`^[a-z][a-z0-9-]+$`).MatchString(p.Name) {
		return nil, fmt.Errorf("%s: no name for a package can be made from %q; give the program's directory one of two or more letters and digits", c.PkgPath, base(c.PkgPath))
	}
	p.Argument = c.argument()
	if rest, ok := strings.CutPrefix(p.Synopsis, p.Name+" "); ok { // a description does not begin with the name
		p.Synopsis = rest
	}
	var err error
	if p.Licence, err = readLicence(m.dir); err != nil {
		return nil, fmt.Errorf("reading the licence: %w", err)
	}
	if len(c.servers) == 0 {
		c.servers = []server{{name: string(plainHTTP), call: call{form: form{kind: plainHTTP}}}}
	}
	for i, s := range c.servers {
		unit := p.Name
		if i > 0 {
			unit += "-" + s.name
		}
		speaks := s.speaks()
		listen := cmp.Or(s.listen, m.listens(p, unit))
		if listen == "" {
			question := fmt.Sprintf("Where does %s listen for %s (a port, or ADDRESS:PORT)", p.Name, speaks)
			if listen, err = a.ask(ctx, question, fmt.Sprint(8080+i), checkListen); err != nil {
				return nil, err
			}
			listen = listenStream(listen)
		}
		p.Sockets = append(p.Sockets, Socket{Unit: unit + ".socket", Name: s.name, Listen: listen, Speaks: speaks})
	}
	old := m.answered(p)
	p.Maintainer = cmp.Or(old.Maintainer, p.Maintainer)
	if p.Synopsis, _, _ = strings.Cut(cmp.Or(p.Synopsis, old.Description), "\n"); p.Synopsis == "" {
		if p.Synopsis, err = a.ask(ctx, "What is "+p.Name+", in a few words", p.Sockets[0].Speaks+" server of "+base(m.path), checkLine); err != nil {
			return nil, err
		}
	}
	if p.Maintainer == "" {
		if p.Maintainer, err = a.ask(ctx, "Who maintains the package", fmt.Sprintf("The authors of %s <%s@example.com>", p.Name, p.Name), checkMaintainer); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// answers are what was asked, or taken from elsewhere, when nfpm.yaml was written.
type answers struct{ Maintainer, Description string }

// answered are the answers of an earlier run, empty if there was none.
func (m *module) answered(p *Project) (old answers) {
	data, err := os.ReadFile(filepath.Join(m.dir, p.Dir(), "nfpm.yaml"))
	if err != nil || yaml.Unmarshal(data, &old) != nil {
		return answers{}
	}
	return old
}

// listens is the address of a socket unit of an earlier run, empty if there is none.
func (m *module) listens(p *Project, unit string) string {
	data, _ := os.ReadFile(filepath.Join(m.dir, p.Dir(), unit+".socket")) // no file, no address
	if m := regexp.MustCompile(`(?m)^ListenStream=(.+)$`).FindSubmatch(data); m != nil {
		return string(m[1])
	}
	return ""
}

func checkListen(text string) error {
	if listenStream(text) == "" {
		return errors.New("a port (8080), an address with a port (127.0.0.1:8080, [::1]:8080), or the path of a Unix socket")
	}
	return nil
}

func checkLine(text string) error {
	if len(text) > 80 {
		return errors.New("at most 80 characters")
	}
	return nil
}

func checkMaintainer(text string) error {
	if !regexp.MustCompile(`^[^<>]+ <[^<>@ ]+@[^<>@ ]+>$`).MatchString(text) {
		return errors.New("a name and an address, as in: Jo Doe <jo@example.com>")
	}
	return nil
}
