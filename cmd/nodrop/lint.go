package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/nodrop/nodrop/pkg/lint"
	"github.com/urfave/cli/v2"
)

func lintCommand() *cli.Command {
	return &cli.Command{
		Name:      "lint",
		Usage:     "find what loses connections, data or the admin's choices, in units and in built packages",
		UsageText: "nodrop lint [--against OLD] [--format text|json|sarif] [--disable RULE=REASON]... UNIT... | DIR | PACKAGE...",
		Description: `Checks unit files, the unit files in a directory, or a built deb or rpm, anybody's: its units, and what its scripts
would do when it is installed, upgraded and removed. With --against also the upgrade from OLD, another version of
the same. Every finding has a page: https://github.com/nodrop/nodrop/blob/main/docs/lint.md

A comment silences a rule for the line below it, or at the head of a file for all of it. It needs a reason:

  # nodrop-lint: disable=restart-missing cron starts it again

Exit status: 0 nothing was found, 1 an error or a warning, 2 wrong use or nothing to read.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "against", Usage: "also check the upgrade from `OLD`"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "write `FORMAT`: text, json or sarif"},
			&cli.StringSliceFlag{Name: "disable", Usage: "silence `RULE=REASON` everywhere (repeatable)"},
		},
		OnUsageError: wrongUse,
		Action:       runLint,
	}
}

func runLint(c *cli.Context) error {
	write, err := lintFormat(c.String("format"))
	if err != nil {
		return cli.Exit(err, statusUsage)
	}
	if c.NArg() == 0 {
		return cli.Exit("lint: name unit files, a directory or a package; see nodrop lint --help", statusUsage)
	}
	subjects, err := lint.Load(c.Args().Slice()...)
	if err != nil {
		return cli.Exit(fmt.Errorf("lint: %w", err), statusUsage)
	}
	var old *lint.Subject
	if path := c.String("against"); path != "" {
		if old, err = lint.LoadOld(path, subjects); err != nil {
			return cli.Exit(fmt.Errorf("lint: %w", err), statusUsage)
		}
	}
	var results []lint.Result
	for _, s := range subjects {
		for _, d := range c.StringSlice("disable") {
			id, reason, _ := strings.Cut(d, "=")
			s.Disable(id, strings.TrimSpace(reason), "--disable")
		}
		results = append(results, lint.Result{Subject: s, Findings: lint.Check(s, old)})
	}
	if err := write(c.App.Writer, results); err != nil {
		return fmt.Errorf("writing the findings: %w", err)
	}
	if lint.Bad(results) {
		return cli.Exit("", statusFailed)
	}
	return nil
}

func lintFormat(name string) (func(io.Writer, []lint.Result) error, error) {
	switch name {
	case "text":
		return lint.WriteText, nil
	case "json":
		return lint.WriteJSON, nil
	case "sarif":
		return func(w io.Writer, results []lint.Result) error { return lint.WriteSARIF(w, results, version) }, nil
	}
	return nil, fmt.Errorf("lint: no format %q; it is text, json or sarif", name)
}
