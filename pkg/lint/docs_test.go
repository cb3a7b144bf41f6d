package lint

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

const docsHead = `# What nodrop lint finds

<!-- Made from the rules: go test ./pkg/lint -update -->

` + "```sh" + `
nodrop lint myapp.service myapp.socket          # unit files that belong together
nodrop lint packaging/                          # all unit files of a directory
nodrop lint myapp_1.1.0_amd64.deb               # a built deb or rpm, anybody's
nodrop lint --against myapp_1.0.0_amd64.deb myapp_1.1.0_amd64.deb
` + "```" + `

In a package it reads the units, and follows what the maintainer scripts would run when the package is installed, upgraded and
removed: on a host where the service runs, on one where the admin has stopped or disabled it, and where no systemd runs. A package
alone is looked at as if it were upgraded to the next version with the same scripts. For each package a line says whether an
upgrade loses connections; the rules that tell are marked *drops* below. [lint-debian.md](lint-debian.md) holds that against
drills of packages of Debian.

The exit status is 0 if there is nothing but notes, 1 if there is an error or a warning, and 2 for wrong use or something that
cannot be read. ` + "`--format json` and `--format sarif`" + ` are for machines.

` + "`nodrop package`" + ` refuses a package whose units have an error; what is marked *advice* only ` + "`nodrop lint`" + ` says.

## Silencing a rule

A comment silences a rule for the line below it; at the end of a line of a script, for that line; at the head of a file, for
all of it. Several ids are separated by commas. What follows is the reason, without which it silences nothing:

` + "```ini" + `
# nodrop-lint: disable=restart-missing cron starts it again
[Service]
` + "```" + `

For what one cannot write into, ` + "`--disable restart-missing='cron starts it again'`" + ` does the same everywhere.

## What cannot be seen

- What a script reads from files or other programs is not known. Both branches are followed then, and a message says "may". Rules
  about the admin's choices are silent in such a branch, because it may be just that what the script has asked for.
- A program that a script starts, such as one in /etc/init.d, is not looked into, and neither are scripts in Perl or Lua.
- Drop-ins (a.service.d/*.conf) are not read.
- Other packages: a restart that a trigger or a dependency brings is not seen.
- Whether a service has clients at all. A restart of one that serves nobody drops nothing.

`

func TestDocs(t *testing.T) {
	const file = "../../docs/lint.md"
	var b strings.Builder
	b.WriteString(docsHead)
	rules := Rules()
	titles := []struct {
		category Category
		title    string
	}{
		{Connections, "Lost connections"}, {Failures, "When something fails"}, {Data, "Lost data"},
		{Choices, "The admin's choices"}, {Install, "Installing and removing"}, {Silence, "Silences"},
	}
	for _, c := range titles {
		fmt.Fprintf(&b, "## %s\n\n| rule | | |\n|---|---|---|\n", c.title)
		of := slices.DeleteFunc(slices.Clone(rules), func(r Rule) bool { return r.Category != c.category })
		for _, r := range of {
			fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", r.ID, r.ID, r.Title, marks(r))
		}
		for _, r := range of {
			fmt.Fprintf(&b, "\n### %s\n\n%s (%s).\n\n%s\n\nInstead: %s\n", r.ID, r.Title, marks(r), r.Why, r.Fix)
			if r.Seen != "" {
				fmt.Fprintf(&b, "\nSeen: <%s>\n", r.Seen)
			}
		}
		b.WriteString("\n")
	}
	text := strings.TrimSuffix(b.String(), "\n")
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != text {
		t.Errorf("%s is not what the rules say; go test ./pkg/lint -update writes it", file)
	}
}

func marks(r Rule) string {
	all := string(r.Severity)
	if r.Drops {
		all += ", drops"
	}
	if r.advice {
		all += ", advice"
	}
	return all
}
