package serve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/nodrop/nodrop/pkg/activation"
	"github.com/nodrop/nodrop/pkg/carry"
)

// helloTime is how long a draining instance waits for another one to say that
// it adopts connections.
const helloTime = 500 * time.Millisecond

// handover is the handover socket of a life; nil where there is none.
type handover struct {
	listener *net.UnixListener
	path     string
	log      *slog.Logger
	stop     context.CancelFunc
	stopped  chan struct{}

	finding sync.Once
	next    next
}

func takeHandover(socks *activation.Sockets, log *slog.Logger) (*handover, error) {
	l, err := socks.Handover()
	if l == nil || err != nil {
		return nil, err
	}
	return &handover{listener: l, path: l.Addr().String(), log: log}, nil
}

func (h *handover) close() {
	if h != nil {
		h.listener.Close()
	}
}

// adopt takes over connections for the servers that can go on with them.
func (h *handover) adopt(servers []server) {
	if h == nil {
		return
	}
	adopters := map[string]*httpServer{}
	for _, s := range servers {
		if hs, ok := s.(*httpServer); ok && !hs.tls {
			adopters[hs.name()] = hs
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.stop, h.stopped = cancel, make(chan struct{})
	go func() {
		defer close(h.stopped)
		carry.Receive(ctx, h.listener, h.log,
			func(kind string) bool { return adopters[kind] != nil },
			func(c carry.Conn) { adopters[c.Kind].adopt(c.Conn) })
	}()
}

// halt ends adopt: what comes from now on is for others.
func (h *handover) halt() {
	if h != nil && h.stop != nil {
		h.stop()
		<-h.stopped
	}
}

// dial returns a sender to the next instance, nil where there is none. Who the
// next one is, is found out once for all servers.
func (h *handover) dial(limit context.Context) *carry.Sender {
	h.finding.Do(func() { h.next = h.find(limit) })
	if h.next == nobody {
		return nil
	}
	hello, cancel := context.WithTimeout(limit, helloTime)
	defer cancel()
	sender, err := carry.Dial(hello, h.path, h.next == toCome)
	if err != nil {
		h.log.Warn("connections are not handed over", "error", err)
		return nil
	}
	return sender
}

// next is the instance that connections can go to.
type next int

const (
	nobody  next = iota
	present      // it adopts already: the standby, or main
	toCome       // this service is being restarted
)

// find asks on the handover socket, and then systemd. Where there is no next
// instance nothing may stay in the socket: it would start the service, which
// somebody has just stopped.
func (h *handover) find(limit context.Context) next {
	hello, cancel := context.WithTimeout(limit, helloTime)
	defer cancel()
	sender, err := carry.Dial(hello, h.path, false)
	if err == nil {
		sender.Close()
		return present
	}
	if errors.Is(err, carry.ErrNobody) && restarting(limit, h.log) {
		return toCome
	}
	if err := errors.Join(ignore(err, carry.ErrNobody), carry.Discard(h.listener)); err != nil {
		h.log.Warn("connections are not handed over", "error", err)
	}
	return nobody
}

func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// carrier passes on the connections of one server while it drains.
type carrier struct {
	kind string
	back func([]*httpConn) // gets what could not be passed on

	mu    sync.Mutex
	queue []*httpConn
	over  bool
	more  chan struct{} // holds a token when queue is not empty
	sent  int
}

func newCarrier(kind string, back func([]*httpConn)) *carrier {
	return &carrier{kind: kind, back: back, more: make(chan struct{}, 1)}
}

// give queues a connection, and reports false when it is too late for that.
func (c *carrier) give(conn *httpConn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return false
	}
	c.queue = append(c.queue, conn)
	select {
	case c.more <- struct{}{}:
	default:
	}
	return true
}

// next takes up to a batch from the queue. When last, the queue takes no more.
func (c *carrier) next(last bool) []*httpConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = c.over || last
	n := min(len(c.queue), carry.MaxBatch)
	taken := c.queue[:n:n]
	if c.queue = c.queue[n:]; len(c.queue) > 0 {
		select {
		case c.more <- struct{}{}:
		default:
		}
	}
	return taken
}

// run sends until ended is closed or a batch fails, gives back what it could
// not pass on, and closes sender.
func (c *carrier) run(sender *carry.Sender, ended <-chan struct{}) error {
	defer sender.Close()
	for {
		select {
		case <-c.more:
			batch := c.next(false)
			if err := c.send(sender, batch); err != nil {
				c.back(batch)
				c.finish()
				return err
			}
		case <-ended:
			c.finish()
			return nil
		}
	}
}

func (c *carrier) finish() {
	for batch := c.next(true); len(batch) > 0; batch = c.next(true) {
		c.back(batch)
	}
}

func (c *carrier) send(sender *carry.Sender, batch []*httpConn) error {
	if len(batch) == 0 {
		return nil
	}
	conns := make([]carry.Conn, len(batch))
	for i, conn := range batch {
		conns[i] = carry.Conn{Conn: conn.conn.Conn, Kind: c.kind}
	}
	if err := sender.Send(conns); err != nil {
		return err
	}
	for _, conn := range batch {
		conn.set.remove(conn.conn)
	}
	c.sent += len(batch)
	return nil
}
