package agentui

import (
	"context"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/queue"
)

func TestOneCallFromHelloToWrapUp(t *testing.T) {
	s := newSite(t, nil)
	orders := make(chan queue.Command, 1)
	ctx, cancel := context.WithCancel(t.Context())
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		_ = s.queue.FollowCommands(ctx, time.Now(), func(c queue.Command) error { orders <- c; return nil }) // ends with ctx
	}()
	t.Cleanup(func() { cancel(); <-followed })

	p := s.login("agent1")
	g := p.enter("")
	if self := g.snap(); self.State != "not_ready" || self.Reason != "signed_in" || self.Media != protocol.MediaNone || self.Role != "agent" {
		t.Fatalf("first self %+v", self)
	}
	g.must("ready", nil)
	g.until("the wish", func() bool { return g.self.WantsReady && g.self.State == "not_ready" })
	leg := g.makeLeg()
	g.until("connecting", func() bool { return g.self.Media == protocol.MediaConnecting && g.self.Leg == leg })
	s.gateway.connect(leg)
	s.gateway.connect(leg, "node-1")
	g.until("the wish fulfilled", func() bool {
		return g.self.State == "available" && !g.self.WantsReady && g.self.Media == protocol.MediaReady
	})

	id := s.call(queue.TierRed)
	g.until("the offer", func() bool { return g.self.Offer != nil })
	o := g.snap().Offer
	if o.Call != string(id) || o.LineName != "青少年热线" || o.Tier != "red" || o.History != 2 || o.ExpiresAt-o.At != 15000 || o.ReturningToYou {
		t.Errorf("offer %+v", o)
	}
	if a := g.ask("not_ready", map[string]any{"reason": "break"}); a.Code != "in_call" {
		t.Errorf("not_ready while it rings: %+v", a)
	}
	g.must("accept", map[string]any{"offer": o.Offer})
	g.state(queue.AgentTalking)
	if c := g.snap().Call; c == nil || c.Call != string(id) || c.State != "talking" || c.AgentName != "咨询员一" || c.TalkSince == 0 {
		t.Errorf("call %+v", c)
	}
	s.gateway.measure(leg, LegMeasure{RTTms: 12, LossPercent: 0.4, JitterMs: 3.1, MOS: 4.3})
	g.until("quality", func() bool { return g.self.Call != nil && g.self.Call.Quality != nil && g.self.Call.Quality.MOS == 4.3 })
	g.must("mute", map[string]any{"muted": true})
	g.until("muted", func() bool { return g.self.Muted })

	if a := g.ask("hangup", map[string]any{"call": "01J0000000000000000000000D"}); a.Code != "not_your_call" {
		t.Errorf("hangup of another call: %+v", a)
	}
	if status, body := p.post("/api/logout", nil); status != 409 {
		t.Errorf("logout while talking: %d %s", status, body)
	}
	g.must("hangup", map[string]any{"call": string(id)})
	select {
	case c := <-orders:
		if c.Verb != "hangup" || c.Call != id || string(c.By) != p.me.User {
			t.Errorf("order %+v", c)
		}
	case <-time.After(patience):
		t.Fatal("no order")
	}
	s.endCall(id, queue.EndAnswered)
	g.state(queue.AgentWrapUp)
	if self := g.snap(); self.Call != nil || self.Until <= self.Since {
		t.Errorf("wrap-up %+v", self)
	}
	s.fill(p, string(id)) // the caller was at risk
	g.must("wrapup_done", nil)
	g.state(queue.AgentAvailable)
	g.must("not_ready", map[string]any{"reason": "meal"})
	g.until("not ready", func() bool { return g.self.State == "not_ready" && g.self.Reason == "meal" })

	if status, _ := p.post("/api/logout", nil); status != 204 {
		t.Errorf("logout: %d", status)
	}
	g.until("the notice", func() bool { return len(g.notices) == 1 && g.notices[0] == "signed_out" })
	g.wantClosed(protocol.CloseSignedOut)
	if s.agent(p.me.User).State != queue.AgentOffline {
		t.Error("still in the index")
	}
	s.until("the headset is closed", func() bool { return !s.gateway.has(leg) })
	if status, _ := p.get("/api/me"); status != 401 {
		t.Errorf("me after logout: %d", status)
	}
}
