package lint

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Result is what was found in one subject.
type Result struct {
	Subject  *Subject
	Findings []Finding
}

// Bad reports whether there is an error or a warning among the results.
func Bad(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool {
		return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity != Note })
	})
}

// WriteText writes a line for each finding, and for each package whether an upgrade loses connections.
func WriteText(w io.Writer, results []Result) error {
	for _, r := range results {
		for _, f := range r.Findings {
			if _, err := fmt.Fprintln(w, f); err != nil {
				return err
			}
		}
		if v := r.Verdict(); v != "" {
			if _, err := fmt.Fprintln(w, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// Verdict says in a line whether an upgrade of a package loses connections, and by which findings. It is empty for unit files: what
// they are upgraded by is not known.
func (r Result) Verdict() string {
	p := r.Subject.Package
	switch {
	case p == nil:
		return ""
	case len(p.units.Services) == 0 && !r.Drops():
		return fmt.Sprintf("%s: no service of its own, nothing to say about an upgrade", r.Subject.Shown)
	case !r.Drops():
		return fmt.Sprintf("%s: an upgrade loses no connections, as far as can be seen", r.Subject.Shown)
	}
	var by []string
	for _, f := range r.Findings {
		if f.Drops {
			by = append(by, fmt.Sprintf("%s at %s", f.Rule, strings.TrimLeft(strings.TrimPrefix(f.Place(), r.Subject.Shown), ":")))
		}
	}
	return fmt.Sprintf("%s: an upgrade LOSES CONNECTIONS: %s", r.Subject.Shown, strings.Join(slices.Compact(by), ", "))
}

// Drops reports whether something was found by which an upgrade loses connections.
func (r Result) Drops() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Drops })
}
