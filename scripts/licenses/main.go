// Command licenses writes the copyright file of a package (machine-readable, as Debian's copyright-format 1.0 has it): first
// a text for what is our own, then the licence of each Go module that is linked into a program.
//
//	go run ./scripts/licenses packaging/myapp/copyright ./cmd/myapp > bin/myapp.copyright
//
// The texts are those in the modules' own directories. A module without one, and a licence that it does not know, are errors.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go run ./scripts/licenses HEAD PACKAGE")
		os.Exit(2)
	}
	text, err := copyright(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
	fmt.Print(text)
}

func copyright(head, program string) (string, error) {
	text, err := os.ReadFile(head)
	if err != nil {
		return "", err
	}
	found, err := linked(program)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.Write(text)
	for _, l := range found {
		if err := l.write(&b); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// licence is one text and all that is under it.
type licence struct {
	text   string
	covers []string // "github.com/gobwas/ws@v1.5.0", or a directory below
	notice string   // of an Apache-2.0 module, which goes with every copy
}

// linked finds the licences of a program: in the directory of each package and in those above it, up to the module's.
func linked(program string) ([]*licence, error) {
	const format = `{{with .Module}}{{if not .Main}}{{.Path}}@{{.Version}}{{"\t"}}{{.Dir}}{{"\t"}}{{$.Dir}}{{end}}{{end}}`
	out, err := exec.Command("go", "list", "-deps", "-f", format, program).Output()
	if err != nil {
		return nil, fmt.Errorf("listing what is linked into %s: %w", program, err)
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("finding Go: %w", err)
	}
	root := strings.TrimSpace(string(goroot))
	dirs := map[string]string{root: "the Go standard library"} // what a directory holds
	modules := map[string]string{root: root}                   // and its module's
	for line := range strings.Lines(string(out)) {
		part := strings.Split(strings.TrimSpace(line), "\t")
		if len(part) < 3 {
			continue
		}
		for dir := part[2]; strings.HasPrefix(dir, part[1]); dir = filepath.Dir(dir) {
			dirs[dir], modules[dir] = part[0]+strings.TrimPrefix(dir, part[1]), part[1]
		}
	}
	return read(dirs, modules)
}

func read(dirs, modules map[string]string) ([]*licence, error) {
	byText := map[string]*licence{}
	has := map[string]bool{}
	for dir, what := range dirs {
		texts, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			return nil, err
		}
		var own, notice []string
		for _, path := range texts {
			list := &own
			switch kind := regexp.MustCompile(`^(LICEN[CS]E|COPYING|NOTICE)(\.(md|txt))?$`).FindStringSubmatch(filepath.Base(path)); {
			case kind == nil:
				continue
			case kind[1] == "NOTICE":
				list = &notice
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			*list = append(*list, strings.TrimSpace(strings.ReplaceAll(string(text), "\r", "")))
		}
		for _, text := range own {
			has[modules[dir]] = true
			key := text + strings.Join(notice, "\n")
			if byText[key] == nil {
				byText[key] = &licence{text: text, notice: strings.Join(notice, "\n\n")}
			}
			byText[key].covers = append(byText[key].covers, what)
		}
	}
	var all []*licence
	for _, l := range byText {
		slices.Sort(l.covers)
		all = append(all, l)
	}
	for dir, module := range modules {
		if !has[module] {
			return nil, fmt.Errorf("%s has no licence in %s", dirs[dir], module)
		}
	}
	slices.SortFunc(all, func(a, b *licence) int { return strings.Compare(a.covers[0]+a.text, b.covers[0]+b.text) })
	return all, nil
}

// write writes one paragraph.
func (l *licence) write(b *strings.Builder) error {
	name, isApache := l.name()
	if name == "" {
		return fmt.Errorf("the licence of %s is unknown:\n%s", l.covers[0], l.text)
	}
	b.WriteString("\nFiles:\n")
	for _, what := range l.covers {
		fmt.Fprintf(b, " %s/*\n", strings.ReplaceAll(what, " ", "-"))
	}
	fmt.Fprintf(b, "Copyright:\n%s", indent(l.holders()))
	text := l.text
	if isApache {
		text = "The same as above." // a Debian package must not hold a copy of it (Policy, 12.5)
	}
	fmt.Fprintf(b, "License: %s\n%s", name, indent(text))
	if l.notice != "" {
		fmt.Fprintf(b, "Comment:\n%s", indent(l.notice))
	}
	return nil
}

// name is the short name of copyright-format 1.0 and SPDX, and whether the text is the Apache License itself.
func (l *licence) name() (name string, isApache bool) {
	text := strings.Join(strings.Fields(l.text), " ")
	if strings.Contains(text, "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION") {
		return "Apache-2.0", true
	}
	var names []string
	for _, known := range []struct{ name, phrase string }{
		{"Expat", "Permission is hereby granted, free of charge, to any person obtaining a copy"},
		{"ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose"},
		{"Apache-2.0", "Licensed under the Apache License, Version 2.0"},
		{"BSD-3-Clause", "Neither the name"},
		{"MPL-2.0", "Mozilla Public License Version 2.0"},
		{"public-domain", "put into the public domain"},
	} {
		if strings.Contains(text, known.phrase) {
			names = append(names, known.name)
		}
	}
	if strings.Contains(text, "Redistributions of source code must retain") && !slices.Contains(names, "BSD-3-Clause") {
		names = append(names, "BSD-2-Clause")
	}
	return strings.Join(names, " and "), false
}

// holders are the lines that say whose it is.
func (l *licence) holders() string {
	list := regexp.MustCompile(`(?im)^\W*(copyright (?:\(c\)|©|\d).*)$`).FindAllStringSubmatch(l.text, -1)
	var all []string
	for _, m := range list {
		all = append(all, strings.TrimSpace(m[1]))
	}
	if len(all) == 0 {
		return "the authors of " + l.covers[0]
	}
	return strings.Join(all, "\n")
}

// indent makes lines of a field's value: they begin with a space, and an empty one is a dot.
func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text + "\n") {
		line = strings.TrimRight(line, " \t\n")
		if line == "" {
			line = "."
		}
		b.WriteString(" " + line + "\n")
	}
	return b.String()
}
