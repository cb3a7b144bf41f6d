package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nodrop/nodrop/pkg/activation"
)

// grace is how long connections may take to end after Shutdown.
const grace = 10 * time.Second

// life is one run of a program, with its servers.
type life struct {
	log          *slog.Logger
	checks       []func(context.Context) error
	healthChecks []func(context.Context) error
	drainTimeout time.Duration
	servers      []server
	optional     []string // names of servers to do without
	handover     *handover
	observers    observers
	notifier     notifier
	outlook      func(context.Context, *slog.Logger) outlook
}

// server is what a life needs of each kind of server. Calls come in this
// order, from one goroutine.
type server interface {
	// name is the name of its sockets.
	name() string
	// listen takes its sockets. It accepts nothing yet.
	listen(*activation.Sockets, *slog.Logger) error
	// close gives up what listen took, where start is never called.
	close()
	// start serves in the background, and tells fail when serving ends before
	// drain is called. Connections may leave by h, which may be nil. What is
	// wrong with the server itself, listen has found.
	start(h *handover, fail func(error))
	// addrs are the addresses that it serves, for messages.
	addrs() []string
	// drain stops accepting and returns when no connection is left. When limit
	// ends it shuts down what is left, and has cut it a grace later. It returns what
	// became of the connections that did not leave.
	drain(limit context.Context, grace time.Duration) Outcome
	// open counts the open connections.
	open() int
}

// Run serves until SIGTERM, SIGINT or the end of ctx, drains, and returns nil.
// It returns an error when there is no server, a socket is missing or left
// over, a readiness check fails, or a server or a health check fails while it
// serves. A second SIGTERM or SIGINT during the drain ends the process at once.
//
// Run is called once in a process: it takes over the sockets that systemd
// passed.
func Run(ctx context.Context, options ...Option) error {
	l := &life{log: slog.Default(), drainTimeout: DefaultDrainTimeout, outlook: askSystemd}
	for _, o := range options {
		o(l)
	}
	begun := time.Now()
	if err := l.check(); err != nil {
		return err
	}
	ctx, unhook := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer unhook()

	var err error
	if l.notifier, err = newNotifier(l.log); err != nil {
		return err
	}
	defer l.notifier.close()
	if err := l.listen(); err != nil {
		return err
	}
	if err := l.ready(ctx); err != nil {
		l.close()
		if ctx.Err() != nil {
			return nil // told to stop while starting
		}
		return err
	}
	adopters := l.adopters()
	failed := make(chan error, 1)
	fail := func(err error) {
		select {
		case failed <- err:
		default: // the first failure is the reason
		}
	}
	for _, s := range l.servers {
		s.start(l.handover, func(err error) {
			if err == nil {
				err = errors.New("it ended by itself")
			}
			fail(fmt.Errorf("serving %s: %w", s.name(), err))
		})
	}
	l.handover.adopt(adopters)
	stopWatchdog, err := l.announce()
	defer stopWatchdog()
	if err == nil {
		l.observers.serving(time.Since(begun))
		watching, stop := context.WithCancel(ctx)
		go l.watch(watching, fail)
		select {
		case err = <-failed:
		case <-ctx.Done():
		}
		stop()
	}
	unhook() // from here on a signal kills
	l.drain(err)
	return err
}

// An adopter is a server that goes on with connections of an earlier instance.
type adopter interface {
	server
	adopt(c net.Conn, state []byte)
}

func (l *life) adopters() map[string]func(net.Conn, []byte) {
	all := map[string]func(net.Conn, []byte){}
	for _, s := range l.servers {
		if a, ok := s.(adopter); ok {
			all[s.name()] = a.adopt
		}
	}
	return all
}

// listen gives every server its sockets, or none of them any.
func (l *life) listen() error {
	socks, err := activation.Take(l.log)
	if err != nil {
		return err
	}
	defer socks.Close()
	l.servers = slices.DeleteFunc(l.servers, func(s server) bool {
		absent := slices.Contains(l.optional, s.name()) && socks.Lacks(s.name())
		if absent {
			l.log.Warn("not served: systemd passed no socket of this name", "socket", s.name())
		}
		return absent
	})
	for i, s := range l.servers {
		if err := s.listen(socks, l.log); err != nil {
			for _, earlier := range l.servers[:i] {
				earlier.close()
			}
			return err
		}
	}
	if l.handover, err = takeHandover(socks, l.log, l.outlook); err != nil {
		l.close()
		return err
	}
	if l.handover != nil {
		l.handover.observers = l.observers
	}
	if left := socks.Unclaimed(); len(left) > 0 {
		l.close()
		return fmt.Errorf("systemd passed sockets that no server asked for: %s: their clients would wait forever; serve them, or remove their socket units", strings.Join(left, ", "))
	}
	return nil
}

