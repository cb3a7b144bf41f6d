package hosts

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// zsh and fish take the completions and offer what is in them; cmd/nodrop tests what that is, and bash.
func TestCompletions(t *testing.T) {
	dir := filepath.Join(built.lab.Checkout(), "packaging/nodrop/completion")
	// The functions of zsh that do the work need a terminal: see what they are called with.
	const zsh = `fpath=($1 $fpath); autoload -Uz _nodrop
_arguments() { state=argument; print -rl -- "$@" }
words=($2 $3); _nodrop`
	const fish = `source $argv[1]/nodrop.fish; complete -C "nodrop $argv[2] $argv[3]"`
	tests := []struct {
		shell         []string
		command, word string
		want          string
	}{
		{[]string{"zsh", "-fc", zsh, "zsh"}, "package", "--", "--previous[compare with"},
		{[]string{"zsh", "-fc", zsh, "zsh"}, "pkg", "--", ":format:(deb rpm)"},
		{[]string{"zsh", "-fc", zsh, "zsh"}, "generate", "", "(-f --config)--config[read FILE]"},
		{[]string{"zsh", "-fc", zsh, "zsh"}, "drill", "", "*--client[load with"},
		{[]string{"fish", "-Nc", fish}, "", "", "generate\t"},
		{[]string{"fish", "-Nc", fish}, "package", "--pr", "--previous\t"},
		{[]string{"fish", "-Nc", fish}, "package -p", "", "deb\t"},
		{[]string{"fish", "-Nc", fish}, "drill --client", "web", "websocket=\t"},
	}
	for _, tt := range tests {
		args := append(tt.shell[1:], dir, tt.command, tt.word)
		out, err := exec.CommandContext(t.Context(), tt.shell[0], args...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), tt.want) {
			t.Errorf("%s, nodrop %s %s: %v\n%s", tt.shell[0], tt.command, tt.word, err, out)
		}
	}
}
