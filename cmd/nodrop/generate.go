package main

import (
	"fmt"

	"github.com/nodrop/nodrop/pkg/pack"
	"github.com/urfave/cli/v2"
)

func generateCommand() *cli.Command {
	return &cli.Command{
		Name:      "generate",
		Usage:     "write companion units and maintainer scripts as files, for GoReleaser and for reading",
		UsageText: "nodrop generate [-f nfpm.yaml] DIR",
		Description: `Writes what nodrop package would add to a package:

  DIR/units/NAME-standby.service, NAME-rollout.service
  DIR/units/NAME-standby.service.d, a link to where the admin's drop-ins for NAME.service are
  DIR/units/NAME-handover.socket, with Carry=yes
  DIR/units/NAME.service.d/50-nodrop.conf, which NAME.service needs besides
  DIR/deb/preinst, postinst, prerm, postrm
  DIR/rpm/pre, post, preun, postun, posttrans

The program itself need not be built yet. In the nfpms section of a .goreleaser.yaml, beside what the package ships
itself (its own scripts are built into these: do not name them again):

  contents:
    - {src: DIR/units, dst: /lib/systemd/system, type: tree, packager: deb}
    - {src: DIR/units, dst: /usr/lib/systemd/system, type: tree, packager: rpm}
  overrides:
    deb:
      scripts: {preinstall: DIR/deb/preinst, postinstall: DIR/deb/postinst, preremove: DIR/deb/prerm, postremove: DIR/deb/postrm}
    rpm:
      scripts: {preinstall: DIR/rpm/pre, postinstall: DIR/rpm/post, preremove: DIR/rpm/preun, postremove: DIR/rpm/postun}
  rpm:
    scripts: {posttrans: DIR/rpm/posttrans}`,
		Flags:        []cli.Flag{configFlag()},
		OnUsageError: wrongUse,
		Action:       runGenerate,
	}
}

func runGenerate(c *cli.Context) error {
	if c.NArg() != 1 {
		return cli.Exit("generate: name one directory; see nodrop generate --help", statusUsage)
	}
	paths, err := pack.Generate(c.Context, c.String("config"), c.Args().First(), c.App.ErrWriter)
	for _, path := range paths {
		fmt.Fprintln(c.App.Writer, path)
	}
	return err
}
