package reports

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

// hours are the deadlines that hold now.
type hours struct{ ask, report time.Duration }

func (h *hours) Minors(context.Context) (ask, report time.Duration, err error) {
	if h.ask == 0 {
		return 0, 0, errAway
	}
	return h.ask, h.report, nil
}

var errAway = errors.New("the policy cannot be read")

func open(t *testing.T, db *storage.DB, now *time.Time) *Store {
	t.Helper()
	dir := t.TempDir()
	if err := casework.CreateKeys(dir); err != nil {
		t.Fatal(err)
	}
	keys, err := casework.LoadKeys(dir, "CN")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), db, keys, &hours{24 * time.Hour, 2 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	*now = time.UnixMilli(1_790_000_000_000).UTC()
	s.now = func() time.Time { *now = now.Add(time.Second); return *now }
	return s
}

func TestASuspicionIsClosedByTwo(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		var now time.Time
		s, ctx := open(t, db, &now), t.Context()
		m := Minor{Call: "c1", File: "f1", Line: "12355", By: "u-1"}
		r, err := s.Ask(ctx, m)
		if err != nil || r.State != Open || r.Due.Sub(r.Opened) != 24*time.Hour {
			t.Fatalf("%+v, %v", r, err)
		}
		if again, err := s.Ask(ctx, m); err != nil || again.ID != r.ID {
			t.Errorf("again: %+v, %v", again, err)
		}
		if r, err = s.Suspect(ctx, m, "说继父常打他"); err != nil || r.Harm != Suspected || r.Due.Sub(r.HarmAt) != 2*time.Hour {
			t.Fatalf("%+v, %v", r, err)
		}
		if _, err := s.NoSign(ctx, r.ID, "看错了", "u-1"); !errors.Is(err, ErrState) {
			t.Errorf("one person puts a suspicion aside: %v", err)
		}
		if _, err := s.Confirm(ctx, r.ID, "同意关闭", "u-2"); !errors.Is(err, ErrState) {
			t.Errorf("nothing was proposed: %v", err)
		}
		if _, err := s.Propose(ctx, r.ID, Dismissed, " ", "u-1"); !errors.Is(err, ErrInvalid) {
			t.Errorf("without a reason: %v", err)
		}
		if _, err := s.Propose(ctx, r.ID, Dismissed, "老师已报警", "u-1"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Confirm(ctx, r.ID, "同意关闭", "u-1"); !errors.Is(err, ErrSame) {
			t.Errorf("by the same person: %v", err)
		}
		if r, err = s.Refuse(ctx, r.ID, "没有回执", "u-2"); err != nil || r.State != Open {
			t.Errorf("%+v, %v", r, err)
		}
		if open, overdue, err := s.Waiting(ctx); err != nil || open != 1 || overdue != 0 {
			t.Error(open, overdue, err)
		}
		now = now.Add(3 * time.Hour)
		if open, overdue, err := s.Waiting(ctx); err != nil || open != 1 || overdue != 1 || !r.Overdue(now) {
			t.Error(open, overdue, err)
		}
		if _, err := s.Propose(ctx, r.ID, Reported, "110，接警员已登记", "u-2"); err != nil {
			t.Fatal(err)
		}
		if r, err = s.Confirm(ctx, r.ID, "已核对回执", "u-3"); err != nil || r.State != Closed || r.Outcome != Reported || r.ClosedBy != "u-3" {
			t.Errorf("%+v, %v", r, err)
		}
		acts, err := s.Acts(ctx, r.ID)
		if err != nil || len(acts) != 6 || acts[1].Words != "说继父常打他" || acts[5].Kind != "confirm" {
			t.Errorf("%+v, %v", acts, err)
		}
		// Said again after it was closed, it is open again.
		if r, err = s.Suspect(ctx, m, "又打了"); err != nil || r.State != Open {
			t.Errorf("%+v, %v", r, err)
		}
		if all, err := s.OfFiles(ctx, []string{"f0", "f1"}); err != nil || len(all) != 1 {
			t.Errorf("%+v, %v", all, err)
		}
		if all, err := s.OfCall(ctx, "c1"); err != nil || len(all) != 1 {
			t.Errorf("%+v, %v", all, err)
		}
		var raw []byte
		if err := db.QueryRow(ctx, `SELECT sealed FROM minor_report_acts WHERE kind = 'harm' LIMIT 1`).Scan(&raw); err != nil || strings.Contains(string(raw), "继父") {
			t.Errorf("open in the database: %v", err)
		}
	})
}

