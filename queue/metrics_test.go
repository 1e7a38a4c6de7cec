package queue

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"hotline/queue/queuetest"
)

func TestMetrics(t *testing.T) {
	s := queuetest.Start(t)
	d := newDesk(t, s.Client(t), Config{})
	reg := prometheus.NewPedanticRegistry()
	if err := d.Register(reg); err != nil {
		t.Fatal(err)
	}
	agentStates()[AgentReserved](d)
	offer := d.agent("a1").Offer
	for range 2 { // the second is a replay and must not be counted
		if _, err := d.Accept(t.Context(), "same", offer, "a1", "s"); err != nil {
			t.Fatal(err)
		}
	}
	d.caller("c2", TierRed, nil)
	want := map[string]float64{"hotline_queue_offers_made_total": 1, "hotline_queue_offers_ended_total accepted": 1, "hotline_queue_waiting red": 1, "hotline_queue_waiting normal": 0}
	got := gather(t, reg)
	for name, v := range want {
		if got[name] != v {
			t.Errorf("%s = %v, want %v", name, got[name], v)
		}
	}
	s.Kill()
	gather(t, reg) // a scrape without Redis still answers
}

func gather(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			out[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return out
}
