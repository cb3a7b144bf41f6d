package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/pkg/rehearse"
	"github.com/urfave/cli/v2"
)

// hostFlags have nodrop drill bring a throw-away host.
func hostFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "from", Usage: "on a throw-away host: install the deb or rpm `FILE`"},
		&cli.StringFlag{Name: "package", Usage: "on a throw-away host: install the package `NAME` from the apt sources"},
		&cli.StringFlag{Name: "to", Usage: "upgrade that to `FILE` under load (default, with --package: reinstall it)"},
		&cli.StringFlag{Name: "suite", Value: "bookworm", Usage: "`RELEASE` of Debian on the throw-away host: bullseye, bookworm, trixie or sid"},
	}
}

func onHost(c *cli.Context) bool {
	return slices.ContainsFunc(hostFlags(), func(f cli.Flag) bool { return c.IsSet(f.Names()[0]) })
}

func drillOnHost(c *cli.Context) error {
	cfg, err := hostConfig(c)
	if err != nil {
		return cli.Exit(err, drillUsage)
	}
	output, err := openDrillOutput(c)
	if err != nil {
		return err
	}
	defer output.close()

	began := time.Now()
	report, err := rehearse.Run(c.Context, cfg)
	switch {
	case report == nil:
		report = drill.NotRun(began, err)
	case err == nil:
	case report.Error == "": // what failed came after the drill
		report.Error = err.Error()
	default:
		output.text = nil // the drill in the host has said it all to stderr
	}
	return output.conclude(c, report, err)
}

// hostConfig reads the flags; its errors are wrong use.
func hostConfig(c *cli.Context) (rehearse.Config, error) {
	cfg := rehearse.Config{
		Upgrade: rehearse.Upgrade{From: c.String("from"), Package: c.String("package"), To: c.String("to")},
		Suite:   c.String("suite"),
		URLs:    c.StringSlice("url"),
		Log:     c.App.ErrWriter,
	}
	if c.NArg() > 0 {
		return cfg, fmt.Errorf("reading the arguments: %q: on a throw-away host the upgrade is the command", c.Args().First())
	}
	if err := cfg.Validate(); err != nil {
		return cfg, err
	}
	// nodrop in the host reads the flags of the load again, perhaps with URLs found there.
	urls := cfg.URLs
	if len(urls) == 0 {
		urls = []string{"http://found/", "https://found/"}
	}
	if _, err := drillConfig(c, urls); err != nil {
		return cfg, err
	}
	for _, flag := range slices.Concat(loadFlags(), limitFlags()) {
		if name := flag.Names()[0]; name != "url" && c.IsSet(name) {
			cfg.Load = append(cfg.Load, arguments(c, name)...)
		}
	}
	return cfg, nil
}

// arguments are the arguments that set a flag as it is.
func arguments(c *cli.Context, name string) []string {
	values := c.StringSlice(name)
	if values == nil {
		values = []string{fmt.Sprint(c.Value(name))}
	}
	var args []string
	for _, value := range values {
		args = append(args, "--"+name+"="+value)
	}
	return args
}
