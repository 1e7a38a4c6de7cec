package ari

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reasons why an event was skipped.
const (
	skipUnknown   = "unknown"   // a type that neither we nor the library know
	skipUnused    = "unused"    // a known type that no caller needs
	skipEcho      = "echo"      // our own proof that events come
	skipMalformed = "malformed" // not the JSON that the API description promises; asks for a resync
)

type meters struct {
	events     *prometheus.CounterVec
	skipped    *prometheus.CounterVec
	connected  prometheus.Gauge
	gaps       *prometheus.CounterVec
	requests   *prometheus.HistogramVec
	failures   *prometheus.CounterVec
	collectors []prometheus.Collector
}

func newMeters(reg prometheus.Registerer, queued func() int) (*meters, error) {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "hotline", Subsystem: "ari", Name: name, Help: help}
	}
	m := &meters{
		events: prometheus.NewCounterVec(prometheus.CounterOpts(opts("events_total",
			"Events of the websocket that were handed on, by kind.")), []string{"kind"}),
		skipped: prometheus.NewCounterVec(prometheus.CounterOpts(opts("events_skipped_total",
			"Events that were not handed on, by reason.")), []string{"reason"}),
		connected: prometheus.NewGauge(prometheus.GaugeOpts(opts("connected",
			"1 while the event websocket is up."))),
		gaps: prometheus.NewCounterVec(prometheus.CounterOpts(opts("gaps_total",
			"Times that events may have been lost and a resync was asked for, by reason.")), []string{"reason"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "hotline", Subsystem: "ari", Name: "request_seconds", Help: "Duration of requests, by operation.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2},
		}, []string{"op"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts(opts("request_failures_total",
			"Requests that failed, by operation and status (0: no answer in time).")), []string{"op", "status"}),
	}
	length := prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("queue_length",
		"Events read but not yet taken.")), func() float64 { return float64(queued()) })
	m.collectors = []prometheus.Collector{m.events, m.skipped, m.connected, m.gaps, m.requests, m.failures, length}
	if reg == nil {
		return m, nil
	}
	for _, c := range m.collectors {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *meters) request(op string, began time.Time) {
	m.requests.WithLabelValues(op).Observe(time.Since(began).Seconds())
}
