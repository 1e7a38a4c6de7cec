package agentui

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hotline/agentui/protocol"
	"hotline/queue"
)

// quick shortens the times of absence.
func quick(c *Config) { c.Grace, c.AwayLimit = 300*time.Millisecond, 1500*time.Millisecond }

func (s *site) away(id string) {
	s.t.Helper()
	s.until("not ready because of the connection", func() bool {
		a := s.agent(id)
		return a.State == queue.AgentNotReady && a.Reason == queue.ReasonConnectionLost
	})
}

func TestARingingOfferGoesOnAtOnceWhenTheBrowserVanishes(t *testing.T) {
	s := newSite(t, nil)
	one, two := s.login("agent1"), s.login("agent2")
	a := one.enter("")
	a.available()
	id := s.call(queue.TierNormal)
	a.until("the offer", func() bool { return a.self.Offer != nil })
	b := two.enter("")
	b.available()
	gone := time.Now()
	_ = a.ws.Close()
	b.until("the offer at the next", func() bool { return b.self.Offer != nil && b.self.Offer.Call == string(id) })
	if waited := time.Since(gone); waited > time.Second {
		t.Errorf("it took %s", waited)
	}
	if name := b.snap().Offer.LineName; name != "Youth line" {
		t.Errorf("line name %q in English", name)
	}
	s.away(one.me.User)
}

func TestABlinkOfTheWebsocketWithMediaUpCostsNothing(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	leg := g.available()
	since := s.agent(p.me.User).Since
	_ = g.ws.Close()
	s.until("suspected", func() bool { return s.gateway.suspected(leg) })
	h := p.enter(leg)
	if self := h.snap(); self.State != "available" || self.Leg != leg || self.Media != protocol.MediaReady {
		t.Errorf("self after the blink %+v", self)
	}
	if a := s.agent(p.me.User); !a.Since.Equal(since) {
		t.Error("the agent was not available all the time")
	}
}

func TestAfterTheGraceTheAgentIsAwayAndAvailableAgainOnReturn(t *testing.T) {
	s := newSite(t, quick)
	p := s.login("agent1")
	g := p.enter("")
	leg := g.available()
	_ = g.ws.Close()
	s.away(p.me.User)
	h := p.enter(leg)
	h.state(queue.AgentAvailable)
}

func TestAnOfferWithinTheGraceGoesOn(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Grace, c.AwayLimit = time.Hour, 2*time.Hour })
	p := s.login("agent1")
	g := p.enter("")
	leg := g.available()
	_ = g.ws.Close()
	s.until("suspected", func() bool { return s.gateway.suspected(leg) })
	s.call(queue.TierNormal)
	s.away(p.me.User)
}

func TestMediaThatGoesWithinTheGraceEndsIt(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Grace, c.AwayLimit = time.Hour, 2*time.Hour })
	p := s.login("agent1")
	g := p.enter("")
	leg := g.available()
	_ = g.ws.Close()
	s.until("suspected", func() bool { return s.gateway.suspected(leg) })
	s.gateway.end(leg, "suspect")
	s.away(p.me.User)
	// Back with a new headset, and available without another click.
	h := p.enter("")
	if self := h.snap(); !self.WantsReady || self.State != "not_ready" {
		t.Errorf("self on return %+v", self)
	}
	h.headset()
	h.state(queue.AgentAvailable)
}

func TestWhoStaysAwayIsSignedOut(t *testing.T) {
	s := newSite(t, quick)
	p := s.login("agent1")
	g := p.enter("")
	leg := g.available()
	_ = g.ws.Close()
	s.until("signed out", func() bool { return s.agent(p.me.User).State == queue.AgentOffline })
	s.until("the headset is closed", func() bool { return !s.gateway.has(leg) })
	s.until("no desk", func() bool { return s.server.findDesk(queue.AgentID(p.me.User)) == nil })
	h := p.enter(leg)
	h.until("the leg is lost", func() bool { return len(h.lost) == 1 && h.lost[0].Leg == leg && h.lost[0].Reason == "unknown" })
	if self := h.snap(); self.Reason != "signed_in" || self.WantsReady || self.Media != protocol.MediaLost {
		t.Errorf("self after a sign-out %+v", self)
	}
}

