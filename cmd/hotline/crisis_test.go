package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/agentui/users"
	"hotline/casework"
	"hotline/casework/assessments"
	"hotline/casework/debriefs"
	"hotline/casework/dispositions"
	"hotline/casework/files"
	"hotline/casework/followups"
	"hotline/casework/roster"
	"hotline/crisis"
	"hotline/crisis/policy"
	"hotline/queue"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestTheCallTreeInItsOrder(t *testing.T) {
	person := func(id string, role users.Role) users.User { return users.User{ID: queue.AgentID(id), Role: role} }
	gone := person("u-gone", users.Supervisor)
	gone.Disabled = true
	all := []users.User{
		person("u-agent", users.Agent), person("u-chief", users.Administrator), gone, person("u-1", users.Supervisor), person("u-2", users.Supervisor),
		person("u-3", users.Supervisor),
	}
	start := time.Now()
	duty := []roster.Occurrence{
		{Work: roster.Work{Person: "u-2", Role: roster.Supervisor}, Start: start}, {Work: roster.Work{Person: "u-gone", Role: roster.Supervisor}, Start: start},
		{Work: roster.Work{Person: "u-agent", Role: roster.Counsellor}, Start: start},
	}
	tree := crisis.Tree{Users: []string{"u-chief", "u-nobody"}, Phones: true}
	everyone := crisis.Tree{Users: []string{"u-chief"}, Phones: true, Everyone: true}
	for name, c := range map[string]struct {
		present []queue.AgentID
		blind   bool
		tree    crisis.Tree
		dials   bool
		want    string
	}{
		"who is there, then telephones": {[]queue.AgentID{"u-agent", "u-3", "u-2"}, false, tree, true, "console u-2, console u-3, phone u-2, phone u-chief"},
		"on duty and not there":         {[]queue.AgentID{"u-3"}, false, tree, true, "console u-3, phone u-2, phone u-chief"},
		"nobody is there":               {nil, false, tree, true, "phone u-2, phone u-chief"},
		"no telephones by the policy":   {[]queue.AgentID{"u-1"}, false, crisis.Tree{Users: []string{"u-chief"}}, true, "console u-1"},
		"no telephones at all":          {nil, false, tree, false, ""},
		"nobody knows who is there":     {nil, true, tree, false, "console u-2, console u-1, console u-3, console u-chief"},
		"at last everybody":             {nil, false, everyone, true, "phone u-2, phone u-chief, phone u-1, phone u-3"},
	} {
		var got []string
		for _, r := range climb(all, slices.Clone(duty), c.present, c.blind, c.tree, c.dials) {
			got = append(got, string(r.Via)+" "+r.User)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %s, want %s", name, strings.Join(got, ", "), c.want)
		}
	}
}

// nights is a worker's part for incidents, on real tables, with a clock and an index of the test's own.
type nights struct {
	*lookout
	t      *testing.T
	db     *storage.DB
	keys   *casework.Keys
	worker *crisis.Worker
	after  *followups.Store
	clock  time.Time
	index  queue.Snapshot
	alarms map[queue.CallID]queue.Alarm
}

func (n *nights) Snapshot(context.Context) (queue.Snapshot, error) { return n.index, nil }

func (n *nights) KeepAlarm(_ context.Context, a queue.Alarm) error {
	if _, there := n.alarms[a.Call]; !there {
		n.alarms[a.Call] = a
	}
	return nil
}

func (n *nights) Alarms(context.Context) ([]queue.Alarm, error) {
	return slices.Collect(maps.Values(n.alarms)), nil
}

func (n *nights) ForgetAlarm(_ context.Context, a queue.Alarm) error {
	delete(n.alarms, a.Call)
	return nil
}

func (n *nights) CallTree(context.Context, crisis.Tree) ([]crisis.Rung, error) {
	return []crisis.Rung{{User: "u-lead", Via: crisis.ViaConsole}, {User: "u-lead", Via: crisis.ViaPhone}}, nil
}

