package lint

import (
	"slices"

	"github.com/nodrop/nodrop/pkg/units"
)

// Rule is one thing that lint looks for.
type Rule struct {
	ID       string
	Category Category
	Severity Severity // of the worst that it finds
	Title    string   // what is wrong, as a heading
	Why      string   // what comes of it, for those who want to know more than a finding says
	Fix      string   // what to do, with an example where that helps
	Seen     string   // where it has hurt, as a link; empty if nowhere in public
	// Drops: what it finds loses connections in an upgrade in which all goes well.
	Drops bool
	// advice is told by nodrop lint alone; a package is built without a word.
	advice bool

	// Each rule has one of these; they leave Rule, Category and Drops empty in what they return.
	units   func(*units.Set) []Finding          // looks at the units
	pkg     func(p *Package) []Finding          // looks at a built package
	step    func(old, new *Package) []Finding   // looks at what the scripts of two built packages do in an upgrade between them
	upgrade func(old, new *units.Set) []Finding // compares the units of two versions
}

// Rules are all rules, in the order of the documentation.
func Rules() []Rule {
	return slices.Concat(serviceRules(), socketRules(), setRules(), sequenceRules(), debRules(), rpmRules(), upgradeRules(), silenceRules())
}

// Page is where a rule is explained.
func (r Rule) Page() string { return "https://github.com/nodrop/nodrop/blob/main/docs/lint.md#" + r.ID }

// RuleByID is the rule of that id.
func RuleByID(id string) (Rule, bool) {
	all := Rules()
	if i := slices.IndexFunc(all, func(r Rule) bool { return r.ID == id }); i >= 0 {
		return all[i], true
	}
	return Rule{}, false
}

// label completes the findings of a rule.
func (r Rule) label(findings []Finding) []Finding {
	for i := range findings {
		findings[i].Rule, findings[i].Category, findings[i].Drops = r.ID, r.Category, r.Drops
	}
	return findings
}
