package lint

import (
	"fmt"
	"strings"
	"testing"
)

// Where a comment stands decides what it is about.
func TestSilencePlaces(t *testing.T) {
	const say, two = "# nodrop-lint: disable=killmode-none so it is\n", "# nodrop-lint: disable=killmode-none,pid-file so they are\n"
	for name, tt := range map[string]struct {
		text string // in a.service, behind a good [Service]
		want string // rules that speak
	}{
		"above":                   {say + "KillMode=none", ""},
		"above, with another":     {say + "# more about it\nKillMode=none", ""},
		"two lines above":         {say + "\nKillMode=none", "silence-unused killmode-none"},
		"below":                   {"KillMode=none\n" + say, "killmode-none silence-unused"},
		"for two":                 {two + "KillMode=none", ""},
		"only the line":           {two + "KillMode=none\nPIDFile=/run/a.pid", "pid-file"},
		"two comments":            {say + "# nodrop-lint: disable=pid-file so it is\nKillMode=none", "silence-unused"},
		"with a semicolon":        {"; nodrop-lint: disable=killmode-none so it is\nKillMode=none", ""},
		"somebody else's comment": {"# shellcheck disable=killmode-none\nKillMode=none", "killmode-none"},
	} {
		var got []string
		for _, f := range Check(withService(tt.text).load("p"), nil) {
			got = append(got, f.Rule)
		}
		if g := strings.Join(got, " "); g != tt.want {
			t.Errorf("%s: %q, want %q", name, g, tt.want)
		}
	}
}

func TestSilenceInScripts(t *testing.T) {
	const say = "# nodrop-lint: disable=killed-on-upgrade the name is ours"
	for name, tt := range map[string]struct{ text, want string }{
		"at the end of the line": {"set -e\npkill a " + say, ""},
		"above":                  {"set -e\n" + say + "\npkill a", ""},
		"at the head":            {"#!/bin/sh\n" + say + "\nset -e\necho\npkill a", ""},
		"elsewhere":              {"set -e\n" + say + "\necho\npkill a", "silence-unused p:prerm:2 killed-on-upgrade p:prerm:4"},
	} {
		var got []string
		for _, f := range Check(pkg{files: files{"a.service": "", "a.socket": ""}, scripts: map[string]string{"prerm": tt.text}}.load("p"), nil) {
			got = append(got, fmt.Sprintf("%s %s", f.Rule, f.Place()))
		}
		if g := strings.Join(got, " "); g != tt.want {
			t.Errorf("%s: %q, want %q", name, g, tt.want)
		}
	}
}

func TestVersionOrder(t *testing.T) {
	for _, tt := range []struct {
		a, op, b string
		want     bool
	}{
		{"1.0", "lt", "1.1", true}, {"1.9", "lt", "1.10", true}, {"1.0~rc1", "lt", "1.0", true}, {"1.0-1", "lt", "1.0-1+b1", true},
		{"1:0.1", "gt", "9", true}, {"1.0", "eq", "1.00", true}, {"1.0", "ge", "1.0", true}, {"1.0a", "gt", "1.0", true},
		{"1.0a", "lt", "1.0+", true}, {"2.6.12-1+deb12u4", "gt", "1.5~dev24-2~", true}, {"", "lt", "1", true}, {"", "lt-nl", "1", false},
		{"", "gt-nl", "1", true}, {"1", "ne", "1-0", false}, {"1", "le", "2", true}, {"2", ">>", "1", true},
	} {
		if got := compareVersions(tt.a, tt.op, tt.b); got != yes(tt.want) {
			t.Errorf("%s %s %s: %v", tt.a, tt.op, tt.b, got)
		}
	}
}
