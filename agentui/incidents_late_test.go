package agentui

import (
	"context"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/crisis"
)

// elsewhere takes in what incidents cause elsewhere.
type elsewhere struct{}

func (elsewhere) FollowUps(context.Context, crisis.Incident, crisis.Policy) (string, error) {
	return "planned", nil
}
func (elsewhere) Debrief(context.Context, crisis.Incident) error { return nil }

// Somebody left in danger and was never spoken with: a person says the level, it is closed with a named next step, and when that is not done in time it is before who leads again,
// until it is done. Who is named for it may see it and say so.
func TestAMissedNextStepIsBeforeWhoLeadsAgain(t *testing.T) {
	s := newSite(t, nil)
	one, two, boss := s.login("agent1"), s.login("agent2"), s.login("supervisor1")
	s.tree.set(boss.me.User)
	lead := boss.enter("")
	call := "01J0000000000000000000000Q"
	left, err := s.crisis.Incidents.Trigger(t.Context(), crisis.Trigger{Kind: crisis.TriggerAbandoned, Call: call, By: crisis.BySystem, Source: newID()})
	if err != nil {
		t.Fatal(err)
	}
	id := left.ID
	lead.until("the alarm", func() bool { row, ok := lead.incident(id); return ok && row.Alert != nil })

	// Helping is no way to look into it while no help is wanted.
	if status, body := two.tryAct(id, "second", saying("", "", "")); status != 403 || !strings.Contains(body, "forbidden") {
		t.Errorf("took a checklist that nobody offers: %d %s", status, body)
	}
	lead.must("incident_ack", map[string]any{"incident": id})
	one.act(id, "second", saying("", "", ""))
	if status, body := two.tryAct(id, "second", saying("", "", "")); status != 403 || !strings.Contains(body, "forbidden") {
		t.Errorf("took a checklist that somebody has: %d %s", status, body)
	}

	until := time.Now().Add(2 * time.Second)
	boss.act(id, "next", map[string]any{"what": "请社区上门看望", "owner": two.me.User, "until": until.UnixMilli()})
	if status, _ := two.get("/api/incidents/" + id); status != 200 {
		t.Errorf("who is named for the next step may not look: %d", status)
	}
	if status, body := one.tryAct(id, "closure", saying("next_step", "", "")); status != 409 || !strings.Contains(body, "level_said") {
		t.Errorf("closed before anybody said the level: %d %s", status, body)
	}
	if status, body := one.tryAct(id, "level", saying("low", "", "")); status != 403 || !strings.Contains(body, "same_person") {
		t.Errorf("one person lowered it: %d %s", status, body)
	}
	if in := one.act(id, "level", saying("high", "", "")); in.Level != "high" {
		t.Errorf("level %s", in.Level)
	}
	one.act(id, "closure", saying("next_step", "", ""))
	if in := boss.act(id, "closure/decide", map[string]any{"yes": true, "text": ""}); in.State != "closed" {
		t.Fatalf("%s %v", in.State, in.Missing)
	}
	lead.until("it is gone", func() bool { _, ok := lead.incident(id); return !ok })

	worker, err := crisis.NewWorker(s.crisis.Incidents, crisis.WorkerConfig{Doer: elsewhere{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	lead.until("it is here again", func() bool {
		row, ok := lead.incident(id)
		return ok && row.Alert != nil && row.Alert.Step == "next_step" && row.State == "closed"
	})
	lead.must("incident_ack", map[string]any{"incident": id})
	if in := two.act(id, "next/done", saying("", "", "已上门")); in.Step == "next_step" {
		t.Errorf("not done: %+v", in.IncidentRow)
	}
	lead.until("it is over", func() bool { _, ok := lead.incident(id); return !ok })
}

// Who leads an incident hands it to somebody who may lead, not to a counsellor.
func TestTheLeadOfAnIncidentGoesToWhoMayLead(t *testing.T) {
	s := newSite(t, nil)
	one, boss := s.login("agent1"), s.login("supervisor1")
	for to, want := range map[string]int{one.me.User: 400, boss.me.User: 404} { // 404: there is no such case
		if status, body := boss.post("/api/shift/cases", protocol.OfferCase{Kind: "incident", Case: newID() + ":supervisor", To: to}); status != want {
			t.Errorf("%d, want %d: %s", status, want, body)
		}
	}
}
