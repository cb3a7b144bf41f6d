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
	opened sync.WaitGroup // connections that are to live through the command and are still to be opened
	cancel context.CancelFunc
	stop   context.CancelFunc
	speak  context.CancelFunc // lets idle clients do their last request
}

// start starts all clients. The caller calls abort in the end.
func (d *drill) start(ctx context.Context) (*load, error) {
	ctx, cancel := context.WithCancel(ctx)
	stopped, stop := context.WithCancel(ctx)
	speaking, speak := context.WithCancel(context.Background())
	l := &load{cancel: cancel, stop: stop, speak: speak}
	interval := max(time.Duration(float64(time.Second)/d.Rate), 1)
	l.all.Go(func() { d.rec.tick(stopped) })
	for _, c := range d.Clients {
		t := d.rec.tally(c.Kind, c.Number)
		for i := range c.Number {
			ex, err := d.newExchanger(c, t)
			if err != nil {
				l.abort()
				return nil, err
			}
			share := float64(i) / float64(c.Number)
			w := worker{exchanger: ex, tally: t, timeout: d.Timeout, interval: interval,
				offset: time.Duration(share * float64(interval)),
				open:   d.Model == Open, pushed: c.Kind == Events, ready: func() {}}
			if c.Kind.lasting() {
				l.opened.Add(1)
				w.ready = sync.OnceFunc(l.opened.Done)
			}
			switch {
			case c.Kind == Idle:
				// A third of the longest silence, and half of the time after the command, are enough to speak up one by one.
				idle := idler{worker: w, http: ex.(*http1),
					silence: longestSilence - time.Duration(share*float64(longestSilence/3)), delay: time.Duration(share * float64(d.After/2))}
				l.all.Go(func() { idle.run(ctx, stopped, speaking) })
			case c.Kind == WebSocket:
				talk := talker{worker: w, socket: ex.(*webSocket)}
				l.all.Go(func() { talk.run(ctx, stopped) })
			case d.Model == Open && c.Kind != Events:
				spawn := func() (exchanger, error) { return d.newExchanger(c, t) }
				a := arrivals{worker: w, spawn: spawn, room: &d.room}
				l.all.Go(func() { a.run(ctx, stopped) })
			default:
				l.all.Go(func() { w.loop(ctx, stopped) })
			}
		}
	}
	return l, nil
}

// awaitOpen waits until all connections are open that are to live through the command, for no longer than timeout.
func (l *load) awaitOpen(ctx context.Context, timeout time.Duration) error {
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
		return errors.New("opening the idle connections, WebSockets and event streams before the command, which was not run: not done within the time for one request")
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
