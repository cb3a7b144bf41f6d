// Command nodrop makes packages of services that upgrade without dropping a connection, and proves that they do.
//
// Exit statuses: 0 done, 1 failed, 2 wrong use; nodrop drill and nodrop status have more, and nodrop run the program's. What was made goes to stdout, everything else to
// stderr.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
)

// version is what nodrop says it is; releases set it when linking: go build -ldflags "-X main.version=1.0.0".
var version = "dev"

const (
	statusFailed = 1
	statusUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends nodrop at once
	status := run(ctx, os.Args, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := newApp(stdout, stderr).RunContext(ctx, bareWatch(args))
	if err == nil {
		return 0
	}
	if err.Error() != "" {
		fmt.Fprintln(stderr, "nodrop:", err)
	}
	var exit cli.ExitCoder
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return statusFailed
}

func newApp(stdout, stderr io.Writer) *cli.App {
	return &cli.App{
		Name:            "nodrop",
		Usage:           "packages whose upgrade no client notices",
		Version:         version,
		Writer:          stdout,
		ErrWriter:       stderr,
		HideHelpCommand: true,
		// URLs have commas.
		DisableSliceFlagSeparator: true,
		Commands: []*cli.Command{
			initCommand(), packageCommand(), generateCommand(), lintCommand(), repoCommand(),
			runCommand(), drillCommand(), statusCommand(),
		},
		Action:         noCommand,
		OnUsageError:   wrongUse,
		ExitErrHandler: func(*cli.Context, error) {}, // the status is ours to return
	}
}

// noCommand is called when the first argument names no command.
func noCommand(c *cli.Context) error {
	if c.NArg() == 0 {
		return cli.Exit("no command; see nodrop --help", statusUsage)
	}
	return cli.Exit(fmt.Sprintf("no command %q; see nodrop --help", c.Args().First()), statusUsage)
}

// wrongUse is for flags that do not exist or have no value.
func wrongUse(c *cli.Context, err error, _ bool) error {
	return cli.Exit(fmt.Errorf("%w; see %s --help", err, c.App.Name), statusUsage)
}
