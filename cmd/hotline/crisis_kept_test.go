package main

import (
	"testing"
	"time"

	"hotline/casework"
	"hotline/crisis"
	"hotline/queue"
	"hotline/storage/storagetest"
)

// away takes the database's incidents away, and back with the returned function.
func (n *nights) away() (back func()) {
	n.t.Helper()
	rename := func(from, to string) {
		n.t.Helper()
		_, err := n.db.Exec(n.t.Context(), `ALTER TABLE `+from+` RENAME TO `+to)
		ok(n.t, err)
	}
	rename("incident_triggers", "triggers_away")
	return func() { rename("triggers_away", "incident_triggers") }
}

// What arose while the database was away is told from the queue when it is back, once; who said meanwhile that they come has it from then on, and nobody is asked again.
func TestWhatWaitedWhileTheDatabaseWasAway(t *testing.T) {
	ctx, n := t.Context(), newNights(t, storagetest.Open(t, storagetest.SQLiteURL(t)))
	n.arrive("c1", "13800138000")
	n.arrive("c2", "13900139000")
	back := n.away()
	n.index.Calls = []queue.Call{
		{ID: "c1", Line: "12355", State: queue.CallTalking, Tier: queue.TierRed, Danger: true, Agent: "u-agent", Level: "high", LevelBy: "u-agent", LevelAt: n.clock},
		{ID: "c2", Line: "12355", State: queue.CallWaiting, Tier: queue.TierRed, Danger: true},
		{ID: "c3", Line: "12355", State: queue.CallTalking, Agent: "u-other", Level: "moderate", LevelBy: "u-other", LevelAt: n.clock},
	}
	n.index.Now = n.clock
	if err := n.look(ctx, n.clock); err == nil {
		t.Fatal("the database is not away")
	}
	if len(n.alarms) != 2 || n.alarms["c1"].By != "u-agent" || n.alarms["c2"].By != "" || !n.alarms["c2"].At.Equal(n.clock) {
		t.Fatalf("left in the queue: %+v", n.alarms)
	}

	// Somebody answers for one. Both callers hang up, and the index forgets them.
	heard := n.clock.Add(20 * time.Second)
	a := n.alarms["c1"]
	a.HeardBy, a.Heard = "u-lead", heard
	n.alarms["c1"] = a
	n.clock = n.clock.Add(time.Hour)
	ok(t, n.ledger.Close(ctx, "c1", casework.Closing{EndedAt: n.clock, Outcome: casework.Answered, Cause: casework.Cause{By: casework.ByAgent}}))
	ok(t, n.ledger.Close(ctx, "c2", casework.Closing{EndedAt: n.clock, Outcome: casework.Abandoned, Cause: casework.Cause{By: casework.ByCaller}}))
	back()
	n.told = map[string]time.Time{} // another process
	for range 2 {
		n.see()
	}
	one, two := n.incidentOf("c1"), n.incidentOf("c2")
	if ack := one.Step(crisis.StepAcknowledge); one.Supervisor != "u-lead" || !one.AckAt.Equal(heard) || one.Alarm.On || ack.State != crisis.StepDone || !ack.At.Equal(heard) ||
		ack.By != "u-lead" || one.Ref == "" || one.OnLine || one.Level != crisis.LevelHigh || len(one.Triggers) != 1 {
		t.Errorf("answered before: %+v", one)
	}
	if two.Supervisor != "" || !two.Alarm.On || two.Trigger() != crisis.TriggerDanger {
		t.Errorf("not answered: %+v", two)
	}
	if len(n.alarms) != 0 {
		t.Errorf("still in the queue: %+v", n.alarms)
	}

	// An answer that came as it was told; one of the counsellor, and of no incident, changes nothing.
	n.alarms["c2"] = queue.Alarm{Call: "c2", HeardBy: "u-lead", Heard: n.clock}
	n.alarms["c9"] = queue.Alarm{Call: "c9", HeardBy: "u-lead", Heard: n.clock}
	n.see()
	if two = n.incidentOf("c2"); two.Supervisor != "u-lead" || len(n.alarms) != 0 {
		t.Errorf("answered late: %+v, %+v", two, n.alarms)
	}
}

// Who answers a silent call for help before its incident is in sight has answered the incident.
func TestAnAnsweredCallForHelpAlarmsOnce(t *testing.T) {
	n := newNights(t, storagetest.Open(t, storagetest.SQLiteURL(t)))
	n.arrive("c1", "13800138000")
	sos := queue.SOS{At: n.clock, Call: "c1"}
	see := func() {
		t.Helper()
		n.index.Agents = []queue.Agent{{ID: "u-agent", Call: "c1", SOS: &sos}}
		n.see(queue.Call{ID: "c1", Line: "12355", State: queue.CallTalking, Agent: "u-agent"})
	}
	see()
	if in := n.only(); !in.Alarm.On || in.Supervisor != "" {
		t.Fatalf("%+v", in)
	}
	sos.AckBy, sos.AckAt = "u-lead", n.clock.Add(time.Second)
	for range 2 {
		see()
	}
	if in := n.only(); in.Alarm.On || in.Supervisor != "u-lead" || !in.AckAt.Equal(sos.AckAt) {
		t.Errorf("%+v", in)
	}
}

func (n *nights) incidentOf(call string) crisis.Incident {
	n.t.Helper()
	all := must(n.incidents.OfCall(n.t.Context(), call))(n.t)
	if len(all) != 1 {
		n.t.Fatalf("%d incidents of %s: %+v", len(all), call, all)
	}
	return all[0]
}
