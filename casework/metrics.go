package casework

import "github.com/prometheus/client_golang/prometheus"

// Metrics counts what the fallback left behind and what goes wrong in following calls. Labels hold no ids.
type Metrics struct {
	notes  *prometheus.CounterVec
	faults prometheus.Counter

	leftFaults prometheus.Counter
}

// NewMetrics registers the collectors of this package.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := newMetrics()
	reg.MustRegister(m.notes, m.faults, m.leftFaults)
	return m
}

func newMetrics() *Metrics {
	return &Metrics{
		notes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "hotline", Subsystem: "casework", Name: "fallback_calls_total",
			Help: "Calls that the dialplan's fallback served and that were taken in, by what came of them (answered, message, abandoned).",
		}, []string{"result"}),
		faults: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "hotline", Subsystem: "casework", Name: "fallback_faults_total",
			Help: "Attempts to take in what the fallback left that failed and will be repeated.",
		}),
		leftFaults: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "hotline", Subsystem: "casework", Name: "left_faults_total",
			Help: "Looks for callers who left before an answer that failed and will be repeated.",
		}),
	}
}
