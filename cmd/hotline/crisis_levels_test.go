package main

import (
	"slices"
	"testing"
	"time"

	"hotline/casework"
	"hotline/casework/assessments"
	"hotline/casework/dispositions"
	"hotline/crisis"
	"hotline/queue"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// What is said of the danger when the caller is gone reaches the incident, or makes one; two people lower it, one does not; and nobody's restart raises it again.
func TestLevelsAreSaidAlsoWhenTheCallIsOver(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, n := t.Context(), newNights(t, db)
		n.clock = n.clock.Add(-time.Hour) // what people say is of the clock of today
		over := func(id, number string) {
			row := n.arrive(id, number)
			row.Agent = "u-agent"
			ok(t, n.ledger.Open(ctx, row))
			ok(t, n.ledger.Close(ctx, id, casework.Closing{EndedAt: n.clock, Outcome: casework.Answered, Cause: casework.Cause{By: casework.ByAgent}}))
		}
		over("c1", "13800138000")
		n.see()
		rise := func(call, level, was string) {
			ok(t, n.said.Rise(ctx, assessments.Change{ID: assessments.NewID(), Call: call, At: n.clock, By: "u-agent", Level: level, Was: was}))
		}
		rise("c1", "high", "")
		n.see()
		in := n.only()
		if in.Trigger() != crisis.TriggerLevel || in.Level != crisis.LevelHigh || in.Call() != "c1" || in.Counsellor != "u-agent" || !in.Alarm.On || in.Ref == "" || in.Assessed.IsZero() {
			t.Fatalf("%+v", in)
		}
		n.see()

		// Two people rule it out: by that it may be closed as a false alarm.
		n.clock = n.clock.Add(time.Minute)
		p := must(n.said.Propose(ctx, assessments.Proposal{Call: "c1", By: "u-agent", Was: "high", Level: "low", Reason: "与来电者再次确认，没有计划"}))(t)
		n.see()
		if in = n.only(); in.Level != crisis.LevelHigh {
			t.Fatalf("one person lowered it: %+v", in)
		}
		must(n.said.Decide(ctx, p.ID, "u-lead", true, ""))(t)
		n.see()
		if in = n.only(); in.Level != crisis.LevelLow || slices.Contains(in.Missing("unfounded", must(n.incidents.PolicyOf(ctx, in))(t), n.clock), crisis.NeedSafety) {
			t.Fatalf("%+v", in)
		}
		seq := in.Seq
		n.told, n.saidFrom = map[string]time.Time{}, time.Time{} // another process looks at the same
		n.see()
		if in = n.only(); in.Seq != seq {
			t.Errorf("the same levels changed something: %+v", in)
		}

		// Who left in danger before anybody answered: a person says the level, and then it can be closed.
		n.arrive("c2", "13800138001")
		must(n.tasks.Add(ctx, casework.Task{Source: "x", Kind: casework.TaskCallback, Reason: casework.ReasonAbandoned, Danger: true, Line: "12355", Call: "c2", Due: n.clock}))(t)
		n.see()
		left := must(n.incidents.OfCall(ctx, "c2"))(t)[0]
		rise("c2", "low", "")
		n.see(queue.Call{ID: "c9", State: queue.CallWaiting})
		if left = must(n.incidents.Get(ctx, left.ID))(t); left.Level != crisis.LevelHigh {
			t.Errorf("one person lowered what the caller said: %+v", left)
		}
		n.clock = n.clock.Add(time.Second)
		rise("c2", "high", "low")
		n.see()
		if left = must(n.incidents.Get(ctx, left.ID))(t); left.Level != crisis.LevelHigh || left.Assessed.IsZero() {
			t.Errorf("%+v", left)
		}
	})
}

