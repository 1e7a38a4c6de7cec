package assessments

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

// each runs a test on both databases, with a clock that moves on by a second each time it is read.
func each(t *testing.T, test func(t *testing.T, s *Store)) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		dir := t.TempDir()
		if err := casework.CreateKeys(dir); err != nil {
			t.Fatal(err)
		}
		keys, err := casework.LoadKeys(dir, "CN")
		if err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), db, keys)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		now := time.UnixMilli(1_700_000_000_000)
		s.now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(time.Second)
			return now
		}
		test(t, s)
	})
}

func TestAsked(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		if _, ok, err := s.AnswerOf(ctx, "c1"); ok || err != nil {
			t.Errorf("%v, %v", ok, err)
		}
		first, err := s.Ask(ctx, Answer{Call: "c1", By: "u-1", Answer: NotPossible, Reason: " 来电者一直沉默 "})
		if err != nil || first.Reason != "来电者一直沉默" {
			t.Fatalf("%+v, %v", first, err)
		}
		if again, err := s.Ask(ctx, Answer{Call: "c1", By: "u-1", Answer: NotPossible, Reason: "来电者一直沉默"}); err != nil || again.ID != first.ID {
			t.Errorf("said again: %+v, %v", again, err)
		}
		if next, err := s.Ask(ctx, Answer{Call: "c1", By: "u-1", Answer: Denied, Reason: "dropped"}); err != nil || next.ID == first.ID || next.Reason != "" {
			t.Errorf("said otherwise: %+v, %v", next, err)
		}
		if a, ok, err := s.AnswerOf(ctx, "c1"); !ok || err != nil || a.Answer != Denied {
			t.Errorf("%+v, %v, %v", a, ok, err)
		}
		if have, err := s.HaveAnswer(ctx, []string{"c1", "c2"}); err != nil || !have["c1"] || have["c2"] {
			t.Errorf("%v, %v", have, err)
		}
		for name, a := range map[string]Answer{
			"no call": {By: "u-1", Answer: Denied}, "nobody": {Call: "c1", Answer: Denied}, "maybe": {Call: "c1", By: "u-1", Answer: "maybe"},
			"no reason":     {Call: "c1", By: "u-1", Answer: NotPossible, Reason: " "},
			"a long reason": {Call: "c1", By: "u-1", Answer: NotPossible, Reason: strings.Repeat("长", MostWords+1)},
		} {
			if _, err := s.Ask(ctx, a); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		unreadable(t, s, `SELECT said FROM risk_answers WHERE said IS NOT NULL`, "沉默")
	})
}

// unreadable: what is in the column says nothing to who has the database alone.
func unreadable(t *testing.T, s *Store, query, words string) {
	t.Helper()
	all, err := storage.Select(t.Context(), s.db, func(r storage.Row) (b []byte, err error) { return b, r.Scan(&b) }, query)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d rows, %v", len(all), err)
	}
	for _, raw := range all {
		if len(raw) == 0 || strings.Contains(string(raw), words) {
			t.Errorf("%q stands open", words)
		}
	}
}

