package agentui

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the console's figures. Labels hold kinds only, never an id of a call or a person.
type metrics struct {
	requests    *prometheus.CounterVec
	logins      *prometheus.CounterVec
	tabs        prometheus.Gauge
	desks       prometheus.Gauge
	refused     *prometheus.CounterVec
	closed      *prometheus.CounterVec
	frames      *prometheus.CounterVec
	legs        *prometheus.CounterVec
	gatewaysUp  prometheus.Gauge
	indexResets prometheus.Counter
	untold      prometheus.Gauge
	unheard     prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	const ns = "hotline_console"
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: ns, Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: ns, Name: name, Help: help})
	}
	m := &metrics{
		requests:   counter("http_requests_total", "HTTP requests by route and status.", "route", "status"),
		logins:     counter("logins_total", "Attempts to sign in by result.", "result"),
		tabs:       gauge("websockets", "Open websockets."),
		desks:      gauge("desks", "People whose session this console serves, those who are away for a moment included."),
		refused:    counter("websocket_refused_total", "Messages from browsers that were refused, by code.", "code"),
		closed:     counter("websocket_closed_total", "Websockets that the console closed, by close code.", "code"),
		frames:     counter("websocket_frames_total", "Frames by direction.", "direction"),
		legs:       counter("legs_total", "Legs asked of gateways by result.", "result"),
		gatewaysUp: gauge("gateways_connected", "Gateways whose news the console follows."),
		untold:     gauge("untold_alarms", "Calls at high risk whose alarm stands in the queue alone, because the database of the escalation is away."),
		unheard:    gauge("untold_alarms_unanswered_seconds", "How long the oldest of these alarms has waited for a supervisor; 0: all were answered."),
		indexResets: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: ns, Name: "index_resets_total", Help: "Times that the index was lost and taken anew.",
		}),
	}
	for _, c := range []prometheus.Collector{
		m.requests, m.logins, m.tabs, m.desks, m.refused, m.closed, m.frames, m.legs, m.gatewaysUp, m.indexResets, m.untold, m.unheard,
	} {
		if err := reg.Register(c); err != nil {
			return nil, errors.Join(errors.New("console: metrics"), fmt.Errorf("register: %w", err))
		}
	}
	return m, nil
}
