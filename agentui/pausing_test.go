package agentui

import (
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/queue"
)

// TestWhatIsLeftOut: a pause needs a reason that the site knows and its consent in danger, is the agent's own, shows to its page, and is in the audit.
func TestWhatIsLeftOut(t *testing.T) {
	s := newSite(t, nil)
	one, two := s.login("agent1"), s.login("agent2")
	g, other := one.enter(""), two.enter("")
	g.available()
	id := s.answers(g, queue.TierNormal)
	other.headset()
	orders := s.orders()
	me := queue.AgentID(one.me.User)
	why := func(reason string) map[string]any { return map[string]any{"call": string(id), "reason": reason} }
	other.refused("record_pause", protocol.NotYourCall, why("wish"))
	g.refused("record_pause", protocol.BadReason, why("boredom"))
	g.must("record_pause", why("wish"))
	expect(t, orders, queue.Command{Verb: "record_pause", Call: id, By: me, Arg: "wish", Note: "120"})
	at := time.Now().Truncate(time.Millisecond)
	shows := func(what string, told queue.Pause, want protocol.RecordingPause) {
		t.Helper()
		if err := s.queue.SetParties(t.Context(), queue.RequestID(newID()), id, nil, told); err != nil {
			t.Fatal(err)
		}
		want.Reason, want.Since, want.Until, want.Asked = "wish", at.UnixMilli(), at.UnixMilli()+60_000, at.UnixMilli()
		g.until(what, func() bool { p := g.self.Call.Pause; return p != nil && *p == want })
	}
	wanted := queue.Pause{By: me, Code: "wish", Since: at, Until: at.Add(time.Minute), Asked: at}
	shows("the pause is wanted", wanted, protocol.RecordingPause{})
	taken, over := wanted, wanted
	taken.Taken, over.Over = taken.Until, at.Add(time.Second)
	shows("the pause is taken", taken, protocol.RecordingPause{Taken: at.UnixMilli() + 60_000})
	shows("it is over, and not recorded yet", over, protocol.RecordingPause{Over: at.UnixMilli() + 1000})
	g.must("record_resume", map[string]any{"call": string(id)})
	expect(t, orders, queue.Command{Verb: "record_resume", Call: id, By: me})
	s.until("the audit has both", func() bool {
		paused := s.audit.of(ActionRecordPause)
		return len(paused) == 1 && paused[0].Reason == "wish" && paused[0].Object == "call:"+string(id) && len(s.audit.of(ActionRecordResume)) == 1
	})

	if _, err := s.queue.Raise(t.Context(), queue.RequestID(newID()), id, queue.TierRed, true); err != nil {
		t.Fatal(err)
	}
	g.until("the call is red", func() bool { return g.self.Call.Tier == "red" })
	g.refused("record_pause", protocol.RedCall, why("wish"))
	now, err := s.settings.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now.Doc.Recording.AtRisk = true
	if _, err := s.settings.Save(t.Context(), now.N, now.Doc, "u-1", ""); err != nil {
		t.Fatal(err)
	}
	s.until("the site allows it", func() bool { return s.server.settings.get().Doc.Recording.AtRisk })
	g.must("record_pause", why("secret"))
	expect(t, orders, queue.Command{Verb: "record_pause", Call: id, By: me, Arg: "secret", Note: "120,at_risk"})
}
