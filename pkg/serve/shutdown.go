package serve

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// shutDown calls a server's own Shutdown, and waits no longer than a grace
// beyond limit for one that ignores its context.
func shutDown(shutdown func(context.Context) error, name string, log *slog.Logger, limit context.Context, grace time.Duration) {
	done := make(chan error, 1)
	go func() { done <- shutdown(limit) }()
	over := make(chan error, 1)
	context.AfterFunc(limit, func() {
		time.AfterFunc(grace, func() { over <- errors.New("waiting for it to return: it does not") })
	})
	var err error
	select {
	case err = <-done:
	case err = <-over:
	}
	if err != nil {
		log.Warn("shutting down "+name, "error", err)
	}
}

// within returns when f has, or when ctx ends before that; f goes on then.
func within(ctx context.Context, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
