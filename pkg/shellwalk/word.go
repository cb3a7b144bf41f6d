package shellwalk

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/pattern"
	"mvdan.cc/sh/v3/syntax"
)

// fields are the arguments that words expand to.
type fields []string

const maxFields = 256

// fields expands words as the shell does for a command: unquoted variables are split. There may be several outcomes.
func (w *walker) fields(words []*syntax.Word, s *state) []fields {
	all := []fields{{}}
	for _, word := range words {
		var next []fields
		for _, more := range w.split(word, s) {
			for _, list := range all {
				next = append(next, append(slices.Clone(list), more...))
			}
		}
		if len(next) > maxTexts || len(next[0]) > maxFields {
			return []fields{{Unknown}}
		}
		all = next
	}
	return all
}

// open is a word that is being expanded: whole fields, and the last one.
type open struct {
	done fields
	last string
	some bool // there is a last one, be it empty
}

func (o open) add(text string) open { return open{o.done, shorten(o.last + text), true} }

func (o open) cut() open {
	if !o.some {
		return o
	}
	return open{append(slices.Clone(o.done), o.last), "", false}
}

// unquoted adds the text of an expansion outside of quotes.
func (o open) unquoted(text string) open {
	if text != "" && strings.TrimLeft(text, " \t\n") != text {
		o = o.cut()
	}
	for i, field := range strings.Fields(text) {
		if i > 0 {
			o = o.cut()
		}
		o = o.add(field)
	}
	if strings.TrimRight(text, " \t\n") != text {
		o = o.cut()
	}
	return o
}

func (w *walker) split(word *syntax.Word, s *state) []fields {
	all := []open{{}}
	each := func(v value, add func(open, string) open) {
		var next []open
		for _, text := range v {
			for _, o := range all {
				next = append(next, add(o, text))
			}
		}
		if all = next; len(all) > maxTexts {
			all = []open{{last: Unknown, some: true}}
		}
	}
	for _, part := range word.Parts {
		if list, ok := w.positional(part, s); ok {
			for i, v := range list {
				if i > 0 {
					each(known(""), func(o open, _ string) open { return o.cut() })
				}
				each(v, open.add)
			}
			continue
		}
		switch part.(type) {
		case *syntax.ParamExp, *syntax.CmdSubst, *syntax.ArithmExp:
			each(w.part(part, s), open.unquoted)
		default:
			each(w.part(part, s), open.add)
		}
	}
	var out []fields
	for _, o := range all {
		out = append(out, o.cut().done)
	}
	return out
}

// positional are the arguments that "$@" stands for, if the part is that.
func (w *walker) positional(part syntax.WordPart, s *state) (list []value, ok bool) {
	if q, isQuoted := part.(*syntax.DblQuoted); isQuoted && len(q.Parts) == 1 {
		part = q.Parts[0]
		if p, isParam := part.(*syntax.ParamExp); !isParam || p.Param == nil || p.Param.Value != "@" {
			return nil, false
		}
	}
	p, isParam := part.(*syntax.ParamExp)
	if !isParam || p.Param == nil || p.Exp != nil || p.Length || p.Param.Value != "@" && p.Param.Value != "*" {
		return nil, false
	}
	if s.more {
		return []value{unknown()}, true
	}
	return s.args, true
}

// word expands a word without splitting it.
func (w *walker) word(word *syntax.Word, s *state) value {
	if word == nil {
		return known("")
	}
	v := known("")
	for _, part := range word.Parts {
		v = v.join(w.part(part, s))
	}
	return v
}

// pattern expands a word to a pattern, in which what is quoted means itself.
func (w *walker) pattern(word *syntax.Word, s *state) value {
	v := known("")
	for _, part := range word.Parts {
		text := w.part(part, s)
		switch part := part.(type) {
		case *syntax.Lit:
			text = known(part.Value) // escapes and all
		case *syntax.SglQuoted, *syntax.DblQuoted:
			for i := range text {
				text[i] = pattern.QuoteMeta(text[i], 0)
			}
		}
		v = v.join(text)
	}
	return v
}

// compile makes a regular expression of a shell pattern; nil if nobody knows what it matches.
func compile(text string) *regexp.Regexp {
	if strings.Contains(text, Unknown) {
		return nil
	}
	expr, err := pattern.Regexp(text, pattern.EntireString)
	if err != nil {
		return nil
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil
	}
	return re
}

