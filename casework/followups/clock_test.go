package followups

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestSpan(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	must(t, err)
	for _, tc := range []struct{ span, from, want string }{
		{"24h", "2025-03-29 12:00", "2025-03-30 13:00"}, // the clocks go forward in between: 24 hours are 24 hours
		{"1d", "2025-03-29 12:00", "2025-03-30 12:00"},  // and a day keeps the hour
		{"1w", "2025-10-25 09:30", "2025-11-01 09:30"},
		{"1mo", "2025-01-31 10:00", "2025-02-28 10:00"},
		{"1mo", "2024-01-31 10:00", "2024-02-29 10:00"},
		{"3mo", "2025-11-30 10:00", "2026-02-28 10:00"},
		{"6mo", "2025-08-31 10:00", "2026-02-28 10:00"},
		{"1mo", "2025-12-31 23:59", "2026-01-31 23:59"},
		{"1d", "2025-03-29 02:30", "2025-03-30 03:30"}, // an hour that is left out that night
		{"1mo 2d", "2025-01-31 10:00", "2025-03-02 10:00"},
	} {
		s, err := ParseSpan(tc.span)
		must(t, err)
		from, err := time.ParseInLocation("2006-01-02 15:04", tc.from, berlin)
		must(t, err)
		if got := s.After(from, berlin).In(berlin).Format("2006-01-02 15:04"); got != tc.want {
			t.Errorf("%s after %s: %s, want %s", tc.span, tc.from, got, tc.want)
		}
	}
	for _, bad := range []string{"", "h", "24", "1y", "-1d", "99999d", "1 d"} {
		if s, err := ParseSpan(bad); err == nil {
			t.Errorf("%q is %+v", bad, s)
		}
	}
	rules, err := RulesOf([]string{"24h", "1w"})
	if err != nil || len(rules) != 2 || rules[1].Name != "1w" || rules[1].After.Days != 7 {
		t.Errorf("%+v, %v", rules, err)
	}
}

func TestTimes(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	must(t, err)
	at := func(text string) time.Time {
		out, err := time.ParseInLocation("2006-01-02 15:04", text, berlin)
		must(t, err)
		return out
	}
	day := casework.DefaultHours(berlin)
	for _, tc := range []struct {
		what       string
		safe       []Window
		from, want string
	}{
		{"the line's hours alone", nil, "2025-05-01 23:10", "2025-05-02 08:00"},
		{"now", []Window{{From: 600, To: 660}}, "2025-05-01 10:30", "2025-05-01 10:30"},
		{"its end is out", []Window{{From: 600, To: 660}}, "2025-05-01 11:00", "2025-05-02 10:00"},
		{"days", []Window{{Days: []int{7}, From: 600, To: 660}}, "2025-05-01 10:30", "2025-05-04 10:00"},
		{"the next of two", []Window{{From: 1200, To: 1260}, {From: 720, To: 780}}, "2025-05-01 10:30", "2025-05-01 12:00"},
		{"over midnight, cut by the line's hours", []Window{{From: 21 * 60, To: 9 * 60}}, "2025-05-01 22:30", "2025-05-02 08:00"},
		{"of yesterday, on its day", []Window{{Days: []int{3}, From: 21 * 60, To: 9 * 60}}, "2025-05-01 08:30", "2025-05-01 08:30"},
		{"the day of a change of clocks", []Window{{From: 9 * 60, To: 10 * 60}}, "2025-03-30 07:00", "2025-03-30 09:00"},
		{"up to midnight", []Window{{From: 20 * 60, To: 1440}}, "2025-05-01 21:59", "2025-05-01 21:59"},
	} {
		got, ok := times{hours: day, safe: tc.safe, zone: berlin}.after(at(tc.from))
		if !ok || !got.Equal(at(tc.want)) {
			t.Errorf("%s: %s, %v, want %s", tc.what, got.In(berlin), ok, tc.want)
		}
	}
	night := times{hours: day, safe: []Window{{From: 60, To: 120}}, zone: berlin}
	if got, ok := night.after(at("2025-05-01 12:00")); ok {
		t.Errorf("an hour at which nobody may be called: %s", got)
	}
	if got := (times{hours: day, zone: berlin}).until(at("2025-05-01 21:45")); !got.Equal(at("2025-05-01 22:00")) {
		t.Errorf("until %s", got)
	}
	if got := (times{hours: day, zone: berlin}).until(at("2025-05-01 12:00")); !got.Equal(at("2025-05-01 12:30")) {
		t.Errorf("until %s", got)
	}
}