// A deadline is counted by what holds when it begins; another policy changes none that has begun, and without one nothing begins.
func TestDeadlinesAreThoseOfTheirBeginning(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		var now time.Time
		s, ctx := open(t, db, &now), t.Context()
		rules := &hours{6 * time.Hour, time.Hour}
		s.rules = rules
		for _, step := range []struct {
			name   string
			holds  hours
			do     func(m Minor) (Report, error)
			within time.Duration // of the deadline, from the newest word on; 0: that of before
			err    error
		}{
			{"asked by the first policy", hours{6 * time.Hour, time.Hour}, func(m Minor) (Report, error) { return s.Ask(ctx, m) }, 6 * time.Hour, nil},
			{"asked again by another", hours{time.Hour, 10 * time.Minute}, func(m Minor) (Report, error) { return s.Ask(ctx, m) }, 0, nil},
			{"found to be a child", hours{time.Hour, 10 * time.Minute}, func(m Minor) (Report, error) { m.Child = true; return s.Ask(ctx, m) }, 0, nil},
			{"suspected without a policy", hours{}, func(m Minor) (Report, error) { return s.Suspect(ctx, m, "像是被打") }, 0, errAway},
			{"suspected", hours{time.Hour, 10 * time.Minute}, func(m Minor) (Report, error) { return s.Suspect(ctx, m, "像是被打") }, 10 * time.Minute, nil},
			{"suspected again by a third", hours{24 * time.Hour, 2 * time.Hour}, func(m Minor) (Report, error) { return s.Suspect(ctx, m, "又说了一次") }, 0, nil},
		} {
			*rules = step.holds
			m := Minor{Call: "c1", File: "f1", By: "u-1"}
			before, _ := s.OfCall(ctx, "c1")
			r, err := step.do(m)
			if !errors.Is(err, step.err) {
				t.Fatalf("%s: %v", step.name, err)
			}
			if step.err != nil {
				continue
			}
			want := now.Add(step.within)
			if step.within == 0 {
				want = before[0].Due
			}
			kept, err := s.Get(ctx, r.ID)
			if err != nil || !r.Due.Equal(want) || !kept.Due.Equal(want) {
				t.Errorf("%s: due %v, kept %v, want %v, %v", step.name, r.Due, kept.Due, want, err)
			}
		}
		all, err := s.Courses(ctx, now.Add(-time.Hour), 10)
		if err != nil || len(all) != 1 || all[0].Opened.IsZero() || !all[0].Asked.Equal(all[0].Suspected) || all[0].Asked.IsZero() || !all[0].Closed.IsZero() {
			t.Errorf("%+v, %v", all, err)
		}
		if all, err := s.Courses(ctx, now.Add(time.Hour), 10); err != nil || len(all) != 0 {
			t.Errorf("of later: %+v, %v", all, err)
		}
	})
}

func TestAChildNeedsAGuardianOrAnEmergency(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		var now time.Time
		s, ctx := open(t, db, &now), t.Context()
		r, err := s.Ask(ctx, Minor{Call: "c1", File: "f1", By: "u-1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.SetGuardian(ctx, r.ID, Consent, "", "u-1"); !errors.Is(err, ErrState) {
			t.Errorf("of somebody who is 15: %v", err)
		}
		if r, err = s.Ask(ctx, Minor{Call: "c1", File: "f1", Child: true, By: "u-1"}); err != nil || !r.NeedsGuardian() {
			t.Fatalf("%+v, %v", r, err)
		}
		if _, err := s.NoSign(ctx, r.ID, "", "u-1"); !errors.Is(err, ErrGuardian) {
			t.Errorf("%v", err)
		}
		if r, err = s.SetGuardian(ctx, r.ID, Refused, "母亲不同意", "u-1"); err != nil || !r.NeedsGuardian() {
			t.Errorf("%+v, %v", r, err)
		}
		if _, err = s.SetGuardian(ctx, r.ID, Emergency, "", "u-1"); !errors.Is(err, ErrInvalid) {
			t.Errorf("an emergency without words: %v", err)
		}
		if r, err = s.SetGuardian(ctx, r.ID, Emergency, "手里有刀", "u-1"); err != nil || r.NeedsGuardian() {
			t.Errorf("%+v, %v", r, err)
		}
		if r, err = s.NoSign(ctx, r.ID, "", "u-1"); err != nil || r.State != Closed || r.Outcome != NoHarm {
			t.Errorf("%+v, %v", r, err)
		}
		if _, err := s.NoSign(ctx, newID(), "", "u-1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
	})
}

// TestNobodyAlone does anything at random, by few people, and looks that no suspicion was ever closed by one.
func TestNobodyAlone(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		var now time.Time
		s, ctx := open(t, db, &now), t.Context()
		people := []string{"u-1", "u-2", "u-3"}
		for seed := range uint64(20) {
			rnd := rand.New(rand.NewPCG(seed, 2))
			m := Minor{Call: newID(), File: "f", Child: rnd.IntN(2) == 0, By: "u-1"}
			r, err := s.Ask(ctx, m)
			if err != nil {
				t.Fatal(err)
			}
			for range 12 {
				by := people[rnd.IntN(len(people))]
				switch rnd.IntN(6) {
				case 0:
					m.By = by
					_, err = s.Suspect(ctx, m, "像是被打")
				case 1:
					_, err = s.NoSign(ctx, r.ID, "", by)
				case 2:
					_, err = s.Propose(ctx, r.ID, []Outcome{Reported, Dismissed}[rnd.IntN(2)], "已经说明", by)
				case 3:
					_, err = s.Confirm(ctx, r.ID, "同意关闭", by)
				case 4:
					_, err = s.Refuse(ctx, r.ID, "不同意", by)
				default:
					_, err = s.SetGuardian(ctx, r.ID, Emergency, "情况紧急", by)
				}
				if err != nil && !errors.Is(err, ErrState) && !errors.Is(err, ErrSame) && !errors.Is(err, ErrGuardian) {
					t.Fatalf("seed %d: %v", seed, err)
				}
				now, err := s.Get(ctx, r.ID)
				if err != nil {
					t.Fatal(err)
				}
				if now.State == Closed && now.Harm == Suspected && (now.ProposedBy == "" || now.ProposedBy == now.ClosedBy) {
					t.Fatalf("seed %d: closed by one person: %+v", seed, now)
				}
				if now.State == Closed && now.NeedsGuardian() {
					t.Fatalf("seed %d: closed without a guardian's word: %+v", seed, now)
				}
			}
		}
	})
}
