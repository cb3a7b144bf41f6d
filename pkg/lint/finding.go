package lint

import (
	"fmt"
	"strings"
)

// Severity tells what a finding is worth.
type Severity string

const (
	Error   Severity = "error"   // connections would be lost, or the upgrade could not work
	Warning Severity = "warning" // it works, but not as the file seems to mean
)

// Finding is one thing that a rule has found.
type Finding struct {
	Rule     string // the rule's id, stable: "type-not-notify"
	Severity Severity
	File     string // as read; with Line the place to look at
	Line     int
	Why      string // one sentence
	Fix      string // what to write instead
}

// String is the finding as one line of text, "file:line: severity: why Fix: … [rule]".
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s Fix: %s [%s]", f.File, f.Line, f.Severity, f.Why, f.Fix, f.Rule)
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