func newNights(t *testing.T, db *storage.DB) *nights {
	t.Helper()
	ctx, n := t.Context(), &nights{t: t, db: db, clock: time.Now().Truncate(time.Second), alarms: map[queue.CallID]queue.Alarm{}}
	now := func() time.Time { return n.clock }
	ok(t, casework.Migrate(ctx, db))
	dir := t.TempDir()
	ok(t, casework.CreateKeys(dir))
	n.keys = must(casework.LoadKeys(dir, region))(t)
	rules := must(policy.Open(ctx, db))(t)
	store := must(crisis.OpenStore(ctx, db, crisis.Config{Seal: n.keys, Policies: rules, People: n, Now: now, Log: quiet()}))(t)
	callbacks := must(casework.NewCallbacks(casework.CallbacksConfig{}, db, n.keys))(t)
	n.after = must(followups.Open(ctx, followups.Config{Now: now, Zone: time.UTC}, db, n.keys, callbacks))(t)
	talks := must(debriefs.Open(ctx, db, n.keys))(t)
	n.worker = must(crisis.NewWorker(store, crisis.WorkerConfig{Doer: aftermath{n.after, talks}, Log: quiet()}))(t)
	n.lookout = &lookout{
		incidents: store, index: n, ledger: casework.NewLedger(db), tasks: casework.NewTasks(db), files: must(files.Open(ctx, db, n.keys))(t), debriefs: talks,
		said: must(assessments.Open(ctx, db, n.keys))(t), forms: must(dispositions.Open(ctx, db, n.keys))(t), log: quiet(), told: map[string]time.Time{},
		formWait: 10 * time.Minute, absent: map[string]absent{},
	}
	return n
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

// arrive writes a call into the ledger, from a number.
func (n *nights) arrive(id, number string) casework.CallRecord {
	n.t.Helper()
	row := casework.CallRecord{ID: id, Line: "12355", Arrived: n.clock, CallerRef: n.keys.CallerRef(number)}
	row.CallerSealed = must(n.keys.Seal(number, casework.CallerContext(id)))(n.t)
	ok(n.t, n.ledger.Open(n.t.Context(), row))
	return row
}

func (n *nights) see(calls ...queue.Call) {
	n.t.Helper()
	n.index.Calls = calls
	ok(n.t, n.look(n.t.Context(), n.clock))
}

func (n *nights) only() crisis.Incident {
	n.t.Helper()
	all := must(n.incidents.Live(n.t.Context()))(n.t)
	if len(all) != 1 {
		n.t.Fatalf("%d incidents: %+v", len(all), all)
	}
	return all[0]
}

func (n *nights) act(fn func(by func(string) crisis.Act) (crisis.Incident, error)) {
	n.t.Helper()
	_, err := fn(func(who string) crisis.Act { return crisis.Act{By: who} })
	ok(n.t, err)
}

// What nobody told is told within one look: the danger key, a level, a call for help, who left in danger; and a redial is found to be the same person.
func TestTheWorkerTellsWhatNobodyTold(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, n := t.Context(), newNights(t, db)
		n.arrive("c1", "13800138000")
		n.see(queue.Call{ID: "c1", Line: "12355", State: queue.CallWaiting, Tier: queue.TierRed, Danger: true})
		in := n.only()
		if in.Trigger() != crisis.TriggerDanger || in.Level != crisis.LevelHigh || !in.OnLine || in.Ref == "" || !in.Alarm.On {
			t.Fatalf("%+v", in)
		}
		n.told = map[string]time.Time{} // another process looks at the same
		n.see(queue.Call{ID: "c1", Line: "12355", State: queue.CallTalking, Tier: queue.TierRed, Danger: true, Agent: "u-agent", Level: "high", LevelBy: "u-agent", LevelAt: n.clock})
		in = n.only()
		if in.Counsellor != "u-agent" || len(in.Triggers) != 2 || in.Assessed.IsZero() {
			t.Fatalf("%+v", in)
		}
		seq := in.Seq
		n.see(n.index.Calls...)
		if in = n.only(); in.Seq != seq {
			t.Fatalf("the same sight changed something: %+v", in)
		}

		// The caller is cut off, and calls again.
		ok(t, n.ledger.Close(ctx, "c1", casework.Closing{EndedAt: n.clock, Outcome: casework.Answered, Cause: casework.Cause{By: casework.ByCaller}}))
		n.see()
		if in = n.only(); in.OnLine || !in.CutOff || in.Step(crisis.StepReach).State != crisis.StepActive {
			t.Fatalf("%+v", in)
		}
		n.arrive("c2", "13800138000")
		n.see(queue.Call{ID: "c2", Line: "12355", State: queue.CallTalking, Agent: "u-agent"})
		if in = n.only(); !in.OnLine || in.Call() != "c2" || in.Step(crisis.StepReach).State != crisis.StepDone {
			t.Fatalf("%+v", in)
		}

		// The person gets a file; the incident is theirs.
		f := must(n.files.Ensure(ctx, "c2", "u-agent"))(t)
		n.see(n.index.Calls...)
		if in = n.only(); in.File != f.ID {
			t.Errorf("file %q, want %q", in.File, f.ID)
		}

		// A counsellor asks for help without a call; somebody leaves in danger.
		n.index.Agents = []queue.Agent{{ID: "u-other", SOS: &queue.SOS{At: n.clock}}}
		left := must(n.tasks.Add(ctx, casework.Task{Source: "x", Kind: casework.TaskCallback, Reason: casework.ReasonAbandoned, Danger: true, Line: "12355", Call: "c9", Due: n.clock}))(t)
		n.see(n.index.Calls...)
		n.see(n.index.Calls...)
		kinds := map[crisis.TriggerKind]crisis.Incident{}
		for _, in := range must(n.incidents.Live(ctx))(t) {
			kinds[in.Trigger()] = in
		}
		if len(kinds) != 3 || kinds[crisis.TriggerSOS].Counsellor != "u-other" || !kinds[crisis.TriggerAbandoned].CutOff || kinds[crisis.TriggerAbandoned].Call() != left.Call {
			t.Errorf("%+v", kinds)
		}

		// A person with an open file at high risk calls.
		ok(t, n.files.SetRisk(ctx, f.ID, "high", 1, "u-agent", n.clock))
		n.arrive("c3", "13800138000")
		ok(t, n.ledger.Close(ctx, "c2", casework.Closing{EndedAt: n.clock, Outcome: casework.Answered, Cause: casework.Cause{By: casework.ByAgent}}))
		n.see(queue.Call{ID: "c3", Line: "12355", State: queue.CallWaiting})
		got := must(n.incidents.OfCall(ctx, "c3"))(t)
		if len(got) != 1 || got[0].ID != in.ID || got[0].Triggers[2].Kind != crisis.TriggerReturning {
			t.Errorf("%+v", got)
		}
	})
}

