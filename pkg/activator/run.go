package activator

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
)

// rollout is a request for one.
type rollout struct {
	done chan error
	old  *instance // which the new one replaces, once that is ready
}

// life is the state of Run.
type life struct {
	*Activator
	all     map[*instance]bool // that are not gone
	serving *instance          // the instance that is ready and was not told to stop
	next    *instance          // one that is to serve when it is ready
	rollout *rollout           // under way; next is its new instance, or it waits for the old one to end
	leaving []*rollout         // whose old instance drains
	news    chan told
	again   restarter
	input   chan struct{} // something came in for a lazy program
	unwatch func()        // ends waiting for that

	speaks   bool // the program has sent notifications
	served   bool // an instance was ready, ever
	stopping bool // ctx has ended
	over     bool // the program has ended, and is not started again
	status   int  // of the last instance that served, or was to
}

type told struct {
	by *instance
	news
}

// Run starts the program, restarts and replaces it, until ctx ends; it drains
// then. It returns when no process is left. The status is the program's own,
// 128 + N after signal N.
//
// It returns also when the program has ended and is not to be started again:
// Restart says so, or no instance was ever ready. Not so if it is Lazy, or if
// there is a Build or a Watch.
func (a *Activator) Run(ctx context.Context) (status int) {
	// The kernel tells a program of its parent's death when the thread ends that
	// started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(a.done)
	for _, b := range a.public() {
		emit(&a.Config, Event{Kind: Listening, Socket: b.Name, Addr: b.addr().String(), Text: fmt.Sprintf("listening on %s (%s)", b.addr(), b.Name)})
	}
	l := &life{
		Activator: a, all: map[*instance]bool{}, news: make(chan told),
		again: newRestarter(a.RestartDelay), input: make(chan struct{}, 1), unwatch: func() {},
	}
	switch {
	case l.Lazy:
		l.await()
	case l.Build == "": // else the first start is a rollout
		l.begin()
	}
	for len(l.all) > 0 || !l.stopping && !l.over {
		l.step(ctx)
	}
	return l.status
}

// step handles one thing that happens.
func (l *life) step(ctx context.Context) {
	end := ctx.Done()
	if l.stopping {
		end = nil
	}
	select {
	case <-end:
		l.stopAll()
	case t := <-l.news:
		l.speaks = l.speaks || t.speaks
		if t.gone {
			l.gone(t)
		} else {
			l.ready(t)
		}
	case r := <-l.rollouts:
		l.roll(r)
	case <-l.again.timer.C:
		l.again.then()
	case <-l.input:
		l.unwatch()
		l.begin()
	case sig := <-l.signals:
		if l.serving != nil {
			_ = l.serving.Signal(sig) // it may have ended just now
		}
	case <-l.kills:
		for i := range l.all {
			i.kill()
		}
	}
}

// begin starts an instance that is to serve when it is ready.
func (l *life) begin() {
	f, err := l.start()
	if err != nil {
		emit(&l.Config, Event{Kind: Failed, Text: err.Error()})
		l.failed(err, exit{status: exitExec << 8, why: err.Error()})
		return
	}
	i := run(f, &l.Config, l.speaks, func(i *instance, n news) { l.news <- told{i, n} })
	l.all[i] = true
	l.next = i
}

// roll begins a rollout. An instance that is not ready yet gives way to it.
func (l *life) roll(r *rollout) {
	if l.stopping || l.over {
		r.done <- errStopped
		return
	}
	l.unwatch()
	l.again.timer.Stop()
	l.settle(errSuperseded)
	l.rollout = r
	if l.next != nil {
		l.drain(l.next)
		l.next = nil
	}
	if l.Exclusive && l.serving != nil {
		l.drain(l.serving) // begin comes when it is gone
	} else {
		l.begin()
	}
}

// settle answers the rollout that is under way, if there is one.
func (l *life) settle(err error) {
	if l.rollout != nil {
		l.rollout.done <- err
		l.rollout = nil
	}
}

func (l *life) ready(t told) {
	if t.by != l.next {
		return // it was told to stop meanwhile
	}
	text := fmt.Sprintf("process %d is ready", t.by.Pid)
	if t.status != "" {
		text += ": " + t.status
	}
	t.by.events(Event{Kind: Ready, Text: text})
	old := l.serving
	l.serving, l.next, l.served = t.by, nil, true
	l.again.served()
	if old == nil {
		l.settle(nil)
		return
	}
	l.drain(old)
	if l.rollout != nil {
		l.rollout.old = old
		l.leaving = append(l.leaving, l.rollout)
		l.rollout = nil
	}
}

func (l *life) drain(i *instance) {
	text := fmt.Sprintf("process %d drains", i.Pid)
	if l.StopTimeout != forever {
		text += fmt.Sprintf(", for %s at most", l.StopTimeout)
	}
	i.events(Event{Kind: Draining, Text: text})
	i.stop()
}

func (l *life) gone(t told) {
	delete(l.all, t.by)
	code := t.ended.code()
	event := Event{Kind: Stopped, Status: &code, Text: fmt.Sprintf("process %d %s", t.by.Pid, t.ended)}
	switch t.by {
	case l.next:
		l.next, l.status = nil, code
		if l.stopping {
			t.by.events(event)
			break
		}
		event.Kind = Failed
		event.Text += " before it was ready"
		if l.serving != nil {
			event.Text += fmt.Sprintf("; process %d serves on", l.serving.Pid)
		}
		t.by.events(event)
		l.failed(errors.New(event.Text), t.ended)
	case l.serving:
		l.serving, l.status = nil, code
		if !t.ended.clean() {
			event.Kind = Crashed
		}
		t.by.events(event)
		l.rest(t.ended)
	default:
		t.by.events(event)
	}
	l.leaving = slices.DeleteFunc(l.leaving, func(r *rollout) bool {
		if r.old == t.by {
			r.done <- nil
		}
		return r.old == t.by
	})
}

// failed is for a start that failed.
func (l *life) failed(err error, e exit) {
	l.settle(fmt.Errorf("rolling out: %w", err))
	l.rest(e)
}

// rest decides what comes after an instance that ended like this.
func (l *life) rest(e exit) {
	switch {
	case l.stopping || l.serving != nil || l.next != nil:
	case l.rollout != nil: // the old one made room for it
		l.begin()
	case l.Restart.restarts(e) && (l.served || l.Lazy):
		delay := l.again.in(l.begin)
		emit(&l.Config, Event{Kind: Restarting, Text: fmt.Sprintf("the next start is in %s; connections wait in the sockets", delay)})
	case l.Lazy:
		l.again.in(l.await)
	case l.develops():
		emit(&l.Config, Event{Kind: Waiting, Text: "waiting for a change; connections wait in the sockets"})
	default:
		l.over, l.status = true, e.code()
	}
}

func (l *life) stopAll() {
	l.stopping = true
	l.unwatch()
	l.again.timer.Stop()
	l.settle(errStopped)
	for i := range l.all {
		l.drain(i)
	}
}