// A form that is missing for long rings, once, at whoever leads, also when its incident is closed; when it is there, what rings for it is quiet.
func TestAMissingFormIsBeforeWhoLeads(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, n := t.Context(), newNights(t, db)
		n.arrive("c1", "13800138000")
		in := must(n.incidents.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerSOS, Call: "c1", By: "u-agent", Agent: "u-agent", Source: "1"}))(t)
		n.index.Agents = []queue.Agent{{ID: "u-agent", State: queue.AgentWrapUp, Owes: "c1"}, {ID: "u-other", Owes: "c2", Late: n.clock}}
		n.see()
		must(n.incidents.Acknowledge(ctx, in.ID, crisis.Act{By: "u-boss", Request: "ack"}, crisis.ViaConsole))(t)
		n.index.Agents[0].Late = n.clock
		n.see()
		n.told = map[string]time.Time{} // another process looks at the same
		n.see()
		if now := must(n.incidents.Get(ctx, in.ID))(t); !now.Alarm.On || now.Alarm.Reason != crisis.StepForm {
			t.Errorf("nothing rings for it: %+v", now.Alarm)
		}
		rings := func(what string, want bool) {
			t.Helper()
			n.see()
			if now := must(n.incidents.Get(ctx, in.ID))(t); now.Alarm.On != want {
				t.Errorf("%s: %+v", what, now.Alarm)
			}
		}
		row := n.index.Agents[0]
		n.index.Agents[0].Late = time.Time{}
		rings("what another process read before it was late", true)
		n.index.Agents = nil
		rings("nobody is in the index", true)
		n.index.Agents = []queue.Agent{{ID: row.ID, State: queue.AgentWrapUp, Owes: "c3"}}
		rings("a newer form is due", true)
		n.index.Agents[0].Owes = ""
		rings("the row is new", true)
		denied := dispositions.Answers{dispositions.Danger: {dispositions.DangerDenied}}
		must(n.forms.Save(ctx, dispositions.Form{}.Complete(), "c1", "u-agent", denied))(t)
		rings("the form is there", false)
		late := 0
		for _, e := range must(n.incidents.Timeline(ctx, in.ID))(t) {
			if e.Kind == crisis.EventFormLate && e.Other == "u-agent" && e.By == crisis.BySystem {
				late++
			}
		}
		if late != 1 {
			t.Errorf("told %d times", late)
		}
	})
}

// Who leads lets the counsellor go: nobody waits for the form any more. Another's row says nothing.
func TestALateFormThatNobodyWaitsFor(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, n := t.Context(), newNights(t, db)
		n.arrive("c1", "13800138000")
		in := must(n.incidents.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerSOS, Call: "c1", By: "u-agent", Agent: "u-agent", Source: "1"}))(t)
		must(n.incidents.Acknowledge(ctx, in.ID, crisis.Act{By: "u-boss", Request: "ack"}, crisis.ViaConsole))(t)
		n.index.Agents = []queue.Agent{{ID: "u-agent", State: queue.AgentWrapUp, Owes: "c1", Late: n.clock}}
		n.see()
		forced := n.clock.Add(time.Minute)
		for _, c := range []struct {
			agents []queue.Agent
			rings  bool
		}{
			{[]queue.Agent{{ID: "u-agent", State: queue.AgentNotReady, Forced: n.clock.Add(-time.Minute)}}, true},
			{[]queue.Agent{{ID: "u-agent", State: queue.AgentNotReady}, {ID: "u-other", Forced: forced}}, true},
			{[]queue.Agent{{ID: "u-agent", State: queue.AgentNotReady, Forced: forced}}, false},
		} {
			n.index.Agents = c.agents
			n.see()
			if now := must(n.incidents.Get(ctx, in.ID))(t); now.Alarm.On != c.rings {
				t.Errorf("%+v: %+v", c.agents, now.Alarm)
			}
		}
	})
}

// A form that is late while the danger still rings is told at once, and rings when somebody answered for the danger. Another one of the same incident rings on
// when the first is there; who was let go in the moment in which it was told owes it no more.
func TestALateFormWaitsForAnotherAlarm(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, n := t.Context(), newNights(t, db)
		n.arrive("c1", "13800138000")
		n.arrive("c2", "13800138000")
		in := must(n.incidents.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerSOS, Call: "c1", By: "u-agent", Agent: "u-agent", Source: "1"}))(t)
		must(n.incidents.OnLine(ctx, in.ID, crisis.Act{By: crisis.BySystem, Request: "again"}, "c2", "u-other"))(t)
		n.index.Agents = []queue.Agent{
			{ID: "u-agent", State: queue.AgentWrapUp, Owes: "c1", Late: n.clock}, {ID: "u-other", State: queue.AgentWrapUp, Owes: "c2", Late: n.clock},
		}
		stands := func(what string, reason crisis.StepName, forms int) {
			t.Helper()
			n.see()
			now := must(n.incidents.Get(ctx, in.ID))(t)
			if now.Alarm.On != (reason != "") || now.Alarm.On && now.Alarm.Reason != reason || len(now.Alarm.Forms) != forms {
				t.Fatalf("%s: %+v", what, now.Alarm)
			}
		}
		stands("the danger rings", crisis.StepAcknowledge, 2)
		must(n.incidents.Acknowledge(ctx, in.ID, crisis.Act{By: "u-boss", Request: "ack"}, crisis.ViaConsole))(t)
		stands("somebody answered for the danger", crisis.StepForm, 2)
		denied := dispositions.Answers{dispositions.Danger: {dispositions.DangerDenied}}
		must(n.forms.Save(ctx, dispositions.Form{}.Complete(), "c1", "u-agent", denied))(t)
		stands("one is there", crisis.StepForm, 1)
		n.index.Agents[1] = queue.Agent{ID: "u-other", State: queue.AgentNotReady, Forced: n.clock.Add(-time.Second)}
		stands("and nobody waits for the other", "", 0)
	})
}

