package agentui

import (
	"errors"
	"strings"
	"testing"

	"hotline/agentui/protocol"
	"hotline/queue"
)

func TestASupervisorTakesPart(t *testing.T) {
	s := newSite(t, nil)
	one, boss := s.login("agent1"), s.login("supervisor1")
	a, b := one.enter(""), boss.enter("")
	a.available()
	id := s.answers(a, queue.TierRed)
	orders := s.orders()
	agent, by := queue.AgentID(one.me.User), queue.AgentID(boss.me.User)
	call := map[string]any{"call": string(id)}
	as := func(role string) map[string]any { return map[string]any{"call": string(id), "role": role} }

	b.refused("join", protocol.NoHeadset, as("monitor"))
	b.headset()
	waiting := s.call(queue.TierNormal)
	b.until("the one who waits", func() bool { _, there := b.calls[string(waiting)]; return there })
	b.refused("join", protocol.WrongState, map[string]any{"call": string(waiting), "role": "monitor"})
	b.refused("take", protocol.WrongState, map[string]any{"call": newID()})
	b.refused("leave", protocol.NotParty, call)
	a.refused("join", protocol.Forbidden, as("monitor"))
	a.refused("take", protocol.Forbidden, call)

	// The row is there before the wish; without the row there is no wish.
	s.audit.mu.Lock()
	s.audit.fail = errors.New("the database is away")
	s.audit.mu.Unlock()
	b.refused("join", protocol.Unavailable, as("monitor"))
	s.audit.mu.Lock()
	s.audit.fail = nil
	s.audit.mu.Unlock()
	for role, action := range map[string]string{"monitor": ActionCallMonitor, "whisper": ActionCallWhisper, "barge": ActionCallBarge} {
		b.must("join", as(role))
		expect(t, orders, queue.Command{Verb: "join", Call: id, By: by, Arg: role})
		if e := s.audit.of(action); len(e) != 1 || e[0].Actor != by || !strings.Contains(e[0].Object, string(id)) || !strings.Contains(e[0].Object, string(agent)) || e[0].Remote == "" {
			t.Errorf("%s is recorded as %+v", action, e)
		}
	}
	if _, err := s.queue.Assist(t.Context(), queue.RequestID(newID()), id, by); err != nil {
		t.Fatal(err)
	}
	s.parties(id, queue.Party{Agent: by, Role: queue.PartyWhisper, State: queue.PartyIn, By: by})
	b.until("their part", func() bool { return b.self.Assist != nil && b.self.Assist.Party.Role == "whisper" })
	b.must("join", as("barge")) // changed in the middle
	expect(t, orders, queue.Command{Verb: "join", Call: id, By: by, Arg: "barge"})
	b.must("leave", call)
	expect(t, orders, queue.Command{Verb: "leave", Call: id, By: by})
	b.must("take", call)
	expect(t, orders, queue.Command{Verb: "take", Call: id, By: by})
	if e := s.audit.of(ActionCallTake); len(e) != 1 {
		t.Errorf("the takeover is recorded as %+v", e)
	}
}

func TestASupervisorDecidesAboutPeopleAndPlaces(t *testing.T) {
	s := newSite(t, nil)
	one, two, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	a, b, c := one.enter(""), two.enter(""), boss.enter("")
	b.headset()
	force := func(user, state, reason string) map[string]any {
		return map[string]any{"user": user, "state": state, "reason_text": reason}
	}
	c.refused("force", protocol.BadReason, force(two.me.User, "available", " a "))
	c.refused("force", protocol.PersonAway, force("u-"+newID(), "available", "人手不够"))
	a.refused("force", protocol.Forbidden, force(two.me.User, "available", "人手不够"))
	c.must("force", force(two.me.User, "available", "人手不够"))
	b.until("made available", func() bool { return b.self.State == "available" })
	c.must("force", force(two.me.User, "not_ready", "需要休息"))
	b.until("made not ready", func() bool { return b.self.State == "not_ready" && b.self.Reason == queue.ReasonForced })
	if e := s.audit.of(ActionAgentForce); len(e) != 3 || e[2].Reason != "需要休息" || !strings.Contains(e[2].Object, two.me.User) {
		t.Errorf("recorded as %+v", e)
	}

	first, second := s.call(queue.TierNormal), s.call(queue.TierNormal)
	c.until("both wait", func() bool { return len(c.calls) == 2 })
	c.refused("move_up", protocol.BadReason, map[string]any{"call": string(second), "reason_text": ""})
	c.must("move_up", map[string]any{"call": string(second), "reason_text": "孕妇，情况紧急"})
	s.until("the second is first", func() bool {
		snap, err := s.queue.Snapshot(t.Context())
		return err == nil && snap.Calls[0].ID == second
	})
	assign := func(user, reason string) map[string]any {
		return map[string]any{"call": string(first), "user": user, "reason_text": reason}
	}
	c.must("assign", assign(two.me.User, "方言相同"))
	c.until("assigned", func() bool {
		row := c.calls[string(first)]
		return row.Assigned == two.me.User && row.AssignedName == "咨询员二"
	})
	c.must("assign", assign("", "对方已下班"))
	c.until("taken back", func() bool { return c.calls[string(first)].Assigned == "" })
	c.refused("assign", protocol.PersonAway, assign("u-"+newID(), "方言相同"))
	for action, n := range map[string]int{ActionCallMoveUp: 1, ActionCallAssign: 2, ActionCallUnassign: 1} {
		if e := s.audit.of(action); len(e) != n || e[0].Reason == "" || !strings.Contains(e[0].Object, "call:") {
			t.Errorf("%s is recorded as %+v", action, e)
		}
	}

	// A silent call for help is answered by name, and ended.
	c.refused("sos_ack", protocol.WrongState, map[string]any{"user": one.me.User})
	a.must("sos", nil)
	c.until("the call for help", func() bool { row := c.agents[one.me.User]; return row.SOS != nil && row.SOS.AckBy == "" })
	b.refused("sos_ack", protocol.Forbidden, map[string]any{"user": one.me.User})
	c.must("sos_ack", map[string]any{"user": one.me.User})
	a.until("somebody comes", func() bool { return a.self.SOS != nil && a.self.SOS.AckByName == "督导一" })
	c.must("sos_end", map[string]any{"user": one.me.User})
	a.until("it is over", func() bool { return a.self.SOS == nil })
	s.until("both are recorded", func() bool { return len(s.audit.of(ActionSOSAck)) == 1 && len(s.audit.of(ActionSOSEnd)) == 1 })
}
