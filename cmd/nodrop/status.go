package main

import (
	"encoding/json"
	"fmt"

	"github.com/nodrop/nodrop/pkg/status"
	"github.com/urfave/cli/v2"
)

// statusNoUnit is nodrop status's when it has found nothing to tell of, as with systemctl.
const statusNoUnit = 4

func statusCommand() *cli.Command {
	return &cli.Command{
		Name:      "status",
		Usage:     "tell how a service on this host is doing, with its sockets, standby and last rollout",
		UsageText: "nodrop status [--json] [UNIT]",
		Description: `Tells of UNIT, a service, or of all services that have companions made by nodrop: sockets and how many connections
wait in them (by sock_diag(7)), main and standby, the version installed, the last rollout and its outcome. Root sees
all; anybody else does not see what a process runs and, outside of the group systemd-journal, when a rollout that went
well was.

Exit status: 0 it serves, 1 it serves but the last rollout failed or it has fallen back to an earlier version, 2 wrong
use, 3 it does not run, 4 there is no such service or systemd cannot be asked; of several services, the highest.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "write it as JSON, a list of services"},
		},
		OnUsageError: wrongUse,
		Action:       runStatus,
	}
}

func runStatus(c *cli.Context) error {
	if c.NArg() > 1 {
		return cli.Exit(fmt.Sprintf("status: unexpected %q; see nodrop status --help", c.Args().Get(1)), statusUsage)
	}
	all, err := status.Read(c.Context, c.Args().First())
	if err != nil {
		return cli.Exit(fmt.Errorf("status: %w", err), statusNoUnit)
	}
	if c.Bool("json") {
		enc := json.NewEncoder(c.App.Writer)
		enc.SetIndent("", "  ")
		err = enc.Encode(all)
	} else {
		err = status.WriteText(c.App.Writer, all)
	}
	if code := status.ExitStatus(all); err == nil && code != 0 {
		err = cli.Exit("", code) // what was written says why
	}
	return err
}
