package drill

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// refresh is how often a terminal's status line is written anew.
const refresh = 200 * time.Millisecond

// Terminal is a terminal whose last line says how the drill stands; what else is written to it goes above that line.
// It is safe for concurrent use.
type Terminal struct {
	mu      sync.Mutex
	w       io.Writer
	columns func() int
	line    string
	partial bool // what was written last has not ended its line: the status waits
}

// NewTerminal returns f as a Terminal; nil if it is none, or one that cannot rewrite a line.
func NewTerminal(f *os.File) *Terminal {
	columns := func() int {
		size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
		if err != nil {
			return 0
		}
		return int(size.Col)
	}
	if columns() == 0 || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return &Terminal{w: f, columns: columns}
}

// Write writes p above the status line.
func (t *Terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clear()
	n, err := t.w.Write(p)
	if len(p) > 0 {
		t.partial = p[len(p)-1] != '\n'
	}
	t.draw()
	return n, err
}

// status sets the status line; empty: none.
func (t *Terminal) status(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clear()
	t.line = line
	t.draw()
}

func (t *Terminal) clear() {
	if t.line != "" && !t.partial {
		io.WriteString(t.w, "\r\x1b[K") // to the beginning; erase to the end: ECMA-48
	}
}

func (t *Terminal) draw() {
	if t.line == "" || t.partial {
		return
	}
	line := t.line
	if columns := t.columns(); columns > 0 && len(line) >= columns { // a line that wraps could not be rewritten
		line = line[:columns-1]
	}
	io.WriteString(t.w, line)
}

// live keeps the status line of a terminal, if progress goes to one, until ctx ends.
func (d *drill) live(ctx context.Context) {
	t, ok := d.Progress.(*Terminal)
	if !ok {
		return
	}
	defer t.status("")
	var last standing
	for next := time.Now(); sleepUntil(ctx, next); next = next.Add(refresh) {
		now := d.rec.standing()
		t.status(now.line(last))
		last = now
	}
}

// standing is how the drill stands at a time.
type standing struct {
	at                       time.Duration // since the load began
	phase                    phase
	requests, failed, closed uint64
	longest                  time.Duration
}

func (r *recorder) standing() standing {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	s := standing{at: r.since(now), phase: r.phaseOf(now, now)}
	for _, t := range r.tallies {
		s.closed += t.closed
		for _, span := range t.spans {
			s.requests += span.requests
			s.failed += span.failed
			if t.kind.quick() {
				s.longest = max(s.longest, span.waits.longest)
			}
		}
	}
	return s
}

// line is the standing in words, less than 80 of ASCII for less than a million requests.
func (s standing) line(last standing) string {
	perSecond := 0.0
	if s.at > last.at {
		perSecond = float64(s.requests-last.requests) / (s.at - last.at).Seconds()
	}
	name := [...]string{before: "before", during: "during", after: "after"}[s.phase]
	return fmt.Sprintf("%s %.0f s: %s requests, %.0f/s, %s failed, %s closed, longest wait %s",
		name, s.at.Seconds(), grouped(s.requests), perSecond, grouped(s.failed), grouped(s.closed), Millis(s.longest))
}