func (w *walker) part(part syntax.WordPart, s *state) value {
	switch part := part.(type) {
	case *syntax.Lit:
		return known(unescape(part.Value, ""))
	case *syntax.SglQuoted:
		if part.Dollar && strings.Contains(part.Value, `\`) {
			return unknown()
		}
		return known(part.Value)
	case *syntax.DblQuoted:
		v := known("")
		for _, p := range part.Parts {
			if lit, ok := p.(*syntax.Lit); ok {
				v = v.join(known(unescape(lit.Value, "$`\"\\\n")))
				continue
			}
			v = v.join(w.part(p, s))
		}
		return v
	case *syntax.ParamExp:
		return w.param(part, s)
	case *syntax.CmdSubst:
		w.followed++
		w.stmts(part.Stmts, s.clone())
		w.followed--
	}
	return unknown()
}

// unescape removes backslashes, from before all characters or from before some.
func unescape(text, from string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && (from == "" || strings.IndexByte(from, text[i+1]) >= 0) {
			i++
			if text[i] == '\n' {
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func (w *walker) param(p *syntax.ParamExp, s *state) value {
	if p.Param == nil || p.Excl || p.Width || p.Index != nil || p.Slice != nil || p.Repl != nil || p.Names != 0 {
		return unknown()
	}
	v := s.get(p.Param.Value)
	switch {
	case p.Length:
		return unknown()
	case p.Exp != nil:
		return w.expansion(p.Exp, v, s, p.Param.Value)
	}
	return v
}

// get is the value of a variable or an argument.
func (s *state) get(name string) value {
	switch n, err := strconv.Atoi(name); {
	case err == nil && n >= 1 && n <= len(s.args):
		return s.args[n-1]
	case err == nil && n >= 1 && !s.more:
		return known("")
	case name == "#" && !s.more:
		return known(strconv.Itoa(len(s.args)))
	case name == "@" || name == "*":
		if s.more {
			return unknown()
		}
		v := known("")
		for i, arg := range s.args {
			if i > 0 {
				v = v.join(known(" "))
			}
			v = v.join(arg)
		}
		return v
	}
	if v, ok := s.vars[name]; ok {
		return v
	}
	return unknown()
}

func (w *walker) expansion(e *syntax.Expansion, v value, s *state, name string) value {
	other := func() value { return w.word(e.Word, s) }
	switch e.Op {
	case syntax.DefaultUnset, syntax.DefaultUnsetOrNull, syntax.AssignUnset, syntax.AssignUnsetOrNull:
		switch v.empty() {
		case Yes:
			v = other()
		case Unsure:
			v = v.or(other())
		}
		if e.Op == syntax.AssignUnset || e.Op == syntax.AssignUnsetOrNull {
			s.vars[name] = v
		}
		return v
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
		switch v.empty() {
		case Yes:
			return known("")
		case Unsure:
			return other().or(known(""))
		}
		return other()
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		return v
	case syntax.RemSmallPrefix, syntax.RemLargePrefix, syntax.RemSmallSuffix, syntax.RemLargeSuffix:
		return w.trim(e, v, s)
	}
	return unknown()
}

// trim is ${v#pattern} and its like.
func (w *walker) trim(e *syntax.Expansion, v value, s *state) value {
	if e.Word == nil {
		return v
	}
	texts := w.pattern(e.Word, s)
	if len(texts) != 1 {
		return unknown()
	}
	re := compile(texts[0])
	if re == nil {
		return unknown()
	}
	var out value
	for _, text := range v {
		if strings.Contains(text, Unknown) || len(text) > maxFields {
			return unknown()
		}
		out = out.or(known(trimmed(text, re, e.Op)))
	}
	return out
}

func trimmed(text string, re *regexp.Regexp, op syntax.ParExpOperator) string {
	prefix := op == syntax.RemSmallPrefix || op == syntax.RemLargePrefix
	large := op == syntax.RemLargePrefix || op == syntax.RemLargeSuffix
	for n := range len(text) + 1 {
		if large {
			n = len(text) - n
		}
		switch {
		case prefix && re.MatchString(text[:n]):
			return text[n:]
		case !prefix && re.MatchString(text[len(text)-n:]):
			return text[:len(text)-n]
		}
	}
	return text
}
