package units

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const whitespace = " \t\r"

// Parse reads a unit file (systemd.syntax(7)). name is the unit's name where it is installed, path is used in messages
// only. Errors begin with "path:line: ".
func Parse(name, path string, data []byte) (*Unit, error) {
	u := &Unit{Name: name, Path: path}
	text := strings.TrimPrefix(string(data), "\ufeff")
	var joined strings.Builder // what a trailing backslash has collected so far
	start := 0                 // the line on which it began
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if isComment(line) {
			u.Comments = append(u.Comments, Comment{Text: strings.TrimLeft(line, whitespace)[1:], Line: i + 1})
			continue // also in the middle of a continuation
		}
		if start == 0 {
			start = i + 1
		}
		if body, more := continued(line); more {
			joined.WriteString(body + " ")
			continue
		}
		if err := u.add(joined.String()+line, start); err != nil {
			return nil, err
		}
		joined.Reset()
		start = 0
	}
	if start != 0 { // the file ends in a backslash
		if err := u.add(joined.String(), start); err != nil {
			return nil, err
		}
	}
	return u, nil
}

func isComment(line string) bool {
	line = strings.TrimLeft(line, whitespace)
	return line != "" && strings.ContainsRune("#;", rune(line[0]))
}

// continued tells whether the line ends in a backslash that is not itself escaped, and returns the line without it.
func continued(line string) (body string, more bool) {
	body = strings.TrimRight(line, `\`)
	if (len(line)-len(body))%2 == 0 {
		return line, false
	}
	return line[:len(line)-1], true
}

// add takes one logical line.
func (u *Unit) add(line string, number int) error {
	line = strings.Trim(line, whitespace)
	key, value, isEntry := strings.Cut(line, "=")
	switch {
	case line == "":
		return nil
	case !utf8.ValidString(line) || strings.ContainsAny(line, "\x00\r"):
		return u.Errorf(number, "not a line of text in UTF-8")
	case strings.HasPrefix(line, "["):
		name, closed := strings.CutSuffix(line[1:], "]")
		if !closed || name == "" || strings.ContainsAny(name, "[]") {
			return u.Errorf(number, "%q is no section header; write [Name]", line)
		}
		u.Sections = append(u.Sections, Section{Name: name, Line: number})
		return nil
	case !isEntry:
		return u.Errorf(number, "%q is neither Key=value nor a [Section]; comments begin with #", line)
	case len(u.Sections) == 0:
		return u.Errorf(number, "%q stands before the first [Section]", line)
	}
	key, value = strings.TrimRight(key, whitespace), strings.TrimLeft(value, whitespace)
	if key == "" {
		return u.Errorf(number, "%q has no key before the =", line)
	}
	if _, odd := continued(value); odd { // written out again, it would swallow the next line
		return u.Errorf(number, "%q ends in a backslash with a space behind it, which continues no line; take away the space, or both", line)
	}
	s := &u.Sections[len(u.Sections)-1]
	s.Entries = append(s.Entries, Entry{Key: key, Value: value, Line: number})
	return nil
}

// String writes the unit as a file that parses to the same sections and entries; comments are lost.
func (u *Unit) String() string {
	var b strings.Builder
	for i, s := range u.Sections {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "[%s]\n", s.Name)
		for _, e := range s.Entries {
			fmt.Fprintf(&b, "%s=%s\n", e.Key, e.Value)
		}
	}
	return b.String()
}
