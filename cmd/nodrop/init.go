package main

import (
	"fmt"
	"io"
	"os"

	"github.com/nodrop/nodrop/pkg/scaffold"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

func initCommand() *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "write what a package of a Go server needs, and show what to change in it",
		UsageText: "nodrop init [--yes] [PACKAGE]",
		Description: `Run where go.mod is. Finds the program of the module that serves (net/http and what is built on it, gin, echo,
gRPC) and the addresses it listens on, or looks at the one in the directory PACKAGE. Writes packaging/NAME: units,
sysusers.d, nfpm.yaml, copyright, changelog; and adds to .goreleaser.yaml what builds the same packages there.

A file that exists is never overwritten. If it says something else than would be written, it is named, and the
exit status is 1. To .goreleaser.yaml lines are added, and all else in it stays as it is.

The change that the program needs, to be served by serve.Run, goes to stdout as a unified diff:

  nodrop init | patch -p1

Where no diff can be made, stderr says what to write. What cannot be seen in the module is asked on the terminal;
without one, and without --yes, a question is an error, and nothing is written.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "take the defaults, ask nothing"},
		},
		OnUsageError: wrongUse,
		Action:       runInit,
	}
}

func runInit(c *cli.Context) error {
	if c.NArg() > 1 {
		return cli.Exit(fmt.Sprintf("init: unexpected %q; see nodrop init --help", c.Args().Get(1)), statusUsage)
	}
	diff, err := scaffold.Init(c.Context, scaffold.Options{
		Dir: ".", Package: c.Args().First(), Yes: c.Bool("yes"), In: terminal(os.Stdin), Log: c.App.ErrWriter,
	})
	if _, printErr := c.App.Writer.Write(diff); printErr != nil {
		return printErr
	}
	return err
}

// terminal is f if somebody may answer there, else nil.
func terminal(f *os.File) io.Reader {
	if !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}
