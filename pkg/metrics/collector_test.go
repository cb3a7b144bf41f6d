package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/nodrop/nodrop/pkg/serve"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// afterRollout is a collector that has seen all that there is.
func afterRollout() *Collector {
	c := New()
	hooks := c.Hooks()
	hooks.Serving(250 * time.Millisecond)
	hooks.Adopted("http")
	hooks.Adopted("http")
	hooks.Adopted("websocket")
	drain := func(unit string, took time.Duration, inTime bool, all map[string]serve.Outcome) serve.Drain {
		return serve.Drain{Unit: unit, End: time.UnixMilli(1700000000500), Took: took, InTime: inTime, Connections: all}
	}
	hooks.Earlier(drain("myapp.service", 9*time.Second, true, map[string]serve.Outcome{"gone": {Cut: 9}})) // of the rollout before
	hooks.Earlier(drain("myapp.service", 1500*time.Millisecond, true, map[string]serve.Outcome{"http": {Carried: 2, Drained: 1}}))
	hooks.Drained(drain("myapp-standby.service", 75*time.Second, false, map[string]serve.Outcome{"https": {Cut: 4}}))
	return c
}

func TestCollector(t *testing.T) {
	const want = `
# HELP nodrop_connections_adopted_total Connections of earlier instances that this one has gone on with, by kind.
# TYPE nodrop_connections_adopted_total counter
nodrop_connections_adopted_total{kind="http"} 2
nodrop_connections_adopted_total{kind="websocket"} 1
# HELP nodrop_drain_connections Connections that were open when the unit's last drain began, by what became of them: carried to the next instance, drained, or cut at the end of the drain time.
# TYPE nodrop_drain_connections gauge
nodrop_drain_connections{kind="http",outcome="carried",unit="myapp.service"} 2
nodrop_drain_connections{kind="http",outcome="cut",unit="myapp.service"} 0
nodrop_drain_connections{kind="http",outcome="drained",unit="myapp.service"} 1
nodrop_drain_connections{kind="https",outcome="carried",unit="myapp-standby.service"} 0
nodrop_drain_connections{kind="https",outcome="cut",unit="myapp-standby.service"} 4
nodrop_drain_connections{kind="https",outcome="drained",unit="myapp-standby.service"} 0
# HELP nodrop_drain_duration_seconds How long the unit's last drain took.
# TYPE nodrop_drain_duration_seconds gauge
nodrop_drain_duration_seconds{unit="myapp-standby.service"} 75
nodrop_drain_duration_seconds{unit="myapp.service"} 1.5
# HELP nodrop_drain_end_timestamp_seconds When the unit's last drain was over, in Unix time.
# TYPE nodrop_drain_end_timestamp_seconds gauge
nodrop_drain_end_timestamp_seconds{unit="myapp-standby.service"} 1.7000000005e+09
nodrop_drain_end_timestamp_seconds{unit="myapp.service"} 1.7000000005e+09
# HELP nodrop_drain_in_time Whether nothing was open any more when the drain time of the unit's last drain ended.
# TYPE nodrop_drain_in_time gauge
nodrop_drain_in_time{unit="myapp-standby.service"} 0
nodrop_drain_in_time{unit="myapp.service"} 1
# HELP nodrop_start_duration_seconds How long this instance took to get ready.
# TYPE nodrop_start_duration_seconds gauge
nodrop_start_duration_seconds 0.25
`
	c := afterRollout()
	if err := testutil.CollectAndCompare(c, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.CollectAndLint(c); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	if err := prometheus.NewPedanticRegistry().Register(New()); err != nil {
		t.Error(err)
	}
}
