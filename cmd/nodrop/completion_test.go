package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

const completions = "../../packaging/nodrop/completion/"

// options are the options of each command, and of nodrop itself under "".
func options() map[string][]string {
	app := newApp(io.Discard, io.Discard)
	all := map[string][]string{"": flagNames(app.Flags, cli.HelpFlag, cli.VersionFlag)}
	for _, c := range app.Commands {
		all[c.Name] = flagNames(c.Flags, cli.HelpFlag)
	}
	return all
}

func flagNames(flags []cli.Flag, more ...cli.Flag) []string {
	var names []string
	for _, f := range slices.Concat(flags, more) {
		for _, name := range f.Names() {
			if len(name) > 1 {
				name = "-" + name
			}
			names = append(names, "-"+name)
		}
	}
	slices.Sort(names)
	return names
}

// inBash is what bash offers for the last word of a command line.
func inBash(t *testing.T, words ...string) []string {
	t.Helper()
	script := `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }
	_nodrop nodrop "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"; printf '%s\n' "${COMPREPLY[@]}"`
	args := append([]string{"--norc", "-uc", script, "bash", completions + "nodrop.bash", "nodrop"}, words...)
	out, err := exec.Command("bash", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	offered := strings.Fields(string(out))
	slices.Sort(offered)
	return offered
}

func TestBashCompletion(t *testing.T) {
	for command, want := range options() {
		words := []string{command, "-"}
		if command == "" {
			words = words[1:]
		}
		got := slices.DeleteFunc(inBash(t, words...), func(s string) bool { return s == "--" })
		if !slices.Equal(got, want) {
			t.Errorf("nodrop %s -: bash offers %v, there is %v", command, got, want)
		}
	}
	commands := slices.DeleteFunc(slices.Sorted(maps.Keys(options())), func(s string) bool { return s == "" })
	tests := []struct{ line, want string }{
		{"", strings.Join(append([]string{"--help", "--version", "-h", "-v"}, commands...), " ")},
		{"pa", "package"},
		{"package -p", "-p"},
		{"pkg --pr", "--previous"},
		{"package -p ", "deb rpm"},
		{"package --packager r", "rpm"},
		{"package --previous ", ""}, // a file, which bash finds by itself
		{"drill --client w", "websocket="},
		{"drill --model ", "closed open"},
		{"drill --suite t", "trixie"},
		{"drill --url http://a -", "-- --after --before --client --from --github --help --html --json --junit --max-failed --max-wait --model --package --rate --suite --timeout --to --url -h"},
		{"drill --url http://a -- package -", ""}, // somebody else's options
	}
	for _, tt := range tests {
		if got := strings.Join(inBash(t, strings.Split(tt.line, " ")...), " "); got != tt.want {
			t.Errorf("nodrop %s: bash offers %q, want %q", tt.line, got, tt.want)
		}
	}
}

// The completions of zsh and fish know the same commands and options. That these shells take them is tested where the
// shells are, in scripts/hosts.
func TestOtherCompletions(t *testing.T) {
	for file, option := range map[string]*regexp.Regexp{
		"_nodrop":     regexp.MustCompile(`['*{,](--?[a-z-]+)`),
		"nodrop.fish": regexp.MustCompile(` -([sl] [a-z-]+)`),
	} {
		text, err := os.ReadFile(completions + file)
		if err != nil {
			t.Fatal(err)
		}
		text = regexp.MustCompile(`(?m)^set -l .*`).ReplaceAll(text, nil) // variables of fish
		var got []string
		for _, m := range option.FindAllStringSubmatch(string(text), -1) {
			got = append(got, strings.NewReplacer("s ", "-", "l ", "--").Replace(m[1]))
		}
		var want []string
		for command, names := range options() {
			want = append(want, names...)
			if !regexp.MustCompile(fmt.Sprintf(`(?m)('|-a )%s\b`, command)).Match(text) {
				t.Errorf("%s does not know the command %s", file, command)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if got, want = slices.Compact(got), slices.Compact(want); !slices.Equal(got, want) {
			t.Errorf("%s knows the options %v, there is %v", file, got, want)
		}
	}
}
