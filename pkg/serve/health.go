package serve

import (
	"context"
	"fmt"
	"time"
)

// healthEvery is how often the checks of [Healthy] run.
const healthEvery = 2 * time.Second

// healthTime is for how long a check may run; less in tests. It is what a
// watchdog usually has: on a host with too much to do, a check that finds
// nothing wrong is late as well, and an instance that leaves is no help there.
var healthTime = 30 * time.Second

// Healthy adds a check that runs every two seconds from READY=1 to the drain.
// An error of it, or no answer within 30 s, when its context ends, ends the
// life as a server that fails does: everything is drained, so that nothing is
// lost, and Run returns the error. During an upgrade with Soak= that is what
// makes a new version give way to the old one.
//
// Check what only another process or another version can mend. A database that
// everybody shares is nothing of the kind, and a reply within a second is
// nothing that a busy host can promise. A process that hangs is the watchdog's
// business (WatchdogSec=, systemd.service(5)).
func Healthy(check func(context.Context) error) Option {
	return func(l *life) { l.healthChecks = append(l.healthChecks, check) }
}

// watch runs the checks until one fails, and tells fail, or ctx ends.
func (l *life) watch(ctx context.Context, fail func(error)) {
	if len(l.healthChecks) == 0 {
		return
	}
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, check := range l.healthChecks {
			if err := inTime(ctx, check); err != nil && ctx.Err() == nil {
				fail(fmt.Errorf("health check: %w", err))
				return
			}
		}
	}
}

// inTime runs a check, and does not wait for one that takes too long.
func inTime(ctx context.Context, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, healthTime, fmt.Errorf("no answer for %s", healthTime))
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- check(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
