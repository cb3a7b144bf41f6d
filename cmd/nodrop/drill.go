package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/urfave/cli/v2"
)

// Exit statuses of nodrop drill; 0 is "nothing lost and the command succeeded".
const (
	drillLost   = 1
	drillUsage  = 2
	drillNotRun = 3
)

// commandGrace is how long a command may take to end after SIGTERM before it is killed. Package managers
// finish the step they are in.
const commandGrace = 60 * time.Second

func drillCommand() *cli.Command {
	return &cli.Command{
		Name:      "drill",
		Usage:     "load a server before, while and after a command runs, and say what was lost",
		UsageText: "nodrop drill --url URL [--client KIND=N[@URL]]... [options] -- COMMAND [ARG...]",
		Description: `Loads URL with clients that never retry, runs COMMAND meanwhile, and gives the verdict.

Kinds of client:
  fresh      a new TCP connection for each GET
  post       keep-alive POSTs
  tls        keep-alive GETs over TLS
  h2         HTTP/2 over TLS
  slow       keep-alive GETs of a URL that takes long
  upload     keep-alive POSTs of 5 MiB, each spread over 1.5 s
  idle       connections left idle while COMMAND runs, used again afterwards
  websocket  numbered messages over a WebSocket that sends them back
  events     server-sent events whose ids are consecutive numbers
tls and h2 load the first https:// URL, the others the first http:// one; KIND=N@URL loads its own,
as websocket=100@http://127.0.0.1:8080/ws does.
COMMAND's output goes to stderr.

Exit status: 0 nothing was lost, 1 something was or COMMAND failed, 2 wrong use, 3 the drill could not run.`,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "url", Usage: "load `URL` (repeatable: one http, one https)"},
			&cli.StringSliceFlag{Name: "client", Usage: "load with `KIND=N[@URL]` (repeatable; default: 16 fresh, 16 idle, and 16 tls with an https URL)"},
			&cli.DurationFlag{Name: "before", Value: 3 * time.Second, Usage: "load for `TIME` before COMMAND"},
			&cli.DurationFlag{Name: "after", Value: 3 * time.Second, Usage: "load for `TIME` after COMMAND"},
			&cli.DurationFlag{Name: "timeout", Value: 30 * time.Second, Usage: "a request is lost after `TIME`"},
			&cli.Float64Flag{Name: "rate", Value: 50, Usage: "at most `N` requests a second per client"},
			&cli.StringFlag{Name: "json", Usage: "write the report to `FILE` as JSON (-: to stdout, the table to stderr)"},
		},
		OnUsageError: func(_ *cli.Context, err error, _ bool) error { return cli.Exit(err, drillUsage) },
		Action:       runDrill,
	}
}

func runDrill(c *cli.Context) error {
	cfg, err := drillConfig(c)
	if err != nil {
		return cli.Exit(err, drillUsage)
	}
	path, err := exec.LookPath(c.Args().First())
	if err != nil {
		return cli.Exit(fmt.Errorf("finding the command: %w", err), drillNotRun)
	}
	output, err := openDrillOutput(c)
	if err != nil {
		return cli.Exit(err, drillNotRun)
	}
	defer output.json.Close()

	// The context ends upon SIGINT; the command gets a SIGTERM then.
	report, err := drill.Run(c.Context, cfg, func(ctx context.Context) error {
		cmd := exec.CommandContext(ctx, path, c.Args().Tail()...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, c.App.ErrWriter, c.App.ErrWriter
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = commandGrace
		return cmd.Run()
	})
	if err != nil {
		output.text = c.App.ErrWriter
	}
	if werr := output.write(report); werr != nil {
		return cli.Exit(werr, drillNotRun)
	}
	switch {
	case err != nil:
		return cli.Exit("", drillNotRun) // the verdict has said why
	case report.Lost() || report.Command.Error != "":
		return cli.Exit("", drillLost)
	}
	return nil
}

// drillConfig reads the flags; its errors are wrong use.
func drillConfig(c *cli.Context) (drill.Config, error) {
	cfg := drill.Config{
		Before: c.Duration("before"), After: c.Duration("after"),
		Timeout: c.Duration("timeout"), Rate: c.Float64("rate"), Progress: c.App.ErrWriter,
	}
	if c.NArg() == 0 {
		return cfg, errors.New("reading the arguments: no command; say what to run after --, as in: nodrop drill --url http://127.0.0.1/ -- apt-get -y upgrade")
	}
	var clients []drill.Client
	for _, s := range c.StringSlice("client") {
		client, err := drill.ParseClient(s)
		if err != nil {
			return cfg, err
		}
		clients = append(clients, client)
	}
	var err error
	if cfg.Clients, err = drill.Assign(clients, c.StringSlice("url")); err != nil {
		return cfg, err
	}
	return cfg, cfg.Validate()
}

// drillOutput is where the report goes: opened before the drill, so that none is run in vain.
type drillOutput struct {
	text io.Writer
	json io.WriteCloser
}

func openDrillOutput(c *cli.Context) (*drillOutput, error) {
	switch name := c.String("json"); name {
	case "":
		return &drillOutput{text: c.App.Writer, json: nopCloser{io.Discard}}, nil
	case "-":
		return &drillOutput{text: c.App.ErrWriter, json: nopCloser{c.App.Writer}}, nil
	default:
		f, err := os.Create(name)
		if err != nil {
			return nil, fmt.Errorf("opening the report: %w", err)
		}
		return &drillOutput{text: c.App.Writer, json: f}, nil
	}
}

func (o *drillOutput) write(r *drill.Report) error {
	enc := json.NewEncoder(o.json)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return r.WriteText(o.text)
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
