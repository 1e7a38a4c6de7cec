package casework

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestFollowLeft(t *testing.T) {
	utc := Retry{Hours: DefaultHours(time.UTC)}
	calm := left{call: CallRecord{ID: "c", Line: "12355", Tier: "normal", Arrived: at(0), Ended: at(60), CallerRef: "1-a"}, callable: true}
	red := calm
	red.call.Danger, red.call.Tier = true, "red"
	with := func(l left, change func(*left)) left { change(&l); return l }
	night := noon.Add(11 * time.Hour)
	for name, tt := range map[string]struct {
		left left
		mode AbandonedMode
		want string // "" none; else "<auto or person> due <s after the end> next <s after the end> tier"
	}{
		"a person decides":    {left: calm, want: "person due 900 next 0 normal"},
		"the machine calls":   {left: calm, mode: AbandonedAuto, want: "auto due 900 next 0 normal"},
		"the line wants none": {left: calm, mode: AbandonedOff},
		"left after a talk that broke, whatever the line says": {left: with(calm, func(l *left) { l.call.LeftWaiting = true }), mode: AbandonedOff, want: "person due 900 next 0 normal"},
		"no number":                                  {left: with(calm, func(l *left) { l.callable = false })},
		"does not want it":                           {left: with(calm, func(l *left) { l.refused = true })},
		"was answered since":                         {left: with(calm, func(l *left) { l.answered = true })},
		"called again and waits":                     {left: with(calm, func(l *left) { l.again = true })},
		"abuses the line":                            {left: with(calm, func(l *left) { l.call.Tier = "nuisance" })},
		"at night, when the morning comes":           {left: with(calm, func(l *left) { l.call.Ended = night }), mode: AbandonedAuto, want: "auto due 900 next 32400 normal"},
		"in danger: at once, whatever the line says": {left: red, mode: AbandonedOff, want: "auto due 0 next 0 red"},
		"in danger at night":                         {left: with(red, func(l *left) { l.call.Ended = night }), want: "auto due 0 next 0 red"},
		"in danger, called again and waits":          {left: with(red, func(l *left) { l.again = true }), want: "auto due 0 next 0 red"},
		"in danger, answered since":                  {left: with(red, func(l *left) { l.answered = true })},
		"in danger without a number: a person":       {left: with(red, func(l *left) { l.callable = false }), want: "person due 0 next 0 red"},
		"in danger, refused before: a person":        {left: with(red, func(l *left) { l.refused = true }), want: "person due 0 next 0 red"},
		"blocked, but in danger":                     {left: with(calm, func(l *left) { l.call.Tier, l.call.Danger = "nuisance", true }), want: "auto due 0 next 0 red"},
		"cut off while at risk a moment ago":         {left: with(calm, func(l *left) { l.call.Tier = "returning" }), mode: AbandonedOff, want: "auto due 0 next 0 returning"},
	} {
		t.Run(name, func(t *testing.T) {
			task, ok := tt.left.follow(CallbackRules{Retry: utc, Abandoned: tt.mode})
			got := ""
			if ok {
				who := "person"
				if task.Auto {
					who = "auto"
				}
				end := tt.left.call.Ended
				got = fmt.Sprintf("%s due %.0f next %.0f %s", who, task.Due.Sub(end).Seconds(), task.NextTry.Sub(end).Seconds(), task.Tier)
				if !task.Place.Equal(at(0)) || task.Source != "call:c" {
					t.Errorf("task %+v", task)
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// leave writes a call that ended in the queue.
func leave(t testing.TB, db *storage.DB, k *Keys, c CallRecord, number string, ended time.Time, outcome Outcome) CallRecord {
	t.Helper()
	c.Line = "12355"
	if number != "" {
		sealed, err := k.Seal(number, CallerContext(c.ID))
		must(t, err)
		c.CallerRef, c.CallerSealed = k.CallerRef(number), sealed
	}
	l := NewLedger(db)
	must(t, l.Open(context.Background(), c))
	if !ended.IsZero() {
		must(t, l.Close(context.Background(), c.ID, Closing{EndedAt: ended, Outcome: outcome, Cause: Cause{By: ByCaller}}))
	}
	return c
}

func TestLeft(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		tasks := NewTasks(db)
		d.clock = at(100)
		look := func() []Task {
			t.Helper()
			l, err := NewLeft(LeftConfig{}, d.Callbacks)
			must(t, err)
			must(t, l.look(ctx))
			list, err := tasks.List(ctx, 100)
			must(t, err)
			return list
		}
		leave(t, db, d.keys, CallRecord{ID: "gone", Tier: "normal", Arrived: at(0)}, mobile, at(60), Abandoned)
		leave(t, db, d.keys, CallRecord{ID: "hidden", Tier: "normal", Arrived: at(0)}, "", at(60), Abandoned)
		leave(t, db, d.keys, CallRecord{ID: "danger", Tier: "red", Danger: true, Arrived: at(0)}, "", at(70), Abandoned)
		leave(t, db, d.keys, CallRecord{ID: "waits", Tier: "normal", Arrived: at(0)}, "13900139001", time.Time{}, Open)
		list := look()
		if len(list) != 2 || list[0].Call != "danger" || list[0].Auto || list[1].Call != "gone" || list[1].Reason != ReasonLeft || !list[1].Due.Equal(at(960)) {
			t.Fatalf("tasks %+v", list)
		}
		gone := list[1]
		if list = look(); len(list) != 2 {
			t.Fatalf("looked again: %+v", list)
		}
		// The same caller calls again, in danger, and leaves: one callback, now at once.
		leave(t, db, d.keys, CallRecord{ID: "again", Tier: "red", Danger: true, Arrived: at(80)}, "+86 "+mobile, at(90), Abandoned)
		list = look()
		i := 0
		if list[0].ID != gone.ID {
			i = 1
		}
		if len(list) != 2 || list[i].ID != gone.ID || list[i].Tier != "red" || !list[i].Auto || !list[i].Due.Equal(at(90)) || !list[i].Place.Equal(at(0)) {
			t.Fatalf("joined %+v", list)
		}
		got := d.claim("a")
		if got.Task != gone.ID || !got.Danger {
			t.Errorf("claimed %+v", got)
		}
		must(t, d.Release(ctx, gone.ID, "a"))
		// The caller is answered: there is nobody left to call.
		leave(t, db, d.keys, CallRecord{ID: "served", Tier: "normal", Arrived: at(110), Talked: at(115)}, mobile, at(200), Answered)
		if list = look(); len(list) != 1 || list[0].Call != "danger" {
			t.Fatalf("after the answer: %+v", list)
		}
		if closed, err := tasks.Get(ctx, gone.ID); err != nil || closed.State != TaskCancelled || closed.ClosedWhy != ClosedAnswered || closed.ClosedBy != "system" {
			t.Errorf("closed %+v, %v", closed, err)
		}
		// A call that left while a later one was answered makes none either.
		leave(t, db, d.keys, CallRecord{ID: "late", Tier: "normal", Arrived: at(105)}, mobile, at(108), Abandoned)
		if list = look(); len(list) != 1 {
			t.Fatalf("answered since: %+v", list)
		}
	})
}

// TestLeftWhileQueued: a caller calls again while the callback waits for a counsellor. It is not dialled into the talk, and ends with it.
func TestLeftWhileQueued(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		l, err := NewLeft(LeftConfig{}, d.Callbacks)
		must(t, err)
		task := d.promise("c1", mobile)
		d.claim("a")
		again := CallRecord{ID: "again", Tier: "normal", Arrived: d.clock}
		leave(t, db, d.keys, again, mobile, time.Time{}, Open)
		if _, err := d.Number(ctx, task.ID, "a"); !errors.Is(err, ErrLost) {
			t.Errorf("the number of somebody on the line: %v", err)
		}
		if got := d.task(task.ID); got.State != TaskOpen || got.Attempts != 0 {
			t.Errorf("not given back: %+v", got)
		}
		d.none()
		must(t, NewLedger(db).Update(ctx, CallRecord{ID: "again", Talked: d.clock.Add(time.Minute), Agent: "u-1"}))
		d.clock = d.clock.Add(2 * time.Minute)
		other := d.promise("c2", "13900139001")
		if got := d.claim("a"); got.Task != other.ID {
			t.Fatalf("claimed %+v", got)
		}
		leave(t, db, d.keys, CallRecord{ID: "served", Tier: "normal", Arrived: d.clock, Talked: d.clock}, "13900139001", d.clock, Answered)
		must(t, NewLedger(db).Close(ctx, "again", Closing{EndedAt: d.clock, Outcome: Answered}))
		must(t, l.look(ctx))
		for _, id := range []string{task.ID, other.ID} {
			if got := d.task(id); got.State != TaskCancelled || got.ClosedWhy != ClosedAnswered {
				t.Errorf("still to be called: %+v", got)
			}
		}
		if lost, err := d.Extend(ctx, "a", time.Minute, other.ID); err != nil || len(lost) != 1 {
			t.Errorf("kept for its owner: %v", err)
		}
	})
}

// What is learnt later counts: a caller who was thought to have left was answered after all.
func TestLeftLearnsLate(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		l, err := NewLeft(LeftConfig{}, d.Callbacks)
		must(t, err)
		leave(t, db, d.keys, CallRecord{ID: "c", Tier: "normal", Arrived: at(0)}, mobile, at(60), Abandoned)
		must(t, l.look(ctx))
		must(t, NewLedger(db).Update(ctx, CallRecord{ID: "c", Talked: at(20), Agent: "u-1"}))
		must(t, NewLedger(db).Close(ctx, "c", Closing{EndedAt: at(80), Outcome: Answered}))
		must(t, l.look(ctx))
		if list, err := NewTasks(db).List(ctx, 10); err != nil || len(list) != 0 {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

const victimURL, victimKeys = "HOTLINE_TEST_LEFT_URL", "HOTLINE_TEST_LEFT_KEYS"

// TestLeftVictim is not a test of its own: TestLeftKilled runs it in processes that it kills.
func TestLeftVictim(t *testing.T) {
	url := os.Getenv(victimURL)
	if url == "" {
		return
	}
	keys, err := LoadKeys(os.Getenv(victimKeys), "CN")
	must(t, err)
	c, err := NewCallbacks(CallbacksConfig{}, storagetest.Open(t, url), keys)
	must(t, err)
	l, err := NewLeft(LeftConfig{Every: time.Millisecond}, c)
	must(t, err)
	fmt.Println("looking")
	must(t, l.Run(t.Context()))
}

// Two workers at a time look, and are killed at any moment, again and again: in the end every caller has one callback.
func TestLeftKilled(t *testing.T) {
	url := storagetest.SQLiteURL(t)
	db := storagetest.Open(t, url)
	must(t, Migrate(t.Context(), db))
	dir := t.TempDir()
	must(t, CreateKeys(dir))
	keys, err := LoadKeys(dir, "CN")
	must(t, err)
	const callers, rounds = 40, 6
	victim := func() *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLeftVictim$", "-test.v")
		cmd.Env = append(os.Environ(), victimURL+"="+url, victimKeys+"="+dir)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() && !strings.Contains(lines.Text(), "looking") {
		}
		return cmd
	}
	n := 0
	for range rounds {
		a, b := victim(), victim()
		for range callers / rounds * 2 {
			n++
			// Each caller leaves twice.
			leave(t, db, keys, CallRecord{ID: fmt.Sprintf("c%03d", n), Tier: "normal", Arrived: at(n)}, fmt.Sprintf("138001380%02d", n/2), at(n+5), Abandoned)
		}
		time.AfterFunc(rand.N(30*time.Millisecond), func() { _ = a.Process.Kill() })
		time.AfterFunc(rand.N(30*time.Millisecond), func() { _ = b.Process.Kill() })
		_, _ = a.Wait(), b.Wait()
	}
	c, err := NewCallbacks(CallbacksConfig{}, db, keys)
	must(t, err)
	l, err := NewLeft(LeftConfig{}, c)
	must(t, err)
	must(t, l.look(t.Context()))
	list, err := NewTasks(db).List(t.Context(), 1000)
	must(t, err)
	seen := map[string]int{}
	for _, task := range list {
		seen[task.CallerRef]++
	}
	if len(list) != n/2+1 || len(seen) != len(list) {
		t.Errorf("%d callbacks for %d callers, want %d", len(list), len(seen), n/2+1)
	}
	var open int
	must(t, db.QueryRow(t.Context(), `SELECT COUNT(*) FROM calls WHERE followed_ms = 0`).Scan(&open))
	if open != 0 {
		t.Errorf("%d calls were not looked at", open)
	}
}

// TestLeftAfterABrokenTalk: answered, as the ledger counts, and called back all the same; once, however often and late the end is written.
func TestLeftAfterABrokenTalk(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d, l := t.Context(), newDesk(t, db, CallbacksConfig{}), NewLedger(db)
		d.clock = at(100)
		left, err := NewLeft(LeftConfig{}, d.Callbacks)
		must(t, err)
		for id, end := range map[string]Closing{"here": {Outcome: Answered}, "elsewhere": {Outcome: Overflowed}, "served": {Outcome: Answered}} {
			end.EndedAt, end.Cause.By = at(60), ByCaller
			leave(t, db, d.keys, CallRecord{ID: id, Tier: "normal", Arrived: at(0), Talked: at(20)}, map[string]string{"here": mobile, "elsewhere": "13900139001", "served": "13900139002"}[id], time.Time{}, Open)
			must(t, l.Close(ctx, id, end)) // by who did not see it
			must(t, left.look(ctx))
			if id != "served" {
				end.LeftWaiting = true
			}
			for range 2 {
				must(t, l.Close(ctx, id, end))
				must(t, left.look(ctx))
			}
			c, err := l.Get(ctx, id)
			must(t, err)
			if c.Outcome != end.Outcome || c.LeftWaiting != end.LeftWaiting {
				t.Errorf("%s: %+v", id, c)
			}
		}
		list, err := NewTasks(db).List(ctx, 10)
		must(t, err)
		calls := map[string]bool{}
		for _, task := range list {
			calls[task.Call] = true
		}
		if len(list) != 2 || !calls["here"] || !calls["elsewhere"] {
			t.Errorf("tasks %+v", list)
		}
	})
}
