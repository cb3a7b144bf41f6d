package activator

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Supervise is [Activator.Run] at the command of signals, and of what is watched:
// SIGHUP and any change roll out, after a build if there is one to do. SIGTERM
// and SIGINT stop as the end of ctx does, a second one ends all at once.
// SIGUSR1, SIGUSR2 and SIGQUIT go to the instance that serves.
func (a *Activator) Supervise(ctx context.Context) (status int) {
	ctx, stop := context.WithCancel(ctx)
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGQUIT)
	defer signal.Stop(signals)
	changes := make(chan struct{}, 1)
	if a.watcher != nil {
		changes = a.watcher.changes
	}
	var others sync.WaitGroup
	defer others.Wait()
	defer stop()
	others.Go(func() { a.develop(ctx, changes) })
	others.Go(func() {
		for {
			select {
			case sig := <-signals:
				a.obey(ctx, stop, changes, sig.(syscall.Signal))
			case <-a.done:
				return
			}
		}
	})
	return a.Run(ctx)
}

func (a *Activator) obey(ctx context.Context, stop func(), changes chan<- struct{}, sig syscall.Signal) {
	switch sig {
	case syscall.SIGHUP:
		select {
		case changes <- struct{}{}:
		default: // one that was not looked at yet
		}
	case syscall.SIGTERM, syscall.SIGINT:
		if ctx.Err() != nil {
			a.note("stopping at once")
			a.Kill()
			return
		}
		a.note("stopping; once more ends it at once")
		stop()
	default:
		a.Signal(sig)
	}
}
