package drill

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// spareDescriptors are those that the process needs beside one for each client.
const spareDescriptors = 32

// Run loads the servers for cfg.Before, runs the command while the load goes on, loads for cfg.After, lets the
// requests in flight finish and reports.
//
// The error is nil whenever the drill ran to its end, whatever was lost, and whether or not the command failed:
// that is in the Report. It is not nil if a server does not answer or loses something before the command,
// which is not run then; if there are more clients than descriptors; or if ctx ended, upon which the command's
// context ends and Run returns as soon as the command does. There is a Report of what had been seen by then
// unless cfg is not valid.
func Run(ctx context.Context, cfg Config, command func(context.Context) error) (*Report, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	d := &drill{Config: cfg.withDefaults(), rec: newRecorder(), contents: map[string]*content{}}
	report := &Report{Started: time.Now(), Setup: d.setup(), Load: string(d.Model), Limits: cfg.Limits}
	err := d.run(ctx, command, report)
	if ctx.Err() != nil {
		err = fmt.Errorf("running the drill: broken off: %w", context.Cause(ctx))
	}
	report.fill(d.rec)
	report.Warnings = d.rec.warnings()
	if err != nil {
		report.Error = err.Error()
	}
	return report, err
}

type drill struct {
	Config
	rec      *recorder
	contents map[string]*content // by URL
	room     atomic.Int64        // for further connections in the open model
}

// content is what is known of what a URL gives.
func (d *drill) content(url string) *content {
	if d.contents[url] == nil {
		d.contents[url] = &content{}
	}
	return d.contents[url]
}

func (d *drill) run(ctx context.Context, command func(context.Context) error, report *Report) error {
	if err := d.checkDescriptors(); err != nil {
		return err
	}
	if err := d.preflight(ctx); err != nil {
		return err
	}
	watching, unwatch := context.WithCancel(ctx)
	defer unwatch()
	d.rec.watchUnits(watching)
	d.rec.loadBegins()
	defer d.rec.loadEnded()
	load, err := d.start(ctx)
	if err != nil {
		return err
	}
	defer load.abort()
	var display sync.WaitGroup
	showing, hide := context.WithCancel(ctx)
	defer display.Wait()
	defer hide()
	display.Go(func() { d.live(showing) })

	d.say("before: %d clients for %v", d.clients(), d.Before)
	beforeEnd := time.Now().Add(d.Before)
	if err := load.awaitOpen(ctx, d.Timeout); err != nil {
		return err
	}
	if !sleepUntil(ctx, beforeEnd) {
		return ctx.Err()
	}
	if err := d.rec.lostAlready(); err != nil {
		return err
	}

	d.say("during: the command runs")
	d.rec.commandBegan()
	commandErr := command(ctx)
	d.rec.commandEnded()
	report.Command = Command{Duration: Millis(d.rec.ended.Sub(d.rec.began))}
	if commandErr != nil {
		report.Command.Error = commandErr.Error()
	}
	load.speak()

	d.say("after: %v more", d.After)
	if !sleepUntil(ctx, time.Now().Add(d.After)) {
		return ctx.Err()
	}
	load.finish()
	return nil
}

func (d *drill) say(format string, args ...any) {
	fmt.Fprintf(d.Progress, "drill: "+format+"\n", args...)
}

// checkDescriptors returns an error if there are not enough for the clients, and notes how many more there are.
func (d *drill) checkDescriptors() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("reading RLIMIT_NOFILE: %w", err)
	}
	need := uint64(d.clients() + spareDescriptors)
	if need > limit.Cur {
		return fmt.Errorf("starting %d clients: they need %d descriptors, and RLIMIT_NOFILE is %d: use fewer clients or raise it (ulimit -n)",
			d.clients(), need, limit.Cur)
	}
	d.room.Store(int64(min(limit.Cur-need, uint64(maxConnections))))
	return nil
}

// preflight does one uncounted request of each kind, all at once, and returns the first error.
func (d *drill) preflight(ctx context.Context) error {
	d.say("asking each server once")
	scratch := newRecorder()
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range d.Clients {
		ex, err := d.newExchanger(c, scratch.tally(c.Kind, 0))
		if err != nil {
			return err
		}
		group.Go(func() error {
			defer ex.close()
			if _, f := ex.do(ctx, time.Now().Add(d.Timeout)); f != nil {
				return fmt.Errorf("trying %s with a client of kind %s, before the command, which was not run: %w", c.URL, c.Kind, f.err)
			}
			if h, ok := ex.(*http1); ok && c.Kind == Idle && !h.connected() {
				return fmt.Errorf("trying %s with a client of kind %s, before the command, which was not run: "+
					"the server keeps no connection after a response: load it without idle clients, as with --client fresh=16", c.URL, c.Kind)
			}
			return nil
		})
	}
	return group.Wait()
}

// lostAlready returns an error if anything was lost so far, when nothing may have been.
func (r *recorder) lostAlready() error {
	var seen Report
	seen.fill(r)
	if !seen.Lost() {
		return nil
	}
	return fmt.Errorf("loading the servers before the command, which was not run: %s (%s)", seen.losses(), seen.Errors[0])
}
