package crisis

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts deadlines and faults, and says what stands open. Labels hold no ids.
type Metrics struct {
	deadlines    prometheus.Counter
	faults       prometheus.Counter
	effectFaults prometheus.Counter
	live         *prometheus.GaugeVec
	unanswered   prometheus.Gauge
}

// NewMetrics registers the collectors of this package.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := newMetrics()
	reg.MustRegister(m.deadlines, m.faults, m.effectFaults, m.live, m.unanswered)
	return m
}

func newMetrics() *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "hotline", Subsystem: "crisis", Name: name, Help: help})
	}
	return &Metrics{
		deadlines:    counter("deadlines_total", "Deadlines of incidents that passed and were answered by the next alert or reminder."),
		faults:       counter("faults_total", "Looks for deadlines that failed in part and will be repeated."),
		effectFaults: counter("effect_faults_total", "Follow-ups and debriefs that could not be planned and will be tried again."),
		live: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "hotline", Subsystem: "crisis", Name: "incidents", Help: "Incidents that are not over, by state (open, closing, closed).",
		}, []string{"state"}),
		unanswered: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "hotline", Subsystem: "crisis", Name: "unanswered_seconds",
			Help: "For how long the oldest alarm rings that no supervisor answered; 0: none. More than a few minutes means that nobody can be reached.",
		}),
	}
}

// Measure keeps the figures of what stands open until ctx ends.
func (m *Metrics) Measure(ctx context.Context, s *Store) error {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		if all, err := s.Live(ctx); err == nil {
			m.show(all, s.now())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (m *Metrics) show(all []Incident, now time.Time) {
	count, oldest := map[State]int{StateOpen: 0, StateClosing: 0, StateClosed: 0}, time.Duration(0)
	for _, in := range all {
		count[in.State]++
		if in.Alarm.On {
			oldest = max(oldest, now.Sub(in.Alarm.Since))
		}
	}
	for state, n := range count {
		m.live.WithLabelValues(string(state)).Set(float64(n))
	}
	m.unanswered.Set(oldest.Seconds())
}
