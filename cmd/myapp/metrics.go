package main

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/nodrop/nodrop/pkg/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// meter counts requests, and what rollouts do to connections, in a registry of its own.
type meter struct {
	registry *prometheus.Registry
	rollouts *metrics.Collector
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

func newMeter() *meter {
	m := &meter{
		registry: prometheus.NewRegistry(),
		rollouts: metrics.New(),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "myapp_http_request_duration_seconds",
			Help: "Time from a request's header to the end of its handler, by status code and method.",
			// /slow, /events and /ws go far beyond the default ten seconds.
			Buckets: append(prometheus.DefBuckets, 30, 60, 300, 3600),
		}, []string{"code", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "myapp_http_requests_in_flight",
			Help: "Requests being handled, event streams and WebSockets among them.",
		}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "myapp_build_info",
		Help:        "Always 1; the version is in the label.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.duration, m.inFlight, build, m.rollouts,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// handler serves /metrics.
func (m *meter) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

// observe counts and times what next handles, and logs each request at debug
// level.
func (m *meter) observe(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		m.inFlight.Inc()
		defer func() { // also when the handler panics to cut the connection
			m.inFlight.Dec()
			took := time.Since(start)
			m.duration.WithLabelValues(strconv.Itoa(rec.status()), methodLabel(r.Method)).Observe(took.Seconds())
			log.LogAttrs(r.Context(), slog.LevelDebug, "request",
				slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("proto", r.Proto),
				slog.Int("code", rec.status()), slog.Float64("seconds", took.Seconds()), slog.String("client", r.RemoteAddr))
		}()
		next.ServeHTTP(rec, r)
	})
}

// methodLabel keeps clients from making a new time series with each method they
// think up.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	}
	return "other"
}
