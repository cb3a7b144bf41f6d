package main

import (
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/urfave/cli/v2"
)

// loadFlags say who loads what, and for how long.
func loadFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "url", Usage: "load `URL` (repeatable: one http, one https)"},
		&cli.StringSliceFlag{Name: "client", Usage: "load with `KIND=N[@URL]` (repeatable; default: 16 fresh, 16 keepalive, 16 idle, and 16 tls with an https URL)"},
		&cli.DurationFlag{Name: "before", Value: 3 * time.Second, Usage: "load for `TIME` before COMMAND"},
		&cli.DurationFlag{Name: "after", Value: 3 * time.Second, Usage: "load for `TIME` after COMMAND"},
		&cli.DurationFlag{Name: "timeout", Value: 30 * time.Second, Usage: "a request is lost after `TIME`"},
		&cli.StringFlag{Name: "model", Value: string(drill.Closed), Usage: "`MODEL` is closed: a request begins when the client's last one is over; or open: at the rate alone, and its wait counts from when it was due"},
		&cli.Float64Flag{Name: "rate", Value: 50, Usage: "`N` requests a second per client; in the closed model at most"},
	}
}

// limitFlags say what still passes.
func limitFlags() []cli.Flag {
	return []cli.Flag{
		&cli.Uint64Flag{Name: "max-failed", Usage: "pass with up to `N` requests failed, and up to N connections closed"},
		&cli.DurationFlag{Name: "max-wait", Usage: "fail if a request waits longer than `TIME`", DefaultText: "no limit"},
	}
}

// drillConfig reads the flags of load and limits, with the URLs to load; its errors are wrong use.
func drillConfig(c *cli.Context, urls []string) (drill.Config, error) {
	cfg := drill.Config{
		Before: c.Duration("before"), After: c.Duration("after"),
		Timeout: c.Duration("timeout"), Model: drill.Model(c.String("model")), Rate: c.Float64("rate"),
		Limits: drill.Limits{MaxFailed: c.Uint64("max-failed"), MaxWait: drill.Millis(c.Duration("max-wait"))},
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
	if cfg.Clients, err = drill.Assign(clients, urls); err != nil {
		return cfg, err
	}
	return cfg, cfg.Validate()
}
