package agentui

import (
	"encoding/json"
	"testing"
	"time"

	decided "hotline/agentui/decisions"
	"hotline/agentui/protocol"
	"hotline/casework/decisions"
	"hotline/queue"
)

// TestDecisions: a supervisor is told why a call was offered to whom, by name, and that they asked is written down.
func TestDecisions(t *testing.T) {
	s := newSite(t, nil)
	agent := s.login("agent1").me
	call, made := newID(), time.UnixMilli(1_800_000_000_000)
	body, err := json.Marshal(queue.Decision{
		Rule: queue.RuleGroup, Tier: queue.TierRed, Key: made, Groups: 1, Fitting: 12, Waiting: 3,
		Agents: []queue.Candidate{{ID: queue.AgentID(agent.User), Idle: made.Add(-time.Minute), Skills: queue.Skills{"crisis": 3}}, {ID: "u-gone", Group: 1, Reds: 2}},
		Others: []queue.Rival{{ID: queue.CallID(newID()), Tier: queue.TierNormal, Key: made.Add(time.Hour), Fits: true}, {ID: "c", Tier: queue.TierRed, Key: made.Add(-time.Second), Only: "u-gone"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.decisions.Keep(t.Context(), "", []decisions.Decision{{Offer: "o1", Call: call, Agent: agent.User, At: made, Body: body}}); err != nil {
		t.Fatal(err)
	}
	p := s.login("supervisor1")
	status, text := p.get("/api/decisions?call=" + call)
	var got protocol.Decisions
	if err := json.Unmarshal([]byte(text), &got); status != 200 || err != nil || len(got.Decisions) != 1 {
		t.Fatalf("%d %s", status, text)
	}
	d := got.Decisions[0]
	if d.AgentName != agent.Name || d.Rule != "group" || d.At != made.UnixMilli() || d.Fitting != 12 || d.Waiting != 3 || d.Groups != 1 || d.Needs == nil {
		t.Errorf("%+v", d)
	}
	if c := d.Candidates; len(c) != 2 || c[0].AgentName != agent.Name || c[0].IdleSince != made.Add(-time.Minute).UnixMilli() || c[0].HeldUntil != 0 || c[1].Reds != 2 {
		t.Errorf("%+v", d.Candidates)
	}
	if o := d.Others; len(o) != 2 || o[0].AheadMs != -3_600_000 || !o[0].Fits || o[1].AheadMs != 1000 || o[1].Only != "u-gone" {
		t.Errorf("%+v", d.Others)
	}
	if e := s.audit.of(decided.ActionDecisionView); len(e) != 1 || e[0].Object != "call:"+call || string(e[0].Actor) != p.me.User {
		t.Errorf("%+v", e)
	}
	other := newID()
	if _, text := p.get("/api/decisions?call=" + other); text != `{"call":"`+other+`","decisions":[]}`+"\n" {
		t.Errorf("%s", text)
	}
	for query, want := range map[string]int{"": 400, "?call=x": 400, "?call=" + call: 200} {
		if status, _ := p.get("/api/decisions" + query); status != want {
			t.Errorf("%q: %d", query, status)
		}
	}
	if status, _ := s.login("agent1").get("/api/decisions?call=" + call); status != 403 {
		t.Errorf("a counsellor: %d", status)
	}
}
