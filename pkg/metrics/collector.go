// Package metrics tells Prometheus what happens to connections in the rollouts
// of a service that uses package serve.
//
//	rollouts := metrics.New()
//	prometheus.MustRegister(rollouts)
//	err := serve.Run(ctx, serve.HTTP("http", srv), serve.Observe(rollouts.Hooks()))
//
// An instance that drains is about to be gone, and its sockets are the next
// one's: nobody reads its metrics any more. So each instance tells the next one
// of its drain, which exports it ([serve.Hooks]). These metrics are gauges, for
// the last drain of each unit, and not counters: a counter that starts anew in
// each process, and is read while old and new answer in turn, adds up to
// nonsense.
package metrics

import (
	"sync"
	"time"

	"github.com/nodrop/nodrop/pkg/serve"
	"github.com/prometheus/client_golang/prometheus"
)

// Collector has the metrics of one process. [New] makes it.
type Collector struct {
	start   prometheus.Gauge
	adopted *prometheus.CounterVec

	mu     sync.Mutex
	drains map[string]serve.Drain // the last of each unit
}

var _ prometheus.Collector = (*Collector)(nil)

// The metrics of a drain. A unit is "" outside of systemd.
var (
	drainConnections = prometheus.NewDesc("nodrop_drain_connections",
		"Connections that were open when the unit's last drain began, by what became of them: carried to the next instance, drained, or cut at the end of the drain time.",
		[]string{"unit", "kind", "outcome"}, nil)
	drainDuration = prometheus.NewDesc("nodrop_drain_duration_seconds",
		"How long the unit's last drain took.", []string{"unit"}, nil)
	drainEnd = prometheus.NewDesc("nodrop_drain_end_timestamp_seconds",
		"When the unit's last drain was over, in Unix time.", []string{"unit"}, nil)
	drainInTime = prometheus.NewDesc("nodrop_drain_in_time",
		"Whether nothing was open any more when the drain time of the unit's last drain ended.", []string{"unit"}, nil)
)

// New returns a collector, to be registered, whose Hooks are to be given to
// [serve.Observe].
func New() *Collector {
	return &Collector{
		start: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "nodrop_start_duration_seconds",
			Help: "How long this instance took to get ready.",
		}),
		adopted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nodrop_connections_adopted_total",
			Help: "Connections of earlier instances that this one has gone on with, by kind.",
		}, []string{"kind"}),
		drains: map[string]serve.Drain{},
	}
}

// Hooks keep the metrics up to date.
func (c *Collector) Hooks() serve.Hooks {
	return serve.Hooks{
		Serving: func(took time.Duration) { c.start.Set(took.Seconds()) },
		Adopted: func(kind string) { c.adopted.WithLabelValues(kind).Inc() },
		Drained: c.drained,
		Earlier: c.drained,
	}
}

func (c *Collector) drained(d serve.Drain) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drains[d.Unit] = d
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	c.start.Describe(ch)
	c.adopted.Describe(ch)
	for _, d := range []*prometheus.Desc{drainConnections, drainDuration, drainEnd, drainInTime} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	c.start.Collect(ch)
	c.adopted.Collect(ch)
	c.mu.Lock()
	defer c.mu.Unlock()
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	for unit, d := range c.drains {
		gauge(drainDuration, d.Took.Seconds(), unit)
		gauge(drainEnd, float64(d.End.UnixMilli())/1000, unit)
		inTime := 0.0
		if d.InTime {
			inTime = 1
		}
		gauge(drainInTime, inTime, unit)
		for kind, o := range d.Connections {
			gauge(drainConnections, float64(o.Carried), unit, kind, "carried")
			gauge(drainConnections, float64(o.Drained), unit, kind, "drained")
			gauge(drainConnections, float64(o.Cut), unit, kind, "cut")
		}
	}
}
