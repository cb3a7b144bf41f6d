package activator

import (
	"errors"
	"os"
	"time"
)

// Config says what to run and how. The words are those of systemd.service(5).
type Config struct {
	Program []string // name or path, and arguments
	Dir     string   // the program's working directory; "": this process's
	Env     []string // beyond this process's own environment, "NAME=value"
	Stdout  *os.File // nil: this process's
	Stderr  *os.File // nil: this process's; standard input is always empty
	Sockets []Socket // in the order in which the program gets them
	Type    Type     // when a started program counts as ready
	Access  Access   // whose notifications are believed
	Restart Restart  // what happens when the program ends by itself

	StartTimeout time.Duration // for READY=1; 0: 90 s
	StopTimeout  time.Duration // from SIGTERM to SIGKILL; 0: 90 s
	RestartDelay time.Duration // before the first restart, doubled for each further one; 0: 100 ms
	Watchdog     time.Duration // between two WATCHDOG=1; 0: none

	// Carry gives the program a handover socket, as [X-Nodrop] Carry=yes does. It
	// has to know what that is for.
	Carry bool
	// Exclusive stops the old instance before the new one is started, as
	// [X-Nodrop] Strategy=restart does.
	Exclusive bool
	// Lazy starts the program when something comes in for it, and again so after
	// it ended of its own will.
	Lazy bool

	// Watch are files and directories, with all below them, a change to which is a
	// rollout; "" stands for the program's file. See Supervise.
	Watch []string
	// Build is a command for the shell that makes the program, before the first
	// start and before each rollout of Supervise. What is watched, it must leave
	// alone, but for the program's file.
	Build string

	// NotApplied are settings of a unit that have no effect here, to be told of.
	NotApplied []string

	// Report is told of each event. It may be called from several goroutines.
	Report func(Event)
}

// Type is when a started program counts as ready.
type Type string

const (
	// Auto is for programs without a unit. READY=1 counts; a program that has sent
	// no notification at all, and none in an earlier life, counts as ready when it
	// has run for three seconds.
	Auto Type = ""
	// Notify waits for READY=1.
	Notify Type = "notify"
	// Exec counts a program as ready as soon as it was executed.
	Exec Type = "exec"
)

// Access is whose notifications are believed (NotifyAccess=).
type Access string

const (
	Main Access = ""    // those of the program's own process
	All  Access = "all" // those of its children as well
)

// Restart is when a program that ends by itself is started again.
type Restart string

const (
	OnFailure Restart = "" // unless it ended with 0, or by SIGTERM, SIGINT, SIGHUP or SIGPIPE
	Always    Restart = "always"
	Never     Restart = "no"
)

func (c Config) withDefaults() (Config, error) {
	if len(c.Program) == 0 || c.Program[0] == "" {
		return c, errors.New("reading the configuration: no program to run")
	}
	for _, d := range []*time.Duration{&c.StartTimeout, &c.StopTimeout} {
		if *d == 0 {
			*d = 90 * time.Second
		}
	}
	if c.RestartDelay == 0 {
		c.RestartDelay = 100 * time.Millisecond
	}
	if c.Stdout == nil {
		c.Stdout = os.Stdout
	}
	if c.Stderr == nil {
		c.Stderr = os.Stderr
	}
	if c.Report == nil {
		c.Report = func(Event) {}
	}
	return c, nil
}

// Listen adds a socket. It takes the place of those of the same name, of which
// it keeps what was set beside the address.
func (c *Config) Listen(s Socket) {
	var rest []Socket
	for _, old := range c.Sockets {
		if old.Name != s.Name {
			rest = append(rest, old)
			continue
		}
		s.Backlog, s.Mode, s.NonBlocking = old.Backlog, old.Mode, old.NonBlocking
	}
	c.Sockets = append(rest, s)
}
