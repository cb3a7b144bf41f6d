package drill

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestUnitStates(t *testing.T) {
	states := unitStates{"main.service": "active", "http.socket": "active"}
	for i, tt := range []struct{ unit, state, want string }{
		{"main.service", "active", ""}, // a signal of something else
		{"standby.service", "activating", "starting"},
		{"standby.service", "active", "ready"},
		{"standby.service", "active", ""},
		{"main.service", "deactivating", "stopping"},
		{"main.service", "inactive", "gone"},
		{"main.service", "activating", "starting"},
		{"main.service", "failed", "failed"},
		{"main.service", "", ""},
		{"new.service", "inactive", ""}, // loaded, no more
		{"http.socket", "inactive", "gone"},
		{"run-x.mount", "active", ""},
	} {
		if got := states.change(tt.unit, tt.state); got != tt.want {
			t.Errorf("%d: %s %s is %q, want %q", i, tt.unit, tt.state, got, tt.want)
		}
	}
}

func TestFromMonotonic(t *testing.T) {
	begun := time.Now()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	got := fromMonotonic(uint64(now.Nano())/1000 - 5_000_000)
	took := time.Since(begun)
	if ago := begun.Sub(got); ago < 4900*ms-took || ago > 5100*ms+took {
		t.Errorf("5 s ago is %v ago, give or take %v", ago, took)
	}
	if got := fromMonotonic(0); got.Before(begun) {
		t.Errorf("no stamp is %v, want now", got)
	}
}
