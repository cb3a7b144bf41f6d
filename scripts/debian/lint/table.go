package main

import (
	"fmt"
	"slices"
	"strings"
)

// row is one package: what lint says of it, and what a drill of its own reinstall has shown.
type row struct {
	Package  string    `json:"package"`
	Version  string    `json:"version"`
	Findings []finding `json:"findings"` // those that mean lost connections
	Others   int       `json:"others"`   // how many other errors and warnings there are

	Error       string  `json:"error,omitempty"` // why it was not drilled
	Drops       bool    `json:"drops"`           // what the drill says
	Requests    int     `json:"requests"`
	Failed      int     `json:"failed"`
	Closed      int     `json:"closed"`
	LongestWait float64 `json:"longest_wait_ms"`
}

type finding struct {
	Rule  string `json:"rule"`
	Place string `json:"place"` // "nginx-common:postinst:90"
}

func (r row) lintDrops() bool { return len(r.Findings) > 0 }

func (r row) agrees() bool { return r.lintDrops() == r.Drops }

// explanations are for packages of which lint says another thing than the drill.
var explanations = map[string]string{}

const head = `# nodrop lint and the truth

<!-- Made by make lint-debian from drills and the same packages; go test ./scripts/debian/lint checks it -->

Server packages of Debian 12, each linted, and drilled in its own reinstall: on a throw-away host, by ` + "`apt-get --reinstall install`" + `,
under clients that never retry. A finding that means lost connections stands with its place; lint finds other things too, which are
only counted here. "Failed" are requests, "closed" are connections that ended without a word.

`

func table(rows []row) string {
	var b strings.Builder
	b.WriteString(head)
	b.WriteString("| package | version | lint: loses connections by | other findings | drill: failed | closed | longest wait | the same |\n|---|---|---|---|---|---|---|---|\n")
	drilled, same, kept := 0, 0, 0
	var explained, missing []string
	for _, r := range rows {
		if r.Error != "" {
			missing = append(missing, r.Package)
			continue
		}
		drilled++
		if !r.Drops {
			kept++
		}
		agrees := "yes"
		if r.agrees() {
			same++
		} else {
			agrees = "no, see below"
			explained = append(explained, fmt.Sprintf("- **%s**: %s\n", r.Package, explanations[r.Package]))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d of %d | %d | %.0f ms | %s |\n",
			r.Package, r.Version, r.by(), r.Others, r.Failed, r.Requests, r.Closed, r.LongestWait, agrees)
	}
	fmt.Fprintf(&b, "\nOf %d packages lint and drill say the same of %d. %d of them lost nothing.\n", drilled, same, kept)
	if len(explained) > 0 {
		b.WriteString("\n## Where they differ\n\n" + strings.Join(explained, ""))
	}
	if len(missing) > 0 {
		fmt.Fprintf(&b, "\nCould not be drilled, because they serve no HTTP as they are installed, or not twice the same: %s.\n", strings.Join(missing, ", "))
	}
	return b.String()
}

// by are the rules, each with its places.
func (r row) by() string {
	var rules []string
	places := map[string][]string{}
	for _, f := range r.Findings {
		if places[f.Rule] == nil {
			rules = append(rules, f.Rule)
		}
		if !slices.Contains(places[f.Rule], f.Place) { // of several units in one line
			places[f.Rule] = append(places[f.Rule], f.Place)
		}
	}
	if rules == nil {
		return "no"
	}
	for i, rule := range rules {
		rules[i] = fmt.Sprintf("[%s](lint.md#%s) at %s", rule, rule, strings.Join(places[rule], ", "))
	}
	return strings.Join(rules, "; ")
}
