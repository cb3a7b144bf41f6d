package activator

import "time"

const (
	longestDelay = 10 * time.Second
	stableTime   = 10 * time.Second // who served for as long is not failing in a loop
)

// restarter spaces out starts that follow upon failures.
type restarter struct {
	first, next time.Duration
	ready       time.Time // when an instance began to serve; zero: none did since the last failure
	timer       *time.Timer
	then        func() // what to do when the timer fires
}

func newRestarter(first time.Duration) restarter {
	return restarter{first: first, next: first, timer: idleTimer()}
}

func (r *restarter) served() { r.ready = time.Now() }

// in has the timer fire after a delay, which doubles with each call.
func (r *restarter) in(then func()) (delay time.Duration) {
	if !r.ready.IsZero() && time.Since(r.ready) >= stableTime {
		r.next = r.first
	}
	r.ready = time.Time{}
	delay = r.next
	r.next = max(r.first, min(2*r.next, longestDelay))
	r.then = then
	r.timer.Reset(delay)
	return delay
}
