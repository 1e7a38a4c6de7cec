package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the figures of this process. No label ever carries an id.
type metrics struct {
	seconds *prometheus.HistogramVec
	made    prometheus.Counter
	ended   *prometheus.CounterVec
	resets  prometheus.Counter
}

func newMetrics() *metrics {
	return &metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "hotline_queue_script_seconds", Help: "Time of one script of the queue, with the round trip to Redis.",
			Buckets: []float64{.0002, .0005, .001, .002, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"op", "result"}),
		made:   prometheus.NewCounter(prometheus.CounterOpts{Name: "hotline_queue_offers_made_total", Help: "Offers made by scripts that this process ran."}),
		ended:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "hotline_queue_offers_ended_total", Help: "Offers ended by scripts that this process ran, by outcome."}, []string{"outcome"}),
		resets: prometheus.NewCounter(prometheus.CounterOpts{Name: "hotline_queue_stream_resets_total", Help: "Times that the event stream was found emptied or trimmed past a reader."}),
	}
}

func (m *metrics) script(op string, err error, took time.Duration) {
	result := "ok"
	switch {
	case errors.Is(err, context.Canceled):
		result = "canceled"
	case err != nil:
		result = "error"
	}
	m.seconds.WithLabelValues(op, result).Observe(took.Seconds())
}

func (m *metrics) offers(made int, ended map[string]int) {
	m.made.Add(float64(made))
	for why, n := range ended {
		m.ended.WithLabelValues(why).Add(float64(n))
	}
}

// Register adds the figures of the queue to a registry: script times, offers by outcome, stream resets, and the callers that have a place
// (waiting or offered) by tier, which is read from Redis at each scrape and left out while Redis is away.
func (q *Queue) Register(reg prometheus.Registerer) error {
	all := []prometheus.Collector{q.metrics.seconds, q.metrics.made, q.metrics.ended, q.metrics.resets, newPlaces(q)}
	for _, c := range all {
		if err := reg.Register(c); err != nil {
			return fmt.Errorf("queue: metrics: %w", err)
		}
	}
	return nil
}

// places collects how many callers have a place.
type places struct {
	q    *Queue
	desc *prometheus.Desc
}

func newPlaces(q *Queue) *places {
	return &places{q: q, desc: prometheus.NewDesc("hotline_queue_waiting", "Callers waiting or offered, by tier; the whole site.", []string{"tier"}, nil)}
}

// Describe implements prometheus.Collector.
func (p *places) Describe(ch chan<- *prometheus.Desc) { ch <- p.desc }

// Collect implements prometheus.Collector.
func (p *places) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, t := range tiers() {
		n, err := p.q.rdb.ZCard(ctx, p.q.key("tier:"+string(t))).Result()
		if err != nil {
			return
		}
		ch <- prometheus.MustNewConstMetric(p.desc, prometheus.GaugeValue, float64(n), string(t))
	}
}
