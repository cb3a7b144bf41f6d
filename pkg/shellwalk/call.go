package shellwalk

import "strings"

// Unknown stands in a text for a part of it that only a real run would tell.
const Unknown = "…"

// Call is a command that a script may run. An exit with a status other than 0 is one too.
type Call struct {
	Name string   // the command, as called: "systemctl"
	Args []string // with Unknown for what is not known
	Line int
	// Maybe: it depends on something that is not known.
	Maybe bool
	// Ignored: if it fails, nobody learns of it, as with "|| true", or without set -e.
	Ignored bool
	// Fatal: if it fails, so does the script, by set -e or because it is the last command.
	Fatal bool
}

// String is the call as one would type it.
func (c Call) String() string { return strings.Join(append([]string{c.Name}, c.Args...), " ") }

// Answer is what a test says.
type Answer int

const (
	Unsure Answer = iota
	Yes
	No
)

func (a Answer) not() Answer {
	switch a {
	case Yes:
		return No
	case No:
		return Yes
	}
	return Unsure
}

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

// Run is how a script is called.
type Run struct {
	Args []string
	Env  map[string]string // variables that are set; of all others nothing is known
	// Test tells the outcome of a command: Yes for success. Tests of files come as "test" with arguments like "-d" and
	// "/run/systemd/system". Nil is always Unsure.
	Test func(name string, args []string) Answer
}