func TestRefreshWithinACall(t *testing.T) {
	s := newSite(t, quick)
	p := s.login("agent1")
	g := p.enter("")
	leg := g.available()
	id := s.call(queue.TierNormal)
	g.until("the offer", func() bool { return g.self.Offer != nil })
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	g.state(queue.AgentTalking)
	_ = g.ws.Close()
	s.until("suspected", func() bool { return s.gateway.suspected(leg) })
	s.gateway.end(leg, "suspect")
	mark := func(state queue.CallState, why string) {
		if err := s.queue.Mark(t.Context(), queue.RequestID(newID()), id, state, why); err != nil {
			t.Fatal(err)
		}
	}
	mark(queue.CallHeld, "agent_away") // the controller's work
	h := p.enter("")
	if self := h.snap(); self.State != "talking" || self.Call == nil || self.Call.Call != string(id) || self.Call.State != "held" ||
		self.Call.HoldReason != "agent_away" || self.Media == protocol.MediaReady {
		t.Fatalf("self after the refresh %+v %+v", self, self.Call)
	}
	h.headset()
	mark(queue.CallTalking, "")
	h.until("talking again", func() bool { return h.self.Call.State == "talking" })

	// And gone for good: the caller goes to the head of the queue, the agent is signed out when the call has left.
	_ = h.ws.Close()
	s.until("marked away", func() bool {
		return s.server.findDesk(queue.AgentID(p.me.User)) != nil && s.agent(p.me.User).State == queue.AgentTalking
	})
	if _, err := s.queue.Enqueue(t.Context(), queue.RequestID(newID()), id, true); err != nil {
		t.Fatal(err)
	}
	s.until("signed out", func() bool { return s.agent(p.me.User).State == queue.AgentOffline })
}

func TestACallerWhoComesBackToTheSameAgent(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	g.available()
	id := s.call(queue.TierNormal)
	g.until("the offer", func() bool { return g.self.Offer != nil })
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	g.state(queue.AgentTalking)
	if _, err := s.queue.Enqueue(t.Context(), queue.RequestID(newID()), id, true); err != nil {
		t.Fatal(err)
	}
	g.state(queue.AgentNotReady)
	g.must("ready", nil)
	g.until("the offer again", func() bool { return g.self.Offer != nil })
	if !g.snap().Offer.ReturningToYou {
		t.Error("the offer does not say that the caller returns")
	}
}

// TestBreakAfterRed: who is sent to rest is told so and until when, and is not made available by an earlier wish.
func TestBreakAfterRed(t *testing.T) {
	s := newSite(t, nil)
	if err := s.queue.Configure(queue.Config{Ring: s.cfg.Ring, Exposure: queue.Exposure{Window: time.Hour, Limit: 1, Break: time.Hour}}); err != nil {
		t.Fatal(err)
	}
	p := s.login("agent1")
	g := p.enter("")
	g.available()
	id := s.call(queue.TierRed)
	g.until("the offer", func() bool { return g.self.Offer != nil })
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	s.endCall(id, queue.EndAnswered)
	g.state(queue.AgentWrapUp)
	if status, body := p.put("/api/calls/"+string(id)+"/disposition", denied(0)); status != http.StatusOK { // a red call's wrap-up asks for it
		t.Fatalf("the closing form: %d %s", status, body)
	}
	g.must("wrapup_done", nil)
	g.until("a break", func() bool { return g.self.State == "not_ready" && g.self.Reason == queue.ReasonBreakAfterRed })
	if left := time.Until(time.UnixMilli(g.snap().Until)); left < 50*time.Minute || left > time.Hour {
		t.Errorf("the break lasts %s more", left)
	}
	if a := g.ask("ready", nil); a.Code != string(protocol.OnBreak) {
		t.Errorf("available during the break: %+v", a)
	}
	if self := g.snap(); self.WantsReady || self.State != "not_ready" {
		t.Errorf("%+v", self)
	}
}

func TestDeclineAndExpiry(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Ring = time.Second })
	p := s.login("agent1")
	g := p.enter("")
	g.available()
	s.call(queue.TierNormal)
	g.until("the offer", func() bool { return g.self.Offer != nil })
	offer := g.snap().Offer.Offer
	g.must("decline", map[string]any{"offer": offer})
	g.until("declined", func() bool { return g.self.State == "not_ready" && g.self.Reason == "declined" && g.self.Offer == nil })
	if a := g.ask("accept", map[string]any{"offer": offer}); a.Code != "offer_gone" {
		t.Errorf("accept after decline: %+v", a)
	}
	g.must("ready", nil)
	g.until("no answer", func() bool { return g.self.State == "not_ready" && g.self.Reason == "no_answer" })
	if self := g.snap(); self.WantsReady {
		t.Error("who did not answer must not become available by itself")
	}
}

