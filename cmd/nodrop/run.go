package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/nodrop/nodrop/pkg/activator"
	"github.com/urfave/cli/v2"
)

func runCommand() *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "give a program sockets, readiness and rollouts, without systemd",
		UsageText: "nodrop run [--units DIR] [--socket NAME=ADDRESS]... [options] [-- PROGRAM [ARG...]]",
		Description: `Runs PROGRAM as systemd would, for development, demonstrations and plain containers: its sockets stay open
whatever becomes of it, and a rollout drops nothing. The new instance starts beside the old one; when it
is ready, the old one drains and passes its connections on. If the new one fails, the old one serves on.

The sockets, and all else about the program, come from its .service and .socket units: those in DIR, which
is the current directory if it has any and there is no --socket. PROGRAM takes the place of ExecStart=.

  nodrop run -- ./myapp
  nodrop run --socket http=127.0.0.1:8080 --carry -- ./myapp
  nodrop run --build 'go build -o myapp .' --watch . -- ./myapp

SIGHUP rolls out. SIGTERM and Ctrl-C drain, a second one ends all at once. SIGUSR1, SIGUSR2 and SIGQUIT go to
the program. After a crash it is started again, as Restart= says if there is a unit, unless it never was ready.

Exit status: the program's, 128+N after signal N, 203 if it cannot be executed; 1 a socket cannot be bound, 2
wrong use.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "units", Usage: "take the units in `DIR`, or of several services there the one in the file DIR/NAME.service"},
			&cli.StringSliceFlag{Name: "socket", Usage: "listen on `NAME=ADDRESS`, in place of the unit of that name: a port, IPV4:PORT, [IPV6]:PORT, the path of a Unix socket or @NAME (repeatable)"},
			&cli.StringSliceFlag{Name: "datagram", Usage: "take datagrams on `NAME=ADDRESS` (repeatable)"},
			&cli.BoolFlag{Name: "carry", Usage: "give it a handover socket, as [X-Nodrop] Carry=yes does: for programs that use serve.Run"},
			&cli.BoolFlag{Name: "lazy", Usage: "start it when the first connection comes in"},
			&cli.StringSliceFlag{Name: watchFlag, Usage: "roll out when a file in `DIR` changes; without DIR, when the program's file does (repeatable)"},
			&cli.StringFlag{Name: "build", Usage: "make the program by `COMMAND`, before the first start and each rollout"},
			&cli.BoolFlag{Name: "json", Usage: "write events as JSON: lines that begin with {\"nodrop\":"},
		},
		OnUsageError: wrongUse,
		Action:       runRun,
	}
}

const watchFlag = "watch"

// bareWatch gives --watch an empty value where the next argument is none.
func bareWatch(args []string) []string {
	out := make([]string, 0, len(args))
	for i, arg := range args {
		if arg == "--" {
			return append(out, args[i:]...)
		}
		if arg == "--"+watchFlag && (i+1 == len(args) || strings.HasPrefix(args[i+1], "-")) {
			arg += "="
		}
		out = append(out, arg)
	}
	return out
}

func runRun(c *cli.Context) error {
	cfg, err := runConfig(c)
	if err != nil {
		return cli.Exit(err, statusUsage)
	}
	if os.Getpid() == 1 {
		status, err := activator.Init()
		if err != nil {
			return err
		}
		return cli.Exit("", status)
	}
	a, err := activator.New(c.Context, cfg)
	if err != nil {
		return err
	}
	// Signals are the activator's here, the one that ends c.Context included.
	status := a.Supervise(context.WithoutCancel(c.Context))
	if err := a.Close(); err != nil {
		return err
	}
	return cli.Exit("", status)
}

// runConfig reads flags and units; its errors are wrong use.
func runConfig(c *cli.Context) (activator.Config, error) {
	cfg, err := runUnits(c)
	if err != nil {
		return cfg, err
	}
	if c.NArg() > 0 {
		cfg.Program = c.Args().Slice()
	}
	if len(cfg.Program) == 0 {
		return cfg, errors.New("run: no program; say what to run after --, as in: nodrop run --socket http=127.0.0.1:8080 -- ./myapp")
	}
	for flag, parse := range map[string]func(text, from string) (activator.Socket, error){
		"socket": activator.ParseSocket, "datagram": activator.ParseDatagram,
	} {
		for _, text := range c.StringSlice(flag) {
			s, err := parse(text, "--"+flag)
			if err != nil {
				return cfg, err
			}
			cfg.Listen(s)
		}
	}
	if len(cfg.Sockets) == 0 {
		return cfg, errors.New("run: no sockets; give some, as --socket http=127.0.0.1:8080, or the directory of .socket units, as --units DIR")
	}
	cfg.Carry = cfg.Carry || c.Bool("carry")
	cfg.Lazy, cfg.Build, cfg.Watch = c.Bool("lazy"), c.String("build"), c.StringSlice(watchFlag)
	if cfg.Lazy && cfg.Build != "" {
		return cfg, errors.New("run: --lazy and --build do not go together: a build ends in a start")
	}
	cfg.Report = activator.WriteText(c.App.ErrWriter, activator.Colour(os.Stderr))
	if c.Bool("json") {
		cfg.Report = activator.WriteJSON(c.App.ErrWriter)
	}
	return cfg, nil
}

// runUnits is the configuration that units give, empty where there are none.
func runUnits(c *cli.Context) (activator.Config, error) {
	dir, name := c.String("units"), ""
	if filepath.Ext(dir) == ".service" {
		dir, name = filepath.Dir(dir), filepath.Base(dir)
	}
	if found, _ := filepath.Glob("*.socket"); dir == "" && len(found) > 0 && !c.IsSet("socket") && !c.IsSet("datagram") {
		dir = "."
	}
	if dir == "" {
		return activator.Config{}, nil
	}
	return activator.FromUnits(dir, name)
}
