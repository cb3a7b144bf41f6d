package lint

import (
	"fmt"
	"strings"
)

// Severity tells what a finding is worth.
type Severity string

const (
	Error   Severity = "error"   // connections or data would be lost, or the upgrade could not work
	Warning Severity = "warning" // it works, but not as it seems to be meant, or not when something fails
	Note    Severity = "note"    // for information
)

// Category tells what is at stake.
type Category string

const (
	Connections Category = "connections" // requests fail or connections are closed in an upgrade
	Failures    Category = "failure"     // what a failure, or a bad release, does
	Data        Category = "data"        // files that nobody can bring back
	Choices     Category = "choices"     // what the admin has decided is undone
	Install     Category = "install"     // installing, removing and building images
	Silence     Category = "silence"     // comments that silence a rule
)

// Finding is one thing that a rule has found.
type Finding struct {
	Rule     string // the rule's id, stable: "type-not-notify"
	Category Category
	Severity Severity
	File     string // as read; with Line the place to look at. In a package "pkg.deb:postinst" or "pkg.deb/lib/…"
	Line     int    // 0 if it is about all of it
	Why      string // one sentence
	Fix      string // what to write instead
	// Drops: an upgrade of this package loses connections by it, also if all goes well.
	Drops bool
}

// Place is where to look: "file:line".
func (f Finding) Place() string {
	if f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

// String is the finding as one line of text, "file:line: severity: why Fix: … [rule]".
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s Fix: %s [%s]", f.Place(), f.Severity, f.Why, f.Fix, f.Rule)
}

// Failure is the error for a package that has findings of severity Error: those, one per line.
type Failure []Finding

func (f Failure) Error() string {
	lines := make([]string, len(f))
	for i, finding := range f {
		lines[i] = finding.String()
	}
	return strings.Join(lines, "\n")
}
