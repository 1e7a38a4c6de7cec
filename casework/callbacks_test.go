package casework

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"hotline/storage"
)

const mobile = "13800138000"

// desk is a Callbacks with a clock of its own.
type desk struct {
	*Callbacks
	t     testing.TB
	clock time.Time
}

func newDesk(t testing.TB, db *storage.DB, cfg CallbacksConfig) *desk {
	t.Helper()
	if cfg.Rules == nil {
		cfg.Rules = func(string) CallbackRules { return CallbackRules{Retry: Retry{Hours: DefaultHours(time.UTC)}} }
	}
	c, err := NewCallbacks(cfg, db, testKeys(t))
	must(t, err)
	d := &desk{Callbacks: c, t: t, clock: noon}
	c.now = func() time.Time { return d.clock }
	return d
}

func (d *desk) promise(call, number string) Task {
	d.t.Helper()
	task, err := d.Promise(context.Background(), Promise{Call: call, Line: "12355", Number: number, Place: d.clock.Add(-time.Minute), Tier: "normal"})
	must(d.t, err)
	return task
}

// claim expects one callback.
func (d *desk) claim(owner string) Claimed {
	d.t.Helper()
	got, err := d.Claim(context.Background(), owner, time.Minute, 10)
	must(d.t, err)
	if len(got) != 1 {
		d.t.Fatalf("claimed %+v", got)
	}
	return got[0]
}

func (d *desk) none() {
	d.t.Helper()
	if got, err := d.Claim(context.Background(), "z", time.Minute, 10); err != nil || len(got) != 0 {
		d.t.Fatalf("claimed %+v, %v", got, err)
	}
}

func (d *desk) task(id string) Task {
	d.t.Helper()
	task, err := NewTasks(d.db).Get(context.Background(), id)
	must(d.t, err)
	return task
}

func TestCallbackLife(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		task := d.promise("c1", mobile)
		if !task.Place.Equal(at(-60)) || !task.Auto || task.State != TaskOpen || !task.Due.Equal(at(900)) {
			t.Errorf("promised %+v", task)
		}
		got := d.claim("a")
		d.none() // one owner at a time
		if got.Task != task.ID || got.Attempt != 1 || got.Last || got.Entry == "" || !got.Place.Equal(task.Place) {
			t.Errorf("claimed %+v", got)
		}
		if _, err := d.Number(ctx, task.ID, "b"); !errors.Is(err, ErrLost) {
			t.Errorf("the number to another: %v", err)
		}
		if n, err := d.Number(ctx, task.ID, "a"); err != nil || n != "+86"+mobile {
			t.Errorf("number %q, %v", n, err)
		}
		must(t, d.Placed(ctx, task.ID, "a", "u-1"))
		must(t, d.Placed(ctx, task.ID, "a", "u-1"))
		must(t, d.Failed(ctx, task.ID, "a", "u-1", ResultBusy, 17))
		must(t, d.Failed(ctx, task.ID, "a", "u-1", ResultBusy, 17))
		if now := d.task(task.ID); now.State != TaskOpen || now.Attempts != 1 || !now.NextTry.Equal(at(900)) || now.Owner != "" {
			t.Errorf("after busy: %+v", now)
		}
		d.none()
		d.clock = at(900)
		if got = d.claim("b"); got.Attempt != 2 {
			t.Errorf("second claim %+v", got)
		}
		if lost, err := d.Extend(ctx, "a", time.Minute, task.ID); err != nil || !slices.Equal(lost, []string{task.ID}) {
			t.Errorf("extended by another: %v, %v", lost, err)
		}
		d.clock = at(950)
		if lost, err := d.Extend(ctx, "b", time.Minute, "unknown", task.ID); err != nil || !slices.Equal(lost, []string{"unknown"}) {
			t.Errorf("lost %v, %v", lost, err)
		}
		d.clock = at(1000)
		d.none()
		if held, err := d.Held(ctx, "b"); err != nil || len(held) != 1 || held[0].Entry != got.Entry {
			t.Errorf("held %+v, %v", held, err)
		}
		must(t, d.Placed(ctx, task.ID, "b", "u-2"))
		must(t, d.Reached(ctx, task.ID, "b", "u-2"))
		must(t, d.Reached(ctx, task.ID, "b", "u-2"))
		if now := d.task(task.ID); now.State != TaskDone || now.ClosedBy != "u-2" || now.ClosedWhy != ClosedReached {
			t.Errorf("reached: %+v", now)
		}
		rows, err := NewTasks(db).Attempts(ctx, task.ID)
		must(t, err)
		var said []Result
		for _, r := range rows {
			said = append(said, r.Result)
		}
		if len(said) != 4 || said[0] != ResultPlaced || said[1] != ResultBusy || said[3] != ResultReached || rows[1].Q850 != 17 {
			t.Errorf("attempts %+v", rows)
		}
	})
}