// check refuses what cannot be run. An adopted kind is no server.
func (l *life) check() error {
	names, servers := map[string]bool{}, 0
	used := map[*http.Server]bool{}
	for _, s := range l.servers {
		if hs, ok := s.(*httpServer); ok {
			if hs.srv == nil || used[hs.srv] {
				return fmt.Errorf("serve.Run: server %q has to be an http.Server of its own", s.name())
			}
			used[hs.srv] = true
		}
		if names[s.name()] {
			return fmt.Errorf("serve.Run was given two servers or kinds named %q", s.name())
		}
		names[s.name()] = true
		if _, ok := s.(*adopted); !ok {
			servers++
		}
	}
	if servers == 0 {
		return errors.New("serve.Run was given no server")
	}
	return nil
}

func (l *life) close() {
	l.handover.close()
	for _, s := range l.servers {
		s.close()
	}
}

func (l *life) ready(ctx context.Context) error {
	if len(l.checks) == 0 {
		return ctx.Err()
	}
	l.notifier.try(status("starting: readiness check"))
	for _, check := range l.checks {
		if err := check(ctx); err != nil {
			l.notifier.try(status("not ready: " + err.Error()))
			return fmt.Errorf("readiness check: %w", err)
		}
	}
	return ctx.Err()
}

// announce tells systemd that this instance serves. Without READY=1 systemd
// would kill it later, so not getting through is an error.
func (l *life) announce() (stopWatchdog func(), err error) {
	serving := "serving " + l.describe()
	l.log.Info(serving)
	if err := l.notifier.send("READY=1\n" + status(serving)); err != nil {
		return func() {}, err
	}
	return l.notifier.watchdog()
}

func (l *life) describe() string {
	var parts []string
	for _, s := range l.servers {
		if addrs := s.addrs(); len(addrs) > 0 {
			parts = append(parts, s.name()+" on "+strings.Join(addrs, " "))
		}
	}
	return strings.Join(parts, ", ")
}

// drain drains all servers at once. A reason is the failure that ended the
// life, nil when it was told to stop.
func (l *life) drain(reason error) {
	begun := time.Now()
	what := "draining"
	if reason != nil {
		what = "failed, draining: " + reason.Error()
	}
	l.log.Info(what, "connections", l.open(), "limit", l.drainTimeout.String())
	l.notifier.try("STOPPING=1\n" + status(what))

	limit, cancel := context.WithTimeout(context.Background(), l.drainTimeout)
	defer cancel()
	l.handover.halt()
	defer l.handover.close()
	outcomes := make([]Outcome, len(l.servers))
	var servers, all sync.WaitGroup
	for i, s := range l.servers {
		servers.Go(func() { outcomes[i] = s.drain(limit, grace) })
	}
	drained, done := make(chan struct{}), make(chan struct{})
	all.Go(func() { servers.Wait(); close(drained) })
	all.Go(func() { l.handover.run(limit, drained) })
	go func() { all.Wait(); close(done) }()

	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-done:
			l.drained(Drain{Unit: ownUnit(), End: time.Now(), Took: time.Since(begun), InTime: limit.Err() == nil, Connections: l.outcome(outcomes)})
			return
		case <-tick.C:
			left := max(l.drainTimeout-time.Since(begun), 0)
			l.notifier.try(status(fmt.Sprintf("%s: %d connections left, %.0f s at most", what, l.open(), left.Seconds())))
		}
	}
}

// outcome puts together what became of each server's connections and of those
// that left.
func (l *life) outcome(ofServers []Outcome) map[string]Outcome {
	all := map[string]Outcome{}
	for i, s := range l.servers {
		all[s.name()] = ofServers[i]
	}
	for kind, n := range l.handover.carried() {
		all[kind] = all[kind].plus(Outcome{Carried: n})
	}
	return all
}

// drained tells everybody who wants to know.
func (l *life) drained(d Drain) {
	l.log.Info("drained", d.logged()...)
	l.observers.drained(d)
	l.handover.tell(d)
}

func (l *life) open() int {
	n := 0
	for _, s := range l.servers {
		n += s.open()
	}
	return n
}
