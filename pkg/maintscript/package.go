package maintscript

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/nodrop/nodrop/pkg/units"
)

// Package is what the scripts of a package are made from.
type Package struct {
	Name     string // of the package, as its manager knows it
	Units    *units.Set
	Sysusers []string // names of the files that it ships in sysusers.d: "myapp.conf"
	Tmpfiles []string // likewise in tmpfiles.d
	Own      map[Hook]Own
}

// Hook is a place where a package may have a script of its own, by its key in nfpm.yaml.
type Hook string

const (
	PreInstall  Hook = "scripts.preinstall"
	PostInstall Hook = "scripts.postinstall"
	PreRemove   Hook = "scripts.preremove"
	PostRemove  Hook = "scripts.postremove"
	PostTrans   Hook = "rpm.scripts.posttrans"
)

// Own is a script of the package's own.
type Own struct {
	Path string // for messages
	Data []byte
}

// Script is one maintainer script.
type Script struct {
	Name string // as the package format has it: "postinst", "posttrans"
	Data []byte
}

// check refuses names that are not safe as words of a shell script, and scripts in another language than sh.
func (p *Package) check() error {
	word := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9:_.@+~-]*$`)
	for what, names := range map[string][]string{"package": {p.Name}, "sysusers.d file": p.Sysusers, "tmpfiles.d file": p.Tmpfiles} {
		for _, name := range names {
			if !word.MatchString(name) {
				return fmt.Errorf("%s name %q: only letters, digits and \":_.@+~-\" are allowed, and it begins with a letter or digit", what, name)
			}
		}
	}
	for _, u := range p.all() {
		if err := units.CheckName(u.Name); err != nil {
			return err
		}
	}
	for _, own := range p.Own {
		if _, err := own.options(); err != nil {
			return err
		}
	}
	return nil
}

// all units, sockets first: whoever starts them in this order finds the socket there before its service.
func (p *Package) all() []*units.Unit {
	var all []*units.Unit
	for _, s := range p.Units.Sockets {
		all = append(all, s.Unit)
	}
	for _, s := range p.Units.Services {
		all = append(all, s.Unit)
	}
	return append(all, p.Units.Others...)
}

// options are those of the shebang ("-e"). A script without a shebang is one for sh, as rpm has it.
func (o Own) options() (string, error) {
	first, _, _ := bytes.Cut(o.Data, []byte("\n"))
	line, found := bytes.CutPrefix(first, []byte("#!"))
	if !found {
		return "", nil
	}
	words := strings.Fields(string(line))
	if len(words) > 1 && path.Base(words[0]) == "env" {
		words = words[1:]
	}
	if len(words) == 0 || len(words) > 2 || (path.Base(words[0]) != "sh" && path.Base(words[0]) != "dash") {
		return "", fmt.Errorf("%s:1: %q: only sh scripts can be built into the maintainer scripts; write it for #!/bin/sh, or call your program from one", o.Path, first)
	}
	if len(words) == 1 {
		return "", nil
	}
	if !regexp.MustCompile(`^-[a-zA-Z]+$`).MatchString(words[1]) {
		return "", fmt.Errorf("%s:1: %q: only options such as -e may follow the shell", o.Path, first)
	}
	return words[1], nil
}
