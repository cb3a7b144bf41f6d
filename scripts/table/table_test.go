package table

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// The table, on the embedded host.
func TestEmbedded(t *testing.T) {
	l, err := lab.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var log buffer
	e, err := NewEmbedded(context.Background(), l, t.TempDir(), &log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("what was printed:\n%s", log.String())
		}
	})
	Run(t, e)
}

// buffer is written to by several programs.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
