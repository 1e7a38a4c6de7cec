package policy_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"hotline/casework"
	"hotline/crisis"
	"hotline/crisis/policy"
	"hotline/storage"
	"hotline/storage/documents"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func TestWhatHoldsFirstIsWhole(t *testing.T) {
	p := policy.First()
	if err := policy.Validate(p); err != nil {
		t.Fatal(err)
	}
	for _, k := range crisis.TriggerKinds() {
		level := crisis.Unassessed
		if k == crisis.TriggerLevel {
			level = crisis.LevelHigh
		}
		if got, opens := p.Answer(crisis.Trigger{Kind: k, Level: level}); !opens || !got.Valid() {
			t.Errorf("%s opens nothing", k)
		}
	}
	if _, opens := p.Answer(crisis.Trigger{Kind: crisis.TriggerLevel, Level: crisis.LevelModerate}); opens {
		t.Error("a moderate level opens an incident")
	}
	if level, opens := p.Answer(crisis.Trigger{Kind: crisis.TriggerSOS, Level: crisis.LevelHigh}); !opens || level != crisis.LevelHigh {
		t.Error("the higher level that was said does not count")
	}
	if p.Checklist("Pudong").Items == nil || p.Checklist("").Items == nil {
		t.Error("a region without a checklist of its own has none")
	}
}