func TestScales(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx, total := t.Context(), 12
		filled := Scale{
			Call: "c1", By: "u-1", Form: "phq9", FormVersion: 3, Answers: json.RawMessage(`{"q1": 3, "q9": 1}`), Rule: "phq9", RuleVersion: 2, Complete: true,
			Total: &total, Band: "moderate",
		}
		first, err := s.Fill(ctx, filled)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := s.Fill(ctx, filled); err != nil || again.ID != first.ID {
			t.Errorf("filled in again: %+v, %v", again, err)
		}
		if next, err := s.Fill(ctx, Scale{Call: "c1", By: "u-1", Form: "screener", FormVersion: 3, Answers: json.RawMessage(`{"wish":"yes"}`), Rule: "screener", RuleVersion: 1, Band: "low", Level: "low"}); err != nil || next.Complete || next.Total != nil {
			t.Errorf("%+v, %v", next, err)
		}
		all, err := s.Scales(ctx, []string{"c1", "c2"})
		if err != nil || len(all) != 2 || *all[0].Total != 12 || !all[0].Complete || all[0].FormVersion != 3 || all[0].RuleVersion != 2 || string(all[0].Answers) != `{"q1":3,"q9":1}` || all[1].Level != "low" {
			t.Errorf("%+v, %v", all, err)
		}
		for name, c := range map[string]Scale{
			"no call": {By: "u-1", Form: "phq9", FormVersion: 1, Answers: json.RawMessage(`{}`)}, "no version": {Call: "c1", By: "u-1", Form: "phq9", Answers: json.RawMessage(`{}`)},
			"no answers": {Call: "c1", By: "u-1", Form: "phq9", FormVersion: 1, Answers: json.RawMessage(`{`)},
		} {
			if _, err := s.Fill(ctx, c); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		unreadable(t, s, `SELECT answers FROM risk_scales`, `q9`)
	})
}

