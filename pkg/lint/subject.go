package lint

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/shellwalk"
	"github.com/nodrop/nodrop/pkg/units"
	"github.com/nodrop/nodrop/pkg/unpack"
)

// Subject is what is checked as one: the units that belong together, or a built package.
type Subject struct {
	Shown   string // what the user called it
	Units   *units.Set
	Package *Package // nil for unit files
	broken  []Finding
	silences
}

// Package is a built package with its scripts parsed.
type Package struct {
	*unpack.Package
	shown   string
	units   *units.Set
	scripts map[string]*script
	unread  bool                        // there are scripts that were not understood
	walked  map[string][]shellwalk.Call // by step and host: every rule looks
}

// script is a maintainer script that was understood.
type script struct {
	*shellwalk.Script
	place string // "pkg.deb:postinst"
	cut   bool   // it is too long to be followed to its end
}

// cutShort are findings for scripts of which not all is known.
func (p *Package) cutShort() (all []Finding) {
	for _, s := range p.scripts {
		if s.cut {
			all = append(all, Finding{Severity: Note, File: s.place, Line: 1,
				Why: "this is too long or too deep to be followed to its end.", Fix: "see for yourself what it does."})
		}
	}
	return rule("script-not-read").label(all)
}

// Load reads what paths name: a built deb or rpm is a subject of its own, unit files are one together, and so are those in a
// directory. Errors name the path.
func Load(paths ...string) ([]*Subject, error) {
	var all []*Subject
	var files []string
	for _, p := range paths {
		info, err := os.Stat(p)
		switch {
		case err != nil:
			return nil, err
		case info.IsDir():
			s, err := loadDir(p)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		case units.IsUnit(p):
			files = append(files, p)
		default:
			pkg, err := unpack.Open(p)
			if err != nil {
				return nil, err
			}
			all = append(all, newPackage(pkg, p))
		}
	}
	if len(files) > 0 {
		s, err := loadFiles(strings.Join(files, " "), files)
		if err != nil {
			return nil, err
		}
		all = append([]*Subject{s}, all...)
	}
	return all, nil
}

// LoadOld reads the version that a subject replaces. The error tells if that makes no sense: several subjects, or another package.
func LoadOld(path string, subjects []*Subject) (*Subject, error) {
	all, err := Load(path)
	if err != nil {
		return nil, err
	}
	old := all[0]
	if len(subjects) != 1 {
		return nil, fmt.Errorf("%s can be compared with one other, not with %d", path, len(subjects))
	}
	if new := subjects[0].Package; new != nil && old.Package != nil && (new.Name != old.Package.Name || new.Format != old.Package.Format) {
		return nil, fmt.Errorf("%s is a %s of %s, %s a %s of %s: an upgrade is between two of one kind",
			path, old.Package.Format, old.Package.Name, new.shown, new.Format, new.Name)
	}
	return old, nil
}

func loadDir(dir string) (*Subject, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if file := filepath.Join(dir, e.Name()); units.IsUnit(e.Name()) && isFile(file) && !isAlias(file) {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: there is no unit file; name the directory of your .service and .socket", dir)
	}
	return loadFiles(dir, files)
}

// isFile follows links: /dev/null masks a unit.
func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// isAlias reports whether a file is a second name for another unit of its directory.
func isAlias(file string) bool {
	target, err := os.Readlink(file)
	return err == nil && filepath.Base(target) == target && units.IsUnit(target)
}

// maxUnit bounds a unit file, which has some KiB.
const maxUnit = 1 << 20

