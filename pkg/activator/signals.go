package activator

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Supervise is [Activator.Run] at the command of signals: SIGHUP rolls out,
// SIGTERM and SIGINT stop as the end of ctx does, a second one ends all at
// once. SIGUSR1, SIGUSR2 and SIGQUIT go to the instance that serves.
func (a *Activator) Supervise(ctx context.Context) (status int) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGQUIT)
	defer signal.Stop(signals)
	go func() {
		for {
			select {
			case sig := <-signals:
				a.obey(ctx, stop, sig.(syscall.Signal))
			case <-a.done:
				return
			}
		}
	}()
	return a.Run(ctx)
}

func (a *Activator) obey(ctx context.Context, stop func(), sig syscall.Signal) {
	switch sig {
	case syscall.SIGHUP:
		go a.Rollout(ctx) // events tell how it went
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