// year is a watch whose clock goes in steps, and who reports what climbed.
func (s *site) watch(climb func(context.Context, FollowUp) error) *Watch {
	s.t.Helper()
	w, err := NewWatch(WatchConfig{Climb: climb}, s.Store)
	must(s.t, err)
	return w
}

func (s *site) until(w *Watch, end time.Time, step time.Duration, each func()) {
	s.t.Helper()
	for s.clock.Before(end) {
		s.clock = s.clock.Add(step)
		must(s.t, w.Look(s.ctx))
		must(s.t, w.LookAtCalls(s.ctx))
		each()
	}
}

// TestHalfYear runs six months and a week by three hours at a time: one person is called at each time, in the hours of the line; one is forgotten by everybody,
// and becomes an incident at each; one calls in by chance.
func TestHalfYear(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newSite(t, db)
		zone := shanghai(t)
		called, forgotten := s.high("c1", mobile), s.high("c2", another)
		in := s.high("c3", "13700137000")
		climbed := map[string]int{}
		w := s.watch(func(_ context.Context, f FollowUp) error {
			climbed[f.ID]++
			return nil
		})
		mine := map[string]bool{}
		for _, f := range called {
			mine[f.ID] = true
		}
		calls := map[string]time.Time{"in-1": in[1].Due.Add(-36 * time.Hour), "in-2": in[2].Due.Add(-20 * 24 * time.Hour)}
		s.until(w, s.clock.AddDate(0, 6, 8), 6*time.Hour, func() {
			for call, at := range calls {
				if !s.clock.Before(at) {
					delete(calls, call)
					s.talked(call, "13700137000", 5*time.Minute)
				}
			}
			all, err := s.Open(s.ctx, 100)
			must(t, err)
			for _, f := range all {
				if !mine[f.ID] || f.State != Planned || s.clock.Before(f.Due) {
					continue
				}
				f, err := s.Call(s.ctx, f.ID, "u-1")
				if _, night := errors.AsType[*NotNow](err); night {
					continue
				}
				must(t, err)
				if h := s.clock.In(zone).Hour(); h < 8 || h >= 22 {
					t.Errorf("called at %d", h)
				}
				owner, _ := s.dial(f)
				must(t, s.callbacks.Reached(s.ctx, f.Task, owner, "u-1"))
				_, err = s.Finish(s.ctx, f.ID, "u-1", Reached, "")
				must(t, err)
			}
		})
		for i := range called {
			if f := s.get(called[i].ID); f.State != Done || f.Why != Reached || f.Closed.Sub(f.Due) > 13*time.Hour || climbed[f.ID] > 0 {
				t.Errorf("%+v climbed %d times", f, climbed[f.ID])
			}
			f := s.get(forgotten[i].ID)
			if f.State != Planned || climbed[f.ID] != 1 || !slices.Equal(s.events(f.ID), []string{"planned", "overdue", "climbed"}) {
				t.Errorf("%s: %v, climbed %d times", f.Rule, s.events(f.ID), climbed[f.ID])
			}
		}
		// A call a day and a half before the week counts for it, and late for the day; one 20 days before the month is too early. Nobody asked them at the
		// other times.
		for i, want := range []string{"overdue", "settled", "overdue", "overdue", "overdue"} {
			if got := s.events(in[i].ID); len(got) < 2 || got[1] != want {
				t.Errorf("%s: %v, want %s", in[i].Rule, got, want)
			}
		}
		if c, err := s.Owed(s.ctx); err != nil || c.Late != 8 {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

// TestClimbDies: killed after the incident was opened and before that was written down, it is opened again, under the same name, and written down once.
func TestClimbDies(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newSite(t, db)
		f := s.high("c1", mobile)[0]
		s.clock = f.Climb
		var told []string
		ctx, kill := context.WithCancel(s.ctx)
		dying := s.watch(func(_ context.Context, f FollowUp) error {
			told = append(told, f.ID)
			kill()
			return nil
		})
		if err := dying.Look(ctx); err == nil {
			t.Error("not killed")
		}
		failing := s.watch(func(context.Context, FollowUp) error { return errors.New("the incidents are away") })
		if err := failing.Look(s.ctx); err == nil {
			t.Error("no error")
		}
		w := s.watch(func(_ context.Context, f FollowUp) error {
			told = append(told, f.ID)
			return nil
		})
		must(t, w.Look(s.ctx))
		must(t, w.Look(s.ctx))
		if !slices.Equal(told, []string{f.ID, f.ID}) || !slices.Equal(s.events(f.ID), []string{"planned", "overdue", "climbed"}) {
			t.Errorf("told %v, %v", told, s.events(f.ID))
		}
		// Put off, it may climb again.
		_, err := s.Move(s.ctx, f.ID, "u-9", s.clock.Add(time.Hour), "已联系家属")
		must(t, err)
		s.clock = s.get(f.ID).Climb
		must(t, w.Look(s.ctx))
		if len(told) != 3 {
			t.Errorf("told %v", told)
		}
	})
}