func TestEveryFaultIsTold(t *testing.T) {
	p := policy.First()
	p.Deadlines.Acknowledge, p.Deadlines.Confirm = 5, 1<<30
	p.Tree.Users = []string{"u-a", "u-a", ""}
	p.Opens = append(p.Opens[1:], p.Opens[1])
	p.Opens[0].Open = false // sos
	p.Opens[2].Level = "purple"
	p.HighRisk.Text["zh-CN"] = ""
	p.Measures = nil
	p.Closure.Needs = append(p.Closure.Needs, crisis.NeedLocation, crisis.NeedAcknowledged)
	for i := range p.Closure.Outcomes {
		p.Closure.Outcomes[i].Confirmed = false
	}
	p.Checklists[0].Region = "Pudong"
	p.Disclosure[0].From = "diary"
	p.Report.From = ""
	p.FollowUps[1].After, p.FollowUps[2].After, p.FollowUps[3].After = "1h", "soon", "99mo"
	fs, _ := errors.AsType[documents.Faults](policy.Validate(p))
	got := map[string]documents.Code{}
	for _, f := range fs {
		got[f.Field] = f.Code
	}
	want := map[string]documents.Code{
		"deadlines.acknowledge": documents.OutOfRange, "deadlines.confirm": documents.OutOfRange, "tree.users[1]": documents.Twice, "tree.users[2]": documents.Missing,
		"opens": documents.Missing, "opens[8].trigger": documents.Twice, "opens[0].open": documents.Missing, "opens[2].level": documents.BadChoice,
		"high_risk.text.zh-CN": documents.Missing, "measures": documents.TooFew, "closure.needs[4]": documents.Twice, "closure.needs[5]": documents.BadChoice,
		"closure.outcomes": documents.TooFew, "checklists": documents.Missing, "disclosure[0].from": documents.BadChoice, "report.from": documents.BadChoice,
		"follow_ups[1].after": documents.OutOfOrder, "follow_ups[2].after": documents.BadChoice, "follow_ups[3].after": documents.OutOfRange, "follow_ups[4].after": documents.OutOfOrder,
	}
	for field, code := range want {
		if got[field] != code {
			t.Errorf("%s: %q, want %q", field, got[field], code)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", fs)
	}
}

type duty struct{}

func (duty) CallTree(context.Context, crisis.Tree) ([]crisis.Rung, error) {
	return []crisis.Rung{{User: "u-a", Via: crisis.ViaConsole}, {User: "u-b", Via: crisis.ViaPhone}}, nil
}

// none30 are the tasks about minors of a site that had none.
func none30(context.Context, time.Time) ([]crisis.MinorTask, error) { return nil, nil }

type nothing struct{}

func (nothing) FollowUps(context.Context, crisis.Incident, crisis.Policy) (string, error) {
	return "", nil
}
func (nothing) Debrief(context.Context, crisis.Incident) error { return nil }

// A draft is played against what happened; an earlier version comes back by one press, and old incidents keep theirs.
func TestDryRunAndTheWayBack(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		dir := t.TempDir()
		must(t, casework.CreateKeys(dir))
		keys, err := casework.LoadKeys(dir, "CN")
		must(t, err)
		rules, err := policy.Open(ctx, db)
		must(t, err)
		clock := time.Now().Add(-10 * 24 * time.Hour)
		store, err := crisis.OpenStore(ctx, db, crisis.Config{Seal: keys, Policies: rules, People: duty{}, Now: func() time.Time { return clock }})
		must(t, err)
		worker, err := crisis.NewWorker(store, crisis.WorkerConfig{Doer: nothing{}})
		must(t, err)

		in, err := store.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerLevel, Level: crisis.LevelHigh, Call: "c1", By: "u-agent", Agent: "u-agent", Source: "1"})
		must(t, err)
		none, err := store.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerLevel, Level: crisis.LevelModerate, Call: "c2", By: "u-agent", Source: "2"})
		must(t, err)
		if none.ID != "" {
			t.Fatal("a moderate level opened an incident")
		}
		clock = clock.Add(40 * time.Second)
		if n, err := worker.Look(ctx); err != nil || n != 1 {
			t.Fatalf("%d, %v", n, err)
		}
		act := func(by string) crisis.Act { return crisis.Act{By: by} }
		for _, fn := range []func() (crisis.Incident, error){
			func() (crisis.Incident, error) { return store.Acknowledge(ctx, in.ID, act("u-a"), crisis.ViaConsole) },
			func() (crisis.Incident, error) {
				return store.Fact(ctx, in.ID, act("u-agent"), crisis.FactLocation, true, "here")
			},
			func() (crisis.Incident, error) {
				return store.Consent(ctx, in.ID, act("u-agent"), crisis.ConsentGiven, "")
			},
			func() (crisis.Incident, error) {
				return store.Measure(ctx, in.ID, act("u-agent"), "talk", crisis.MeasureHelped, "")
			},
			func() (crisis.Incident, error) { return store.CallEnded(ctx, in.ID, act("system"), "c1", false) },
			func() (crisis.Incident, error) {
				return store.Confirm(ctx, in.ID, act("u-a"), "120", "by telephone", "")
			},
			func() (crisis.Incident, error) { return store.ProposeClosure(ctx, in.ID, act("u-agent"), "safe", "") },
			func() (crisis.Incident, error) { return store.ConfirmClosure(ctx, in.ID, act("u-a"), "") },
		} {
			_, err := fn()
			must(t, err)
		}
		same, err := rules.DryRun(ctx, store, none30, policy.First())
		must(t, err)
		if same.Incidents != 1 || len(same.Changed) != 0 || len(same.Opened) != 0 || same.Before != same.After || same.Before.Phones != 1 || same.Before.Longest != 40 {
			t.Errorf("the same policy: %+v", same)
		}

		draft := policy.First()
		draft.Deadlines.Acknowledge = 60
		draft.Opens[0].AtLeast = crisis.LevelModerate
		draft.Closure.Needs = append(draft.Closure.Needs, crisis.NeedChecklist)
		got, err := rules.DryRun(ctx, store, none30, draft)
		must(t, err)
		if len(got.Opened) != 1 || got.Opened[0].Level != crisis.LevelModerate {
			t.Errorf("opened %+v", got.Opened)
		}
		if got.After.Phones != 0 || len(got.Changed) != 1 || len(got.Changed[0].Refused) != 2 {
			t.Fatalf("%+v", got)
		}
		if missing := got.Changed[0].Refused[0].Missing; len(missing) != 1 || missing[0] != crisis.NeedChecklist {
			t.Errorf("missing %v", missing)
		}
		draft.Measures = nil
		if _, err := rules.DryRun(ctx, store, none30, draft); err == nil || !strings.Contains(err.Error(), "measures") {
			t.Errorf("a draft that cannot be saved: %v", err)
		}

		later := policy.First()
		later.Deadlines.Confirm = 600
		_, err = rules.Save(ctx, 0, later, "u-admin", "faster")
		must(t, err)
		if kept, err := store.Get(ctx, in.ID); err != nil || kept.Policy != 0 {
			t.Errorf("%d, %v", kept.Policy, err)
		}
		_, err = rules.Restore(ctx, 1, 0, "u-admin", "too fast")
		must(t, err)
		now, n, err := rules.InForce(ctx)
		must(t, err)
		if n != 2 || now.Deadlines.Confirm != policy.First().Deadlines.Confirm {
			t.Errorf("version %d: %+v", n, now.Deadlines)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
