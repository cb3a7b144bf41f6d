package shellwalk

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// testCommand is test(1) and "[": args without the closing bracket.
func (w *walker) testCommand(args []string) Answer {
	p := &testParser{walker: w, args: args}
	a := p.or()
	if p.at != len(args) {
		return Unsure
	}
	return a
}

// testParser reads the arguments of test by descent: or, and, not, primary.
type testParser struct {
	*walker
	args []string
	at   int
}

func (p *testParser) peek(n int) string {
	if p.at+n < len(p.args) {
		return p.args[p.at+n]
	}
	return ""
}

func (p *testParser) or() Answer {
	a := p.and()
	for p.peek(0) == "-o" {
		p.at++
		a = or(a, p.and())
	}
	return a
}

func (p *testParser) and() Answer {
	a := p.not()
	for p.peek(0) == "-a" {
		p.at++
		a = or(a.not(), p.not().not()).not()
	}
	return a
}

func or(a, b Answer) Answer {
	switch {
	case a == Yes || b == Yes:
		return Yes
	case a == No && b == No:
		return No
	}
	return Unsure
}

func (p *testParser) not() Answer {
	negate := false
	for p.peek(0) == "!" && p.at+1 < len(p.args) && !isBinary(p.peek(1)) {
		p.at++
		negate = !negate
	}
	if negate {
		return p.primary().not()
	}
	return p.primary()
}

func (p *testParser) primary() Answer {
	switch {
	case p.at >= len(p.args):
		return No // nothing is not true
	case p.peek(0) == "(" && !isBinary(p.peek(1)):
		p.at++
		a := p.or()
		if p.peek(0) != ")" {
			return Unsure
		}
		p.at++
		return a
	case isBinary(p.peek(1)):
		x, op, y := p.peek(0), p.peek(1), p.peek(2)
		p.at = min(p.at+3, len(p.args))
		return compare(known(x), op, known(y))
	case strings.HasPrefix(p.peek(0), "-") && len(p.peek(0)) == 2 && p.at+1 < len(p.args):
		op, x := p.peek(0), p.peek(1)
		p.at += 2
		return p.unary(op, known(x))
	}
	p.at++
	return known(p.args[p.at-1]).empty().not()
}

func isBinary(op string) bool {
	switch op {
	case "=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef", "<", ">":
		return true
	}
	return false
}

func (w *walker) unary(op string, x value) Answer {
	switch op {
	case "-n":
		return x.empty().not()
	case "-z":
		return x.empty()
	}
	a := Unsure
	for i, text := range x {
		b := w.test("test", []string{op, text})
		if i > 0 && a != b {
			return Unsure
		}
		a = b
	}
	return a
}

func compare(x value, op string, y value) Answer {
	if len(y) != 1 || strings.Contains(y[0], Unknown) {
		return Unsure
	}
	right := y[0]
	switch op {
	case "=", "==":
		return x.is(func(text string) bool { return text == right })
	case "!=":
		return x.is(func(text string) bool { return text != right })
	}
	n, err := strconv.Atoi(strings.TrimSpace(right))
	if err != nil {
		return Unsure
	}
	holds := map[string]func(i int) bool{
		"-eq": func(i int) bool { return i == n }, "-ne": func(i int) bool { return i != n },
		"-lt": func(i int) bool { return i < n }, "-le": func(i int) bool { return i <= n },
		"-gt": func(i int) bool { return i > n }, "-ge": func(i int) bool { return i >= n },
	}[op]
	if holds == nil {
		return Unsure
	}
	return x.is(func(text string) bool {
		i, err := strconv.Atoi(strings.TrimSpace(text))
		return err == nil && holds(i)
	})
}

// testExpr is "[[ … ]]".
func (w *walker) testExpr(x syntax.TestExpr, s *state) Answer {
	switch x := x.(type) {
	case *syntax.Word:
		return w.word(x, s).empty().not()
	case *syntax.ParenTest:
		return w.testExpr(x.X, s)
	case *syntax.UnaryTest:
		if x.Op == syntax.TsNot {
			return w.testExpr(x.X, s).not()
		}
		if word, ok := x.X.(*syntax.Word); ok {
			return w.unary(x.Op.String(), w.word(word, s))
		}
	case *syntax.BinaryTest:
		return w.binaryTest(x, s)
	}
	return Unsure
}

func (w *walker) binaryTest(x *syntax.BinaryTest, s *state) Answer {
	switch x.Op {
	case syntax.AndTest:
		return or(w.testExpr(x.X, s).not(), w.testExpr(x.Y, s).not()).not()
	case syntax.OrTest:
		return or(w.testExpr(x.X, s), w.testExpr(x.Y, s))
	}
	left, ok := x.X.(*syntax.Word)
	right, also := x.Y.(*syntax.Word)
	if !ok || !also {
		return Unsure
	}
	switch x.Op {
	case syntax.TsMatch, syntax.TsMatchShort:
		return w.matches(w.word(left, s), right, s)
	case syntax.TsNoMatch:
		return w.matches(w.word(left, s), right, s).not()
	case syntax.TsReMatch, syntax.TsBefore, syntax.TsAfter:
		return Unsure
	}
	return compare(w.word(left, s), x.Op.String(), w.word(right, s))
}
