package serve

import (
	"errors"
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
	waiting map[string][]passenger // by kind, of which each batch has one
	ended   bool
	refused map[string]bool // kinds that the next instance does not take
	sent    map[string]int  // how many are away, by kind
	more    chan struct{}   // holds a token when somebody waits
}

func newQueue() *queue {
	return &queue{waiting: map[string][]passenger{}, refused: map[string]bool{}, sent: map[string]int{}, more: make(chan struct{}, 1)}
}

// add reports false when it is too late.
func (q *queue) add(p passenger) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended || q.refused[p.Kind] {
		return false
	}
	q.waiting[p.Kind] = append(q.waiting[p.Kind], p)
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
	for _, all := range q.waiting {
		if len(all) >= carry.MaxBatch {
			return true
		}
	}
	return false
}

// next takes what fits one batch.
func (q *queue) next() (batch []passenger) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for kind, all := range q.waiting {
		n, state := 0, 0
		for n < len(all) && n < carry.MaxBatch {
			state += len(all[n].State)
			if n > 0 && state > carry.MaxState {
				break
			}
			n++
		}
		batch = all[:n:n]
		if q.waiting[kind] = all[n:]; n == len(all) {
			delete(q.waiting, kind)
		}
		break
	}
	if len(q.waiting) > 0 {
		q.signal()
	}
	return batch
}

// refuse takes no more of a kind, and gives back what waits.
func (q *queue) refuse(kind string, why error) {
	q.mu.Lock()
	q.refused[kind] = true
	back := q.waiting[kind]
	delete(q.waiting, kind)
	q.mu.Unlock()
	for _, p := range back {
		p.done(why)
	}
}

func (q *queue) refuses(kind string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.refused[kind]
}

// end takes no more, and gives back what waits.
func (q *queue) end(why error) {
	q.mu.Lock()
	q.ended = true
	back := q.waiting
	q.waiting = nil
	q.mu.Unlock()
	for _, all := range back {
		for _, p := range all {
			p.done(why)
		}
	}
}

// sendTo sends what is queued until ended is closed or a batch fails, and then
// ends the queue. A batch that is refused is told to refused.
func (q *queue) sendTo(sender *carry.Sender, ended <-chan struct{}, refused func(kind string, n int)) error {
	defer func() { q.end(carry.ErrNobody) }()
	for {
		select {
		case <-q.more:
			q.gather(ended)
			batch := q.next()
			switch err := q.dispatch(sender, batch); {
			case errors.Is(err, carry.ErrRefused):
				refused(batch[0].Kind, len(batch))
			case err != nil:
				return err
			}
		case <-ended:
			return nil
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

func (q *queue) dispatch(sender *carry.Sender, batch []passenger) error {
	if len(batch) == 0 {
		return nil
	}
	conns := make([]carry.Conn, len(batch))
	for i, p := range batch {
		conns[i] = p.Conn
	}
	err := sender.Send(conns)
	if errors.Is(err, carry.ErrRefused) {
		q.refuse(batch[0].Kind, err) // before those of this batch come back
	}
	if err == nil {
		q.mu.Lock()
		q.sent[batch[0].Kind] += len(batch)
		q.mu.Unlock()
	}
	for _, p := range batch {
		p.done(err)
	}
	return err
}