func TestMeasures(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		n := func(v int) *int { return &v }
		first, err := s.Measure(ctx, Measure{Call: "c1", By: "u-1", Moment: Before, Hope: n(0), Distress: n(100)})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := s.Measure(ctx, Measure{Call: "c1", By: "u-1", Moment: Before, Hope: n(0), Distress: n(100)}); err != nil || again.ID != first.ID {
			t.Errorf("said again: %+v, %v", again, err)
		}
		if _, err := s.Measure(ctx, Measure{Call: "c1", By: "u-1", Moment: After, Hope: n(40), Distress: n(60), Intent: n(20)}); err != nil {
			t.Fatal(err)
		}
		all, err := s.Measures(ctx, []string{"c1"})
		if err != nil || len(all) != 2 || *all[0].Hope != 0 || *all[0].Distress != 100 || all[0].Intent != nil || *all[1].Intent != 20 || all[1].Moment != After {
			t.Errorf("%+v, %v", all, err)
		}
		for name, m := range map[string]Measure{
			"nothing": {Call: "c1", By: "u-1", Moment: Before}, "when": {Call: "c1", By: "u-1", Moment: "during", Hope: n(1)}, "below": {Call: "c1", By: "u-1", Moment: After, Hope: n(-1)},
			"above": {Call: "c1", By: "u-1", Moment: After, Intent: n(101)}, "no call": {By: "u-1", Moment: After, Intent: n(1)},
		} {
			if _, err := s.Measure(ctx, m); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func (s *Store) high(t *testing.T, call string) Change {
	t.Helper()
	c := Change{ID: NewID(), Call: call, At: s.instant(), By: "u-1", Level: "high", Was: "low", Definition: 2, Scale: "screener", Reason: "有计划"}
	if err := s.Rise(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLevels(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		if _, ok, err := s.LevelOf(ctx, "c1"); ok || err != nil {
			t.Errorf("%v, %v", ok, err)
		}
		said := s.high(t, "c1")
		if err := s.Rise(ctx, said); err != nil { // what was written until the database took it may have been taken before
			t.Error(err)
		}
		all, err := s.Levels(ctx, []string{"c1"})
		if err != nil || len(all) != 1 || all[0] != said {
			t.Errorf("%+v, %v; want %+v", all, err, said)
		}
		for name, spoil := range map[string]func(*Change){
			"no id": func(c *Change) { c.ID = "" }, "no level": func(c *Change) { c.Level = "" }, "never": func(c *Change) { c.At = time.Time{} },
			"confirmed by itself": func(c *Change) { c.ConfirmedBy = "u-2" }, "a proposal of its own": func(c *Change) { c.Proposal = "p" },
		} {
			c := said
			spoil(&c)
			if err := s.Rise(ctx, c); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		unreadable(t, s, `SELECT said FROM risk_levels`, "计划")
	})
}

// The highest that was said in a call, asked as a condition within somebody else's search.
func TestHighest(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		for i, level := range []string{"low", "moderate", "low"} {
			c := Change{ID: NewID(), Call: "c1", At: s.instant().Add(time.Duration(i) * time.Second), By: "u-1", Level: level}
			if err := s.Rise(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		s.high(t, "c2")
		for level, want := range map[string]string{"low": "", "moderate": "c1", "high": "c2", "none": ""} {
			above := map[string][]string{"none": {"low", "moderate", "high"}, "low": {"moderate", "high"}, "moderate": {"high"}}[level]
			found, err := storage.Select(ctx, s.db, func(r storage.Row) (id string, err error) { return id, r.Scan(&id) },
				`SELECT asked.id FROM (SELECT 'c1' AS id UNION SELECT 'c2' UNION SELECT 'c3') asked WHERE `+Highest(level, above...).On("asked.id"))
			if got := strings.Join(found, " "); err != nil || got != want {
				t.Errorf("%s: %q, %v", level, got, err)
			}
			all, err := storage.Select(ctx, s.db, func(r storage.Row) (id string, err error) { return id, r.Scan(&id) }, string(AllSaid(level)))
			if err != nil || want != "" && !slices.Contains(all, want) {
				t.Errorf("%s was said in %v, %v", level, all, err)
			}
		}
	})
}

// TestWitness: what a console did not live to write is written by another, once, and never against what is newer.
func TestWitness(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		seen := Change{Call: "c1", By: "u-1", At: s.instant(), Level: "high"}
		for i, want := range []bool{true, false} {
			if missing, err := s.Witness(ctx, seen); err != nil || missing != want {
				t.Errorf("%d: %v, %v", i, missing, err)
			}
		}
		p, err := s.Propose(ctx, Proposal{Call: "c1", By: "u-1", Was: "high", Level: "low", Reason: "情绪平稳"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Decide(ctx, p.ID, "u-2", true, ""); err != nil {
			t.Fatal(err)
		}
		if missing, err := s.Witness(ctx, seen); err != nil || missing {
			t.Errorf("seen before it was lowered: %v, %v", missing, err)
		}
		seen.At = s.instant()
		if missing, err := s.Witness(ctx, seen); err != nil || !missing {
			t.Errorf("high again: %v, %v", missing, err)
		}
		if c, _, err := s.LevelOf(ctx, "c1"); err != nil || c.Level != "high" || c.Was != "low" {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

// TestLoweredByTwo: one proposes, another one confirms; nobody does both.
func TestLoweredByTwo(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		s.high(t, "c1")
		wish := Proposal{Call: "c1", By: "u-1", Was: "high", Level: "moderate", Definition: 2, Reason: "家人已到场"}
		p, err := s.Propose(ctx, wish)
		if err != nil || !p.Open() {
			t.Fatalf("%+v, %v", p, err)
		}
		if again, err := s.Propose(ctx, wish); err != nil || again.ID != p.ID {
			t.Errorf("proposed again: %+v, %v", again, err)
		}
		if _, err := s.Propose(ctx, Proposal{Call: "c1", By: "u-2", Was: "high", Level: "none", Reason: "误按了"}); !errors.Is(err, ErrOpen) {
			t.Errorf("another beside it: %v", err)
		}
		if _, err := s.Decide(ctx, p.ID, "u-1", true, ""); !errors.Is(err, ErrSamePerson) {
			t.Errorf("confirmed by who proposed: %v", err)
		}
		if c, _, _ := s.LevelOf(ctx, "c1"); c.Level != "high" {
			t.Fatalf("lowered by one: %+v", c)
		}
		if open, err := s.Waiting(ctx, time.UnixMilli(0), 10); err != nil || len(open) != 1 || open[0].Reason != "家人已到场" {
			t.Errorf("%+v, %v", open, err)
		}
		done, err := s.Decide(ctx, p.ID, "u-2", true, "")
		if err != nil || done.DecidedBy != "u-2" || !done.Confirmed {
			t.Fatalf("%+v, %v", done, err)
		}
		if c, ok, err := s.LevelOf(ctx, "c1"); !ok || err != nil || c.Level != "moderate" || c.Was != "high" || c.By != "u-1" || c.ConfirmedBy != "u-2" || c.Proposal != p.ID || c.Reason != "家人已到场" || c.Definition != 2 {
			t.Errorf("%+v, %v", c, err)
		}
		if again, err := s.Decide(ctx, p.ID, "u-2", true, ""); err != nil || !again.Confirmed {
			t.Errorf("pressed again: %+v, %v", again, err)
		}
		if all, err := s.Levels(ctx, []string{"c1"}); err != nil || len(all) != 2 {
			t.Errorf("%d levels, %v", len(all), err)
		}
		if _, err := s.Decide(ctx, p.ID, "u-3", false, ""); !errors.Is(err, ErrDecided) {
			t.Errorf("refused afterwards: %v", err)
		}
		if open, err := s.Waiting(ctx, time.UnixMilli(0), 10); err != nil || len(open) != 0 {
			t.Errorf("%+v, %v", open, err)
		}
		if _, err := s.Decide(ctx, NewID(), "u-2", true, ""); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		unreadable(t, s, `SELECT said FROM risk_proposals`, "家人")
	})
}

func TestRefusedAndTakenBack(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		s.high(t, "c1")
		for _, by := range []string{"u-2", "u-1"} { // by another one; by who proposed
			p, err := s.Propose(ctx, Proposal{Call: "c1", By: "u-1", Was: "high", Level: "low", Reason: "情绪平稳"})
			if err != nil {
				t.Fatal(err)
			}
			if p, err = s.Decide(ctx, p.ID, by, false, "还要再看看"); err != nil || p.Confirmed || p.Open() {
				t.Errorf("%s: %+v, %v", by, p, err)
			}
		}
		all, err := s.Proposals(ctx, []string{"c1"})
		if err != nil || len(all) != 2 || all[0].Refusal != "还要再看看" {
			t.Errorf("%+v, %v", all, err)
		}
		if c, _, _ := s.LevelOf(ctx, "c1"); c.Level != "high" {
			t.Errorf("%+v", c)
		}
	})
}

// TestRaisedAgainMeanwhile: what was proposed before the level was said anew says nothing about it.
func TestRaisedAgainMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		s.high(t, "c1")
		p, err := s.Propose(ctx, Proposal{Call: "c1", By: "u-1", Was: "high", Level: "low", Reason: "情绪平稳"})
		if err != nil {
			t.Fatal(err)
		}
		s.high(t, "c1")
		if _, err := s.Decide(ctx, p.ID, "u-2", true, ""); !errors.Is(err, ErrStale) {
			t.Errorf("%v", err)
		}
		if _, err := s.Decide(ctx, p.ID, "u-2", false, ""); err != nil {
			t.Errorf("it cannot be cleared away: %v", err)
		}
	})
}

// TestTwoConfirmAtOnce: one of them does it.
func TestTwoConfirmAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		s.high(t, "c1")
		p, err := s.Propose(ctx, Proposal{Call: "c1", By: "u-1", Was: "high", Level: "low", Reason: "情绪平稳"})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wg.Go(func() { _, errs[i] = s.Decide(ctx, p.ID, "u-"+string(rune('2'+i)), true, "") })
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if !errors.Is(err, ErrDecided) && !errors.Is(err, ErrStale) {
				t.Error(err)
			}
		}
		if all, err := s.Levels(ctx, []string{"c1"}); done != 1 || err != nil || len(all) != 2 {
			t.Errorf("%d did it, %d levels, %v", done, len(all), err)
		}
	})
}

func TestNothingIsChangedAfterwards(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		s.high(t, "c1")
		if _, err := s.db.Exec(ctx, `UPDATE risk_levels SET level = 'none'`); err == nil {
			t.Error("a level was changed")
		}
		if _, err := s.db.Exec(ctx, `DELETE FROM risk_levels WHERE call_id = 'c1'`); err != nil {
			t.Errorf("retention cannot take it out: %v", err)
		}
	})
}
