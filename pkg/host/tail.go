package host

import (
	"strings"
	"sync"
)

// tail is a writer that remembers the last 32 KiB written to it. The zero value
// is ready; it is safe for concurrent use.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 32 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailSize; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}

// lastLines returns the last n lines of text, indented, to follow an error
// message; a note instead when text is empty.
func lastLines(text string, n int) string {
	text = strings.TrimRight(text, "\r\n \t")
	if text == "" {
		return "  (no output)"
	}
	lines := strings.Split(text, "\n")
	if len(lines) > n {
		lines = append([]string{"…"}, lines[len(lines)-n:]...)
	}
	for i, line := range lines {
		lines[i] = "  " + strings.TrimRight(line, "\r")
	}
	return strings.Join(lines, "\n")
}
