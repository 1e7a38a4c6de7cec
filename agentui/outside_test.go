package agentui

import (
	"testing"

	"hotline/agentui/protocol"
	"hotline/queue"
)

// TestWhoHelpsDials: the second person of an incident and who leads dial somebody into the counsellor's talk, by the counsellor's rules and by name; nobody else
// does, and what is in the talk is the counsellor's to end.
func TestWhoHelpsDials(t *testing.T) {
	s := newSite(t, nil)
	one, two, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	s.tree.set(boss.me.User)
	a, second, lead := one.enter(""), two.enter(""), boss.enter("")
	a.available()
	call := s.answers(a, queue.TierRed)
	wish := map[string]any{"call": string(call), "contact": "ambulance"}
	lead.refused("outside", protocol.NotYourCall, wish) // there is no incident
	id := s.endanger(one, call)
	lead.until("the alarm", func() bool { row, ok := lead.incident(id); return ok && row.Alert != nil })
	lead.must("incident_ack", map[string]any{"incident": id})
	second.refused("outside", protocol.NotYourCall, wish)
	orders := s.orders()
	lead.refused("outside", protocol.NotFound, map[string]any{"call": string(call), "contact": "nobody"})
	lead.must("outside", wish)
	owner := queue.AgentID(one.me.User)
	expect(t, orders, queue.Command{Verb: "outside", Call: call, By: queue.AgentID(boss.me.User), Agent: owner, Arg: "ambulance"})
	s.until("it is in the trail", func() bool { return len(s.audit.of(ActionCallOutside)) == 1 })
	if e := s.audit.of(ActionCallOutside)[0]; e.Actor != queue.AgentID(boss.me.User) || e.Object != callObject(call, owner) {
		t.Errorf("%+v", e)
	}
	two.act(id, "second", saying("", "", ""))
	second.until("the part", func() bool { row, ok := second.incident(id); return ok && row.Second == two.me.User })
	rings := queue.Party{Role: queue.PartyOutside, State: queue.PartyInvited, By: queue.AgentID(two.me.User), Contact: "ambulance"}
	second.must("outside", wish)
	expect(t, orders, queue.Command{Verb: "outside", Call: call, By: queue.AgentID(two.me.User), Agent: owner, Arg: "ambulance"})
	s.parties(call, rings)
	s.until("it rings on the board", func() bool { c, ok := s.server.board.Call(call); return ok && len(c.Parties) == 1 })
	stop := func(want string) func() bool {
		return func() bool { row, ok := second.incident(id); return ok && row.Rings == want }
	}
	second.until("who asked sees that it may be stopped", stop("ambulance"))
	lead.until("another may not", func() bool { row, ok := lead.incident(id); return ok && row.Rings == "" })
	second.refused("outside", protocol.WrongState, wish)
	lead.refused("outside_drop", protocol.NotYourCall, map[string]any{"call": string(call)})
	second.must("outside_drop", map[string]any{"call": string(call)})
	expect(t, orders, queue.Command{Verb: "outside_drop", Call: call, By: queue.AgentID(two.me.User)})
	// Who was taken back is owed nothing: the incident waits neither for an answer nor for somebody to tell them anything.
	s.until("the incident says that it was not reached", func() bool {
		in := read[protocol.Incident](t, boss, "/api/incidents/"+id)
		return len(in.Services) == 1 && in.Services[0].FailedAt > 0
	})
	rings.State = queue.PartyIn
	s.parties(call, rings)
	s.until("it is in the talk", func() bool { c, _ := s.server.board.Call(call); return c.Parties[0].State == queue.PartyIn })
	second.refused("outside_drop", protocol.NotYourCall, map[string]any{"call": string(call)})
	second.until("there is nothing to stop any more", stop(""))
}