// A form for which the index does not wait rings too: of who took another ring before it was late, or of a call whose incident was opened late.
func TestAFormThatTheIndexForgot(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, n := t.Context(), newNights(t, db)
		began := n.clock
		for _, c := range []struct {
			id     string
			danger bool
			agent  string
		}{{"c1", true, "u-boss"}, {"c2", false, "u-agent"}, {"c3", true, ""}, {"c4", true, "u-agent"}} {
			ok(t, n.ledger.Open(ctx, casework.CallRecord{
				ID: c.id, Line: "12355", Arrived: began, Talked: began, Danger: c.danger, Agent: c.agent, CallerRef: n.keys.CallerRef("13800138000"),
			}))
			if c.id != "c4" { // which goes on
				ok(t, n.ledger.Close(ctx, c.id, casework.Closing{EndedAt: began, Outcome: casework.Answered, Cause: casework.Cause{By: casework.ByCaller}}))
			}
		}
		in := must(n.incidents.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerSOS, Call: "c1", By: "u-agent", Agent: "u-agent", Source: "1"}))(t)
		for _, id := range []string{"c2", "c3", "c4"} {
			must(n.incidents.OnLine(ctx, in.ID, crisis.Act{By: crisis.BySystem, Request: id}, id, "u-agent"))(t)
		}
		must(n.incidents.Acknowledge(ctx, in.ID, crisis.Act{By: "u-boss", Request: "ack"}, crisis.ViaConsole))(t)
		rings := func(after time.Duration, forms ...crisis.Missing) {
			t.Helper()
			n.clock = began.Add(after)
			n.see()
			now := must(n.incidents.Get(ctx, in.ID))(t)
			same := func(a, b crisis.Missing) bool { return a.Call == b.Call && a.Owes == b.Owes }
			if !slices.EqualFunc(now.Alarm.Forms, forms, same) || now.Alarm.On != (len(forms) > 0) {
				t.Fatalf("after %s: %+v", after, now.Alarm)
			}
		}
		c1 := crisis.Missing{Call: "c1", Owes: "u-boss"}
		n.index.Agents = []queue.Agent{{ID: "u-boss", State: queue.AgentWrapUp, Owes: "c1"}}
		rings(12 * time.Minute) // the index waits for it
		n.index.Agents = []queue.Agent{{ID: "u-boss", State: queue.AgentTalking, Owes: "c1"}}
		rings(13 * time.Minute) // a browser may have it, and bring it
		rings(14*time.Minute - time.Second)
		rings(14*time.Minute, c1)
		rings(15*time.Minute, c1)
		n.told, n.absent = map[string]time.Time{}, map[string]absent{} // another process looks at the same
		rings(16*time.Minute, c1)
		rings(17*time.Minute, c1)
		ok(t, n.ledger.Close(ctx, "c4", casework.Closing{EndedAt: n.clock, Outcome: casework.Answered, Cause: casework.Cause{By: casework.ByCaller}}))
		denied := dispositions.Answers{dispositions.Danger: {dispositions.DangerDenied}}
		must(n.forms.Save(ctx, dispositions.Form{}.Complete(), "c1", "u-boss", denied))(t)
		rings(18 * time.Minute)
		must(n.forms.Save(ctx, dispositions.Form{}.Complete(), "c4", "u-agent", denied))(t)
		rings(40 * time.Minute)
		rings(50 * time.Minute)
	})
}
