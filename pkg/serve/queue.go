package serve

import (
	"sync"
	"time"

	"github.com/nodrop/nodrop/pkg/carry"
)

// A passenger is a connection that is to leave.
type passenger struct {
	carry.Conn
	// done is told that the connection is away and closed here, or why it is
	// not: then it still belongs to whoever queued it.
	done func(error)
}

// queue holds connections that are to leave, until it ends.
type queue struct {
	mu      sync.Mutex
	waiting []passenger
	ended   bool
	more    chan struct{} // holds a token when somebody waits
}

func newQueue() *queue { return &queue{more: make(chan struct{}, 1)} }

// add reports false when it is too late.
func (q *queue) add(p passenger) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return false
	}
	q.waiting = append(q.waiting, p)
	q.signal()
	return true
}

func (q *queue) signal() {
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// full reports whether as many wait as fit one batch.
func (q *queue) full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) >= carry.MaxBatch
}

// next takes what fits one batch.
func (q *queue) next() []passenger {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, state := 0, 0
	for n < len(q.waiting) && n < carry.MaxBatch {
		state += len(q.waiting[n].State)
		if n > 0 && state > carry.MaxState {
			break
		}
		n++
	}
	batch := q.waiting[:n:n]
	if q.waiting = q.waiting[n:]; len(q.waiting) > 0 {
		q.signal()
	}
	return batch
}

// end takes no more, and gives back what waits.
func (q *queue) end(why error) {
	q.mu.Lock()
	q.ended = true
	back := q.waiting
	q.waiting = nil
	q.mu.Unlock()
	for _, p := range back {
		p.done(why)
	}
}

// sendTo sends what is queued until ended is closed or a batch fails, and then
// ends the queue.
func (q *queue) sendTo(sender *carry.Sender, ended <-chan struct{}) (sent int, err error) {
	defer func() { q.end(carry.ErrNobody) }()
	for {
		select {
		case <-q.more:
			q.gather(ended)
			batch := q.next()
			if err := dispatch(sender, batch); err != nil {
				return sent, err
			}
			sent += len(batch)
		case <-ended:
			return sent, nil
		}
	}
}

// gatherTime is how long a connection may wait for others to leave with it: a
// socket that nobody reads yet holds few messages, but large ones.
const gatherTime = 2 * time.Millisecond

func (q *queue) gather(ended <-chan struct{}) {
	if q.full() {
		return
	}
	timer := time.NewTimer(gatherTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ended:
	}
}

func dispatch(sender *carry.Sender, batch []passenger) error {
	if len(batch) == 0 {
		return nil
	}
	conns := make([]carry.Conn, len(batch))
	for i, p := range batch {
		conns[i] = p.Conn
	}
	err := sender.Send(conns)
	for _, p := range batch {
		p.done(err)
	}
	return err
}
