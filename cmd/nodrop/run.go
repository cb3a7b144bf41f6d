package main

import (
	"context"
	"errors"
	"os"

	"github.com/nodrop/nodrop/pkg/activator"
	"github.com/urfave/cli/v2"
)

func runCommand() *cli.Command {
	return &cli.Command{
		Name:        "run",
		Usage:       "run a program with sockets, readiness and rollouts, without systemd",
		UsageText:   "nodrop run [--socket NAME=ADDRESS]... [options] -- PROGRAM [ARG...]",
		Description: `Does for PROGRAM what systemd would.`,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "socket", Usage: "listen as `NAME=ADDRESS`: a port, IPV4:PORT, [IPV6]:PORT, the path of a Unix socket or @NAME (repeatable)"},
			&cli.StringSliceFlag{Name: "datagram", Usage: "the same for datagrams, `NAME=ADDRESS` (repeatable)"},
			&cli.BoolFlag{Name: "carry", Usage: "give the program a handover socket, as [X-Nodrop] Carry=yes does"},
			&cli.BoolFlag{Name: "lazy", Usage: "start the program when the first connection comes in"},
			&cli.BoolFlag{Name: "json", Usage: "write events as JSON, one object per line"},
		},
		OnUsageError: wrongUse,
		Action:       runRun,
	}
}

func runRun(c *cli.Context) error {
	cfg, err := runConfig(c)
	if err != nil {
		return cli.Exit(err, statusUsage)
	}
	a, err := activator.New(c.Context, cfg)
	if err != nil {
		return err
	}
	// Signals are the activator's here.
	status := a.Supervise(context.WithoutCancel(c.Context))
	if err := a.Close(); err != nil {
		return err
	}
	if status != 0 {
		return cli.Exit("", status)
	}
	return nil
}

func runConfig(c *cli.Context) (activator.Config, error) {
	cfg := activator.Config{
		Program: c.Args().Slice(), Carry: c.Bool("carry"), Lazy: c.Bool("lazy"),
		Report: activator.WriteText(c.App.ErrWriter, activator.Colour(os.Stderr)),
	}
	if c.Bool("json") {
		cfg.Report = activator.WriteJSON(c.App.ErrWriter)
	}
	if c.NArg() == 0 {
		return cfg, errors.New("run: no program; say what to run after --, as in: nodrop run --socket http=127.0.0.1:8080 -- ./myapp")
	}
	for _, text := range c.StringSlice("socket") {
		s, err := activator.ParseSocket(text, "--socket")
		if err != nil {
			return cfg, err
		}
		cfg.Sockets = append(cfg.Sockets, s)
	}
	for _, text := range c.StringSlice("datagram") {
		s, err := activator.ParseDatagram(text, "--datagram")
		if err != nil {
			return cfg, err
		}
		cfg.Sockets = append(cfg.Sockets, s)
	}
	return cfg, nil
}
