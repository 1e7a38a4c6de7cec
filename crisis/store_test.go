package crisis_test

import (
	"errors"
	"os"
	"testing"

	"hotline/casework"
	"hotline/crisis"
	"hotline/crisis/policy"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

// site is a store with keys and the first policy.
func site(t *testing.T, db *storage.DB, change func(*crisis.Config)) *crisis.Store {
	t.Helper()
	dir := t.TempDir()
	if err := casework.CreateKeys(dir); err != nil {
		t.Fatal(err)
	}
	keys, err := casework.LoadKeys(dir, "CN")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := policy.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	cfg := crisis.Config{Seal: keys, Policies: rules}
	if change != nil {
		change(&cfg)
	}
	s, err := crisis.OpenStore(t.Context(), db, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The whole way, once, on both databases; each precondition is missed once.
func TestFromTheTriggerToTheEnd(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := site(t, db, nil)
		ctx := t.Context()
		in, err := s.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerLevel, Call: "c1", Ref: "1-aa", Level: crisis.LevelHigh, By: "u-agent", Agent: "u-agent", Source: "r1", Note: "has pills"})
		if err != nil || in.ID == "" || in.State != crisis.StateOpen || !in.OnLine {
			t.Fatalf("%+v, %v", in, err)
		}
		again, err := s.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerLevel, Call: "c1", By: "u-agent", Source: "r1"})
		if err != nil || again.ID != in.ID || again.Seq != in.Seq {
			t.Fatalf("told again: %+v, %v", again, err)
		}
		if _, err := s.Acknowledge(ctx, in.ID, crisis.Act{By: "u-agent"}, crisis.ViaConsole); err == nil {
			t.Error("the counsellor acknowledged")
		}
		do := func(got crisis.Incident, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			in = got
		}
		do(s.Acknowledge(ctx, in.ID, crisis.Act{By: "u-lead", Request: "a"}, crisis.ViaConsole))
		do(s.Acknowledge(ctx, in.ID, crisis.Act{By: "u-other", Request: "b"}, crisis.ViaConsole))
		if in.Supervisor != "u-lead" {
			t.Errorf("%q", in.Supervisor)
		}
		do(s.Confirm(ctx, in.ID, crisis.Act{By: "u-lead"}, "120", "called back", ""))
		_, err = s.ProposeClosure(ctx, in.ID, crisis.Act{By: "u-agent"}, "safe", "")
		t.Log(err)
		do(s.CallEnded(ctx, in.ID, crisis.Act{By: crisis.BySystem}, "c1", false))
		do(s.Fact(ctx, in.ID, crisis.Act{By: "u-agent"}, crisis.FactLocation, true, "Long Street 5"))
		do(s.Consent(ctx, in.ID, crisis.Act{By: "u-agent"}, crisis.ConsentGiven, ""))
		do(s.Measure(ctx, in.ID, crisis.Act{By: "u-agent"}, "talk", crisis.MeasureHelped, ""))
		do(s.ProposeClosure(ctx, in.ID, crisis.Act{By: "u-agent"}, "safe", ""))
		if _, err := s.ConfirmClosure(ctx, in.ID, crisis.Act{By: "u-agent"}, ""); err == nil {
			t.Error("one person closed it")
		}
		do(s.ConfirmClosure(ctx, in.ID, crisis.Act{By: "u-lead"}, ""))
		if in.State != crisis.StateClosed || in.Over() || in.Due().IsZero() {
			t.Errorf("%+v", in)
		}
		if events, err := s.Timeline(ctx, in.ID); err != nil || len(events) != in.Seq || events[0].Text != "has pills" {
			t.Errorf("%d events, %v", len(events), err)
		}
	})
}

// At the change of shift the counsellor's part goes to somebody else by name; who talked with the person stays who it was, and is needed again with the next talk.
func TestSomebodyElseLooksAfterThePerson(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s, ctx := site(t, db, nil), t.Context()
		in, err := s.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerLevel, Call: "c1", Level: crisis.LevelHigh, By: "u-agent", Agent: "u-agent", Source: "r1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Acknowledge(ctx, in.ID, crisis.Act{By: "u-lead"}, crisis.ViaConsole); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Care(ctx, in.ID, crisis.Act{By: "u-lead"}); !errors.Is(err, crisis.ErrSamePerson) {
			t.Errorf("who leads it took the counsellor's part, too: %v", err)
		}
		for range 2 {
			if in, err = s.Care(ctx, in.ID, crisis.Act{By: "u-next", Request: "shift"}); err != nil || in.Carer != "u-next" || in.Counsellor != "u-agent" {
				t.Errorf("%+v, %v", in, err)
			}
		}
		if in, err = s.OnLine(ctx, in.ID, crisis.Act{By: crisis.BySystem}, "c2", "u-third"); err != nil || in.Carer != "" || in.Counsellor != "u-third" {
			t.Errorf("%+v, %v", in, err)
		}
	})
}
