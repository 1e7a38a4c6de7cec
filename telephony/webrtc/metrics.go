package webrtc

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the gateway's figures. No label names a leg, an agent or a call.
type metrics struct {
	toAsterisk, toBrowser prometheus.Counter // packets forwarded
	dropped               *prometheus.CounterVec
	gone                  *prometheus.CounterVec
	refused               *prometheus.CounterVec
	resync                prometheus.Counter
	tapeLost              prometheus.Counter

	rtt, loss, jitter, mos prometheus.Histogram
}

// Why a packet was dropped; the label of hotline_gateway_dropped_packets_total.
const (
	dropUnknown   = "unknown_source" // no leg registered that address
	dropMalformed = "malformed"
	dropFormat    = "other_format" // another payload type than the leg's codec
	dropDuplicate = "duplicate"
	dropRival     = "rival_source" // another node is being heard on that leg
	dropSend      = "send_failed"
)

func newMetrics(reg prometheus.Registerer, legs func(State) float64) (*metrics, error) {
	const ns, sub = "hotline", "gateway"
	packets := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: ns, Subsystem: sub, Name: "forwarded_packets_total", Help: "RTP packets passed on, by direction.",
	}, []string{"to"})
	histogram := func(name, help string, buckets ...float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: ns, Subsystem: sub, Name: name, Help: help, Buckets: buckets})
	}
	counters := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: ns, Subsystem: sub, Name: name, Help: help}, []string{label})
	}
	m := &metrics{
		toAsterisk: packets.WithLabelValues("asterisk"),
		toBrowser:  packets.WithLabelValues("browser"),
		dropped:    counters("dropped_packets_total", "RTP packets not passed on, by reason.", "reason"),
		gone:       counters("legs_gone_total", "Legs that ended, by reason.", "reason"),
		refused:    counters("refused_requests_total", "Requests of the internal API that failed, by code.", "code"),
		resync: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: ns, Subsystem: sub, Name: "event_overflows_total", Help: "Event readers cut off because they were too slow.",
		}),
		tapeLost: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: ns, Subsystem: sub, Name: "tape_lost_frames_total", Help: "Recorded frames lost because the recorder was too slow.",
		}),
		rtt:    histogram("rtt_milliseconds", "Round trip to the browser, every quality interval.", 5, 10, 20, 50, 100, 150, 200, 300, 500, 1000),
		loss:   histogram("loss_percent", "Packet loss, the worse direction.", 0, 0.1, 0.5, 1, 2, 3, 5, 10, 20, 50),
		jitter: histogram("jitter_milliseconds", "Interarrival jitter, the worse direction.", 1, 2, 5, 10, 20, 30, 50, 100, 200),
		mos:    histogram("mos", "Estimated mean opinion score.", 1.5, 2, 2.5, 3, 3.2, 3.4, 3.6, 3.8, 4, 4.2, 4.4),
	}
	collectors := []prometheus.Collector{packets, m.dropped, m.gone, m.refused, m.resync, m.tapeLost, m.rtt, m.loss, m.jitter, m.mos}
	for _, state := range []State{Connecting, Connected, Silent} {
		collectors = append(collectors, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: ns, Subsystem: sub, Name: "legs", Help: "Legs by state.", ConstLabels: prometheus.Labels{"state": string(state)},
		}, func() float64 { return legs(state) }))
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range collectors {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("gateway metrics: %w", err)
		}
	}
	return m, nil
}

// observe files one quality figure. The round trip is left out until there is one.
func (m *metrics) observe(q Quality) {
	if q.RTT > 0 {
		m.rtt.Observe(q.RTT)
	}
	m.loss.Observe(q.Loss)
	m.jitter.Observe(q.Jitter)
	m.mos.Observe(q.MOS)
}
