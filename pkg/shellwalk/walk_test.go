package shellwalk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// walk lists the calls, one per line: those that are not certain with a "?", those whose failure nobody learns of with a "-".
func walk(t *testing.T, script string, run Run) string {
	t.Helper()
	s, err := Parse("script", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	calls, err := s.Walk(run)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range calls {
		line := c.String()
		if c.Ignored {
			line = "-" + line
		}
		if c.Maybe {
			line = "?" + line
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// decided are scripts of which all is known: a real shell runs the same commands. The stubs in its path are a, b, c, d, systemctl.
var decided = []struct {
	name, script string
	args         []string
	want         string
}{
	{"sequence", "a 1\nb '2 3' \"x y\"\nc a\\ b", nil, "a 1\nb 2 3 x y\nc a b"},
	{"if, taken", `if [ "$1" = configure ]; then a; else b; fi`, []string{"configure"}, "a"},
	{"if, not taken", `if [ "$1" = configure ]; then a; else b; fi`, []string{"remove"}, "b"},
	{"elif", `if [ "$1" = x ]; then a; elif test -n "$2"; then b "$2"; else c; fi`, []string{"y", "1.0"}, "b 1.0"},
	{"chain of or", `if [ "$1" = "configure" ] || [ "$1" = "abort-upgrade" ] || [ "$1" = "abort-remove" ] ; then a; fi`, []string{"abort-remove"}, "a"},
	{"chain of and", `if [ "$1" = configure ] && [ -z "$2" ]; then a; fi; b`, []string{"configure"}, "a\nb"},
	{"case", "case \"$1\" in\nconfigure | abort-*) a ;;\n*) b ;;\nesac", []string{"abort-upgrade"}, "a"},
	{"case, the rest", "case $1 in configure|abort-*) a;; *) b;; esac", []string{"triggered"}, "b"},
	{"case, quoted star", `case "$1" in "*") a;; [a-c]*) b;; esac`, []string{"baa"}, "b"},
	{"case of several lines", `case "$1-$2" in x-1) a;; x-2) b;; esac`, []string{"x", "2"}, "b"},
	{"numbers", "if [ $1 -eq 0 ]; then a; fi; if [ $1 -ge 1 ]; then b; fi; [ \"$1\" -lt 2 ] && c", []string{"1"}, "b\nc"},
	{"not", "if ! [ \"$1\" = x ]; then a; fi; if [ ! \"$1\" = x ]; then b; fi", []string{"y"}, "a\nb"},
	{"-a and -o", `if [ "$1" = x -a -n "$2" -o "$1" = y ]; then a; fi`, []string{"y"}, "a"},
	{"parentheses in test", `if [ \( "$1" = x -o "$1" = y \) -a -z "$2" ]; then a; fi`, []string{"y"}, "a"},
	{"word alone", "[ \"$1\" ] && a; [ \"$2\" ] || b", []string{"x"}, "a\nb"},
	{"variable", "x=restart; if [ -n \"$1\" ]; then x=try-$x; fi; systemctl $x one.service", []string{"1"}, "systemctl try-restart one.service"},
	{"split variable", "units='one.service two.service'\nsystemctl stop $units; a \"$units\"", nil, "systemctl stop one.service two.service\na one.service two.service"},
	{"defaults", `a "${1:-x}" "${2:-y}" "${2-z}" "${1:+w}" "${3:+no}"`, []string{"1", "2"}, "a 1 2 2 w "},
	{"prefix and suffix", `x=/usr/lib/one.service; a "${x##*/}" "${x%.*}" "${x#/}" "${x%%/*}"`, nil, "a one.service /usr/lib/one usr/lib/one.service "},
	{"loop", "for x in one two; do a $x; done", nil, "a one\na two"},
	{"loop over arguments", "for x; do a $x; done; for x in \"$@\"; do b \"$x\"; done", []string{"1", "2 3"}, "a 1\na 2 3\nb 1\nb 2 3"},
	{"break", "for x in 1 2 3; do a $x; if [ $x = 2 ]; then break; fi; done; b", nil, "a 1\na 2\nb"},
	{"continue", "for x in 1 2 3; do if [ $x = 2 ]; then continue; fi; a $x; done; b", nil, "a 1\na 3\nb"},
	{"while and shift", "while [ $# -gt 0 ]; do case $1 in -x) a ;; *) b \"$1\" ;; esac; shift; done; c", []string{"-x", "y"}, "a\nb y\nc"},
	{"until", "until [ -z \"$1\" ]; do a $1; shift; done", []string{"1", "2"}, "a 1\na 2"},
	{"function", "f() { a \"$1\" $#; }; f x; f \"$@\"; b \"$1\"", []string{"1", "2"}, "a x 1\na 1 2\nb 1"},
	{"return", "f() { if [ \"$1\" = x ]; then return 1; fi; a; return 0; b; }; f x || c; f y && d", nil, "c\na\nd"},
	{"exit", "if [ \"$1\" = upgrade ]; then exit 0; fi; a", []string{"upgrade"}, ""},
	{"exit in a subshell", "(a; exit 0; b); c", nil, "a\nc"},
	{"subshell keeps to itself", "x=1; (x=2; a $x); a $x", nil, "a 2\na 1"},
	{"group", "{ a; b; } && c", nil, "a\nb\nc"},
	{"set --", "set -- one \"two three\"; shift; a \"$@\" $#", nil, "a two three 1"},
	{"command substitution", "x=$(a 1); c", nil, "a 1\nc"},
	{"pipe", "a 1 | b 2; c", nil, "a 1\nb 2\nc"},
	{"here document", "a <<EOF\nb\n$(true)\nEOF\nc", nil, "a\nc"},
	{"continued line", "a 1 \\\n  2", nil, "a 1 2"},
	{"no arguments left", `a "$@"; b "$*" ${1+"$@"}`, nil, "a\nb "},
	{"unset", "x=1; unset x; a \"$x\"; [ -z \"$x\" ] && b", nil, "a \nb"},
	{"exec", "exec a 1; b", nil, "a 1"},
	{"status of a function that tests", "f() { [ \"$1\" = x ]; }; if f x; then a; fi; if f y; then b; fi", nil, "a"},
	{"nested functions", "f() { g \"$1$1\"; }; g() { a \"$1\"; }; f x", nil, "a xx"},
}

func TestDecided(t *testing.T) {
	for _, tt := range decided {
		t.Run(tt.name, func(t *testing.T) {
			yes := func(string, []string) Answer { return Yes }
			if got := walk(t, "set -e\n"+tt.script, Run{Args: tt.args, Test: yes}); strings.TrimPrefix(got, "-") != tt.want {
				t.Errorf("calls:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

// What is decided a real shell sees in the same way.
func TestDecidedInShell(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d", "systemctl"} {
		stub := fmt.Sprintf("#!/bin/sh\nline=%s\nfor arg; do line=\"$line $arg\"; done\necho \"$line\" >>%s/log\n", name, dir)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(stub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range decided {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(dir, "log"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("/bin/sh", append([]string{"-c", "set -e\n" + tt.script, "sh"}, tt.args...)...)
			cmd.Env = []string{"PATH=" + dir}
			if out, err := cmd.CombinedOutput(); err != nil && len(out) > 0 {
				t.Fatalf("%v\n%s", err, out)
			}
			log, err := os.ReadFile(filepath.Join(dir, "log"))
			if err != nil {
				t.Fatal(err)
			}
			// The two ends of a pipe run at once, in any order.
			if got := strings.TrimSuffix(string(log), "\n"); got != tt.want && tt.name != "pipe" {
				t.Errorf("the shell calls:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestUndecided(t *testing.T) {
	yes := func(string, []string) Answer { return Yes }
	tests := []struct {
		name, script string
		run          Run
		want         string
	}{
		{"both branches", "set -e\nif [ -x /x ]; then a; else b; fi; c", Run{}, "?a\n?b\nc"},
		{"a host says", "set -e\nif [ -x /x ]; then a; else b; fi", Run{Test: yes}, "a"},
		{"a command says", "set -e\nif grep -q x y; then a; else b; fi", Run{Test: yes}, "grep -q x y\na"},
		{"maybe left", "set -e\n[ -x /x ] || exit 0\na", Run{}, "?a"},
		{"left in both branches", "set -e\nif grep x; then exit 1; else exit 0; fi\na", Run{}, "grep x\n?exit 1"},
		{"maybe returned", "set -e\nf() { [ -e /x ] && return; a; }\nf; b", Run{}, "?a\nb"},
		{"two values", "set -e\nx=start; if [ -e /y ]; then x=restart; fi\nsystemctl $x z", Run{}, "?systemctl restart z\n?systemctl start z"},
		{"two values, one outcome", "set -e\nx=1; if [ -e /y ]; then x=2; fi\nif [ $x -gt 0 ]; then a; fi", Run{}, "a"},
		{"unknown variable", "set -e\nif [ \"$X\" = yes ]; then a \"$X\"; fi", Run{}, "?a …"},
		{"variable of the environment", "set -e\nif [ -z \"${X:-}\" ]; then a; else b; fi", Run{Env: map[string]string{"X": ""}}, "a"},
		{"a file may set anything", "set -e\nx=1\n. /etc/default/x\nif [ $x = 1 ]; then a; fi", Run{}, ". /etc/default/x\n?a"},
		{"read", "set -e\nb | while read x y; do a \"$x\"; done", Run{}, "-b\n?a …"},
		{"loop over who knows what", "set -e\nfor x in $(b); do a $x; done; c", Run{}, "b\n?a …\nc"},
		{"doubt outlives an inner function", "set -e\ng() { a; }\nf() { [ -e /x ] || return 0; g; return 1; }\nif f; then b; else c; fi", Run{}, "?a\n?b\n?c"},
		{"doubt outlives an inner loop", "set -e\nfor x in 1 2; do\n[ -e /x ] || break\nfor y in 1; do a; done\nb; done; c", Run{}, "?a\n?b\n?a\n?b\nc"},
		{"unknown case", "set -e\ncase \"$X\" in 1) a;; 2) b;; esac; c", Run{}, "?a\n?b\nc"},
		{"partly known", "set -e\nx=\"/etc/$X\"; if [ -n \"$x\" ]; then a $x; fi", Run{}, "a /etc/…"},
		{"no set -e", "a; b || c; d", Run{}, "-a\nb\n?-c\nd"},
		{"no set -e, the last one", "a; if b; then c; fi", Run{}, "-a\nb\n?c"},
		{"set -e in the first line", "#!/bin/sh -e\na; b", Run{}, "a\nb"},
		{"swallowed", "set -e\na || true; b || :; c || exit 1; (a; b) || true", Run{}, "-a\n-b\nc\n?exit 1\n?-a\n?-b"},
		{"swallowed in a function", "set -e\nf() { a; }\nf || true; f", Run{}, "-a\na"},
		{"in the background", "set -e\na & b", Run{}, "-a\nb"},
		{"set +e", "set -e\na; set +e; b; c", Run{}, "a\n-b\nc"},
		{"endless loop", "set -e\nwhile :; do a; done; b", Run{}, strings.Repeat("a\n", maxTurns) + "?a\nb"},
		{"bash", "#!/bin/bash\nset -e\nif [[ $1 == config* && -n $2 ]]; then a; fi", Run{Args: []string{"configure", "1"}}, "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := walk(t, tt.script, tt.run); got != tt.want {
				t.Errorf("calls:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

// What debhelper 13 writes into a postinst, for each way of dpkg to call it.
const debhelper = `#!/bin/sh
set -e
if [ "$1" = "configure" ] || [ "$1" = "abort-upgrade" ] || [ "$1" = "abort-deconfigure" ] || [ "$1" = "abort-remove" ] ; then
	deb-systemd-helper unmask 'one.service' >/dev/null || true
	if deb-systemd-helper --quiet was-enabled 'one.service'; then
		deb-systemd-helper enable 'one.service' >/dev/null || true
	else
		deb-systemd-helper update-state 'one.service' >/dev/null || true
	fi
fi
if [ "$1" = "configure" ] || [ "$1" = "abort-upgrade" ] || [ "$1" = "abort-deconfigure" ] || [ "$1" = "abort-remove" ] ; then
	if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
		systemctl --system daemon-reload >/dev/null || true
		if [ -n "$2" ]; then
			_dh_action=restart
		else
			_dh_action=start
		fi
		deb-systemd-invoke $_dh_action 'one.service' 'one.socket' >/dev/null || true
	fi
fi
`

func TestDebhelper(t *testing.T) {
	host := func(name string, args []string) Answer {
		if name == "test" && args[1] == "/run/systemd/system" {
			return Yes
		}
		return Unsure
	}
	before := `-deb-systemd-helper unmask one.service
deb-systemd-helper --quiet was-enabled one.service
?-deb-systemd-helper enable one.service
?-deb-systemd-helper update-state one.service
-systemctl --system daemon-reload
`
	for args, want := range map[string]string{
		"configure":         before + "-deb-systemd-invoke start one.service one.socket",
		"configure 1.0-1":   before + "-deb-systemd-invoke restart one.service one.socket",
		"abort-upgrade 1.0": before + "-deb-systemd-invoke restart one.service one.socket",
		"triggered":         "",
	} {
		run := Run{Args: strings.Fields(args), Env: map[string]string{"DPKG_ROOT": ""}, Test: host}
		if got := walk(t, debhelper, run); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", args, got, want)
		}
	}
}

// What fails the script is another matter than what nobody learns of.
func TestFatal(t *testing.T) {
	for script, want := range map[string]string{
		"set -e\na; b || true; if c; then d; fi; a || b": "a d b",
		"a; b; c":                 "c",
		"a\nif b; then c; d; fi":  "d",
		"a; b || :":               "",
		"f() { a; b; }; f":        "b",
		"#!/bin/sh -e\na; exit 0": "a",
		"a; exit 0":               "",
	} {
		s, err := Parse("script", []byte(script))
		if err != nil {
			t.Fatal(err)
		}
		calls, _ := s.Walk(Run{})
		var got []string
		for _, c := range calls {
			if c.Fatal {
				got = append(got, c.Name)
			}
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%s: fatal are %q, want %q", script, g, want)
		}
	}
	for script, want := range map[string]bool{"a; set -eu": true, "set -o errexit": true, "#!/bin/sh -ex\n": true, "set -u; a": false} {
		if s, err := Parse("x", []byte(script)); err != nil || s.Errexit != want {
			t.Errorf("%q: %+v, %v", script, s, err)
		}
	}
}

func TestParse(t *testing.T) {
	var other *NotShellError
	if _, err := Parse("x", []byte("#!/usr/bin/perl -w\nuse strict;\n")); !errors.As(err, &other) || other.Interpreter != "/usr/bin/perl" {
		t.Errorf("perl: %v", err)
	}
	if _, err := Parse("postinst", []byte("#!/bin/sh\nif true; then\n")); err == nil || !strings.HasPrefix(err.Error(), "postinst:2:") {
		t.Errorf("unfinished: %v", err)
	}
	if _, err := Parse("x", []byte(strings.Repeat("(", maxBraces+1))); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("nested: %v", err)
	}
	s, err := Parse("x", []byte("#!/usr/bin/env bash\n# one\na # two\n"))
	if err != nil || s.Commands != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	if want := []Comment{{"!/usr/bin/env bash", 1, false}, {" one", 2, false}, {" two", 3, true}}; fmt.Sprint(s.Comments) != fmt.Sprint(want) {
		t.Errorf("comments %v, want %v", s.Comments, want)
	}
}

// A script that would run for ever, or for very long, costs an error.
func TestTooLong(t *testing.T) {
	var variables strings.Builder
	for i := range maxVars + 1 {
		fmt.Fprintf(&variables, "v%d=1\n", i)
	}
	double := strings.Repeat("if $X; then f; else f; fi\n", 3)
	for name, script := range map[string]string{
		"recursion": "f() { f; }; f",
		"doubling":  "f() {\n" + double + "}; f",
		"variables": variables.String() + "a",
		"calls":     "for x in 1 2 3 4 5 6 7 8; do for y in 1 2 3 4 5 6 7 8; do for z in 1 2 3 4 5 6 7 8; do a; b; c; d; a; b; c; d; a; b; c; d; done; done; done",
		"deep":      strings.Repeat("if ", 10_000) + "a" + strings.Repeat("; then b; fi", 10_000),
	} {
		s, err := Parse(name, []byte(script))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := s.Walk(Run{}); !errors.Is(err, ErrTooLong) && name != "deep" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzWalk(f *testing.F) {
	f.Add([]byte(debhelper), "configure", "1.0")
	for _, tt := range decided {
		f.Add([]byte(tt.script), strings.Join(tt.args, " "), "")
	}
	f.Fuzz(func(t *testing.T, script []byte, one, two string) {
		s, err := Parse("script", script)
		if err != nil {
			return
		}
		calls, err := s.Walk(Run{Args: []string{one, two}})
		if len(calls) > maxCalls+maxTexts || err != nil && !errors.Is(err, ErrTooLong) {
			t.Errorf("%d calls, %v", len(calls), err)
		}
		for _, c := range calls {
			if c.Line < 1 {
				t.Errorf("%s is on line %d", c, c.Line)
			}
		}
	})
}