// TestShift: by its rule a call by the person puts a follow-up off instead of settling it.
func TestShift(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newSite(t, db)
		s.talked("c1", mobile, 10*time.Minute)
		rules := []Rule{{Name: "1w", After: Span{Days: 7}, CallIn: CallInShifts, Near: 48 * time.Hour}, {Name: "2w", After: Span{Days: 14}, CallIn: CallInNothing}}
		all, err := s.Plan(s.ctx, Plan{Source: "x", Call: "c1", Ref: s.keys.CallerRef(mobile), Level: "moderate", At: s.clock, Line: "12355", By: system, Rules: rules})
		must(t, err)
		w := s.watch(func(context.Context, FollowUp) error {
			t.Error("somebody who was not at high risk became an incident")
			return nil
		})
		s.clock = all[0].Due.Add(-24 * time.Hour)
		s.talked("short", mobile, 20*time.Second)
		must(t, w.LookAtCalls(s.ctx))
		if f := s.get(all[0].ID); !f.Due.Equal(all[0].Due) {
			t.Errorf("by a talk of seconds: %+v", f)
		}
		talked := s.clock.Add(time.Minute)
		s.talked("long", mobile, 5*time.Minute)
		for range 2 {
			must(t, w.LookAtCalls(s.ctx))
		}
		if f := s.get(all[0].ID); !f.Due.Equal(talked.Add(48*time.Hour)) || !slices.Equal(s.events(f.ID), []string{"planned", "shifted"}) {
			t.Errorf("%+v: %v", f, s.events(f.ID))
		}
		s.clock = all[1].Climb.Add(time.Hour)
		must(t, w.Look(s.ctx))
		must(t, w.LookAtCalls(s.ctx))
		if f := s.get(all[1].ID); f.State != Planned || f.Owner != "" {
			t.Errorf("%+v", f)
		}
	})
}

// TestWrongPerson: a talk with somebody else is none, and settles nothing.
func TestWrongPerson(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newSite(t, db)
		f := s.high("c1", mobile)[0]
		s.clock = f.Due
		f, err := s.Call(s.ctx, f.ID, "u-1")
		must(t, err)
		owner, entry := s.dial(f)
		must(t, s.callbacks.Reached(s.ctx, f.Task, owner, "u-1"))
		s.talked(entry, mobile, 2*time.Minute)
		must(t, s.CatchUp(s.ctx))
		must(t, s.callbacks.Say(s.ctx, f.Task, "u-1", casework.ResultWrongPerson))
		w := s.watch(nil)
		must(t, w.Look(s.ctx))
		must(t, w.LookAtCalls(s.ctx))
		if f = s.get(f.ID); f.State != Planned || f.Last != "wrong_person" {
			t.Errorf("%+v", f)
		}
	})
}

func TestWatchStops(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newSite(t, db)
		f := s.high("c1", mobile)[0]
		s.clock = f.Climb
		ctx, stop := context.WithCancel(s.ctx)
		defer stop()
		w, err := NewWatch(WatchConfig{Every: time.Millisecond, CallIns: time.Millisecond, Climb: func(context.Context, FollowUp) error {
			stop()
			return nil
		}}, s.Store)
		must(t, err)
		must(t, w.Run(ctx))
	})
}
