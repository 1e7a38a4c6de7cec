package telephony

import (
	"testing"
	"time"

	"hotline/queue"
	"hotline/telephony/ari/asterisktest"
)

// TestLinesAreReplaced at run time: who waits on the line that is gone is not touched and is served; the new line has its hold audio before its first
// caller comes, and what the new line needs is what its callers need.
func TestLinesAreReplaced(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start()
	old, oldID := s.waiting()
	from := time.Now()
	line := s.line("12345")
	line.Needs = queue.Skills{"youth": 2}
	must(t, r.SetLines([]Line{line}))
	client := s.client("test")
	s.until("the new line has its hold bridge", func() bool {
		b, err := client.BridgeGet(t.Context(), r.names.hold("12345"))
		return err == nil && len(b.Channels) == 1
	})
	fresh := s.dials("12345")
	s.hears(fresh, asterisktest.PromptHz)
	s.hears(fresh, asterisktest.HoldHz)
	s.until("both wait, each with what the line needs", func() bool {
		rows := s.rows()
		if len(rows) != 2 || rows[oldID].State != queue.CallWaiting {
			return false
		}
		for id, row := range rows {
			if id != oldID && row.Needs["youth"] != 2 {
				return false
			}
		}
		return true
	})
	s.sitDown("a1")
	accepted := time.Now()
	if got := s.accepts("a1"); got != oldID {
		t.Errorf("offered %s, want %s of the line that is gone", got, oldID)
	}
	if err := undisturbed(old, from, accepted, 500*time.Millisecond, asterisktest.HoldHz); err != nil {
		t.Error(err)
	}
	s.hears(old, counsellorHz)
}

// TestEmergencyReachesWhoWaits: who came before the switch is offered to volunteers as who comes after it, those at risk first.
func TestEmergencyReachesWhoWaits(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start()
	_, first := s.waiting()
	c, atRisk := s.waiting()
	s.presses(c, "0")
	s.until("the caller is red", func() bool { return s.rows()[atRisk].Tier == queue.TierRed })
	openBrowser(t, s.gateway.Client, "volunteer")
	_, err := s.queue.SignIn(t.Context(), queue.RequestID(newID()), queue.Agent{ID: "volunteer", Console: "console-1", Session: "volunteer", Group: 1})
	must(t, err)
	s.ready("volunteer")
	if snap, err := s.queue.Snapshot(t.Context()); err != nil || len(snap.Offers) > 0 {
		t.Fatalf("a volunteer is offered a caller in ordinary times: %+v, %v", snap.Offers, err)
	}
	line := s.line("12355")
	line.Groups = 99
	must(t, r.SetLines([]Line{line}))
	if got := s.accepts("volunteer"); got != atRisk {
		t.Errorf("offered %s, want %s", got, atRisk)
	}
	s.until("the other one may be offered, too", func() bool { return s.rows()[first].Groups == 99 })
}

// TestEmergencyTriesWhoWaitsElsewhere: the steps that came with the switch are for who came before it, too, and those that it took away for nobody.
func TestEmergencyTriesWhoWaitsElsewhere(t *testing.T) {
	t.Parallel()
	far, other := newElsewhere(t, after(nil)), newElsewhere(t, after(nil))
	s := newScene(t, to(way("city", far.Addr())+way("province", other.Addr())))
	r := s.start(overflowing(time.Minute, Partner{Endpoint: "PJSIP/12355@city", Site: true}))
	c, _ := s.waiting()
	line := s.line("12355")
	line.Overflow = []Overflow{{After: time.Second, When: "wait", To: "province", Partner: Partner{Endpoint: "PJSIP/12355@province", Site: true}}}
	must(t, r.SetLines([]Line{line}))
	in := rung(t, other)
	s.hears(c, asterisktest.HoldHz)
	if len(far.rings) > 0 {
		t.Error("it rings where the line no longer says")
	}
	must(t, r.SetLines([]Line{s.line("12355")})) // who is tried already, is
	select {
	case <-in.Canceled():
		t.Error("the attempt was dropped")
	case <-time.After(300 * time.Millisecond):
	}
}

// TestLinesThatCannotBeServedAreRefused, and the old ones stay.
func TestLinesThatCannotBeServedAreRefused(t *testing.T) {
	c := newIdle(t, "http://127.0.0.1:9/ari")
	before := c.lines()
	for name, lines := range map[string][]Line{"none": nil, "no greeting": {{ID: "1", HoldClass: "hold"}}} {
		if err := c.SetLines(lines); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if len(c.lines()) != len(before) {
		t.Error("the lines changed")
	}
}