func loadFiles(shown string, files []string) (*Subject, error) {
	s := &Subject{Shown: shown}
	var all []*units.Unit
	names := map[string]string{}
	for _, file := range files {
		if first := names[filepath.Base(file)]; first != "" {
			return nil, fmt.Errorf("%s has the name of %s: units that are checked together have different ones", file, first)
		}
		names[filepath.Base(file)] = file
		if info, err := os.Stat(file); err == nil && info.Size() > maxUnit {
			return nil, fmt.Errorf("%s: it is too large for a unit file", file)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all = s.parse(all, filepath.Base(file), file, data)
	}
	s.pair(all)
	return s, nil
}

func newPackage(p *unpack.Package, shown string) *Subject {
	s := &Subject{Shown: shown}
	var all []*units.Unit
	for _, f := range p.Files {
		all = s.parse(all, path.Base(f.Path), shown+f.Path, f.Data)
	}
	s.pair(all)
	s.Package = &Package{Package: p, shown: shown, units: s.Units, scripts: map[string]*script{}, walked: map[string][]shellwalk.Call{}}
	for _, raw := range p.Scripts {
		place := shown + ":" + raw.Name
		parsed, err := parseScript(raw, place)
		s.Package.unread = s.Package.unread || err != nil
		var foreign *shellwalk.NotShellError
		switch {
		case errors.As(err, &foreign):
			s.broken = append(s.broken, rule("script-not-read").label([]Finding{{Severity: Note, File: place, Line: 1,
				Why: fmt.Sprintf("nothing is known of this script: %v.", err), Fix: "see for yourself what it does."}})...)
		case err != nil:
			file, line, text := locate(err, place)
			s.broken = append(s.broken, rule("script-syntax").label([]Finding{{Severity: Error, File: file, Line: line,
				Why: fmt.Sprintf("no shell can read this: %s.", text), Fix: "mend it; sh -n tells more."}})...)
		default:
			s.Package.scripts[raw.Name] = &script{Script: parsed, place: place}
			for _, c := range parsed.Comments {
				s.comment(place, c.Line, c.Text, c.Trailing)
			}
		}
	}
	return s
}

func parseScript(raw unpack.Script, place string) (*shellwalk.Script, error) {
	if in := path.Base(raw.Interpreter); raw.Interpreter != "" && !slices.Contains([]string{"sh", "bash", "dash"}, in) {
		return nil, &shellwalk.NotShellError{Interpreter: raw.Interpreter}
	}
	return shellwalk.Parse(place, raw.Data)
}

// parse adds a unit to the others, unless it was generated by nodrop from one of them, or has a name that no rule is for.
func (s *Subject) parse(all []*units.Unit, name, shown string, data []byte) []*units.Unit {
	if bytes.Contains(data[:min(len(data), 512)], []byte(units.Generated)) || units.CheckName(name) != nil {
		return all
	}
	u, err := units.Parse(name, shown, data)
	if err != nil {
		s.unreadable(err, shown)
		return all
	}
	for _, c := range u.Comments {
		s.comment(shown, c.Line, c.Text, false)
	}
	return append(all, u)
}

// pair makes the set of the units; what [X-Nodrop] has wrong is a finding, and that unit is left out.
func (s *Subject) pair(all []*units.Unit) {
	var good []*units.Unit
	for _, u := range all {
		if _, err := units.NewSet([]*units.Unit{u}); err != nil {
			s.unreadable(err, u.Path)
			continue
		}
		good = append(good, u)
	}
	set, err := units.NewSet(good)
	if err != nil { // two of one name
		s.unreadable(err, s.Shown)
		set = &units.Set{}
	}
	s.Units = set
}

func (s *Subject) unreadable(err error, shown string) {
	file, line, text := locate(err, shown)
	s.broken = append(s.broken, rule("unit-syntax").label([]Finding{{Severity: Error, File: file, Line: line,
		Why: fmt.Sprintf("%s.", text), Fix: "write it as systemd.syntax(7) has it."}})...)
}

// locate takes the place off an error that begins with one.
func locate(err error, file string) (place string, line int, text string) {
	text = err.Error()
	rest, ok := strings.CutPrefix(text, file+":")
	if !ok {
		return file, 1, text
	}
	if _, serr := fmt.Sscanf(rest, "%d:", &line); serr == nil {
		_, text, _ = strings.Cut(rest, ": ")
		return file, line, text
	}
	return file, 1, strings.TrimSpace(rest)
}

// rule is a rule that exists.
func rule(id string) Rule {
	r, _ := RuleByID(id)
	return r
}
