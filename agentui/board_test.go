package agentui

import (
	"testing"

	"hotline/agentui/protocol"
	"hotline/queue"
)

func TestSupervisorSeesTheBoard(t *testing.T) {
	s := newSite(t, nil)
	boss, p := s.login("supervisor1"), s.login("agent1")
	b := boss.enter("")
	if self := b.snap(); self.State != "offline" || self.Role != "supervisor" {
		t.Errorf("self %+v", self)
	}
	g := p.enter("")
	b.until("the agent", func() bool {
		return b.agents[p.me.User].Name == "咨询员一" && b.agents[p.me.User].Media == protocol.MediaNone
	})
	id := s.call(queue.TierNormal)
	b.until("the caller", func() bool { return b.calls[string(id)].State == "waiting" })
	leg := g.headset()
	g.must("ready", nil) // and the caller who waits rings at once
	b.until("the offer", func() bool {
		return b.calls[string(id)].State == "offered" && b.agents[p.me.User].State == "reserved" && b.agents[p.me.User].Media == protocol.MediaReady
	})
	g.until("the offer", func() bool { return g.self.Offer != nil })
	if _, err := s.queue.Raise(t.Context(), "r", id, queue.TierRed, true); err != nil {
		t.Fatal(err)
	}
	g.until("the offer turns red", func() bool { return g.self.Offer.Tier == "red" })
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	s.gateway.measure(leg, LegMeasure{MOS: 4.1})
	b.until("talking", func() bool {
		c := b.calls[string(id)]
		return c.State == "talking" && c.AgentName == "咨询员一" && c.Danger && c.Quality != nil && c.Quality.MOS == 4.1
	})
	g.must("mute", map[string]any{"muted": true})
	b.until("muted", func() bool { return b.agents[p.me.User].Muted })
	late := s.login("admin1").enter("")
	if len(late.calls) != 1 || late.calls[string(id)].Agent != p.me.User || len(late.agents) != 1 {
		t.Errorf("an administrator's board: %+v %+v", late.calls, late.agents)
	}
	s.endCall(id, queue.EndAnswered)
	b.until("the caller is gone", func() bool { return len(b.calls) == 0 && b.agents[p.me.User].State == "wrap_up" })
	if status, _ := p.post("/api/logout", nil); status != 409 {
		t.Fatal("signed out without the form of a call at risk")
	}
	if err := s.queue.Filed(t.Context(), "filed", id, queue.AgentID(p.me.User)); err != nil {
		t.Fatal(err)
	}
	s.until("the form is in", func() bool { return s.agent(p.me.User).Owes == "" })
	if status, _ := p.post("/api/logout", nil); status != 204 {
		t.Fatal("logout")
	}
	b.until("the agent is gone", func() bool { return len(b.agents) == 0 })

	// A supervisor answers too, from the first Available on.
	b.available()
	s.call(queue.TierNormal)
	b.until("an offer", func() bool { return b.self.Offer != nil })
	b.must("accept", map[string]any{"offer": b.snap().Offer.Offer})
	b.state(queue.AgentTalking)
	snaps := b.snaps
	b.must("snapshot", nil)
	b.until("a fresh snapshot", func() bool { return b.snaps == snaps+1 && len(b.calls) == 1 })
}

func TestAgentsSeeNobodyElse(t *testing.T) {
	s := newSite(t, nil)
	one := s.login("agent1").enter("")
	two := s.login("agent2").enter("")
	s.call(queue.TierNormal)
	two.headset()
	two.must("ready", nil)
	two.until("the offer", func() bool { return two.self.Offer != nil })
	one.must("mute", map[string]any{"muted": true})
	one.until("its own change", func() bool { return one.self.Muted })
	one.mu.Lock()
	defer one.mu.Unlock()
	if len(one.calls) != 0 || len(one.agents) != 0 || one.self.Offer != nil {
		t.Errorf("agent 1 sees %v %v %v", one.calls, one.agents, one.self.Offer)
	}
}
