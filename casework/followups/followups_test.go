package followups

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

const (
	mobile  = "13800138000"
	another = "13900139000"
)

// site is a store with a clock of its own, and what is around it.
type site struct {
	*Store
	t         testing.TB
	ctx       context.Context //nolint:containedctx // that of the test, for its many calls
	clock     time.Time
	keys      *casework.Keys
	ledger    *casework.Ledger
	callbacks *casework.Callbacks
	talks     []string
}

func shanghai(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	must(t, err)
	return zone
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newSite stands at noon of 31 January 2025.
func newSite(t testing.TB, db *storage.DB) *site {
	t.Helper()
	dir := t.TempDir()
	must(t, casework.CreateKeys(dir))
	keys, err := casework.LoadKeys(dir, "CN")
	must(t, err)
	must(t, casework.Migrate(t.Context(), db))
	zone := shanghai(t)
	s := &site{t: t, ctx: t.Context(), clock: time.Date(2025, 1, 31, 12, 0, 0, 0, zone).UTC(), keys: keys, ledger: casework.NewLedger(db)}
	now := func() time.Time { return s.clock }
	s.callbacks, err = casework.NewCallbacks(casework.CallbacksConfig{Now: now, Rules: func(string) casework.CallbackRules {
		return casework.CallbackRules{Retry: casework.Retry{Hours: casework.DefaultHours(zone)}}
	}}, db, keys)
	must(t, err)
	s.Store, err = Open(s.ctx, Config{Zone: zone, Now: now, Talks: func(_ context.Context, f FollowUp, call string) error {
		s.talks = append(s.talks, f.ID+" "+call)
		return nil
	}}, db, keys, s.callbacks)
	must(t, err)
	return s
}

// talked writes a call that was answered a minute after it arrived, and ended after the talk.
func (s *site) talked(call, number string, talk time.Duration) {
	s.t.Helper()
	sealed, err := s.keys.Seal(number, casework.CallerContext(call))
	must(s.t, err)
	row := casework.CallRecord{ID: call, Line: "12355", Node: "n1", Tier: "normal", Arrived: s.clock, Talked: s.clock.Add(time.Minute), Agent: "u-1"}
	if number != "" {
		row.CallerRef, row.CallerSealed = s.keys.CallerRef(number), sealed
	}
	must(s.t, s.ledger.Open(s.ctx, row))
	must(s.t, s.ledger.Close(s.ctx, call, casework.Closing{EndedAt: s.clock.Add(time.Minute + talk), Outcome: casework.Answered, Talk: talk, Cause: casework.Cause{By: casework.ByAgent}}))
	s.clock = s.clock.Add(time.Minute + talk)
}

// high is a call at high risk, and what is planned after it.
func (s *site) high(call, number string) []FollowUp {
	s.t.Helper()
	s.talked(call, number, 10*time.Minute)
	return s.plan("call:"+call, call, number)
}

func (s *site) plan(source, call, number string) []FollowUp {
	s.t.Helper()
	all, err := s.Plan(s.ctx, Plan{Source: source, Call: call, Ref: s.keys.CallerRef(number), Level: "high", At: s.clock, Line: "12355", By: "u-1"})
	must(s.t, err)
	return all
}

func (s *site) get(id string) FollowUp {
	s.t.Helper()
	f, err := s.Get(s.ctx, id)
	must(s.t, err)
	return f
}

// dial claims the call of a follow-up as a controller does, and lets the telephone ring.
func (s *site) dial(f FollowUp) (owner string, entry string) {
	s.t.Helper()
	got, err := s.callbacks.Claim(s.ctx, "c1", time.Minute, 10)
	must(s.t, err)
	if len(got) != 1 || got[0].Task != f.Task {
		s.t.Fatalf("claimed %+v", got)
	}
	_, err = s.callbacks.Number(s.ctx, f.Task, "c1")
	must(s.t, err)
	must(s.t, s.callbacks.Placed(s.ctx, f.Task, "c1", "u-1"))
	return "c1", got[0].Entry
}

func (s *site) events(id string) (whats []string) {
	s.t.Helper()
	all, err := s.Events(s.ctx, id)
	must(s.t, err)
	for _, e := range all {
		what := e.What
		if e.Arg != "" && e.What != "planned" {
			what += " " + e.Arg
		}
		whats = append(whats, what)
	}
	return whats
}

func open(all []FollowUp) (n int) {
	for _, f := range all {
		if f.State.Open() {
			n++
		}
	}
	return n
}

func TestPlan(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newSite(t, db)
		all := s.high("c1", mobile)
		if len(all) != 5 {
			t.Fatalf("%+v", all)
		}
		zone := shanghai(t)
		for i, want := range []string{"2025-02-01 12:11", "2025-02-07 12:11", "2025-02-28 12:11", "2025-04-30 12:11", "2025-07-31 12:11"} {
			if got := all[i].Due.In(zone).Format("2006-01-02 15:04"); got != want || all[i].State != Planned || all[i].Owner != "u-1" {
				t.Errorf("%s: %s, want %s: %+v", all[i].Rule, got, want, all[i])
			}
		}
		// The same source, another source of the same call, a call of before: nothing is added.
		for _, p := range []Plan{
			{Source: "call:c1", Call: "c1", Ref: all[0].Ref, At: s.clock}, {Source: "incident:1", Call: "c1", Ref: all[0].Ref, File: "f1", At: s.clock},
			{Source: "incident:0", Call: "c0", Ref: all[0].Ref, At: s.clock.Add(-time.Hour)}, {Source: "incident:1", Call: "c9", Ref: "other", At: s.clock.Add(time.Hour)},
		} {
			p.By, p.Line, p.Level = system, "12355", "high"
			again, err := s.Plan(s.ctx, p)
			if err != nil || len(again) != 5 || again[0].ID != all[0].ID {
				t.Errorf("%s: %+v, %v", p.Source, again, err)
			}
		}
		// A new call at high risk begins anew; what is left of the old series ends, and nobody is asked twice.
		s.clock = s.clock.Add(48 * time.Hour)
		next := s.high("c2", mobile)
		of, err := s.Of(s.ctx, Who{Refs: []string{s.keys.CallerRef(mobile)}})
		if err != nil || len(next) != 5 || len(of) != 10 || open(of) != 5 {
			t.Errorf("%d of %d, %v", open(of), len(of), err)
		}
		if f := s.get(all[1].ID); f.State != Ended || f.Why != Restarted {
			t.Errorf("%+v", f)
		}
		// Somebody else is not touched by it, nor is one without a number.
		if other := s.high("c3", another); open(other) != 5 {
			t.Errorf("%+v", other)
		}
		if none := s.high("c4", ""); open(none) != 5 {
			t.Errorf("%+v", none)
		}
		if c, err := s.Owed(s.ctx); err != nil || len(c.Due) != 0 {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

func TestOne(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newSite(t, db)
		s.high("c1", mobile)
		one := One{Request: "r1", Call: "c1", Ref: s.keys.CallerRef(mobile), Line: "12355", Level: "high", By: "u-2", Due: s.clock.Add(30 * time.Hour)}
		f, err := s.PlanOne(s.ctx, one)
		again, errAgain := s.PlanOne(s.ctx, one)
		if err != nil || errAgain != nil || f.ID != again.ID || !f.Due.Equal(one.Due) || f.Owner != "u-2" {
			t.Errorf("%+v, %v; %v", f, err, errAgain)
		}
		of, err := s.Of(s.ctx, Who{Call: "c1"})
		if err != nil || open(of) != 6 {
			t.Errorf("%d, %v", open(of), err)
		}
		one.Due = s.clock
		if _, err := s.PlanOne(s.ctx, one); !errors.Is(err, ErrInvalid) {
			t.Errorf("%v", err)
		}
	})
}
