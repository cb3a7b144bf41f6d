package main

import (
	"os"

	"github.com/nodrop/nodrop/pkg/repository"
	"github.com/urfave/cli/v2"
)

func repoCommand() *cli.Command {
	return &cli.Command{
		Name:      "repo",
		Usage:     "publish debs and rpms in a signed repository for apt and dnf",
		UsageText: "nodrop repo --key KEY [-t DIR] [--name NAME] PACKAGE|DIRECTORY...",
		Description: `Adds debs and rpms, and those in directories, to the repository in DIR, or makes it: DIR/apt, DIR/dnf, and
DIR/key.asc with the public key. Any static web server serves it. What was published before stays, so old versions can
still be installed; hosts that read meanwhile find the old state or the new one.

Rpms must be signed by the same key (rpm.signature.key_file in nfpm.yaml). The passphrase of the key, if it has one, is
taken from $NFPM_PASSPHRASE. Needs apt-ftparchive for debs, createrepo_c and rpmkeys for rpms; Debian has them in
apt-utils, createrepo-c and rpm.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "key", EnvVars: []string{"SIGNING_KEY"}, Usage: "sign with the secret PGP key in `FILE`"},
			&cli.StringFlag{Name: "target", Aliases: []string{"t"}, Value: "repo", Usage: "`DIR` of the repository"},
			&cli.StringFlag{Name: "name", Usage: "who publishes it, apt's Origin (default: the name of DIR)"},
		},
		OnUsageError: wrongUse,
		Action:       runRepo,
	}
}

func runRepo(c *cli.Context) error {
	if c.NArg() == 0 {
		return cli.Exit("repo: name packages, or directories of them; see nodrop repo --help", statusUsage)
	}
	if c.String("key") == "" {
		return cli.Exit("repo: no key: name a file with a secret PGP key with --key or in $SIGNING_KEY; no host should trust an unsigned repository", statusUsage)
	}
	key, err := repository.ReadKey(c.String("key"), os.Getenv("NFPM_PASSPHRASE"))
	if err != nil {
		return err
	}
	return repository.Publish(c.Context, repository.Options{
		Dir: c.String("target"), Name: c.String("name"), Packages: c.Args().Slice(), Key: key,
	})
}
