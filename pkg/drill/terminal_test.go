package drill

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// screen is what a terminal shows after it was sent the text: \r goes to the beginning of the line, \x1b[K erases to its end.
func screen(text string) string {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		for {
			written, rest, more := strings.Cut(line, "\r\x1b[K")
			if !more {
				lines = append(lines, written)
				break
			}
			line = rest
		}
	}
	return strings.Join(lines, "\n")
}

func TestTerminal(t *testing.T) {
	var sent strings.Builder
	term := &Terminal{w: &sent, columns: func() int { return 20 }}
	want := func(shown string) {
		t.Helper()
		if got := screen(sent.String()); got != shown {
			t.Errorf("%q shows %q, want %q", sent.String(), got, shown)
		}
	}
	fmt.Fprintln(term, "begins")
	want("begins\n")
	term.status("1 request")
	want("begins\n1 request")
	term.status("2 requests")
	want("begins\n2 requests")
	fmt.Fprintln(term, "a line")
	want("begins\na line\n2 requests")
	fmt.Fprint(term, "really? [Y/n] ")
	want("begins\na line\nreally? [Y/n] ")
	term.status("3 requests")
	want("begins\na line\nreally? [Y/n] ")
	fmt.Fprint(term, "y\n")
	want("begins\na line\nreally? [Y/n] y\n3 requests")
	term.status("a line that would wrap, and so is cut")
	want("begins\na line\nreally? [Y/n] y\na line that would w")
	term.status("")
	want("begins\na line\nreally? [Y/n] y\n")
}

func TestNoTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if NewTerminal(null) != nil {
		t.Errorf("%s is a terminal", os.DevNull)
	}
}

func TestStandingLine(t *testing.T) {
	last := standing{at: 10 * time.Second, requests: 1000}
	s := standing{at: 12 * time.Second, phase: during, requests: 3001, failed: 4, closed: 1, longest: 21 * ms}
	if got, want := s.line(last), "during 12 s: 3,001 requests, 1000/s, 4 failed, 1 closed, longest wait 21 ms"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A drill keeps the status line, and leaves none behind.
func TestLive(t *testing.T) {
	t.Parallel()
	s := newFaulty(t)
	sent := &recording{}
	term := &Terminal{w: sent, columns: func() int { return 120 }}
	drilled(t, Config{Clients: []Client{{Fresh, 2, s.url()}}, Before: time.Second, Progress: term}, func(ctx context.Context) error {
		fmt.Fprintln(term, "the command says")
		during := regexp.MustCompile(`during \d+ s: `)
		return within(time.Minute, func() bool { return during.MatchString(sent.String()) })
	})
	if all := sent.String(); !regexp.MustCompile(`before \d+ s: `).MatchString(all) || !strings.Contains(all, " 0 failed, 0 closed, longest wait ") {
		t.Errorf("shown: %q", all)
	}
	shown := screen(sent.String())
	if !strings.Contains(shown, "\nthe command says\n") || !strings.HasSuffix(shown, "\n") || strings.Contains(shown, "requests") {
		t.Errorf("left on the screen: %q", shown)
	}
}

// recording is a strings.Builder that may be read meanwhile.
type recording struct {
	mu sync.Mutex
	b  strings.Builder
}

func (r *recording) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *recording) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}
