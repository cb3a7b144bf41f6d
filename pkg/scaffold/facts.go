package scaffold

import (
	"context"
	"fmt"
	"go/ast"
	"go/doc"
	"go/types"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// maintainer is who commits here, "" if git does not know.
func maintainer(ctx context.Context, dir string) string {
	get := func(key string) string {
		out, _ := exec.CommandContext(ctx, "git", "-C", dir, "config", key).Output() // no git, no answer
		return strings.TrimSpace(string(out))
	}
	name, email := get("user.name"), get("user.email")
	if name == "" || email == "" {
		return ""
	}
	return fmt.Sprintf("%s <%s>", name, email)
}

// synopsis is what the comment of a program's package says it is, as a package's description begins: no article, no name, no full
// stop, at most 80 characters. "" if it says nothing in one of the usual ways.
func synopsis(files []*ast.File) string {
	for _, f := range files {
		if f.Doc == nil {
			continue
		}
		text := new(doc.Package).Synopsis(f.Doc.Text())
		m := regexp.MustCompile(`^(?:Package main|Command \S+|The \S+ command)\s+(?:(?:is|implements|provides|runs)\s+(?:an?\s+|the\s+)?)?(.+?)\.?$`).FindStringSubmatch(text)
		if m != nil && len(m[1]) <= 80 {
			return m[1]
		}
	}
	return ""
}

// homepage is where a module is hosted, "" where its path does not tell.
func homepage(modulePath string) string {
	if at := hosted.FindString(modulePath); at != "" {
		return "https://" + at
	}
	return ""
}

var hosted = regexp.MustCompile(`^(?:github\.com|gitlab\.com|codeberg\.org)/[^/]+/[^/]+`)

// licence is what may be done with the program.
type licence struct {
	File   string // in the module, "" if there is none
	SPDX   string // "" if it is none that is known
	Holder string // "2026 Jo Doe", "" if it does not say
	text   string
}

func readLicence(dir string) (licence, error) {
	for _, pattern := range []string{"LICENSE*", "LICENCE*", "COPYING*"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return licence{}, err
		}
		for _, file := range found {
			data, err := os.ReadFile(file)
			if err != nil {
				continue // a directory of several, say
			}
			l := licence{File: filepath.Base(file), text: strings.ReplaceAll(string(data), "\r", "")}
			if scan := licensecheck.Scan(data); scan.Percent > 75 && len(scan.Match) == 1 {
				l.SPDX = scan.Match[0].ID
			}
			if m := regexp.MustCompile(`(?im)^\W*copyright (?:\(c\) |© )?(\d.*?)\.?\s*$`).FindStringSubmatch(l.text); m != nil {
				l.Holder = m[1]
			}
			return l, nil
		}
	}
	return licence{}, nil
}

// Paragraph is the text of the field License of Debian's copyright-format 1.0. A licence that Debian has on every machine must not be
// copied into a package (Policy, 12.5).
func (l licence) Paragraph() string {
	name, text := l.SPDX, l.text
	switch common := map[string]string{
		"Apache-2.0": "Apache-2.0", "MPL-2.0": "MPL-2.0", "CC0-1.0": "CC0-1.0", "GPL-2.0": "GPL-2", "GPL-3.0": "GPL-3", "LGPL-2.1": "LGPL-2.1", "LGPL-3.0": "LGPL-3",
	}[strings.TrimSuffix(strings.TrimSuffix(l.SPDX, "-only"), "-or-later")]; {
	case l.File == "":
		name, text = "unknown", "The project has no licence file."
	case common != "":
		text = "On Debian systems the text is in /usr/share/common-licenses/" + common + "."
	case l.SPDX == "":
		name = "other"
	case l.SPDX == "MIT":
		name = "Expat"
	}
	var b strings.Builder
	b.WriteString(name + "\n")
	for line := range strings.Lines(strings.TrimSpace(text) + "\n") {
		if line = strings.TrimRight(line, " \t\n"); line == "" {
			line = "."
		}
		b.WriteString(" " + line + "\n")
	}
	return b.String()
}

// alone are packages of databases whose files one process may have open at a time.
var alone = []string{
	"github.com/boltdb/bolt", "github.com/cockroachdb/pebble", "github.com/dgraph-io/badger", "github.com/nutsdb/nutsdb",
	"github.com/syndtr/goleveldb/leveldb", "github.com/tidwall/buntdb", "go.etcd.io/bbolt",
}

// exclusive is the package for which a program may not run twice at once, "" if there is none.
func (c *command) exclusive() string {
	for _, b := range c.program {
		for _, imported := range sortedKeys(b.pkg.Imports) {
			if slices.Contains(alone, withoutVersion(imported)) {
				return imported
			}
		}
	}
	return ""
}

func withoutVersion(importPath string) string {
	if regexp.MustCompile(`^v[0-9]+$`).MatchString(path.Base(importPath)) {
		return path.Dir(importPath)
	}
	return importPath
}

// versionVariable is the variable of the program that the linker can set to its version, "" if there is none.
func (c *command) versionVariable() string {
	for _, name := range []string{"version", "Version"} {
		if v, ok := c.Types.Scope().Lookup(name).(*types.Var); ok && v.Type() == types.Typ[types.String] {
			return "main." + name
		}
	}
	return ""
}