// to goes on to a time, with everything that is due in between done when it is due.
func (n *nights) to(end time.Time) {
	n.t.Helper()
	ctx := n.t.Context()
	watch := must(followups.NewWatch(followups.WatchConfig{Climb: climbing(n.incidents), Log: quiet()}, n.after))(n.t)
	for {
		for {
			done, err := n.worker.Look(ctx)
			ok(n.t, err)
			if done == 0 {
				break
			}
		}
		ok(n.t, watch.Look(ctx))
		ok(n.t, n.look(ctx, n.clock))
		now := storage.Millis(n.clock)
		var next int64
		ok(n.t, n.db.QueryRow(ctx, `SELECT COALESCE(MIN(at), 0) FROM (SELECT MIN(due_ms) AS at FROM incidents WHERE due_ms > 0
			UNION ALL SELECT MIN(next_ms) FROM incident_effects WHERE next_ms > 0
			UNION ALL SELECT MIN(late_ms) FROM followups WHERE state = 'planned' AND told_ms = 0
			UNION ALL SELECT MIN(climb_ms) FROM followups WHERE state = 'planned' AND climb_ms > 0 AND climbed_ms = 0 AND level = 'high') AS all_due`).Scan(&next))
		if next > 0 && next < now {
			next = now
		}
		if next == 0 || storage.Time(next).After(end) {
			n.clock = end
			return
		}
		n.clock = storage.Time(next)
	}
}