// A controller dies: before it dialled the callback goes on as if nothing had been; after, the attempt counts.
func TestCallbackOwnerDies(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		task := d.promise("c1", mobile)
		first := d.claim("a")
		d.clock = at(61)
		second := d.claim("b")
		if second.Attempt != 1 || second.Entry == first.Entry {
			t.Errorf("claimed again %+v", second)
		}
		if err := d.Placed(ctx, task.ID, "a", "u-1"); !errors.Is(err, ErrLost) {
			t.Errorf("the sleeper dialled: %v", err)
		}
		must(t, d.Placed(ctx, task.ID, "b", "u-1"))
		d.clock = at(200)
		d.none()
		if now := d.task(task.ID); now.State != TaskOpen || now.Attempts != 1 || !now.NextTry.Equal(at(200+900)) {
			t.Errorf("%+v", now)
		}
		must(t, errIsNot(d.Release(ctx, task.ID, "b"), ErrLost))
	})
}

// The database was away while agent and caller came together, for longer than the claim: the caller is not called again.
func TestCallbackReachedLate(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		task := d.promise("c1", mobile)
		d.claim("a")
		must(t, d.Placed(ctx, task.ID, "a", "u-1"))
		d.clock = at(100)
		d.none() // taken for failed
		if err := d.Reached(ctx, task.ID, "b", "u-2"); !errors.Is(err, ErrLost) {
			t.Errorf("somebody else reached the caller: %v", err)
		}
		for range 2 {
			must(t, d.Reached(ctx, task.ID, "a", "u-1"))
		}
		if now := d.task(task.ID); now.State != TaskDone || now.ClosedWhy != ClosedReached || now.ClosedBy != "u-1" || now.Attempts != 1 {
			t.Errorf("%+v", now)
		}
	})
}

func errIsNot(err, want error) error {
	if errors.Is(err, want) {
		return nil
	}
	return errors.Join(errors.New("not "+want.Error()), err)
}

