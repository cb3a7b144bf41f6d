package drill

import (
	"cmp"
	"context"
	"path"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"
	"golang.org/x/sys/unix"
)

// unitSignals is how many changes of units may wait to be recorded. An upgrade that reloads systemd makes hundreds at once.
const unitSignals = 4096

// watchUnits records what becomes of systemd's services and sockets, from the bus, until ctx ends. Where there
// is no systemd, or no bus, nothing is recorded.
func (r *recorder) watchUnits(ctx context.Context) {
	conn, err := dbus.NewSystemConnectionContext(ctx)
	if err != nil {
		return
	}
	context.AfterFunc(ctx, conn.Close)
	updates, errs := make(chan *dbus.PropertiesUpdate, unitSignals), make(chan error, 1)
	conn.SetPropertiesSubscriber(updates, errs)
	if conn.Subscribe() != nil {
		return
	}
	units, err := conn.ListUnitsContext(ctx)
	if err != nil {
		return
	}
	states := unitStates{}
	for _, u := range units {
		states[u.Name] = u.ActiveState
	}
	go func() {
		for {
			select {
			case u := <-updates:
				state, _ := u.Changed["ActiveState"].Value().(string)
				if what := states.change(u.UnitName, state); what != "" {
					stamp, _ := u.Changed["StateChangeTimestampMonotonic"].Value().(uint64)
					r.event(fromMonotonic(stamp), u.UnitName, what)
				}
			case <-errs: // some were too many
			case <-ctx.Done():
				return
			}
		}
	}()
}

// unitStates holds the ActiveState of each unit that is loaded.
type unitStates map[string]string

// words are what a unit's states are called in a report.
var words = map[string]string{
	"activating":   "starting",
	"active":       "ready",
	"deactivating": "stopping",
	"inactive":     "gone",
}

// change takes a unit's new state and returns its word: empty if it is not new, or the unit no service nor socket.
func (s unitStates) change(unit, state string) string {
	kind := path.Ext(unit)
	if kind != ".service" && kind != ".socket" || state == "" || state == cmp.Or(s[unit], "inactive") {
		return ""
	}
	s[unit] = state
	return cmp.Or(words[state], state)
}

// fromMonotonic is the time of a CLOCK_MONOTONIC in µs; 0 is now.
func fromMonotonic(us uint64) time.Time {
	var now unix.Timespec
	if us == 0 || unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return time.Now()
	}
	return time.Now().Add(time.Duration(us)*time.Microsecond - time.Duration(now.Nano()))
}
