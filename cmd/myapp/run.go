package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/nodrop/nodrop/pkg/serve"
)

// run serves until systemd (or Ctrl-C) says stop, and returns nil when
// everything that was in flight has ended.
//
// The names "http", "https" and "metrics" are the FileDescriptorName= of the
// three socket units in packaging/myapp.
func run(ctx context.Context, c config) error {
	log := newLogger(os.Stdout, c.logLevel)
	dir, err := makeStateDir(c.stateDir)
	if err != nil {
		return err
	}
	if err := failAtStart(dir); err != nil {
		return err
	}
	if c.tlsCert == "" {
		if c.tlsCert, err = selfSigned(dir); err != nil {
			return err
		}
		c.tlsKey = c.tlsCert // one file holds both
	}

	meter := newMeter()
	web := named(meter.observe(log, routes()))

	clear := newServer(c.httpAddr, web, log)

	err = serve.Run(ctx,
		serve.HTTP("http", clear),
		serve.Optional(serve.HTTPS("https", newServer(c.httpsAddr, web, log), c.tlsCert, c.tlsKey)),
		serve.Optional(serve.HTTP("metrics", newServer(c.metricsAddr, named(meter.handler()), log))),
		serve.Adopt(kindWebSocket, adoptWebSocket),
		serve.Adopt(kindEvents, adoptEvents),
		serve.Ready(ready(c.tlsCert, c.tlsKey, dir)),
		serve.Healthy(healthy(time.Now())),
		serve.Observe(meter.rollouts.Hooks()),
		serve.Logger(log),
	)
	if err != nil {
		return fmt.Errorf("serving: %w", err)
	}
	log.Info("stopped", slog.String("version", version))
	return nil
}
