package drill

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// maxConnections is how many connections the open model opens at most beside one for each client, if there are
// descriptors for so many; fewer in tests.
var maxConnections int64 = 10_000

// arrivals is a client in the open model: its requests begin on schedule, whatever becomes of those before, each on a
// connection that is not in use.
type arrivals struct {
	worker
	spawn func() (exchanger, error) // for when all are in use
	room  *atomic.Int64             // for more of them, shared with the others

	mu     sync.Mutex
	idle   []exchanger // the one that was not used for longest first, so that none is idle for long
	flying sync.WaitGroup
}

// run begins requests until stop ends, waits for those in flight, and closes the connections. When ctx ends it drops
// everything.
func (a *arrivals) run(ctx, stop context.Context) {
	a.idle = []exchanger{a.exchanger}
	next := time.Now().Add(a.offset)
	for sleepUntil(stop, next) {
		a.tally.due(next)
		if ex := a.take(); ex != nil {
			due := next
			a.flying.Go(func() {
				a.once(ctx, ex, due)
				a.put(ex)
			})
		} else {
			a.tally.missed(1)
		}
		next = next.Add(a.interval)
	}
	if behind := time.Since(next); behind > 0 {
		a.tally.missed(uint64(behind / a.interval))
	}
	a.flying.Wait()
	for _, ex := range a.idle {
		ex.close()
	}
}

// take returns an exchanger that is not in use; nil if there are as many as there may be.
func (a *arrivals) take() exchanger {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.idle) > 0 {
		ex := a.idle[0]
		a.idle = a.idle[1:]
		return ex
	}
	if a.room.Add(-1) < 0 {
		a.room.Add(1)
		return nil
	}
	ex, err := a.spawn()
	if err != nil {
		return nil // which does not happen: the first of its kind could be made
	}
	return ex
}

func (a *arrivals) put(ex exchanger) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.idle = append(a.idle, ex)
}
