package activator

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// settleTime is how long a program that notifies nobody has to run until it
// counts as ready (Auto).
const settleTime = 3 * time.Second

// instance is one process of the program. One goroutine, live, has its life.
type instance struct {
	*forked
	cfg    *Config
	events func(Event)
	tell   func(*instance, news)

	stop func() // tells it to drain, and kills it when the time for that is over
	kill func() // ends it at once

	// What follows is live's.
	speaks   bool // it, or an earlier instance, has sent a notification
	ready    bool
	status   string // STATUS=
	why      string // why we ended it
	stopping bool
	strayed  bool // a notification that was not believed was told of
	until    struct{ start, settle, watchdog, stop *time.Timer }
}

// news is what an instance tells of itself, twice at most: that it is ready,
// and that its process is gone.
type news struct {
	ready, gone bool // whether it is, or was
	speaks      bool
	status      string // STATUS=
	ended       exit
}

// run begins the life of a process. speaks is what is known of the program.
func run(f *forked, cfg *Config, speaks bool, tell func(*instance, news)) *instance {
	stops, kills := make(chan struct{}), make(chan struct{})
	i := &instance{
		forked: f, cfg: cfg, speaks: speaks, tell: tell,
		stop: sync.OnceFunc(func() { close(stops) }),
		kill: sync.OnceFunc(func() { close(kills) }),
	}
	i.events = func(e Event) {
		e.PID = i.Pid
		emit(cfg, e)
	}
	i.events(Event{Kind: Starting, Text: fmt.Sprintf("starting %s, process %d", cfg.Program[0], i.Pid)})
	go i.live(stops, kills)
	return i
}

func (i *instance) live(stops, kills <-chan struct{}) {
	executed, gone := make(chan error), make(chan *os.ProcessState)
	go func() {
		executed <- i.readReport()
		state, _ := i.reap()
		i.notify.end()
		<-i.notify.ended // so that what it said last is known
		gone <- state
	}()
	i.until.start = time.NewTimer(i.cfg.StartTimeout)
	i.until.settle, i.until.watchdog, i.until.stop = idleTimer(), idleTimer(), idleTimer()
	for {
		select {
		case err := <-executed:
			i.wasExecuted(err)
		case n := <-i.notify.messages:
			i.notified(n)
		case <-i.until.start.C:
			i.end(fmt.Sprintf("was not ready within %s%s", i.cfg.StartTimeout, i.saidLast()), syscall.SIGTERM)
		case <-i.until.settle.C:
			if !i.speaks {
				i.events(Event{Kind: Note, Text: fmt.Sprintf("process %d does not say when it is ready (sd_notify): it counts as ready, as it has run for %s", i.Pid, settleTime)})
				i.becomeReady()
			}
		case <-i.until.watchdog.C:
			i.end(fmt.Sprintf("sent no WATCHDOG=1 for %s", i.cfg.Watchdog), syscall.SIGABRT)
		case <-stops:
			stops = nil
			i.end("", syscall.SIGTERM)
		case <-i.until.stop.C:
			i.why = fmt.Sprintf("did not end within %s", i.cfg.StopTimeout)
			i.signalGroup(syscall.SIGKILL)
		case <-kills:
			kills = nil
			i.signalGroup(syscall.SIGKILL)
		case state := <-gone:
			i.tell(i, news{ready: i.ready, gone: true, speaks: i.speaks, ended: exitOf(state, i.why)})
			return
		}
	}
}

func idleTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// end has the process end: because of why, if that is not empty, else because it
// was asked for.
func (i *instance) end(why string, sig syscall.Signal) {
	if i.stopping {
		return
	}
	i.stopping, i.why = true, why
	i.until.start.Stop()
	i.until.settle.Stop()
	i.until.watchdog.Stop()
	i.until.stop.Reset(i.cfg.StopTimeout)
	if why != "" {
		i.events(Event{Kind: Failed, Text: fmt.Sprintf("process %d %s", i.Pid, why)})
	}
	_ = i.Signal(sig) // it may have ended just now
}

func (i *instance) wasExecuted(err error) {
	switch {
	case err != nil:
		i.why = oneLine("could not be executed: " + err.Error()) // it ends by itself
	case i.cfg.Type == Exec:
		i.becomeReady()
	case i.cfg.Type == Auto:
		i.until.settle.Reset(settleTime)
	}
}

func (i *instance) becomeReady() {
	if i.ready || i.stopping {
		return
	}
	i.ready = true
	i.until.start.Stop()
	i.until.settle.Stop()
	if i.cfg.Watchdog > 0 {
		i.until.watchdog.Reset(i.cfg.Watchdog)
	}
	i.tell(i, news{ready: true, speaks: i.speaks, status: i.status})
}

func (i *instance) notified(n notification) {
	if i.cfg.Access != All && n.pid != 0 && n.pid != i.Pid {
		if !i.strayed {
			i.strayed = true
			i.events(Event{Kind: Note, Text: fmt.Sprintf("a notification of process %d was not believed, as it is not the program's own, %d: end the script in exec, or set NotifyAccess=all in the unit", n.pid, i.Pid)})
		}
		return
	}
	i.speaks = true
	if status := oneLine(n.fields["STATUS"]); status != "" && status != i.status {
		i.status = status
		i.events(Event{Kind: Status, Text: status})
	}
	if n.fields["READY"] == "1" {
		i.becomeReady()
	}
	switch n.fields["WATCHDOG"] {
	case "1":
		if i.ready && !i.stopping && i.cfg.Watchdog > 0 {
			i.until.watchdog.Reset(i.cfg.Watchdog)
		}
	case "trigger":
		i.end("asked for its watchdog", syscall.SIGABRT)
	}
}

func (i *instance) saidLast() string {
	if i.status == "" {
		return ""
	}
	return " (it said last: " + i.status + ")"
}

func emit(cfg *Config, e Event) {
	e.Time = time.Now()
	e.Text = oneLine(e.Text)
	cfg.Report(e)
}
