package drill

import (
	"context"
	"errors"
	"sync"
	"time"
)

// load is the clients at work.
type load struct {
	all    sync.WaitGroup
	opened sync.WaitGroup // idle connections that are still to be opened
	cancel context.CancelFunc
	stop   context.CancelFunc
	speak  context.CancelFunc // lets idle clients do their second request
}

// start starts all clients. The caller calls abort in the end.
func (d *drill) start(ctx context.Context) (*load, error) {
	ctx, cancel := context.WithCancel(ctx)
	stopped, stop := context.WithCancel(ctx)
	speaking, speak := context.WithCancel(context.Background())
	l := &load{cancel: cancel, stop: stop, speak: speak}
	interval := time.Duration(float64(time.Second) / d.Rate)
	for _, c := range d.Clients {
		t := d.rec.tally(c.Kind, c.Number)
		for i := range c.Number {
			ex, err := newExchanger(c, t)
			if err != nil {
				l.abort()
				return nil, err
			}
			share := float64(i) / float64(c.Number)
			w := worker{exchanger: ex, tally: t, timeout: d.Timeout, interval: interval,
				offset: time.Duration(share * float64(interval))}
			if c.Kind != Idle {
				l.all.Go(func() { w.loop(ctx, stopped) })
				continue
			}
			// Half of the time after the command is enough for the idle to speak up one by one.
			idle := idler{worker: w, http: ex.(*http1), delay: time.Duration(share * float64(d.After/2))}
			l.opened.Add(1)
			l.all.Go(func() { idle.run(ctx, stopped, speaking, sync.OnceFunc(l.opened.Done)) })
		}
	}
	return l, nil
}

// awaitIdle waits until all idle connections are open, for no longer than timeout.
func (l *load) awaitIdle(ctx context.Context, timeout time.Duration) error {
	opened := make(chan struct{})
	go func() {
		l.opened.Wait()
		close(opened)
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-opened:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errors.New("opening the idle connections before the command, which was not run: not done within the time for one request")
	}
}

// finish lets every client finish its request and waits for that.
func (l *load) finish() {
	l.stop()
	l.all.Wait()
}

// abort breaks off what is in flight and waits for the clients to end.
func (l *load) abort() {
	l.cancel()
	l.all.Wait()
	l.speak()
}
