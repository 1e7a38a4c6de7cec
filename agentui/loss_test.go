package agentui

import (
	"testing"

	"hotline/agentui/protocol"
	"hotline/queue"
)

func TestGatewayDies(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	leg := g.available()
	s.gateway.die()
	g.until("told", func() bool { return len(g.lost) == 1 && g.lost[0].Leg == leg && g.lost[0].Reason == "gateway_lost" })
	g.state(queue.AgentNotReady)
	s.until("the gateway is back", func() bool { return len(s.server.board.Gateways()) == 1 })
	g.headset()
	g.state(queue.AgentAvailable)
}

func TestConsoleDrainsAndComesBack(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	leg := g.available()
	addr := s.base[len("http://"):]
	since := s.agent(p.me.User).Since
	s.halt()
	g.wantClosed(protocol.CloseDraining)
	if !s.gateway.has(leg) || s.gateway.suspected(leg) || s.agent(p.me.User).State != queue.AgentAvailable {
		t.Error("a drain must leave headset and state alone")
	}
	s.start(addr)
	h := p.enter(leg)
	if self := h.snap(); self.State != "available" || self.Leg != leg || self.Media != protocol.MediaReady {
		t.Errorf("self at the new console %+v", self)
	}
	if !s.agent(p.me.User).Since.Equal(since) {
		t.Error("the agent was not available all the time")
	}
}

func TestWhoDoesNotComeBackAfterAConsolesRestartIsSignedOut(t *testing.T) {
	s := newSite(t, quick)
	p := s.login("agent1")
	g := p.enter("")
	g.available()
	addr := s.base[len("http://"):]
	s.halt()
	g.wantClosed(protocol.CloseDraining)
	s.start(addr)
	s.until("signed out", func() bool { return s.agent(p.me.User).State == queue.AgentOffline })
}

func TestAnotherConsoleTakesThePerson(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	g.available()
	_, err := s.queue.SignIn(t.Context(), "x", queue.Agent{ID: queue.AgentID(p.me.User), Console: "console-2", Session: newID()})
	if err != nil {
		t.Fatal(err)
	}
	g.until("displaced", func() bool { return len(g.notices) == 1 && g.notices[0] == "displaced" })
	g.wantClosed(protocol.CloseDisplaced)
	if s.agent(p.me.User).State != queue.AgentAvailable {
		t.Error("the other console's agent was disturbed")
	}
}

func TestRedisIsLostAndBack(t *testing.T) {
	s := newSite(t, nil)
	p, boss := s.login("agent1"), s.login("supervisor1")
	g, b := p.enter(""), boss.enter("")
	g.available()
	b.until("the agent on the board", func() bool { return b.agents[p.me.User].State == "available" })
	s.redis.Kill()
	if a := g.ask("not_ready", map[string]any{"reason": "break"}); a.Code != "unavailable" {
		t.Errorf("with Redis away: %+v", a)
	}
	g.must("mute", map[string]any{"muted": true})
	s.redis.Restart(t)
	g.until("a fresh snapshot", func() bool { return g.snaps == 2 && g.self.State == "available" })
	b.until("a fresh board", func() bool { return b.snaps == 2 && b.agents[p.me.User].State == "available" })
	s.call(queue.TierNormal)
	g.until("an offer as before", func() bool { return g.self.Offer != nil })
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	g.state(queue.AgentTalking)
}

func TestARowThatVanishesIsPutBack(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	session := s.agent(p.me.User).Session
	if err := s.queue.SignOut(t.Context(), "x", queue.AgentID(p.me.User), session); err != nil {
		t.Fatal(err)
	}
	s.until("signed in again", func() bool { a := s.agent(p.me.User); return a.State == queue.AgentNotReady && a.Session != session })
	g.available()
}

func TestARefreshWhileRedisIsAway(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	leg := g.available()
	s.redis.Kill()
	_ = g.ws.Close()
	h := p.enter(leg) // the snapshot shows what was known
	if self := h.snap(); self.State != "available" || self.Leg != leg {
		t.Errorf("self without Redis %+v", self)
	}
	s.redis.Restart(t)
	s.until("in the index under the new session", func() bool {
		a := s.agent(p.me.User)
		d := s.server.findDesk(queue.AgentID(p.me.User))
		return a.State == queue.AgentAvailable && d != nil && a.Console == "console-1"
	})
	s.call(queue.TierNormal)
	h.until("an offer", func() bool { return h.self.Offer != nil })
	h.must("accept", map[string]any{"offer": h.snap().Offer.Offer})
	h.state(queue.AgentTalking)
}
