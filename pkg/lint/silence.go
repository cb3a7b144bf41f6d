package lint

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

func silenceRules() []Rule {
	return []Rule{
		{ID: "silence-without-reason", Category: Silence, Severity: Warning,
			Title: "A rule is silenced without a reason",
			Why:   "Whoever reads it next cannot know whether it still holds.",
			Fix:   "Write the reason behind the id: `# nodrop-lint: disable=restart-missing the batch job is started by cron`."},
		{ID: "silence-unused", Category: Silence, Severity: Warning,
			Title: "A silence that silences nothing",
			Why:   "What it was for is mended, or stands elsewhere; it would hide the next mistake.",
			Fix:   "Delete the comment."},
		{ID: "silence-unknown", Category: Silence, Severity: Warning,
			Title: "A silence for a rule that does not exist",
			Why:   "The id has changed or is misspelt, so that nothing is silenced.",
			Fix:   "Write the id as the finding has it, in brackets."},
	}
}

// silences are the comments of a subject that silence rules.
type silences struct {
	list []*silence
	head map[string]int // the last line of the comments at the head of a file
}

// silence keeps a rule from speaking about a line, or about a whole file.
type silence struct {
	ids    []string
	reason string
	file   string // empty for all
	line   int    // of the comment
	from   int    // the line it is about; 0 for all
	used   bool   // it has silenced something
	by     string // who silences, if it is no comment
}

var directive = regexp.MustCompile(`^\s*nodrop-lint:\s*disable=(\S*)\s*(.*?)\s*$`)

// comment notes a comment, which is one of ours if it is "nodrop-lint: disable=ID[,ID] REASON". It is about its own line if
// something stands before it, about the whole file if it stands at its head, and else about the next line that is no comment.
// The comments of a file come in order.
func (s *silences) comment(file string, line int, text string, trailing bool) {
	if s.head == nil {
		s.head = map[string]int{}
	}
	if line == s.head[file]+1 {
		s.head[file] = line
	}
	for _, before := range s.list {
		if before.file == file && before.from == line && !trailing {
			before.from = line + 1
		}
	}
	m := directive.FindStringSubmatch(text)
	if m == nil {
		return
	}
	from := line + 1
	switch {
	case trailing:
		from = line
	case line == s.head[file]:
		from = 0
	}
	s.list = append(s.list, &silence{ids: strings.Split(m[1], ","), reason: m[2], file: file, line: line, from: from})
}

// Disable silences a rule everywhere in the subject. where says who asks for it, for messages: a flag or a line of a file.
func (s *Subject) Disable(id, reason, where string) {
	s.list = append(s.list, &silence{ids: []string{id}, reason: reason, by: where})
}

// silence leaves out what is silenced and adds what is wrong with the silences themselves.
func (s silences) silence(all []Finding) []Finding {
	kept := slices.DeleteFunc(all, func(f Finding) bool {
		covered := false
		for _, s := range s.list { // all of them are used
			covered = s.covers(f) || covered
		}
		return covered
	})
	for _, s := range s.list {
		kept = append(kept, s.faults()...)
	}
	return kept
}

func (s *silence) covers(f Finding) bool {
	if s.reason == "" || !slices.Contains(s.ids, f.Rule) ||
		s.file != "" && f.File != s.file || s.from != 0 && f.Line != s.from {
		return false
	}
	s.used = true
	return true
}

func (s *silence) faults() []Finding {
	finding := func(id, why, fix string) []Finding {
		return rule(id).label([]Finding{{Severity: Warning, File: cmp.Or(s.file, s.by), Line: s.line, Why: why, Fix: fix}})
	}
	for _, id := range s.ids {
		if _, ok := RuleByID(id); !ok {
			return finding("silence-unknown", fmt.Sprintf("there is no rule %q.", id), "write the id as a finding has it, in brackets.")
		}
	}
	switch {
	case s.reason == "":
		return finding("silence-without-reason", "this does not say why, and silences nothing.", "write the reason behind the id.")
	case !s.used:
		return finding("silence-unused", fmt.Sprintf("there is nothing to silence by %s here.", strings.Join(s.ids, ",")), "delete it.")
	}
	return nil
}
