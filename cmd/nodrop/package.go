package main

import (
	"fmt"

	"github.com/nodrop/nodrop/pkg/pack"
	"github.com/urfave/cli/v2"
)

func packageCommand() *cli.Command {
	return &cli.Command{
		Name:      "package",
		Aliases:   []string{"pkg", "p"},
		Usage:     "build a deb or rpm from an nfpm.yaml and unit files",
		UsageText: "nodrop package [-f nfpm.yaml] [-p deb|rpm] [-t TARGET] [--previous OLD.deb|OLD.rpm]",
		Description: `Takes an ordinary nfpm.yaml, ordinary unit files and the flags of nfpm package. Adds the standby and rollout
units and the maintainer scripts, checks the units, builds, and prints the path of the package.

With --previous also says what an upgrade from that package to the new one cannot do without harm, and does not build
what would do some that can be avoided.`,
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringFlag{Name: "packager", Aliases: []string{"p"}, Usage: "`FORMAT`: deb or rpm (default: by the extension of the target)"},
			&cli.StringFlag{Name: "target", Aliases: []string{"t"}, Value: ".", Usage: "`TARGET`: a directory, or a file"},
			&cli.StringFlag{Name: "previous", Usage: "compare with the built deb or rpm `FILE` that this package is an upgrade of"},
		},
		OnUsageError: wrongUse,
		Action:       runPackage,
	}
}

func configFlag() cli.Flag {
	return &cli.StringFlag{Name: "config", Aliases: []string{"f"}, Value: "nfpm.yaml", Usage: "read `FILE`"}
}

func runPackage(c *cli.Context) error {
	if c.NArg() > 0 {
		return cli.Exit(fmt.Sprintf("package: unexpected %q; see nodrop package --help", c.Args().First()), statusUsage)
	}
	packager, err := pack.ChoosePackager(c.String("packager"), c.String("target"))
	if err != nil {
		return cli.Exit(fmt.Errorf("package: %w", err), statusUsage)
	}
	path, err := pack.Build(c.Context, pack.Options{
		Config:   c.String("config"),
		Packager: packager,
		Target:   c.String("target"),
		Previous: c.String("previous"),
		Warnings: c.App.ErrWriter,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.App.Writer, path)
	return err
}
