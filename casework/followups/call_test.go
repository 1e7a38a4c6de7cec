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

// TestCall: pressed, rung without an answer, pressed again, talked, done.
func TestCall(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newSite(t, db)
		f := s.high("c1", mobile)[0]
		s.clock = f.Due
		if c, err := s.Owed(s.ctx); err != nil || c.Due["u-1"] != 1 || c.Late != 0 || c.Changed == 0 {
			t.Errorf("%+v, %v", c, err)
		}
		f, err := s.Call(s.ctx, f.ID, "u-1")
		must(t, err)
		if again, err := s.Call(s.ctx, f.ID, "u-1"); err != nil || again.Task != f.Task || f.State != Calling {
			t.Errorf("%+v, %v", again, err)
		}
		if _, err := s.Call(s.ctx, f.ID, "u-2"); !errors.Is(err, ErrBusy) {
			t.Errorf("%v", err)
		}
		task, err := casework.NewTasks(db).Get(s.ctx, f.Task)
		must(t, err)
		if task.Source != "followup:"+f.ID+":1" || task.Tier != "followup" || task.Preferred != "u-1" || task.Reason != casework.ReasonFollowUp || task.Danger {
			t.Errorf("%+v", task)
		}
		owner, _ := s.dial(f)
		must(t, s.callbacks.Failed(s.ctx, f.Task, owner, "u-1", casework.ResultNoAnswer, 18))
		must(t, s.CatchUp(s.ctx))
		if f = s.get(f.ID); f.State != Planned || f.Tries != 1 || f.Last != "no_answer" {
			t.Errorf("%+v", f)
		}
		if open, err := casework.NewTasks(db).List(s.ctx, 10); err != nil || len(open) != 0 {
			t.Errorf("a callback of its own is left: %+v, %v", open, err)
		}
		if _, err := s.Finish(s.ctx, f.ID, "u-1", Reached, ""); !errors.Is(err, ErrInvalid) {
			t.Errorf("done without a talk: %v", err)
		}
		f, err = s.Call(s.ctx, f.ID, "u-2")
		must(t, err)
		owner, entry := s.dial(f)
		must(t, s.callbacks.Reached(s.ctx, f.Task, owner, "u-2"))
		f, err = s.Finish(s.ctx, f.ID, "u-2", Reached, "睡得好些了，下周复诊")
		if err != nil || f.State != Done || f.Why != Reached || f.Tries != 2 || f.Owner != "u-2" {
			t.Errorf("%+v, %v", f, err)
		}
		if again, err := s.Finish(s.ctx, f.ID, "u-2", Reached, ""); err != nil || again.State != Done {
			t.Errorf("%+v, %v", again, err)
		}
		if _, err := s.Finish(s.ctx, f.ID, "u-3", NotNeeded, "另一个人"); !errors.Is(err, ErrClosed) {
			t.Errorf("%v", err)
		}
		if want := []string{f.ID + " " + entry}; !slices.Equal(s.talks, want) {
			t.Errorf("told of talks %v, want %v", s.talks, want)
		}
		want := []string{"planned", "called", "result no_answer", "called", "result reached", "closed reached"}
		if got := s.events(f.ID); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		all, err := s.Events(s.ctx, f.ID)
		if err != nil || all[5].Note != "睡得好些了，下周复诊" {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

// TestRefusal: whoever refuses is not called from that moment on, however it was said.
func TestRefusal(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newSite(t, db)
		who := Who{Refs: []string{s.keys.CallerRef(mobile)}, Call: "c1"}
		f := s.high("c1", mobile)[0]
		// Said while a call to them waits in the queue: it does not go out.
		f, err := s.Call(s.ctx, f.ID, "u-1")
		must(t, err)
		w, err := s.SaveWish(s.ctx, who, "", Wish{By: "u-2", Consent: ConsentRefused})
		must(t, err)
		if got, err := s.callbacks.Claim(s.ctx, "c1", time.Minute, 10); err != nil || len(got) != 0 {
			t.Errorf("claimed %+v, %v", got, err)
		}
		if all, err := s.Of(s.ctx, who); err != nil || open(all) != 0 || all[4].Why != Refused {
			t.Errorf("%+v, %v", all, err)
		}
		if _, err := s.Call(s.ctx, f.ID, "u-1"); !errors.Is(err, ErrClosed) {
			t.Errorf("%v", err)
		}
		// A new series is there to be seen, and ended; who then consents is called again.
		s.clock = s.clock.Add(time.Hour)
		if all := s.high("c2", mobile); open(all) != 0 {
			t.Errorf("%+v", all)
		}
		if _, err := s.SaveWish(s.ctx, who, "", Wish{By: "u-2", Consent: ConsentGiven}); !errors.Is(err, ErrStale) {
			t.Errorf("%v", err)
		}
		s.clock = s.clock.Add(time.Second)
		_, err = s.SaveWish(s.ctx, who, w.ID, Wish{By: "u-2", Consent: ConsentGiven})
		must(t, err)
		s.clock = s.clock.Add(time.Hour)
		f = s.high("c3", mobile)[0]
		// Said on the telephone, by the button beside the call.
		f, err = s.Call(s.ctx, f.ID, "u-1")
		must(t, err)
		owner, _ := s.dial(f)
		must(t, s.callbacks.Reached(s.ctx, f.Task, owner, "u-1"))
		must(t, s.CatchUp(s.ctx))
		s.clock = s.clock.Add(time.Minute)
		must(t, s.callbacks.Say(s.ctx, f.Task, "u-1", casework.ResultRefused))
		must(t, s.CatchUp(s.ctx))
		all, err := s.Of(s.ctx, Who{Call: "c3"})
		if err != nil || open(all) != 0 {
			t.Errorf("%+v, %v", all, err)
		}
		if w, err := s.WishOf(s.ctx, who); err != nil || w.Consent != ConsentRefused || w.By != "u-1" {
			t.Errorf("%+v, %v", w, err)
		}
		// Written down when a follow-up is closed.
		s.clock = s.clock.Add(time.Minute)
		other := s.high("c4", another)
		_, err = s.Finish(s.ctx, other[0].ID, "u-1", Refused, "不想再接到电话")
		must(t, err)
		if all, err := s.Of(s.ctx, Who{Call: "c4"}); err != nil || open(all) != 0 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

// TestSafe: the telephone rings at safe hours only, on the safe number, and what is due moves with them.
func TestSafe(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newSite(t, db)
		zone := shanghai(t)
		all := s.high("c1", mobile) // Friday 31 January, 12:11
		who := Who{Refs: []string{s.keys.CallerRef(mobile)}, Call: "c1"}
		if r, err := s.ReachOf(s.ctx, all[0]); err != nil || r.Own || r.Number != "138******00" || !r.Usable || !r.Now || r.Wish.Consent != ConsentNotAsked {
			t.Errorf("%+v, %v", r, err)
		}
		w, err := s.SaveWish(s.ctx, who, "", Wish{
			By: "u-1", Consent: ConsentGiven, Times: []Window{{Days: []int{1, 3}, From: 14 * 60, To: 16 * 60}}, Number: another, Words: "只说是图书馆",
		})
		must(t, err)
		f := s.get(all[0].ID)
		if got := f.Ring.In(zone).Format("Mon 15:04"); got != "Mon 14:00" || !f.Late.After(f.Ring) || !f.Due.Equal(all[0].Due) {
			t.Errorf("rings %s: %+v", got, f)
		}
		r, err := s.ReachOf(s.ctx, f)
		if err != nil || !r.Own || r.Number != "139******00" || r.Now || r.Next.In(zone).Format("Mon 15:04") != "Mon 14:00" || r.Wish.Words != "只说是图书馆" || r.Wish.Number != "" {
			t.Errorf("%+v, %v", r, err)
		}
		_, err = s.Call(s.ctx, f.ID, "u-1")
		if late, ok := errors.AsType[*NotNow](err); !ok || !late.Next.Equal(r.Next) {
			t.Errorf("%v", err)
		}
		s.clock = time.Date(2025, 2, 3, 15, 50, 0, 0, zone).UTC()
		f, err = s.Call(s.ctx, f.ID, "u-1")
		must(t, err)
		// Nobody was free until the hour was over: it is not dialled.
		s.clock = s.clock.Add(10 * time.Minute)
		if got, err := s.callbacks.Claim(s.ctx, "c1", time.Minute, 10); err != nil || len(got) != 0 {
			t.Errorf("claimed %+v, %v", got, err)
		}
		must(t, s.CatchUp(s.ctx))
		if f = s.get(f.ID); f.State != Planned || f.Last != "returned" || f.Tries != 0 {
			t.Errorf("%+v", f)
		}
		// Claimed in time, and the hour ends before the number is dialled.
		s.clock = time.Date(2025, 2, 5, 15, 59, 0, 0, zone).UTC()
		f, err = s.Call(s.ctx, f.ID, "u-1")
		must(t, err)
		got, err := s.callbacks.Claim(s.ctx, "c1", time.Minute, 10)
		if err != nil || len(got) != 1 {
			t.Fatalf("claimed %+v, %v", got, err)
		}
		if number, err := s.callbacks.Number(s.ctx, f.Task, "c1"); err != nil || number != "+86"+another {
			t.Errorf("%s, %v", number, err)
		}
		s.clock = s.clock.Add(time.Minute)
		_, err = s.callbacks.Extend(s.ctx, "c1", time.Hour, f.Task)
		must(t, err)
		if _, err := s.callbacks.Number(s.ctx, f.Task, "c1"); !errors.Is(err, casework.ErrUnusable) {
			t.Errorf("%v", err)
		}
		must(t, s.callbacks.GaveUp(s.ctx, f.Task, "c1"))
		must(t, s.CatchUp(s.ctx))
		if f = s.get(f.ID); f.State != Planned || f.Last != "given_up" {
			t.Errorf("%+v", f)
		}
		// The number stays when it is said to, and is taken back when nothing is said.
		w, err = s.SaveWish(s.ctx, who, w.ID, Wish{By: "u-1", Consent: ConsentGiven, Number: NumberKept})
		if err != nil || w.Number != another {
			t.Errorf("%+v, %v", w, err)
		}
		for _, bad := range []Wish{
			{By: "u-1", Consent: "perhaps"}, {Consent: ConsentGiven}, {By: "u-1", Consent: ConsentGiven, Times: []Window{{From: 60, To: 60}}},
			{By: "u-1", Consent: ConsentGiven, Times: []Window{{From: 60, To: 90, Days: []int{0}}}},
		} {
			if _, err := s.SaveWish(s.ctx, who, w.ID, bad); !errors.Is(err, ErrInvalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if _, err := s.SaveWish(s.ctx, who, w.ID, Wish{By: "u-1", Consent: ConsentGiven, Number: "110"}); !errors.Is(err, ErrUnusable) {
			t.Errorf("%v", err)
		}
		// At night, with nothing said to be safe, it waits for the hours of the line.
		s.clock = time.Date(2025, 2, 6, 23, 0, 0, 0, zone).UTC()
		_, err = s.Call(s.ctx, f.ID, "u-1")
		if late, ok := errors.AsType[*NotNow](err); !ok || late.Next.In(zone).Format("02 15:04") != "07 08:00" {
			t.Errorf("%v", err)
		}
	})
}

// TestActs: moved with a reason, given to somebody, taken out by a person.
func TestActs(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newSite(t, db)
		f := s.high("c1", mobile)[0]
		s.clock = f.Late
		if c, err := s.Owed(s.ctx); err != nil || c.Late != 1 {
			t.Errorf("%+v, %v", c, err)
		}
		if _, err := s.Move(s.ctx, f.ID, "u-1", s.clock.Add(time.Hour), " "); !errors.Is(err, ErrInvalid) {
			t.Errorf("%v", err)
		}
		f, err := s.Move(s.ctx, f.ID, "u-1", s.clock.Add(time.Hour), "本人要求晚一点")
		if err != nil || f.Overdue(s.clock) || !f.Due.Equal(s.clock.Add(time.Hour)) {
			t.Errorf("%+v, %v", f, err)
		}
		if f, err = s.Assign(s.ctx, f.ID, "u-9", "u-2"); err != nil || f.Owner != "u-2" {
			t.Errorf("%+v, %v", f, err)
		}
		if f, err = s.Finish(s.ctx, f.ID, "u-2", InCare, "已住院治疗"); err != nil || f.State != Ended || f.Why != InCare {
			t.Errorf("%+v, %v", f, err)
		}
		if _, err := s.Move(s.ctx, f.ID, "u-1", s.clock.Add(time.Hour), "再试一次"); !errors.Is(err, ErrClosed) {
			t.Errorf("%v", err)
		}
		if _, err := s.Call(s.ctx, "none", "u-1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
		rest, err := s.Open(s.ctx, 10)
		if err != nil || len(rest) != 4 {
			t.Fatalf("%+v, %v", rest, err)
		}
		if _, err := s.Finish(s.ctx, rest[0].ID, "u-1", Deceased, "家属告知"); err != nil {
			t.Error(err)
		}
		if rest, err := s.Open(s.ctx, 10); err != nil || len(rest) != 0 {
			t.Errorf("%+v, %v", rest, err)
		}
		none := s.high("c4", "")[0]
		if _, err := s.Call(s.ctx, none.ID, "u-1"); !errors.Is(err, ErrUnusable) {
			t.Errorf("%v", err)
		}
	})
}

// dying is a database whose transactions are cut off at a point: the context ends.
func TestTakeInDies(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newSite(t, db)
		f := s.high("c1", mobile)[0]
		f, err := s.Call(s.ctx, f.ID, "u-1")
		must(t, err)
		owner, _ := s.dial(f)
		must(t, s.callbacks.Reached(s.ctx, f.Task, owner, "u-1"))
		tell := s.cfg.Talks
		// Killed after the file was told and before it was written down.
		ctx, kill := context.WithCancel(s.ctx)
		s.cfg.Talks = func(ctx context.Context, f FollowUp, call string) error {
			kill()
			return tell(ctx, f, call)
		}
		if err := s.catchUp(ctx, ""); err == nil {
			t.Error("not killed")
		}
		if f := s.get(f.ID); f.State != Calling {
			t.Errorf("%+v", f)
		}
		s.cfg.Talks = tell
		must(t, s.CatchUp(s.ctx))
		must(t, s.CatchUp(s.ctx))
		if f := s.get(f.ID); f.State != Talked || f.Tries != 1 {
			t.Errorf("%+v", f)
		}
		if got := s.events(f.ID); !slices.Equal(got, []string{"planned", "called", "result reached"}) {
			t.Errorf("%v", got)
		}
	})
}
