package agentui

import (
	"testing"

	"hotline/queue"
	"hotline/queue/queuetest"
)

// TestWhoVanishesBesideACallIsNotAvailableAfterwards: nobody is offered to an empty chair because the call that somebody assisted has ended.
func TestWhoVanishesBesideACallIsNotAvailableAfterwards(t *testing.T) {
	s := newSite(t, quick)
	one, two := s.login("agent1"), s.login("agent2")
	a := one.enter("")
	a.available()
	id := s.call(queue.TierNormal)
	a.until("the offer", func() bool { return a.self.Offer != nil })
	a.must("accept", map[string]any{"offer": a.snap().Offer.Offer})
	b := two.enter("")
	b.available()
	if _, err := s.queue.Assist(t.Context(), "assist", id, queue.AgentID(two.me.User)); err != nil {
		t.Fatal(err)
	}
	_ = b.ws.Close()
	index := func() queuetest.Index {
		x, err := queuetest.Read(t.Context(), s.redisClient(), "site")
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	s.until("marked as away", func() bool { return index().Agents[two.me.User].Away })
	s.endCall(id, queue.EndAnswered)
	s.away(two.me.User)
}

// TestACallForHelpOutlastsItsAgentAndRedis: the board of a console that served nobody puts it back.
func TestACallForHelpOutlastsItsAgentAndRedis(t *testing.T) {
	s := newSite(t, quick)
	p := s.login("agent1")
	g := p.enter("")
	g.available()
	if _, err := s.queue.SOS(t.Context(), "help", queue.AgentID(p.me.User), s.agent(p.me.User).Session, ""); err != nil {
		t.Fatal(err)
	}
	_ = g.ws.Close()
	gone := func() bool { a := s.agent(p.me.User); return a.State == queue.AgentOffline && a.SOS != nil }
	s.until("signed out, still calling for help", gone)
	if err := queuetest.Empty(t.Context(), s.redisClient()); err != nil {
		t.Fatal(err)
	}
	s.until("put back", gone)
}
