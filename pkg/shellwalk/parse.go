package shellwalk

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Script is a parsed script.
type Script struct {
	Comments []Comment
	Commands int  // how many there are, builtins counted
	Errexit  bool // a failure ends it, by "-e" in the first line or a "set -e" anywhere
	file     *syntax.File
	errexit  bool // "-e" in the first line
}

// Comment is one comment, without its "#".
type Comment struct {
	Text     string
	Line     int
	Trailing bool // after a command, on the same line
}

// NotShellError is returned for a script that another interpreter runs.
type NotShellError struct{ Interpreter string }

func (e *NotShellError) Error() string {
	return fmt.Sprintf("it is not for a shell but for %s", e.Interpreter)
}

// Parser and walker follow what is nested by recursion, so that a script must not be too deep. Maintainer scripts have some KiB.
const (
	maxSize   = 512 << 10
	maxBraces = 10_000
)

// Parse reads a script. Without a first line "#!…" it is taken for one of /bin/sh. The error is a *NotShellError if it is for no
// shell, and begins with "name:line:column: " if it is not in the syntax of one.
func Parse(name string, data []byte) (*Script, error) {
	interpreter, args := shebang(data)
	if !slices.Contains([]string{"sh", "dash", "bash", "ash", "ksh", "mksh"}, path.Base(interpreter)) {
		return nil, &NotShellError{interpreter}
	}
	if braces := bytes.Count(data, []byte("(")) + bytes.Count(data, []byte("{")); len(data) > maxSize || braces > maxBraces {
		return nil, fmt.Errorf("%s:1:1: it is too large to be true", name)
	}
	file, err := syntax.NewParser(syntax.KeepComments(true), syntax.Variant(syntax.LangBash)).Parse(bytes.NewReader(data), name)
	if err != nil {
		// What bash reserves may be a name in sh.
		var perr error
		if file, perr = syntax.NewParser(syntax.KeepComments(true), syntax.Variant(syntax.LangPOSIX)).Parse(bytes.NewReader(data), name); perr != nil {
			return nil, err
		}
	}
	s := &Script{file: file, errexit: hasFlag(args, 'e')}
	s.Errexit = s.errexit
	lines := map[uint]bool{} // on which a command begins
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				s.Commands++
				s.Errexit = s.Errexit || setsErrexit(n.Args)
			}
			lines[n.Pos().Line()] = true
		case *syntax.Comment:
			s.Comments = append(s.Comments, Comment{Text: n.Text, Line: int(n.Hash.Line())})
		}
		return true
	})
	for i, c := range s.Comments {
		s.Comments[i].Trailing = lines[uint(c.Line)]
	}
	return s, nil
}

// setsErrexit tells "set -e" and "set -o errexit".
func setsErrexit(words []*syntax.Word) bool {
	if words[0].Lit() != "set" {
		return false
	}
	var args []string
	for _, word := range words[1:] {
		args = append(args, word.Lit())
	}
	return hasFlag(args, 'e') || slices.Contains(args, "errexit")
}

// shebang splits the first line.
func shebang(data []byte) (interpreter string, args []string) {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	text, is := strings.CutPrefix(string(line), "#!")
	words := strings.Fields(text)
	if !is || len(words) == 0 {
		return "/bin/sh", nil
	}
	if path.Base(words[0]) == "env" && len(words) > 1 {
		words = words[1:]
	}
	return words[0], words[1:]
}

// hasFlag tells whether words have an option like -e, alone or with others.
func hasFlag(words []string, flag byte) bool {
	for _, w := range words {
		if strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "--") && strings.IndexByte(w[1:], flag) >= 0 {
			return true
		}
	}
	return false
}
