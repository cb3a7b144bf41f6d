package activator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

// An Activator holds the sockets of a program, and runs it.
type Activator struct {
	starter
	watcher  *watcher // nil: nothing is watched
	rollouts chan *rollout
	signals  chan syscall.Signal
	kills    chan struct{}
	done     chan struct{} // closed when Run returns
}

// New binds the sockets. Run is called once then, and Close in the end.
func New(ctx context.Context, cfg Config) (*Activator, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Activator{
		rollouts: make(chan *rollout), signals: make(chan syscall.Signal), kills: make(chan struct{}), done: make(chan struct{}),
	}
	a.Config = cfg
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *Activator) open(ctx context.Context) error {
	var err error
	if a.null, err = os.Open(os.DevNull); err != nil {
		return fmt.Errorf("opening the standard input: %w", err)
	}
	if a.dir, err = os.MkdirTemp("", "nodrop-run-"); err != nil {
		return fmt.Errorf("making a directory for sockets of our own: %w", err)
	}
	if len(a.NotApplied) > 0 {
		a.note("of the unit, these have no effect here: %s=", strings.Join(a.NotApplied, "=, "))
	}
	sockets := a.Sockets
	if a.Carry && carries {
		sockets = append(sockets[:len(sockets):len(sockets)], handoverSocket(a.dir))
	} else if a.Carry {
		a.note("connections are not carried from one instance to the next on this system: they are drained")
	}
	for _, s := range sockets {
		b, err := bind(ctx, s)
		if err != nil {
			return err
		}
		a.sockets = append(a.sockets, b)
	}
	if len(a.Watch) > 0 {
		a.watcher, err = watch(a.Watch, a.file(), a.Build != "")
	}
	return err
}

// public are the sockets that are for clients: all but the handover socket.
func (a *Activator) public() []*bound { return a.sockets[:len(a.Sockets)] }

// Addr returns where the first socket of that name listens, the port that the
// system chose included; nil if there is none.
func (a *Activator) Addr(name string) net.Addr {
	for _, b := range a.sockets {
		if b.Name == name {
			return b.addr()
		}
	}
	return nil
}

// Close closes the sockets, removes the files of those that have one, and
// everything else that New made. Run must have returned.
func (a *Activator) Close() error {
	errs := []error{a.watcher.close()}
	a.watcher = nil
	for _, b := range a.sockets {
		errs = append(errs, b.close())
	}
	a.sockets = nil
	if a.null != nil {
		a.null.Close()
	}
	if a.dir != "" {
		errs = append(errs, os.RemoveAll(a.dir))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing the sockets: %w", err)
	}
	return nil
}

// Rollout replaces the running instance by a new one, started from the program
// as it is now. It returns nil when the new one serves and the old one is gone,
// which takes as long as its drain. On error the old one serves on: the new one
// failed, which the error says, or a later Rollout came before it was ready.
func (a *Activator) Rollout(ctx context.Context) error {
	r := &rollout{done: make(chan error, 1)}
	select {
	case a.rollouts <- r:
	case <-a.done:
		return errStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-a.done:
		return errStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Signal sends a signal to the instance that serves, if there is one.
func (a *Activator) Signal(sig syscall.Signal) {
	select {
	case a.signals <- sig:
	case <-a.done:
	}
}

// Kill ends every instance at once; Run returns then if it is to stop.
func (a *Activator) Kill() {
	select {
	case a.kills <- struct{}{}:
	case <-a.done:
	}
}

func (a *Activator) note(format string, args ...any) {
	emit(&a.Config, Event{Kind: Note, Text: fmt.Sprintf(format, args...)})
}

var (
	errStopped    = errors.New("rolling out: the program is being stopped")
	errSuperseded = errors.New("rolling out: a later rollout came before the new instance was ready")
)
