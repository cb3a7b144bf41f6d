package shellwalk

import (
	"errors"
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

// Bounds of a walk.
const (
	maxSteps = 50_000 // statements
	maxCalls = 5_000
	maxDepth = 40 // functions in functions
	maxTurns = 64 // of one loop
	maxVars  = 256
)

// ErrTooLong is the error of a walk that went on for too long to be that of a maintainer script.
var ErrTooLong = errors.New("the script is too long to be followed")

// Walk lists what the script may run, in the order of a run; of two branches that may both be taken, the one that comes first in the
// script. The error is ErrTooLong, with what was found until then.
func (s *Script) Walk(run Run) ([]Call, error) {
	w := &walker{test: run.Test, last: true}
	if w.test == nil {
		w.test = func(string, []string) Answer { return Unsure }
	}
	st := &state{vars: map[string]value{}, funcs: map[string]*syntax.Stmt{}, errexit: s.errexit}
	for _, arg := range run.Args {
		st.args = append(st.args, known(arg))
	}
	for name, text := range run.Env {
		st.vars[name] = known(text)
	}
	w.stmts(s.file.Stmts, st)
	if w.cut {
		return w.calls, ErrTooLong
	}
	return w.calls, nil
}

type walker struct {
	test  func(name string, args []string) Answer
	calls []Call
	steps int
	depth int
	cut   bool

	unsure   int  // branches around this point that may not be taken
	ignored  int  // "|| true" around this point
	followed int  // conditions around this point: what fails is known to the script
	last     bool // the status here is that of the script
}

// stmts walks a list of statements, and answers as its last one does.
func (w *walker) stmts(stmts []*syntax.Stmt, s *state) Answer {
	status, last := Yes, w.last
	for i, stmt := range stmts {
		w.last = last && i == len(stmts)-1
		status = w.stmt(stmt, s)
	}
	w.last = last
	return status
}

// stmt walks one statement unless the script was left before it.
func (w *walker) stmt(stmt *syntax.Stmt, s *state) Answer {
	if w.steps++; w.steps > maxSteps || len(w.calls) > maxCalls || len(s.vars) > maxVars {
		w.cut = true
	}
	if w.cut || s.end != goesOn {
		return Unsure
	}
	if stmt.Background || stmt.Coprocess {
		w.ignored++
		w.command(stmt.Cmd, s.clone())
		w.ignored--
		return Yes
	}
	for _, r := range stmt.Redirs {
		w.word(r.Word, s) // for what it runs
	}
	if !stmt.Negated {
		return w.command(stmt.Cmd, s)
	}
	w.followed++
	defer func() { w.followed-- }()
	return w.command(stmt.Cmd, s).not()
}

func (w *walker) command(cmd syntax.Command, s *state) Answer {
	switch cmd := cmd.(type) {
	case *syntax.CallExpr:
		return w.call(cmd, s)
	case *syntax.BinaryCmd:
		return w.binary(cmd, s)
	case *syntax.IfClause:
		return w.ifClause(cmd, s)
	case *syntax.CaseClause:
		return w.caseClause(cmd, s)
	case *syntax.ForClause:
		return w.forClause(cmd, s)
	case *syntax.WhileClause:
		return w.whileClause(cmd, s)
	case *syntax.Block:
		return w.stmts(cmd.Stmts, s)
	case *syntax.Subshell:
		return w.stmts(cmd.Stmts, s.clone())
	case *syntax.FuncDecl:
		if cmd.Name != nil {
			s.funcs[cmd.Name.Value] = cmd.Body
		}
		return Yes
	case *syntax.DeclClause:
		for _, a := range cmd.Args {
			w.assign(a, s)
		}
		return Yes
	case *syntax.TestClause:
		return w.testExpr(cmd.X, s)
	case *syntax.TimeClause:
		if cmd.Stmt != nil {
			return w.stmt(cmd.Stmt, s)
		}
	}
	return Unsure
}

func (w *walker) binary(cmd *syntax.BinaryCmd, s *state) Answer {
	if cmd.Op == syntax.Pipe || cmd.Op == syntax.PipeAll {
		w.ignored++
		w.stmt(cmd.X, s.clone())
		w.ignored--
		return w.stmt(cmd.Y, s.clone())
	}
	w.followed++
	if cmd.Op == syntax.OrStmt && isNothing(cmd.Y) {
		w.ignored++
	}
	left := w.stmt(cmd.X, s)
	if cmd.Op == syntax.OrStmt && isNothing(cmd.Y) {
		w.ignored--
	}
	w.followed--
	if s.end != goesOn {
		return left
	}
	skip, decided := No, left
	if cmd.Op == syntax.OrStmt {
		skip = Yes
	}
	switch decided {
	case skip:
		return left
	case Unsure:
		right, other := Unsure, s.clone()
		w.maybe(func() { right = w.stmt(cmd.Y, other) })
		s.become(s.clone(), other)
		if right == skip { // both sides end the same way
			return skip
		}
		return Unsure
	}
	return w.stmt(cmd.Y, s)
}

// isNothing tells a statement that only swallows a failure.
func isNothing(stmt *syntax.Stmt) bool {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	if !ok || stmt.Negated || len(call.Args) == 0 {
		return false
	}
	words := []string{}
	for _, word := range call.Args {
		words = append(words, word.Lit())
	}
	return words[0] == "true" || words[0] == ":" ||
		len(words) == 2 && (words[0] == "exit" || words[0] == "return") && words[1] == "0"
}

// maybe walks what may not be reached.
func (w *walker) maybe(walk func()) {
	w.unsure++
	walk()
	w.unsure--
}

func (w *walker) ifClause(cmd *syntax.IfClause, s *state) Answer {
	if len(cmd.Cond) == 0 { // else
		return w.stmts(cmd.Then, s)
	}
	w.followed++
	cond := w.stmts(cmd.Cond, s)
	w.followed--
	switch {
	case s.end != goesOn:
		return Unsure
	case cond == Yes:
		return w.stmts(cmd.Then, s)
	case cond == No && cmd.Else == nil:
		return Yes
	case cond == No:
		return w.ifClause(cmd.Else, s)
	}
	yes, no := s.clone(), s.clone()
	a, b := Yes, Yes
	w.maybe(func() {
		a = w.stmts(cmd.Then, yes)
		if cmd.Else != nil {
			b = w.ifClause(cmd.Else, no)
		}
	})
	s.become(yes, no)
	return both(yes, a, no, b)
}

// both is the answer of two branches, of which one that is left does not count.
func both(s *state, a Answer, t *state, b Answer) Answer {
	switch {
	case s.end != goesOn:
		return b
	case t.end != goesOn || a == b:
		return a
	}
	return Unsure
}

func (w *walker) caseClause(cmd *syntax.CaseClause, s *state) Answer {
	subject := w.word(cmd.Word, s)
	var branches []*state
	var answers []Answer
	for _, item := range cmd.Items {
		match := No
		for _, p := range item.Patterns {
			switch m := w.matches(subject, p, s); {
			case m == Yes:
				match = Yes
			case m == Unsure && match == No:
				match = Unsure
			}
		}
		switch {
		case match == Yes && len(branches) == 0:
			return w.stmts(item.Stmts, s)
		case match != No:
			branch := s.clone()
			w.maybe(func() { answers = append(answers, w.stmts(item.Stmts, branch)) })
			branches = append(branches, branch)
		}
		if match == Yes {
			s.become(branches...)
			return agreed(answers)
		}
	}
	if len(branches) > 0 {
		s.become(append(branches, s.clone())...)
		return agreed(append(answers, Yes))
	}
	return Yes
}

// agreed is what all say.
func agreed(answers []Answer) Answer {
	if len(answers) == 0 || slices.ContainsFunc(answers, func(a Answer) bool { return a != answers[0] }) {
		return Unsure
	}
	return answers[0]
}

// matches tells whether a text matches a pattern of case.
func (w *walker) matches(subject value, p *syntax.Word, s *state) Answer {
	texts := w.pattern(p, s)
	if len(texts) != 1 {
		return Unsure
	}
	if texts[0] == "*" {
		return Yes
	}
	return glob(subject, texts[0])
}

func glob(subject value, text string) Answer {
	re := compile(text)
	if re == nil {
		return Unsure
	}
	return subject.is(re.MatchString)
}

func (w *walker) forClause(cmd *syntax.ForClause, s *state) Answer {
	iter, ok := cmd.Loop.(*syntax.WordIter)
	if !ok || cmd.Select {
		w.blindly(cmd.Do, s)
		return Unsure
	}
	items := s.args
	exact := !s.more
	if iter.InPos.IsValid() {
		lists := w.fields(iter.Items, s)
		exact = len(lists) == 1
		items = nil
		for _, list := range lists {
			for _, text := range list {
				items = append(items, known(text))
			}
		}
	}
	if exact && len(items) <= maxTurns && !slices.ContainsFunc(items, func(v value) bool { return slices.Contains(v, Unknown) }) {
		w.within(breaks, s, func() {
			for _, item := range items {
				s.vars[iter.Name.Value] = item
				if w.turn(cmd.Do, s); s.end != goesOn {
					break
				}
			}
		})
		return Unsure
	}
	all := unknown()
	if len(items) > 0 {
		all = slices.Clone(items[0])
		for _, v := range items[1:] {
			all = all.or(v)
		}
	}
	s.vars[iter.Name.Value] = all
	w.blindly(cmd.Do, s)
	return Unsure
}

// turn walks the body of a loop once.
func (w *walker) turn(body []*syntax.Stmt, s *state) {
	w.within(continues, s, func() { w.stmts(body, s) })
}

func (w *walker) whileClause(cmd *syntax.WhileClause, s *state) Answer {
	status := Unsure
	w.within(breaks, s, func() { status = w.turns(cmd, s) })
	return status
}

// turns walks a while loop as often as it turns, if that can be told.
func (w *walker) turns(cmd *syntax.WhileClause, s *state) Answer {
	for range maxTurns {
		before, calls := s.clone(), len(w.calls)
		w.followed++
		cond := w.stmts(cmd.Cond, s)
		w.followed--
		if cmd.Until {
			cond = cond.not()
		}
		if cond == No || s.end != goesOn {
			return Yes
		}
		if cond == Unsure {
			w.calls = w.calls[:calls] // it comes again, with less known
			*s = *before
			break
		}
		if w.turn(cmd.Do, s); s.end != goesOn {
			return Yes
		}
	}
	w.blindly(append(slices.Clone(cmd.Cond), cmd.Do...), s)
	return Unsure
}

// blindly walks the body of a loop of which it is not known how often it turns: what it sets is not known before it either.
func (w *walker) blindly(body []*syntax.Stmt, s *state) {
	for _, stmt := range body {
		syntax.Walk(stmt, func(n syntax.Node) bool {
			if call, ok := n.(*syntax.CallExpr); ok && len(call.Args) > 0 && call.Args[0].Lit() == "shift" {
				s.args, s.more = nil, true
			}
			if a, ok := n.(*syntax.Assign); ok && a.Name != nil {
				s.vars[a.Name.Value] = unknown()
			}
			return true
		})
	}
	once := s.clone()
	w.maybe(func() { w.within(breaks, once, func() { w.stmts(body, once) }) })
	s.become(s.clone(), once)
}

// within walks a loop or a function: what leaves it up to that level leaves no more, and what was in doubt before it still is.
func (w *walker) within(level end, s *state, walk func()) {
	outer := s.doubt
	if s.doubt = goesOn; outer != goesOn {
		w.unsure++
	}
	walk()
	if outer != goesOn {
		w.unsure--
	}
	s.leave(level)
	s.doubt = max(s.doubt, outer)
}

// function walks the body of a function that is called.
func (w *walker) function(body *syntax.Stmt, args []value, s *state) Answer {
	if w.depth++; w.depth > maxDepth {
		w.cut = true
	}
	outer, more := s.args, s.more
	s.args, s.more = args, false
	var status Answer
	w.within(returns, s, func() {
		status = w.stmt(body, s)
		switch {
		case s.end == returns && s.doubt < returns:
			status = s.status
		case s.end != goesOn || s.doubt >= returns:
			status = Unsure
		}
	})
	s.args, s.more = outer, more
	w.depth--
	return status
}
