package shellwalk

import (
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// value is the set of texts that something may be. A text may have Unknown in it.
type value []string

const maxTexts = 8

func known(text string) value { return value{text} }

func unknown() value { return value{Unknown} }

// or is the union.
func (v value) or(w value) value {
	all := slices.Clone(v)
	for _, text := range w {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	if len(all) > maxTexts || slices.Contains(all, Unknown) {
		return unknown()
	}
	return all
}

// join is every text of v followed by every one of w.
func (v value) join(w value) value {
	var all value
	for _, a := range v {
		for _, b := range w {
			all = all.or(known(shorten(a + b)))
		}
	}
	return all
}

const maxText = 4096

func shorten(text string) string {
	if len(text) > maxText {
		return Unknown
	}
	return text
}

// is tells whether all texts, none or some fulfil a test. What is not known may.
func (v value) is(test func(text string) bool) Answer {
	var yes, no bool
	for _, text := range v {
		switch {
		case strings.Contains(text, Unknown):
			return Unsure
		case test(text):
			yes = true
		default:
			no = true
		}
	}
	if yes == no {
		return Unsure
	}
	return answer(yes)
}

// empty is like is, for a text without anything in it: one that is known in part is not.
func (v value) empty() Answer {
	if !slices.ContainsFunc(v, func(text string) bool { return strings.Trim(text, Unknown) == "" }) {
		return No
	}
	return v.is(func(text string) bool { return text == "" })
}

// end is how a piece of script is left before its last command.
type end int

const (
	goesOn    end = iota
	continues     // the loop
	breaks        // the loop
	returns       // from the function
	exits
)

// state is what is known at a point of the script.
type state struct {
	vars    map[string]value
	args    []value
	more    bool // there may be other arguments than args
	funcs   map[string]*syntax.Stmt
	errexit bool
	end     end    // how this point was left already, if it was
	doubt   end    // how some way to this point may have been left before it
	status  Answer // of the function, if it was left by return
}

func (s *state) clone() *state {
	c := *s
	c.vars, c.funcs = maps.Clone(s.vars), maps.Clone(s.funcs)
	return &c
}

// become takes over what is known after one of several branches, any of which may have been taken.
func (s *state) become(branches ...*state) {
	ends, doubt := exits, goesOn
	var on []*state
	var statuses []Answer
	for _, b := range branches {
		ends, doubt = min(ends, b.end), max(doubt, b.doubt)
		if b.end != exits {
			on = append(on, b) // what it knows lives on, further out
		}
		if b.end == returns {
			statuses = append(statuses, b.status)
		}
	}
	for _, b := range branches {
		if b.end != ends {
			doubt = max(doubt, b.end)
		}
	}
	if len(on) == 0 {
		on = branches[:1]
	}
	*s = *on[0].clone()
	for _, b := range on[1:] {
		s.mix(b)
	}
	s.end, s.doubt, s.status = ends, doubt, agreed(statuses)
}

// mix adds what is known in b.
func (s *state) mix(b *state) {
	for name, v := range b.vars {
		if w, ok := s.vars[name]; ok {
			s.vars[name] = w.or(v)
		} else {
			s.vars[name] = unknown()
		}
	}
	for name := range s.vars {
		if _, ok := b.vars[name]; !ok {
			s.vars[name] = unknown()
		}
	}
	if !slices.EqualFunc(s.args, b.args, func(v, w value) bool { return slices.Equal(v, w) }) {
		s.args, s.more = nil, true
	}
	s.more = s.more || b.more
	maps.Copy(s.funcs, b.funcs)
	s.errexit = s.errexit && b.errexit
}

// leave ends a loop or a function: what was left up to that level goes on behind it.
func (s *state) leave(level end) {
	if s.end <= level {
		s.end = goesOn
	}
	if s.doubt <= level {
		s.doubt = goesOn
	}
}
