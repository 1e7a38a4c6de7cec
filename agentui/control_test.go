package agentui

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/queue"
)

// orders reads the wishes at a site, as a controller does; the channel ends with the test.
func (s *site) orders() <-chan queue.Command {
	got := make(chan queue.Command, 64)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.queue.FollowCommands(ctx, time.Now(), func(c queue.Command) error {
			select {
			case got <- c:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	s.t.Cleanup(func() { cancel(); <-done })
	return got
}

func (s *site) parties(id queue.CallID, all ...queue.Party) {
	s.t.Helper()
	for i := range all {
		if all[i].Since.IsZero() {
			all[i].Since = time.Now()
		}
	}
	if err := s.queue.SetParties(s.t.Context(), queue.RequestID(newID()), id, all, queue.Pause{}); err != nil {
		s.t.Fatal(err)
	}
}

// answers brings a caller to the person at a page.
func (s *site) answers(g *view, tier queue.Tier) queue.CallID {
	s.t.Helper()
	id := s.call(tier)
	g.until("the offer", func() bool { return g.self.Offer != nil })
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	g.until("the talk", func() bool { return g.self.Call != nil && g.self.Call.State == "talking" })
	return id
}

func expect(t *testing.T, got <-chan queue.Command, want queue.Command) {
	t.Helper()
	select {
	case c := <-got:
		if c.Verb != want.Verb || c.Call != want.Call || c.By != want.By || c.Agent != want.Agent || c.Arg != want.Arg || c.Note != want.Note {
			t.Errorf("order %+v, want %+v", c, want)
		}
	case <-time.After(patience):
		t.Fatalf("no order %+v", want)
	}
}

func (g *view) refused(typ string, code protocol.Code, fields map[string]any) {
	g.p.s.t.Helper()
	if a := g.ask(typ, fields); a.Code != string(code) {
		g.p.s.t.Errorf("%s %v: %q, want %q", typ, fields, a.Code, code)
	}
}

func TestACallIsHandedOverWithAWrittenWord(t *testing.T) {
	s := newSite(t, nil)
	one, two := s.login("agent1"), s.login("agent2")
	a, b := one.enter(""), two.enter("")
	a.available()
	id := s.answers(a, queue.TierNormal)
	b.headset()
	orders := s.orders()
	call := map[string]any{"call": string(id)}
	with := func(user string) map[string]any { return map[string]any{"call": string(id), "user": user} }
	from, to := queue.AgentID(one.me.User), queue.AgentID(two.me.User)

	// Who can be asked, and the word for them.
	var list protocol.Colleagues
	if status, body := one.get("/api/colleagues"); status != 200 || json.Unmarshal([]byte(body), &list) != nil || len(list.Colleagues) != 1 ||
		list.Colleagues[0].User != two.me.User || !list.Colleagues[0].Free {
		t.Fatalf("colleagues: %d %s", status, body)
	}
	path := "/api/calls/" + string(id) + "/handover"
	if status, body := two.post(path, protocol.WriteHandover{To: one.me.User, Text: "x"}); status != 403 {
		t.Errorf("a summary of another's call: %d %s", status, body)
	}
	if status, body := one.post(path, protocol.WriteHandover{To: two.me.User, Text: " "}); status != 400 || !strings.Contains(body, "bad_note") {
		t.Errorf("an empty summary: %d %s", status, body)
	}
	var h protocol.Handover
	if status, body := one.post(path, protocol.WriteHandover{To: two.me.User, Text: "情绪已平稳"}); status != 200 || json.Unmarshal([]byte(body), &h) != nil {
		t.Fatalf("summary: %d %s", status, body)
	}
	a.refused("invite", protocol.NotFound, map[string]any{"call": string(id), "user": two.me.User, "role": "consult", "note": newID()})
	a.refused("invite", protocol.WrongState, map[string]any{"call": string(id), "user": one.me.User, "role": "consult", "note": ""})
	a.must("invite", map[string]any{"call": string(id), "user": two.me.User, "role": "consult", "note": h.ID})
	expect(t, orders, queue.Command{Verb: "invite", Call: id, By: from, Agent: to, Arg: "consult", Note: h.ID})

	// The other one reads it, and takes part.
	b.refused("invite_accept", protocol.NotParty, call)
	asked := queue.Party{Agent: to, Role: queue.PartyConsult, State: queue.PartyInvited, By: from, Note: h.ID}
	s.parties(id, asked)
	b.until("the invitation", func() bool { return b.self.Invite != nil && b.self.Invite.Party.Note == h.ID })
	if status, body := two.get("/api/handovers/" + h.ID); status != 200 || !strings.Contains(body, "情绪已平稳") {
		t.Errorf("the summary at its reader: %d %s", status, body)
	}
	if read := s.audit.of(ActionHandoverRead); len(read) != 1 || string(read[0].Actor) != two.me.User || !strings.Contains(read[0].Object, string(id)) {
		t.Errorf("the look at it is recorded as %+v", read)
	}
	a.refused("transfer", protocol.NotParty, with(two.me.User))
	b.must("invite_accept", call)
	expect(t, orders, queue.Command{Verb: "accept_invite", Call: id, By: to})
	if _, err := s.queue.Assist(t.Context(), queue.RequestID(newID()), id, to); err != nil {
		t.Fatal(err)
	}
	asked.State = queue.PartyIn
	s.parties(id, asked)
	b.until("their part", func() bool { return b.self.Assist != nil && b.self.Invite == nil && b.self.Reason == "assisting" })
	b.refused("ready", protocol.InCall, nil)
	a.until("the colleague", func() bool { return len(a.self.Call.Parties) == 1 && a.self.Call.Parties[0].State == "in" })

	a.must("transfer", with(two.me.User))
	expect(t, orders, queue.Command{Verb: "transfer", Call: id, By: from, Agent: to})
	if _, err := s.queue.Transfer(t.Context(), queue.RequestID(newID()), id, from, to); err != nil {
		t.Fatal(err)
	}
	b.until("the call is theirs", func() bool { return b.self.Call != nil && b.self.Assist == nil })
	a.state(queue.AgentWrapUp)
	a.refused("transfer", protocol.NotYourCall, with(two.me.User))
	until := a.snap().Until
	a.must("wrapup_extend", nil)
	a.until("more time", func() bool { return a.self.Until == until+wrapUpStep.Milliseconds() })
	for _, action := range []string{ActionCallInvite, ActionCallJoin, ActionCallTransfer, ActionWrapUpExtend, ActionHandoverWrite} {
		s.until(action+" is recorded", func() bool { return len(s.audit.of(action)) == 1 })
	}
	if e := s.audit.of(ActionCallTransfer)[0]; e.Object != "call:"+string(id)+" agent:"+two.me.User || e.Remote == "" {
		t.Errorf("recorded as %+v", e)
	}
}

// Who administers is at a console, too, and is told nothing of a call: they cannot be asked into one.
func TestWhoTakesNoCallsIsNotAsked(t *testing.T) {
	s := newSite(t, nil)
	p, office := s.login("agent1"), s.login("admin1")
	g, _ := p.enter(""), office.enter("")
	g.available()
	id := s.answers(g, queue.TierNormal)
	g.refused("invite", protocol.PersonAway, map[string]any{"call": string(id), "user": office.me.User, "role": "consult", "note": ""})
}

func TestWhatIsNotDoneToACallerAtRisk(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	g.available()
	id := s.answers(g, queue.TierRed)
	outside := queue.Party{Role: queue.PartyOutside, State: queue.PartyIn, By: queue.AgentID(p.me.User), Contact: "police"}
	s.parties(id, outside)
	g.until("the third party, by name", func() bool {
		return len(g.self.Call.Parties) == 1 && g.self.Call.Parties[0].ContactName == "报警 110"
	})
	call := map[string]any{"call": string(id)}
	orders := s.orders()
	g.refused("hold", protocol.RedCall, call)
	g.refused("release", protocol.RedCall, map[string]any{"call": string(id), "user": ""})
	g.refused("outside_leave", protocol.RedCall, call)
	g.refused("outside", protocol.WrongState, map[string]any{"call": string(id), "contact": "ambulance"})
	g.must("dtmf", map[string]any{"call": string(id), "digits": "1", "to": "outside"})
	expect(t, orders, queue.Command{Verb: "dtmf", Call: id, By: queue.AgentID(p.me.User), Arg: "1", Note: "outside"})
	s.until("pressing keys is recorded", func() bool { return len(s.audit.of(ActionCallDTMF)) == 1 })
	if e := s.audit.of(ActionCallDTMF)[0]; strings.Contains(e.Object+e.Reason, "1\"") || e.Reason != "" {
		t.Errorf("which keys were pressed is written down: %+v", e)
	}
}

func TestHoldAndOutside(t *testing.T) {
	s := newSite(t, nil)
	p := s.login("agent1")
	g := p.enter("")
	g.available()
	id := s.answers(g, queue.TierNormal)
	orders := s.orders()
	me := queue.AgentID(p.me.User)
	call := map[string]any{"call": string(id)}
	g.refused("resume", protocol.WrongState, call)
	g.refused("outside_drop", protocol.NotParty, call)
	g.refused("outside", protocol.NotFound, map[string]any{"call": string(id), "contact": "nobody"})
	g.refused("hold", protocol.NotYourCall, map[string]any{"call": newID()})
	g.must("hold", call)
	expect(t, orders, queue.Command{Verb: "hold", Call: id, By: me})
	g.must("outside", map[string]any{"call": string(id), "contact": "police"})
	expect(t, orders, queue.Command{Verb: "outside", Call: id, By: me, Arg: "police"})
	g.must("release", map[string]any{"call": string(id), "user": ""})
	expect(t, orders, queue.Command{Verb: "release", Call: id, By: me})
}

// A silent call for help reaches who leads at once, survives a queue that is away, and says by name who has seen it.
func TestSilentHelp(t *testing.T) {
	s := newSite(t, nil)
	p, boss := s.login("agent1"), s.login("supervisor1")
	g, lead := p.enter(""), boss.enter("")
	g.available()
	id := s.answers(g, queue.TierRed)
	asked := time.Now()
	g.must("sos", nil)
	lead.until("the alarm", func() bool { a := lead.agents[p.me.User]; return a.SOS != nil && a.SOS.Call == string(id) })
	if took := time.Since(asked); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
	g.until("sent", func() bool { return g.self.SOS != nil && g.self.SOS.AckBy == "" })
	if _, err := s.queue.AckSOS(t.Context(), queue.RequestID(newID()), queue.AgentID(p.me.User), queue.AgentID(boss.me.User)); err != nil {
		t.Fatal(err)
	}
	g.until("seen", func() bool { return g.self.SOS.AckByName == "督导一" })
	s.until("it is recorded", func() bool { return len(s.audit.of(ActionSOS)) == 1 })
}

func TestSilentHelpIsNotLostWithTheQueueAway(t *testing.T) {
	s := newSite(t, nil)
	flaky := &flakyIndex{Queue: s.queue}
	s.index = flaky
	s.halt()
	s.start(strings.TrimPrefix(s.base, "http://"))
	p := s.login("agent1")
	g := p.enter("")
	g.headset()
	flaky.away.Store(true)
	g.refused("sos", protocol.Unavailable, nil)
	flaky.away.Store(false)
	g.until("sent by the desk itself", func() bool { return g.self.SOS != nil })
}

// Who only listens is shown to the counsellor where the site wants it; who speaks always is.
func TestWhoListens(t *testing.T) {
	s := newSite(t, nil)
	p, boss := s.login("agent1"), s.login("supervisor1")
	g := p.enter("")
	g.available()
	id := s.answers(g, queue.TierNormal)
	leader := queue.AgentID(boss.me.User)
	s.parties(id, queue.Party{Agent: leader, Role: queue.PartyMonitor, State: queue.PartyIn, By: leader},
		queue.Party{Role: queue.PartyOutside, State: queue.PartyFailed, Contact: "police", Why: queue.WhyBusy})
	g.until("the failed party alone", func() bool { return len(g.self.Call.Parties) == 1 && g.self.Call.Parties[0].Why == "busy" })
	if n := g.snap().Supervised; len(n) != 0 {
		t.Errorf("it shows %v", n)
	}
	s.parties(id, queue.Party{Agent: leader, Role: queue.PartyWhisper, State: queue.PartyIn, By: leader})
	g.until("who speaks", func() bool { return slices.Equal(g.self.Supervised, []string{"督导一"}) })
	now, err := s.settings.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now.Doc.Supervised = true
	if _, err := s.settings.Save(t.Context(), now.N, now.Doc, "u-1", ""); err != nil {
		t.Fatal(err)
	}
	s.parties(id, queue.Party{Agent: leader, Role: queue.PartyMonitor, State: queue.PartyIn, By: leader})
	g.until("who listens", func() bool {
		return len(g.self.Call.Parties) == 1 && g.self.Call.Parties[0].Role == "monitor" && slices.Equal(g.self.Supervised, []string{"督导一"})
	})
}

// A person who takes part in a call and whose browser goes stays a part of it for as long as others wait for theirs, and then leaves.
func TestTheBrowserOfOneWhoTakesPart(t *testing.T) {
	s := newSite(t, quick)
	one, two := s.login("agent1"), s.login("agent2")
	a, b := one.enter(""), two.enter("")
	a.available()
	id := s.answers(a, queue.TierNormal)
	b.available()
	to := queue.AgentID(two.me.User)
	if _, err := s.queue.Assist(t.Context(), queue.RequestID(newID()), id, to); err != nil {
		t.Fatal(err)
	}
	s.parties(id, queue.Party{Agent: to, Role: queue.PartyConsult, State: queue.PartyIn})
	b.until("their part", func() bool { return b.self.Assist != nil })
	_ = b.ws.Close()
	c := two.enter("")
	if self := c.snap(); self.Assist == nil || self.State != "not_ready" || self.WantsReady {
		t.Errorf("after the refresh: %+v", self)
	}
	orders := s.orders()
	_ = c.ws.Close()
	expect(t, orders, queue.Command{Verb: "leave", Call: id, By: to})
	if _, err := s.queue.EndAssist(t.Context(), queue.RequestID(newID()), id, to); err != nil {
		t.Fatal(err)
	}
	s.parties(id)
	s.until("signed out", func() bool { return s.agent(two.me.User).State == queue.AgentOffline })
}

// flakyIndex is a queue that does not take calls for help while it is away.
type flakyIndex struct {
	*queue.Queue
	away atomic.Bool
}

func (q *flakyIndex) SOS(ctx context.Context, req queue.RequestID, agent queue.AgentID, session string, call queue.CallID) (queue.Agent, error) {
	if q.away.Load() {
		return queue.Agent{}, errors.New("the queue is away")
	}
	return q.Queue.SOS(ctx, req, agent, session, call)
}
