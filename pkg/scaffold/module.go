package scaffold

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/lint"
	"golang.org/x/tools/go/packages"
)

// module is the Go module in a directory, type-checked.
type module struct {
	path string
	dir  string // absolute
	pkgs map[string]*packages.Package
}

// load reads the programs of the module whose go.mod is in dir, with what they are made of; or only the one that pattern names.
func load(ctx context.Context, dir, pattern string) (*module, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the module: %w", err)
	}
	switch info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(pattern))); {
	case pattern == "":
		pattern = "./..."
	case err == nil && info.IsDir() && !filepath.IsAbs(pattern) && !strings.HasPrefix(pattern, "."):
		pattern = "./" + pattern // as it stands in what Init says
	}
	// First which packages there are, which is quick, then these as the compiler sees them.
	list, err := loadPackages(ctx, dir, packages.NeedDeps, pattern)
	if err != nil {
		return nil, err
	}
	m := &module{dir: dir, pkgs: map[string]*packages.Package{}}
	for _, p := range list {
		if p.Module != nil && p.Module.Main {
			m.path = p.Module.Path
			if p.Module.Dir != dir {
				return nil, fmt.Errorf("the module's go.mod is in %s; run nodrop init there", p.Module.Dir)
			}
			m.pkgs[p.PkgPath] = p
		}
	}
	if m.path == "" {
		return nil, noModule(dir, list)
	}
	packages.Visit(list, nil, func(p *packages.Package) {
		if p.Module != nil && p.Module.Main {
			m.pkgs[p.PkgPath] = p
		}
	})
	needed := map[string]bool{}
	for _, main := range m.mains() {
		for _, p := range m.reach(main) {
			needed[p.PkgPath] = true
		}
	}
	if len(needed) == 0 {
		return nil, fmt.Errorf("there is no program (package main) in %s of %s; name the directory of one, as in: nodrop init ./cmd/app", pattern, m.path)
	}
	const compiled = packages.NeedTypes | packages.NeedTypesInfo | packages.NeedSyntax
	if list, err = loadPackages(ctx, dir, compiled, sortedKeys(needed)...); err != nil {
		return nil, err
	}
	m.pkgs = map[string]*packages.Package{}
	for _, p := range list {
		m.pkgs[p.PkgPath] = p
	}
	return m, nil
}

func loadPackages(ctx context.Context, dir string, mode packages.LoadMode, patterns ...string) ([]*packages.Package, error) {
	list, err := packages.Load(&packages.Config{
		Context: ctx, Dir: dir, Mode: mode | packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedModule,
	}, patterns...)
	if err != nil {
		return nil, fmt.Errorf("reading the module in %s: %w", dir, err)
	}
	return list, nil
}

func noModule(dir string, list []*packages.Package) error {
	why := "it has no packages"
	if len(list) > 0 && len(list[0].Errors) > 0 {
		why = list[0].Errors[0].Msg
	}
	return fmt.Errorf("reading the module in %s: %s; run nodrop init where a go.mod and Go files are", dir, why)
}

// reach are the packages of the module that a package is made of, itself included.
func (m *module) reach(main *packages.Package) []*packages.Package {
	var all []*packages.Package
	seen := map[string]bool{}
	var visit func(p *packages.Package)
	visit = func(p *packages.Package) {
		if p = m.pkgs[p.PkgPath]; p == nil || seen[p.PkgPath] {
			return
		}
		seen[p.PkgPath] = true
		all = append(all, p)
		for _, path := range sortedKeys(p.Imports) {
			visit(p.Imports[path])
		}
	}
	visit(main)
	return all
}

// relative is a file's path in the module, with slashes.
func (m *module) relative(file string) string {
	rel, err := filepath.Rel(m.dir, file)
	if err != nil {
		return file
	}
	return filepath.ToSlash(rel)
}

// programName is what a program is called on a host: as its directory is, or as the module where that says nothing. It is also the
// name of its package, its units and its user, and so has to please dpkg, systemd and sysusers.d(5).
func programName(modulePath, pkgPath string) string {
	generic := []string{"app", "api", "cmd", "http", "httpd", "main", "serve", "server", "service", "web"}
	taken := lint.UsersEverywhere() // by others, whose user the service would have
	name := base(pkgPath)
	if slices.Contains(generic, name) || slices.Contains(taken, name) {
		name = base(modulePath)
	}
	if slices.Contains(taken, name) {
		name += "-server"
	}
	name = regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "-")
	name = strings.TrimLeft(name, "-0123456789")
	return strings.TrimRight(name[:min(len(name), 31)], "-")
}

// base is the last element of an import path that is no major version.
func base(importPath string) string {
	if regexp.MustCompile(`^v[0-9]+$`).MatchString(path.Base(importPath)) {
		importPath = path.Dir(importPath)
	}
	return path.Base(importPath)
}

// mains are the packages of the module that are programs, in order.
func (m *module) mains() []*packages.Package {
	var all []*packages.Package
	for _, path := range sortedKeys(m.pkgs) {
		if p := m.pkgs[path]; p.Name == "main" {
			all = append(all, p)
		}
	}
	return all
}

// broken is the first thing that keeps packages from compiling.
func broken(pkgs []*packages.Package) error {
	for _, p := range pkgs {
		if len(p.Errors) == 0 {
			continue
		}
		err := p.Errors[0]
		what := strings.TrimPrefix(err.Pos+": "+err.Msg, ": ")
		if strings.HasPrefix(what, "# ") { // the compiler's own words, with the package before them
			_, what, _ = strings.Cut(what, "\n")
		}
		return errors.New(strings.TrimSpace(what) + "; it has to compile first (go build ./... says more)")
	}
	return nil
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// functionOf is the function that a declaration declares.
func functionOf(p *packages.Package, decl *ast.FuncDecl) *types.Func {
	f, _ := p.TypesInfo.Defs[decl.Name].(*types.Func)
	return f
}