// Six months in seconds: an incident is closed and its report forgotten for a day; follow-ups come at their times; one that nobody does becomes an incident,
// which alerts until somebody answers.
func TestSixMonths(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, n := t.Context(), newNights(t, db)
		n.clock = time.Date(2025, 11, 30, 10, 0, 0, 0, time.UTC) // other stores go by the clock of today
		n.arrive("c1", "13800138000")
		in := must(n.incidents.Trigger(ctx, crisis.Trigger{
			Kind: crisis.TriggerLevel, Level: crisis.LevelHigh, Call: "c1", Line: "12355", Ref: n.keys.CallerRef("13800138000"), By: "u-agent", Agent: "u-agent", Source: "1",
		}))(t)
		s, id, begin := n.incidents, in.ID, n.clock
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.Acknowledge(ctx, id, by("u-lead"), crisis.ViaConsole)
		})
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.Fact(ctx, id, by("u-agent"), crisis.FactLocation, false, "")
		})
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.Consent(ctx, id, by("u-agent"), crisis.ConsentGiven, "")
		})
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.Measure(ctx, id, by("u-agent"), "safety_plan", crisis.MeasureHelped, "")
		})
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.CallEnded(ctx, id, by("system"), "c1", false)
		})
		ok(t, n.ledger.Close(ctx, "c1", casework.Closing{EndedAt: n.clock, Outcome: casework.Answered, Cause: casework.Cause{By: casework.ByAgent}}))
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.NextStep(ctx, id, by("u-lead"), "her sister is on the way", "u-lead", n.clock.Add(2*time.Hour))
		})
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.ProposeClosure(ctx, id, by("u-agent"), "next_step", "")
		})
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.ConfirmClosure(ctx, id, by("u-lead"), "")
		})

		// The named next step is not done in time: whoever answers for it is alerted, also after the closing.
		n.to(begin.Add(2*time.Hour + time.Minute))
		if in = must(s.Get(ctx, id))(t); !in.Alarm.On || in.Alarm.Reason != crisis.StepNext || in.Planned.Done.IsZero() || in.State != crisis.StateClosed {
			t.Fatalf("%+v", in)
		}
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.Acknowledge(ctx, id, by("u-lead"), crisis.ViaPhone)
		})
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.NextStepDone(ctx, id, by("u-lead"), "she is there")
		})

		// Nobody files the report: reminders, every few hours, nobody is woken.
		n.to(begin.Add(48 * time.Hour))
		in = must(s.Get(ctx, id))(t)
		if late := in.Step(crisis.StepReport); late.State != crisis.StepLate || late.Late < 5 || late.Late > 7 || in.Alarm.On {
			t.Errorf("%+v", late)
		}
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.ReportFiled(ctx, id, by("u-lead"), "2026-1")
		})
		talks := must(n.debriefs.Of(ctx, "u-agent", begin))(t)
		if len(talks) != 1 || talks[0].Call != "c1" {
			t.Fatalf("debriefs %+v", talks)
		}

		// The first follow-up was not done within its grace: it became an incident, which is rung for until somebody answers.
		rows := must(n.after.Of(ctx, followups.Who{Call: "c1"}))(t)
		if len(rows) != 5 {
			t.Fatalf("%d follow-ups", len(rows))
		}
		overdue := n.open()
		if overdue.Trigger() != crisis.TriggerOverdue || !overdue.Alarm.On || overdue.Alarm.Round < 100 {
			t.Fatalf("%+v", overdue)
		}
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.Acknowledge(ctx, overdue.ID, by("u-lead"), crisis.ViaConsole)
		})
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.Reached(ctx, overdue.ID, by("u-lead"), "called her: she is well")
		})
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.Assess(ctx, overdue.ID, by("u-lead"), crisis.LevelLow, "u-other", "is well")
		})
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.ProposeClosure(ctx, overdue.ID, by("u-lead"), "unfounded", "")
		})
		n.act(func(by func(string) crisis.Act) (crisis.Incident, error) {
			return s.ConfirmClosure(ctx, overdue.ID, by("u-other"), "")
		})

		n.to(begin.Add(5 * 24 * time.Hour))
		if in = must(s.Get(ctx, id))(t); in.Step(crisis.StepDebrief).State != crisis.StepLate {
			t.Errorf("%+v", in.Step(crisis.StepDebrief))
		}
		_ = must(n.debriefs.Done(ctx, talks[0].ID, "u-lead"))(t)

		// The others come at their times, and are done by somebody: nothing else happens in six months.
		for day := n.clock; day.Before(begin.AddDate(0, 6, 2)); day = day.Add(24 * time.Hour) {
			n.to(day)
			for _, f := range must(n.after.Of(ctx, followups.Who{Call: "c1"}))(t) {
				if f.State == followups.Planned && !f.Due.After(n.clock) {
					_ = must(n.after.Finish(ctx, f.ID, "u-agent", followups.InCare, "a doctor sees her every week"))(t)
				}
			}
		}
		for _, f := range must(n.after.Of(ctx, followups.Who{Call: "c1"}))(t) {
			if f.State.Open() {
				t.Errorf("%s is %s, due %s", f.Rule, f.State, f.Due)
			}
		}
		all := must(s.List(ctx, crisis.Filter{}))(t)
		for _, in := range all {
			if !in.Over() {
				next, _ := in.Next()
				t.Errorf("%s is not over: %+v", in.Trigger(), next)
			}
		}
		if len(all) != 2 {
			t.Errorf("%d incidents", len(all))
		}
		t.Log(fmt.Sprint(n.clock.Sub(begin)), "in the life of the site")
	})
}

// open is the one incident that is not closed.
func (n *nights) open() crisis.Incident {
	n.t.Helper()
	all := must(n.incidents.List(n.t.Context(), crisis.Filter{State: crisis.StateOpen}))(n.t)
	if len(all) != 1 {
		n.t.Fatalf("%d open incidents", len(all))
	}
	return all[0]
}
