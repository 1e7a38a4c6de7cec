package agentui

import (
	"testing"
	"time"

	"hotline/queue"
)

// TestFormOfACallAtRisk: nothing ends the wrap-up but the form, and the form does so at once.
func TestFormOfACallAtRisk(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g, call := s.known(p, queue.TierRed)
	id := queue.CallID(call)
	s.endCall(id, queue.EndAnswered)
	g.until("the form is due", func() bool { return g.self.State == "wrap_up" && g.self.FormDue == string(id) })
	for what, body := range map[string]map[string]any{"wrapup_done": nil, "ready": nil, "not_ready": {"reason": "break"}} {
		if a := g.ask(what, body); a.Code != "disposition_missing" {
			t.Errorf("%s: %+v", what, a)
		}
	}
	if status, _ := p.post("/api/logout", nil); status != 409 {
		t.Errorf("signed out: %d", status)
	}
	s.fill(p, call)
	g.until("the form is in", func() bool { return g.self.FormDue == "" })
	g.must("wrapup_done", nil)
	g.state(queue.AgentAvailable)
}

// TestKeptForWhoWasCutOff: it shows with its end, and ends with a reason; there is no callback then.
func TestKeptForWhoWasCutOff(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g, call := s.known(p, queue.TierRed)
	id := queue.CallID(call)
	if _, err := s.queue.Keep(t.Context(), "keep", id, queue.AgentID(p.me.User), 3*time.Minute); err != nil {
		t.Fatal(err)
	}
	s.endCall(id, queue.EndAnswered)
	g.until("kept", func() bool {
		return g.self.Reason == queue.ReasonKept && g.self.KeptFor == string(id) && g.self.Until > 0
	})
	for what, body := range map[string]map[string]any{"ready": nil, "not_ready": {"reason": "break"}} {
		if a := g.ask(what, body); a.Code != "in_call" {
			t.Errorf("%s: %+v", what, a)
		}
	}
	if a := g.ask("keep_end", map[string]any{"reason_text": "x"}); a.Code != "bad_reason" {
		t.Errorf("without a reason: %+v", a)
	}
	g.must("keep_end", map[string]any{"reason_text": "said goodbye"})
	g.until("the wrap-up", func() bool { return g.self.State == "wrap_up" && g.self.KeptFor == "" && g.self.FormDue == string(id) })
	s.until("the callback is closed", func() bool {
		n := 0
		err := s.db.QueryRow(t.Context(), `SELECT COUNT(*) FROM tasks WHERE source = ? AND state = 'cancelled' AND closed_by = ?`, "cut:"+call, p.me.User).Scan(&n)
		return err == nil && n == 1
	})
	if a := g.ask("keep_end", map[string]any{"reason_text": "said goodbye"}); a.Code != "wrong_state" {
		t.Errorf("again: %+v", a)
	}
}

// TestWhoLeadsIsKnown: a supervisor with a headset is rung for a caller at risk whose counsellor vanished.
func TestWhoLeadsIsKnown(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	_, call := s.known(p, queue.TierRed)
	id := queue.CallID(call)
	boss := s.login("supervisor1")
	b := boss.enter("")
	b.headset()
	s.until("leads", func() bool { return s.agent(boss.me.User).Lead })
	if s.agent(p.me.User).Lead {
		t.Error("a counsellor leads")
	}
	if _, err := s.queue.Open(t.Context(), "open", id, queue.AgentID(p.me.User)); err != nil {
		t.Fatal(err)
	}
	b.until("rung, and told why", func() bool { return b.self.Offer != nil && b.calls[string(id)].AgentLostAt > 0 })
	b.must("accept", map[string]any{"offer": b.snap().Offer.Offer})
	b.state(queue.AgentTalking)
}

// TestForcedTakesTheWishBack: who waits for the headset to be available is not, when a supervisor wants them not to be.
func TestForcedTakesTheWishBack(t *testing.T) {
	s := newSite(t, nil)
	p, boss := s.login("agent1"), s.login("supervisor1")
	g, b := p.enter(""), boss.enter("")
	g.must("ready", nil)
	g.until("wished", func() bool { return g.self.WantsReady })
	b.must("force", map[string]any{"user": p.me.User, "state": "not_ready", "reason_text": "go home"})
	g.until("taken back", func() bool { return !g.self.WantsReady })
	g.headset()
	g.until("the headset works", func() bool { return g.self.Media == "ready" })
	if g.self.State != "not_ready" {
		t.Errorf("%+v", g.self)
	}
}