func TestSecondTab(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	first := p.enter("")
	leg := first.available()
	second := p.open()
	if a := second.ask("hello", map[string]any{"takeover": false, "leg": ""}); a.Code != "second_session" {
		t.Fatalf("second hello: %+v", a)
	}
	if a := second.ask("snapshot", nil); a.Code != "hello_first" {
		t.Errorf("before hello: %+v", a)
	}
	if first.snap().State != "available" {
		t.Error("the first tab was disturbed")
	}
	second.must("hello", map[string]any{"takeover": true, "leg": ""})
	first.until("displaced", func() bool { return len(first.notices) == 1 && first.notices[0] == "displaced" })
	first.wantClosed(protocol.CloseDisplaced)
	second.until("the snapshot", func() bool { return second.snaps == 1 })
	s.until("the first tab's headset is closed", func() bool { return !s.gateway.has(leg) })
	second.until("the wish goes over", func() bool { return second.self.WantsReady && second.self.State == "not_ready" })
	second.headset()
	second.state(queue.AgentAvailable)
}

func TestTheSamePageOverANewNetworkIsNoSecondTab(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	old := p.enter("")
	leg := old.available()
	again := p.enter(leg) // the old websocket is half open: the server has not noticed
	if self := again.snap(); self.State != "available" || self.Leg != leg {
		t.Errorf("self %+v", self)
	}
	old.wantClosed(protocol.CloseDisplaced)
}

func TestLegLostWhileAvailable(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	leg := g.available()
	s.gateway.silence(leg)
	g.until("media lost", func() bool {
		return g.self.Media == protocol.MediaLost && g.self.State == "not_ready" && g.self.WantsReady
	})
	s.gateway.connect(leg, "node-1")
	g.state(queue.AgentAvailable)
	s.gateway.end(leg, "no_media")
	g.until("told", func() bool { return len(g.lost) == 1 && g.lost[0].Leg == leg && g.lost[0].Reason == "no_media" })
	g.until("away", func() bool {
		return g.self.State == "not_ready" && g.self.Reason == "connection_lost" && g.self.WantsReady
	})
	g.headset()
	g.state(queue.AgentAvailable)
}

func TestLegs(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	if a := g.ask("leg_restart", map[string]any{"leg": "01J0000000000000000000000E", "offer": "v=0"}); a.Code != "leg_unknown" {
		t.Errorf("restart of nothing: %+v", a)
	}
	leg := g.makeLeg()
	var again protocol.LegResult
	a := g.must("leg_restart", map[string]any{"leg": leg, "offer": "v=0"})
	if err := json.Unmarshal(a.Result, &again); err != nil || again != (protocol.LegResult{Leg: leg, Answer: "restarted"}) {
		t.Errorf("restart: %+v, %v", again, err)
	}
	second := g.makeLeg()
	s.until("the first is closed", func() bool { return !s.gateway.has(leg) })
	g.must("leg_close", map[string]any{"leg": second})
	s.until("the second is closed", func() bool { return !s.gateway.has(second) })
	g.until("no media", func() bool { return g.self.Media == protocol.MediaNone && g.self.Leg == "" })
	if n := len(g.lost); n != 0 {
		t.Errorf("%d legs told lost that were closed on purpose", n)
	}

	hold := make(chan struct{})
	s.gateway.mu.Lock()
	s.gateway.hold = hold
	s.gateway.mu.Unlock()
	g.send(`{"type":"leg","id":1000,"offer":"v=0"}`)
	if a := g.ask("leg", map[string]any{"offer": "v=0"}); a.Code != "leg_pending" {
		t.Errorf("two at once: %+v", a)
	}
	if a := g.ask("not_ready", map[string]any{"reason": "break"}); a.Type != "ack" {
		t.Errorf("a slow gateway holds up the desk: %+v", a)
	}
	close(hold)
	g.until("made at last", func() bool { return g.answers[1000].Type == "ack" })
	s.gateway.mu.Lock()
	s.gateway.hold, s.gateway.fail = nil, errNoMedia
	s.gateway.mu.Unlock()
	if a := g.ask("leg", map[string]any{"offer": "v=0"}); a.Code != "leg_failed" {
		t.Errorf("a gateway that refuses: %+v", a)
	}
}

func TestAHalfOpenTabDoesNotKeepAPersonOut(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("supervisor1") // has no leg that would tell the page
	ws, _, err := p.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ws.Close() }()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","id":1,"takeover":false,"leg":""}`)); err != nil {
		t.Fatal(err)
	}
	s.until("seated", func() bool { return s.keyOf(p.me.User) != "" && s.server.findDesk(queue.AgentID(p.me.User)) != nil })
	// Nobody reads that websocket, so no ping is answered: to the server it is what a lost network leaves behind.
	g := p.enter("")
	if g.snap().Role != "supervisor" {
		t.Error("not served")
	}
}
