package shellwalk

import (
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// call walks a simple command.
func (w *walker) call(cmd *syntax.CallExpr, s *state) Answer {
	if len(cmd.Args) == 0 {
		for _, a := range cmd.Assigns {
			w.assign(a, s)
		}
		if len(cmd.Assigns) == 1 && cmd.Assigns[0].Value != nil && hasSubstitution(cmd.Assigns[0].Value) {
			return Unsure // the status is that of the command in it
		}
		return Yes
	}
	for _, a := range cmd.Assigns {
		w.word(a.Value, s) // for what it runs
	}
	outcomes := w.fields(cmd.Args, s)
	if len(outcomes) == 1 {
		return w.simple(outcomes[0], cmd, s)
	}
	var branches []*state
	var answers []Answer
	w.maybe(func() {
		for _, words := range outcomes {
			branch := s.clone()
			answers = append(answers, w.simple(words, cmd, branch))
			branches = append(branches, branch)
		}
	})
	s.become(branches...)
	return agreed(answers)
}

func hasSubstitution(word *syntax.Word) bool {
	found := false
	syntax.Walk(word, func(n syntax.Node) bool {
		_, is := n.(*syntax.CmdSubst)
		found = found || is
		return true
	})
	return found
}

func (w *walker) assign(a *syntax.Assign, s *state) {
	if a.Name == nil {
		w.word(a.Value, s)
		return
	}
	if a.Naked {
		return
	}
	v := w.word(a.Value, s)
	if a.Append {
		v = s.get(a.Name.Value).join(v)
	}
	if a.Array != nil || a.Index != nil {
		v = unknown()
	}
	s.vars[a.Name.Value] = v
}

// simple walks a command whose words are known: a builtin, a function, or a program.
func (w *walker) simple(words fields, cmd *syntax.CallExpr, s *state) Answer {
	if len(words) == 0 { // all of them empty
		return Yes
	}
	name, args := words[0], words[1:]
	if body, ok := s.funcs[name]; ok {
		values := make([]value, len(args))
		for i, arg := range args {
			values[i] = known(arg)
		}
		return w.function(body, values, s)
	}
	switch name {
	case "true", ":":
		return Yes
	case "false":
		return No
	case "test":
		return w.testCommand(args)
	case "[":
		if len(args) > 0 && args[len(args)-1] == "]" {
			return w.testCommand(args[:len(args)-1])
		}
		return Unsure
	case "break":
		s.end = breaks
		return Yes
	case "continue":
		s.end = continues
		return Yes
	case "return":
		s.end, s.status = returns, status(args)
		return s.status
	case "exit":
		if st := status(args); st == No {
			w.add(name, args, cmd, s)
		}
		s.end = exits
		return status(args)
	case "set":
		set(args, s)
		return Yes
	case "shift":
		shift(args, s)
		return Yes
	case "export", "readonly", "local", "declare", "typeset":
		for _, arg := range args {
			if key, text, ok := strings.Cut(arg, "="); ok {
				s.vars[key] = known(text)
			}
		}
		return Yes
	case "unset":
		for _, key := range args {
			s.vars[key] = known("")
		}
		return Yes
	case "read", "getopts":
		for _, key := range args {
			s.vars[key] = unknown()
		}
		return Unsure
	case ".", "source", "eval":
		w.add(name, args, cmd, s)
		clear(s.vars) // it may set any of them
		return Unsure
	case "exec":
		if len(args) > 0 {
			w.add(args[0], args[1:], cmd, s)
			s.end = exits
		}
		return Unsure
	case "command":
		if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			return w.add(args[0], args[1:], cmd, s)
		}
	}
	return w.add(name, args, cmd, s)
}

// add notes a program that is run.
func (w *walker) add(name string, args fields, cmd *syntax.CallExpr, s *state) Answer {
	w.calls = append(w.calls, Call{
		Name: name, Args: slices.Clone(args), Line: int(cmd.Pos().Line()),
		Maybe:   w.unsure > 0 || s.doubt != goesOn,
		Ignored: w.ignored > 0 || !s.errexit && w.followed == 0 && !w.last,
		Fatal:   w.ignored == 0 && w.followed == 0 && (s.errexit || w.last),
	})
	return w.test(name, args)
}

// status is what "exit" and "return" end with: without an argument, that of some command.
func status(args fields) Answer {
	if len(args) == 0 {
		return Unsure
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return Unsure
	}
	return answer(n == 0)
}

// set is the builtin of that name, as far as it matters.
func set(args fields, s *state) {
	for i, arg := range args {
		switch {
		case arg == "--":
			s.args, s.more = nil, false
			for _, text := range args[i+1:] {
				s.args = append(s.args, known(text))
			}
			return
		case arg == "errexit" && i > 0:
			s.errexit = strings.HasPrefix(args[i-1], "-")
		case hasFlag([]string{arg}, 'e'):
			s.errexit = true
		case strings.HasPrefix(arg, "+") && strings.Contains(arg, "e"):
			s.errexit = false
		case !strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "+") && i == 0: // set a b c
			s.args, s.more = nil, false
			for _, text := range args {
				s.args = append(s.args, known(text))
			}
			return
		}
	}
}

func shift(args fields, s *state) {
	n := 1
	if len(args) > 0 {
		var err error
		if n, err = strconv.Atoi(args[0]); err != nil || n < 0 {
			s.args, s.more = nil, true
			return
		}
	}
	s.args = slices.Clone(s.args[min(n, len(s.args)):])
}
