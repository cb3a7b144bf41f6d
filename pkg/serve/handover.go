package serve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nodrop/nodrop/pkg/activation"
	"github.com/nodrop/nodrop/pkg/carry"
)

// helloTime is how long a draining instance waits for another one to say that
// it adopts connections.
const helloTime = 500 * time.Millisecond

// busyTime is the same where systemd knows that there is another one: it may be
// slow, or the machine.
const busyTime = 5 * time.Second

// handover is the handover socket of a life. It is nil where there is none,
// upon which its methods do nothing.
type handover struct {
	listener *net.UnixListener
	path     string
	log      *slog.Logger

	observers observers
	adopted   atomic.Int64 // connections

	stop    context.CancelFunc // ends adopting
	stopped chan struct{}

	tickets map[string]*tickets // by server
	settled chan struct{}       // closed when ticket keys that wait in the socket have been taken

	queue   *queue
	decided chan struct{} // closed when it is known whether connections can leave
	leaving chan struct{} // closed when they can
	closed  atomic.Bool   // they cannot, or no longer

	sender *carry.Sender // to the next instance, if there is one; after run
	blind  bool          // it is not there yet

	mu     sync.Mutex
	drains []Drain // of earlier instances

	outlook func(context.Context, *slog.Logger) outlook
	hello   time.Duration // helloTime, but in tests
}

func takeHandover(socks *activation.Sockets, log *slog.Logger, ask func(context.Context, *slog.Logger) outlook) (*handover, error) {
	l, err := socks.Handover()
	if l == nil || err != nil {
		return nil, err
	}
	return newHandover(l, log, ask), nil
}

func newHandover(l *net.UnixListener, log *slog.Logger, ask func(context.Context, *slog.Logger) outlook) *handover {
	return &handover{
		listener: l, path: l.Addr().String(), log: log,
		tickets: map[string]*tickets{}, settled: make(chan struct{}),
		queue: newQueue(), decided: make(chan struct{}), leaving: make(chan struct{}),
		outlook: ask, hello: helloTime,
	}
}

func (h *handover) close() {
	if h != nil {
		h.listener.Close()
	}
}

// adopt takes over connections in the background, each by the adopter of its
// kind.
func (h *handover) adopt(adopters map[string]func(net.Conn, []byte)) {
	if h == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.stop, h.stopped = cancel, make(chan struct{})
	settle := sync.OnceFunc(func() { close(h.settled) })
	if carry.Waiting(h.listener) {
		time.AfterFunc(settleTime, settle)
	} else {
		settle()
	}
	go func() {
		defer close(h.stopped)
		carry.Receive(ctx, h.listener, h.log,
			func(kind string) bool { return adopters[kind] != nil },
			func(c carry.Conn) {
				switch {
				case c.Conn != nil:
					h.adopted.Add(1)
					h.observers.adopted(c.Kind)
					adopters[c.Kind](c.Conn, c.State)
				case c.Kind == kindTickets:
					h.takeTickets(c.State)
					settle()
				case c.Kind == kindDrains:
					h.takeDrains(c.State)
				}
			})
	}()
}

// halt ends adopt: what comes from now on is for others.
func (h *handover) halt() {
	if h != nil && h.stop != nil {
		h.stop()
		<-h.stopped
	}
}

// isDecided reports whether it is known if connections can leave.
func (h *handover) isDecided() bool {
	if h == nil {
		return true
	}
	select {
	case <-h.decided:
		return true
	default:
		return false
	}
}

// possible reports whether connections of a kind leave, or may yet turn out to.
func (h *handover) possible(kind string) bool {
	return h != nil && !h.closed.Load() && !h.queue.refuses(kind)
}

// open waits until it is known whether connections can leave, and tells.
func (h *handover) open(limit context.Context) bool {
	if h == nil {
		return false
	}
	select {
	case <-h.decided:
		return !h.closed.Load()
	case <-limit.Done():
		return false
	}
}

// run sends the connections that are queued to the next instance until ended
// is closed. What cannot be sent goes back. The sender stays open for tell.
func (h *handover) run(limit context.Context, ended <-chan struct{}) {
	if h == nil {
		return
	}
	sender := h.dial(limit)
	if sender == nil {
		h.closed.Store(true)
		close(h.decided)
		h.queue.end(carry.ErrNobody)
		return
	}
	h.sender = sender
	if err := h.giveTickets(); err != nil {
		h.log.Warn("TLS clients will not resume in the next instance", "error", err)
	}
	close(h.leaving)
	close(h.decided)
	err := h.queue.sendTo(sender, ended, func(kind string, n int) {
		h.log.Warn("connections were refused by the next instance and are drained", "kind", kind, "connections", n)
	})
	h.closed.Store(true)
	if err != nil {
		h.log.Warn("handing connections over ended early, the others are drained", "error", err)
	}
}

// carried counts the connections that are away, by kind; after run.
func (h *handover) carried() map[string]int {
	if h == nil {
		return nil
	}
	return h.queue.sent
}

// dial returns a sender to the next instance: to the one that adopts already
// or, when this service is being restarted, to the one that will start. It is
// nil where there is no next instance. Nothing may stay in the socket then: it
// would start the service, which somebody has just stopped.
func (h *handover) dial(limit context.Context) *carry.Sender {
	next := h.outlook(limit, h.log)
	if next == ends {
		return nil
	}
	patience := h.hello
	if next == another {
		patience = max(patience, busyTime)
	}
	hello, cancel := context.WithTimeout(limit, patience)
	defer cancel()
	sender, err := carry.Dial(hello, h.path, false)
	if errors.Is(err, carry.ErrNobody) {
		if next == restarts {
			h.blind = true
			sender, err = carry.Dial(limit, h.path, true)
		} else {
			err = carry.Discard(h.listener)
		}
	}
	if err != nil {
		h.log.Warn("connections are not handed over", "error", err)
		return nil
	}
	return sender
}
