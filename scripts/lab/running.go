package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nodrop/nodrop/pkg/activator"
)

// eventTime bounds each wait for an event of nodrop run.
const eventTime = 30 * time.Second

// Running is nodrop run at work. Its methods are safe for concurrent use.
type Running struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how; after done

	mu     sync.Mutex
	events []activator.Event
	more   chan struct{} // closed at the next event
}

// StartRun starts cmd, nodrop run --json, perhaps in a wrapper. What it and its
// program print goes to log. The caller calls Stop.
func StartRun(cmd *exec.Cmd, log io.Writer) (*Running, error) {
	r := &Running{cmd: cmd, done: make(chan struct{}), more: make(chan struct{})}
	cmd.Stdout = log
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting nodrop run: %w", err)
	}
	go func() {
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			fmt.Fprintln(log, lines.Text())
			var e activator.Event
			if strings.HasPrefix(lines.Text(), `{"nodrop":`) && json.Unmarshal(lines.Bytes(), &e) == nil {
				r.add(e)
			}
		}
		r.err = cmd.Wait()
		close(r.done)
	}()
	return r, nil
}

func (r *Running) add(e activator.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	close(r.more)
	r.more = make(chan struct{})
}

// Seen is how many events there were.
func (r *Running) Seen() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.events)
}

// Await returns the first event after the first seen ones that fits.
func (r *Running) Await(ctx context.Context, seen int, what string, fits func(activator.Event) bool) (activator.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, eventTime)
	defer cancel()
	for {
		r.mu.Lock()
		events, more := r.events[seen:], r.more
		r.mu.Unlock()
		for _, e := range events {
			if fits(e) {
				return e, nil
			}
		}
		seen += len(events)
		select {
		case <-more:
		case <-r.done:
			return activator.Event{}, fmt.Errorf("waiting until %s: nodrop run has ended: %v", what, r.err)
		case <-ctx.Done():
			return activator.Event{}, fmt.Errorf("waiting until %s: %w", what, ctx.Err())
		}
	}
}

// Kind waits for an event of a kind after the first seen ones.
func (r *Running) Kind(ctx context.Context, seen int, kind activator.Kind) (activator.Event, error) {
	return r.Await(ctx, seen, "there is an event "+string(kind), func(e activator.Event) bool { return e.Kind == kind })
}

// Addr is where the socket of that name listens.
func (r *Running) Addr(ctx context.Context, name string) (string, error) {
	e, err := r.Await(ctx, 0, name+" listens", func(e activator.Event) bool {
		return e.Kind == activator.Listening && e.Socket == name
	})
	return e.Addr, err
}

// Count is how many events of a kind there were.
func (r *Running) Count(kind activator.Kind) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, e := range r.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// Serving is the process that was ready last.
func (r *Running) Serving() (pid int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.Kind == activator.Ready {
			pid = e.PID
		}
	}
	if pid == 0 {
		err = errors.New("no instance was ready")
	}
	return pid, err
}

// Signal sends a signal to nodrop.
func (r *Running) Signal(sig syscall.Signal) error { return r.cmd.Process.Signal(sig) }

// Rollout rolls out by SIGHUP, and returns when the old instance is gone. The
// error is what nodrop says when it fails.
func (r *Running) Rollout(ctx context.Context) error {
	seen := r.Seen()
	if err := r.Signal(syscall.SIGHUP); err != nil {
		return err
	}
	e, err := r.Await(ctx, seen, "the rollout is done", func(e activator.Event) bool {
		return e.Kind == activator.Stopped || e.Kind == activator.Failed && strings.Contains(e.Text, "serves on")
	})
	if err == nil && e.Kind == activator.Failed {
		err = errors.New(e.Text)
	}
	return err
}

// Stop ends it by SIGTERM, and returns how it ended.
func (r *Running) Stop() error {
	_ = r.Signal(syscall.SIGTERM) // it may have ended
	return r.Ended(context.Background())
}

// Ended waits for it to end, which SIGKILL brings about if that takes too long,
// and returns how it ended.
func (r *Running) Ended(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, eventTime)
	defer cancel()
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		_ = r.Signal(syscall.SIGKILL)
		<-r.done
		return fmt.Errorf("waiting for nodrop run to end: %w", ctx.Err())
	}
}
