package telephony

import "github.com/prometheus/client_golang/prometheus"

// metrics of a controller. No label carries an id.
type metrics struct {
	live, legs                                                                               prometheus.Gauge
	claims, adopted, fenced, resyncs, overflows, unrecorded, reaped, reapedRows, sweepFaults prometheus.Counter
	switchboard, unmarked                                                                    prometheus.Counter
	transitions, ended, refused, attempts, failedWishes                                      *prometheus.CounterVec
	attach                                                                                   prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "hotline", Subsystem: "controller", Name: name, Help: help})
		reg.MustRegister(c)
		return c
	}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "hotline", Subsystem: "controller", Name: name, Help: help})
		reg.MustRegister(g)
		return g
	}
	vec := func(name, label, help string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "hotline", Subsystem: "controller", Name: name, Help: help}, []string{label})
		reg.MustRegister(v)
		return v
	}
	m := &metrics{
		live: gauge("calls", "Calls in the hands of this controller."), legs: gauge("legs", "Counsellors' legs known."),
		claims: counter("claims_total", "Calls claimed."), adopted: counter("adopted_total", "Calls taken over from an earlier life or a peer."),
		fenced: counter("fenced_total", "Calls given up because another controller holds them."), resyncs: counter("resyncs_total", "Comparisons with Asterisk's channels."),
		overflows:  counter("mailbox_overflows_total", "Events that found a call's mailbox full; each causes a resync."),
		unrecorded: counter("unrecorded_total", "Stretches of talk whose recording did not start."), reaped: counter("reaped_total", "Media channels that nobody knew."),
		unmarked:     counter("unmarked_total", "Changes of a call that its recording did not say at the first try."),
		reapedRows:   counter("reaped_rows_total", "Calls that the index held although they were over."),
		sweepFaults:  counter("sweep_faults_total", "Sweeps of the queue that failed."),
		switchboard:  counter("switchboard_only_total", "Calls with which only an exchange's number came: their callers cannot be located."),
		attempts:     vec("attempts_total", "kind", "Calls that we placed: overflow, callback, outside."),
		failedWishes: vec("failed_wishes_total", "wish", "Wishes of agents that could not be carried out: transfer, release, dtmf."),
		transitions:  vec("transitions_total", "state", "Calls that entered a state."), ended: vec("ended_total", "outcome", "Calls ended."),
		refused: vec("refused_total", "op", "Requests that Asterisk refused for good."),
		attach:  prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "hotline", Subsystem: "controller", Name: "attach_seconds", Help: "From a connected browser to its leg in Asterisk.", Buckets: prometheus.ExponentialBuckets(0.005, 2, 10)}),
	}
	reg.MustRegister(m.attach)
	return m
}
