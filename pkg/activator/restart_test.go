package activator

import (
	"testing"
	"time"
)

// Delays double up to a limit, and begin anew after an instance that served for
// some time.
func TestDelays(t *testing.T) {
	r := newRestarter(time.Second)
	defer r.timer.Stop()
	var got []time.Duration
	for range 5 {
		got = append(got, r.in(func() {}))
	}
	for i, want := range []time.Duration{1, 2, 4, 8, 10} {
		if got[i] != want*time.Second {
			t.Errorf("delays %v", got)
		}
	}
	r.served()
	if d := r.in(func() {}); d != longestDelay {
		t.Errorf("after one that hardly served: %s", d)
	}
	r.ready = time.Now().Add(-stableTime)
	if d := r.in(func() {}); d != time.Second {
		t.Errorf("after one that served: %s", d)
	}
}