func TestCallbackGivesUp(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		task := d.promise("c1", mobile)
		for range 3 {
			d.claim("a")
			must(t, d.Placed(ctx, task.ID, "a", "u-1"))
			must(t, d.Failed(ctx, task.ID, "a", "u-1", ResultNoAnswer, 19))
			d.clock = d.clock.Add(5 * time.Hour)
			if d.clock.Hour() > 21 {
				d.clock = d.clock.Add(11 * time.Hour)
			}
		}
		if now := d.task(task.ID); now.State != TaskGivenUp || now.Attempts != 3 {
			t.Fatalf("%+v", now)
		}
		d.none()
		if list, err := NewTasks(db).List(ctx, 10); err != nil || len(list) != 1 {
			t.Errorf("a given up callback was forgotten: %v, %v", list, err)
		}
		// A person tries once more, at any hour.
		d.clock = noon.Add(11 * time.Hour)
		pressed, err := d.CallNow(ctx, task.ID, "u-9")
		must(t, err)
		if got := d.claim("a"); got.Preferred != "u-9" || got.Asked != "u-9" || pressed.State != TaskOpen {
			t.Errorf("%+v", got)
		}
		// Another one is quicker: what only waits in the queue is entered anew, and its owner learns of it before it dials.
		_, err = d.CallNow(ctx, task.ID, "u-8")
		must(t, err)
		if _, err := d.Number(ctx, task.ID, "a"); !errors.Is(err, ErrLost) {
			t.Errorf("the number after it was taken away: %v", err)
		}
		if got := d.claim("a"); got.Preferred != "u-8" {
			t.Errorf("%+v", got)
		}
		must(t, d.Placed(ctx, task.ID, "a", "u-8"))
		if _, err := d.CallNow(ctx, task.ID, "u-9"); !errors.Is(err, ErrBusy) {
			t.Errorf("while it rings: %v", err)
		}
		if err := d.Close(ctx, task.ID, "u-9", false); !errors.Is(err, ErrBusy) {
			t.Errorf("closed while it rings: %v", err)
		}
		must(t, d.Failed(ctx, task.ID, "a", "u-8", ResultNoAnswer, 19))
		must(t, NewTasks(db).Cancel(ctx, task.ID, "u-9"))
		if now := d.task(task.ID); now.State != TaskCancelled {
			t.Errorf("%+v", now)
		}
		if _, err := d.CallNow(ctx, task.ID, "u-9"); !errors.Is(err, ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

func TestCallbackOnePerCaller(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		first := d.promise("c1", mobile)
		d.clock = at(100)
		again, err := d.Promise(ctx, Promise{Call: "c2", Line: "12355", Number: "0086 138 0013 8000", Place: at(90), Tier: "returning", Preferred: "u-1"})
		must(t, err)
		if again.ID != first.ID || again.Tier != "returning" || !again.Place.Equal(first.Place) || again.Preferred != "u-1" {
			t.Errorf("joined %+v", again)
		}
		other := d.promise("c3", "13900139000")
		if other.ID == first.ID {
			t.Error("two callers share a callback")
		}
		d.clock = at(200)
		if replayed := d.promise("c2", mobile); replayed.ID != first.ID {
			t.Errorf("replayed %+v", replayed)
		}
		list, err := NewTasks(db).List(ctx, 10)
		must(t, err)
		if len(list) != 2 {
			t.Errorf("open %+v", list)
		}
	})
}

func TestCallbackUnusableNumbers(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		d := newDesk(t, db, CallbacksConfig{Never: func(n string) bool { return n == Normalise("010-62800000", "CN") }})
		for number, usable := range map[string]bool{
			mobile: true, "+8613800138000": true, "01062801234": true, "+14155552671": true, "+442079460018": true,
			"": false, "anonymous": false, "110": false, "12355": false, "8001": false, "01062800000": false, "+861062800000": false, "4008123123": false,
		} {
			_, err := d.Promise(t.Context(), Promise{Call: "c" + number, Line: "12355", Number: number, Place: noon, Tier: "normal"})
			if usable && err != nil || !usable && !errors.Is(err, ErrUnusable) {
				t.Errorf("%q: %v", number, err)
			}
		}
	})
}

func TestCallbackRefused(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		task := d.promise("c1", mobile)
		if err := d.Say(ctx, task.ID, "u-1", ResultRefused); !errors.Is(err, ErrClosed) {
			t.Errorf("before any attempt: %v", err)
		}
		d.claim("a")
		must(t, d.Placed(ctx, task.ID, "a", "u-1"))
		must(t, d.Reached(ctx, task.ID, "a", "u-1"))
		must(t, d.Say(ctx, task.ID, "u-1", ResultWrongPerson))
		if now := d.task(task.ID); now.State != TaskOpen || !now.NextTry.Equal(at(900)) {
			t.Errorf("wrong person: %+v", now)
		}
		must(t, d.Say(ctx, task.ID, "u-1", ResultRefused))
		must(t, d.Say(ctx, task.ID, "u-1", ResultRefused))
		if now := d.task(task.ID); now.State != TaskCancelled || now.ClosedWhy != ClosedRefused {
			t.Errorf("refused: %+v", now)
		}
		if no, err := d.refused(ctx, d.keys.CallerRefs(mobile), time.Time{}); err != nil || !no {
			t.Errorf("the refusal was not kept: %v", err)
		}
		// Who asks for it again wants it again.
		d.clock = at(5000)
		d.promise("c2", mobile)
		got := d.claim("a")
		if n, err := d.Number(ctx, got.Task, "a"); err != nil || n == "" {
			t.Errorf("%q, %v", n, err)
		}
	})
}

