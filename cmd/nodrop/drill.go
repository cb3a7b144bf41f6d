package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/urfave/cli/v2"
)

// Exit statuses of nodrop drill; 0 is "nothing lost, or no more than allowed, and the command succeeded".
const (
	drillLost   = 1
	drillUsage  = 2
	drillNotRun = 3
)

// commandGrace is how long a command may take to end after SIGTERM before it is killed. Package managers
// finish the step they are in.
const commandGrace = 60 * time.Second

// leftoverGrace is how long what a command has left behind, a server say, may hold the output that goes through a
// Terminal, before nobody waits for more of it.
const leftoverGrace = 500 * time.Millisecond

func drillCommand() *cli.Command {
	return &cli.Command{
		Name:  "drill",
		Usage: "load a server before, while and after a command runs, and say what was lost",
		UsageText: "nodrop drill --url URL [--client KIND=N[@URL]]... [options] -- COMMAND [ARG...]\n" +
			"nodrop drill {--from FILE | --package NAME} [--to FILE] [--suite RELEASE] [options]",
		Description: `Loads URL with clients that never retry, runs COMMAND meanwhile, and gives the verdict.

Kinds of client:
  fresh      a new TCP connection for each GET
  keepalive  keep-alive GETs
  post       keep-alive POSTs
  tls        keep-alive GETs over TLS
  h2         HTTP/2 over TLS
  slow       keep-alive GETs of a URL that takes long
  upload     keep-alive POSTs of 5 MiB, each spread over 1.5 s; a "sha256" in the reply, if it is JSON, must be right
  download   keep-alive GETs spread over 1.5 s, whose content must be that of the first, or of its Repr-Digest
  idle       connections left idle while COMMAND runs, used again afterwards, and every 20 to 30 s of a long COMMAND
  websocket  numbered messages over a WebSocket that sends them back
  events     server-sent events whose ids are consecutive numbers
tls and h2 load the first https:// URL, the others the first http:// one; KIND=N@URL loads its own,
as websocket=100@http://127.0.0.1:8080/ws does. A Unix socket is http://unix:/PATH/OF/SOCKET:/PATH, as in nginx.
COMMAND's output goes to stderr; on a terminal, above a line that says how the drill stands.

With --from or --package it needs no URL and no COMMAND, and this machine is left alone: it boots a throw-away Debian host
with a real systemd, installs the package, finds what that serves, upgrades or reinstalls it under load, and
removes the host whatever happens. It takes root, systemd-nspawn, debootstrap and about a minute more the first time.

  nodrop drill --from app_1.0.0_amd64.deb --to app_1.1.0_amd64.deb
  nodrop drill --package nginx

Exit status: 0 nothing was lost, or no more than allowed; 1 more was, or COMMAND failed; 2 wrong use; 3 the drill
could not run, or was broken off.`,
		Flags:        slices.Concat(loadFlags(), limitFlags(), reportFlags(), hostFlags()),
		OnUsageError: func(_ *cli.Context, err error, _ bool) error { return cli.Exit(err, drillUsage) },
		Action:       runDrill,
	}
}

func runDrill(c *cli.Context) error {
	if onHost(c) {
		return drillOnHost(c)
	}
	if c.NArg() == 0 {
		return cli.Exit("reading the arguments: no command; say what to run after --, as in: nodrop drill --url http://127.0.0.1/ -- apt-get -y upgrade", drillUsage)
	}
	cfg, err := drillConfig(c, c.StringSlice("url"))
	if err != nil {
		return cli.Exit(err, drillUsage)
	}
	progress := c.App.ErrWriter
	if f, ok := progress.(*os.File); ok {
		if terminal := drill.NewTerminal(f); terminal != nil {
			progress = terminal
		}
	}
	cfg.Progress = progress
	command, err := drillProgram(c, progress)
	if err != nil {
		return cli.Exit(err, drillNotRun)
	}
	output, err := openDrillOutput(c)
	if err != nil {
		return err
	}
	defer output.close()

	report, err := drill.Run(c.Context, cfg, command)
	report.Command.Args = c.Args().Slice()
	return output.conclude(c, report, err)
}

// drillProgram is the command that the arguments name; its output goes to w. It gets a SIGTERM when its context ends, as
// that of the drill does upon SIGINT.
func drillProgram(c *cli.Context, w io.Writer) (func(context.Context) error, error) {
	path, err := exec.LookPath(c.Args().First())
	if err != nil {
		return nil, fmt.Errorf("finding the command: %w", err)
	}
	return func(ctx context.Context) error {
		cmd := exec.CommandContext(ctx, path, c.Args().Tail()...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, w, w
		cmd.WaitDelay = leftoverGrace
		cmd.Cancel = func() error {
			cmd.WaitDelay = commandGrace // which is read after this
			return cmd.Process.Signal(syscall.SIGTERM)
		}
		if err := cmd.Run(); !errors.Is(err, exec.ErrWaitDelay) {
			return err
		}
		return nil // it has ended well, and left something behind that holds its output
	}, nil
}