// Many owners look at once: nobody is called twice.
func TestClaimAtOnce(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		d := newDesk(t, db, CallbacksConfig{})
		const calls = 8
		for i := range calls {
			d.promise("c"+string(rune('a'+i)), "1380013800"+string(rune('0'+i)))
		}
		var mu sync.Mutex
		seen := map[string]int{}
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for range calls {
					got, err := d.Claim(t.Context(), "owner-"+string(rune('a'+i)), time.Minute, 2)
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					for _, c := range got {
						seen[c.Task]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for id, n := range seen {
			if n != 1 {
				t.Errorf("task %s was claimed %d times", id, n)
			}
		}
		if len(seen) != calls {
			t.Errorf("%d of %d claimed", len(seen), calls)
		}
	})
}

// A caller who is on the line is not called.
func TestClaimLeavesWhoIsOnTheLine(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		task := d.promise("c1", mobile)
		l := NewLedger(db)
		must(t, l.Open(ctx, CallRecord{ID: "again", Line: "12355", Arrived: at(1), CallerRef: task.CallerRef}))
		d.none()
		must(t, l.Close(ctx, "again", Closing{EndedAt: at(9), Outcome: Abandoned}))
		d.claim("a")
	})
}

// TestWithdrawnJoin: who stays takes back the wish of this call, not what was owed before: a message that nobody has heard, or somebody who was in
// danger and left.
func TestWithdrawnJoin(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		sealed, err := d.keys.Seal(mobile, CallerContext("c0"))
		must(t, err)
		message, err := NewTasks(db).Add(ctx, Task{
			Source: "note:n:1", Kind: TaskCallback, Reason: ReasonMessage, Line: "12355", Call: "c0", Recording: "r1", Danger: true, Due: d.clock,
			CallerRef: d.keys.CallerRef(mobile), CallerSealed: sealed,
		})
		must(t, err)
		for range 2 { // asked for, taken back, and all that again
			if joined := d.promise("c1", mobile); joined.ID != message.ID || !joined.Auto {
				t.Fatalf("promised %+v", joined)
			}
			must(t, d.Withdraw(ctx, "c1"))
			must(t, d.Withdraw(ctx, "c1"))
			if got := d.task(message.ID); got.State != TaskOpen || got.Recording != "r1" || !got.Danger {
				t.Fatalf("what was owed before is gone: %+v", got)
			}
		}
	})
}

// A caller asks, stays and is served: nobody calls. Asked again, the promise holds again.
func TestPromiseWithdrawn(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		must(t, d.Withdraw(ctx, "unknown"))
		task := d.promise("c1", mobile)
		d.claim("a")
		must(t, d.Withdraw(ctx, "c1"))
		must(t, d.Withdraw(ctx, "c1"))
		if _, err := d.Number(ctx, task.ID, "a"); !errors.Is(err, ErrLost) {
			t.Errorf("the number of a withdrawn callback: %v", err)
		}
		if err := d.Placed(ctx, task.ID, "a", "u-1"); !errors.Is(err, ErrLost) {
			t.Errorf("dialled: %v", err)
		}
		d.clock = at(200)
		d.none()
		if again := d.promise("c1", mobile); again.ID != task.ID || again.State != TaskOpen {
			t.Errorf("promised again: %+v", again)
		}
		d.claim("a")
	})
}

// Closed while it waits in the queue: its owner stops.
func TestCloseWhileQueued(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		task := d.promise("c1", mobile)
		d.claim("a")
		must(t, d.Close(ctx, task.ID, "u-1", false))
		if err := d.Placed(ctx, task.ID, "a", "u-1"); !errors.Is(err, ErrLost) {
			t.Errorf("dialled: %v", err)
		}
		if now := d.task(task.ID); now.State != TaskCancelled || now.Attempts != 0 {
			t.Errorf("%+v", now)
		}
	})
}
