package casework

import (
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

// each runs a suite on both databases, migrated.
func each(t *testing.T, suite func(*testing.T, *storage.DB)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		if err := Migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		suite(t, db)
	})
}

var noon = time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)

// at is a time so many seconds after noon.
func at(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func testKeys(t testing.TB) *Keys {
	t.Helper()
	dir := t.TempDir()
	must(t, CreateKeys(dir))
	k, err := LoadKeys(dir, "CN")
	must(t, err)
	return k
}

func TestLedgerCall(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, l := t.Context(), NewLedger(db)
		must(t, l.Open(ctx, CallRecord{ID: "a", Line: "12355", Dialled: "12355", Node: "n1", Tier: "normal", Arrived: at(0), CallerRef: "1-x", CallerSealed: []byte{1, 2}}))
		must(t, l.Update(ctx, CallRecord{ID: "a", Queued: at(5)}))
		must(t, l.Update(ctx, CallRecord{ID: "a", Offered: at(8), Danger: true, Tier: "red"}))
		must(t, l.Update(ctx, CallRecord{ID: "a", Talked: at(12), Agent: "u-1"}))
		open, err := l.Unclosed(ctx, at(1))
		must(t, err)
		if len(open) != 1 || open[0].Outcome != Open || open[0].Wait != 0 {
			t.Errorf("unclosed: %+v", open)
		}
		if n, err := l.CountByCaller(ctx, "1-x"); err != nil || n != 0 {
			t.Errorf("an open call counted as an earlier contact: %d, %v", n, err)
		}
		must(t, l.Close(ctx, "a", Closing{EndedAt: at(100), Outcome: Answered, Cause: Cause{ByAgent, 16}}))
		got, err := l.Get(ctx, "a")
		must(t, err)
		want := CallRecord{
			ID: "a", Line: "12355", Dialled: "12355", Node: "n1", Tier: "red", Agent: "u-1", Danger: true, Arrived: at(0), Queued: at(5),
			Offered: at(8), Talked: at(12), Ended: at(100), Wait: 7 * time.Second, Talk: 88 * time.Second, Outcome: Answered,
			Cause: Cause{ByAgent, 16}, CallerRef: "1-x", CallerSealed: got.CallerSealed,
		}
		if !equal(got, want) || string(got.CallerSealed) != "\x01\x02" {
			t.Errorf("got\n%+v, want\n%+v", got, want)
		}
		for _, c := range []struct {
			refs []string
			n    int
		}{{[]string{"1-x"}, 1}, {[]string{"2-y", "1-x"}, 1}, {[]string{""}, 0}, {nil, 0}, {[]string{"2-y"}, 0}} {
			if n, err := l.CountByCaller(ctx, c.refs...); err != nil || n != c.n {
				t.Errorf("count %v: %d, %v", c.refs, n, err)
			}
		}
		for since, n := range map[int]int{99: 1, 100: 1, 101: 0} {
			if list, err := l.Since(ctx, at(since), 10); err != nil || len(list) != n {
				t.Errorf("since %d: %d rows, %v", since, len(list), err)
			}
		}
		if open, err := l.Unclosed(ctx, at(1)); err != nil || len(open) != 0 {
			t.Errorf("still unclosed: %v, %v", open, err)
		}
	})
}

func equal(a, b CallRecord) bool {
	return a.ID == b.ID && a.Line == b.Line && a.Dialled == b.Dialled && a.Node == b.Node && a.Tier == b.Tier && a.Agent == b.Agent &&
		a.Danger == b.Danger && a.Arrived.Equal(b.Arrived) && a.Queued.Equal(b.Queued) && a.Offered.Equal(b.Offered) && a.Talked.Equal(b.Talked) &&
		a.Ended.Equal(b.Ended) && a.Wait == b.Wait && a.Talk == b.Talk && a.Outcome == b.Outcome && a.Cause == b.Cause && a.CallerRef == b.CallerRef &&
		a.Relayed == b.Relayed && a.LeftWaiting == b.LeftWaiting
}

// A write that comes twice, late or from another controller takes nothing back.
func TestLedgerReplays(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, l := t.Context(), NewLedger(db)
		first := CallRecord{ID: "a", Line: "12355", Node: "n1", Tier: "normal", Arrived: at(0), Queued: at(5), CallerRef: "1-x", CallerSealed: []byte{1}}
		must(t, l.Open(ctx, first))
		must(t, l.Open(ctx, CallRecord{ID: "a", Arrived: at(1), Queued: at(9), Talked: at(20), Danger: true, Agent: "u-1", CallerRef: "1-y", CallerSealed: []byte{2}}))
		must(t, l.Close(ctx, "a", Closing{EndedAt: at(60), Outcome: Answered, Cause: Cause{ByCaller, 16}}))
		must(t, l.Open(ctx, first))
		got, err := l.Get(ctx, "a")
		must(t, err)
		want := first
		want.Danger, want.Agent, want.Talked, want.Ended, want.Outcome, want.Cause = true, "u-1", at(20), at(60), Answered, Cause{ByCaller, 16}
		want.Wait, want.Talk = 15*time.Second, 40*time.Second
		if !equal(got, want) || got.CallerSealed[0] != 1 {
			t.Errorf("got\n%+v, want\n%+v", got, want)
		}
	})
}

func TestLedgerCloseTwice(t *testing.T) {
	order := []Outcome{Abandoned, Degraded, Overflowed, Callback, Answered}
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, l := t.Context(), NewLedger(db)
		for i, a := range order {
			for j, b := range order {
				id := string(a) + "-" + string(b)
				must(t, l.Open(ctx, CallRecord{ID: id, Arrived: at(0)}))
				must(t, l.Close(ctx, id, Closing{EndedAt: at(10), Outcome: a, Cause: Cause{ByCaller, 0}}))
				must(t, l.Close(ctx, id, Closing{EndedAt: at(20), Outcome: b, Cause: Cause{ByFault, 38}}))
				got, err := l.Get(ctx, id)
				must(t, err)
				want, ended := a, at(10)
				if j > i {
					want, ended = b, at(20)
				}
				if got.Outcome != want || !got.Ended.Equal(ended) || got.Wait != ended.Sub(at(0)) {
					t.Errorf("%s: outcome %s, ended %v, wait %v", id, got.Outcome, got.Ended, got.Wait)
				}
			}
		}
		if err := l.Close(ctx, "unknown", Closing{EndedAt: at(1), Outcome: Answered}); !errors.Is(err, ErrNotFound) {
			t.Errorf("a call that was never opened: %v", err)
		}
		if err := l.Close(ctx, "unknown", Closing{EndedAt: at(1), Outcome: Open}); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("open is no end: %v", err)
		}
	})
}

// A call that changed hands is one call, and knows who talked with the caller for how long, also when its end is told twice.
func TestLedgerShares(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, l := t.Context(), NewLedger(db)
		must(t, l.Open(ctx, CallRecord{ID: "c1", Arrived: at(0), Talked: at(1)}))
		end := Closing{EndedAt: at(60), Outcome: Answered, Talk: 50 * time.Second, Shares: []Share{{"a1", 15 * time.Second}, {"a2", 35 * time.Second}}}
		must(t, l.Close(ctx, "c1", end))
		must(t, l.Close(ctx, "c1", end))
		end.LeftWaiting = true // known better
		must(t, l.Close(ctx, "c1", end))
		got, err := l.Shares(ctx, "c1")
		must(t, err)
		if want := []Share{{"a2", 35 * time.Second}, {"a1", 15 * time.Second}}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// Two controllers and the fallback's intake speak of one call at once: the best of what they know stays.
func TestLedgerAtOnce(t *testing.T) {
	outcomes := []Outcome{Abandoned, Degraded, Overflowed, Callback, Answered}
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, l := t.Context(), NewLedger(db)
		for _, id := range []string{"a", "b", "c"} {
			var wg sync.WaitGroup
			for i, o := range outcomes {
				wg.Go(func() {
					if err := l.Open(ctx, CallRecord{ID: id, Arrived: at(i), Talked: at(20 + i), Danger: i == 2}); err != nil {
						t.Error(err)
					}
					if err := l.Close(ctx, id, Closing{EndedAt: at(100 + i), Outcome: o}); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			c, err := l.Get(ctx, id)
			must(t, err)
			if c.Outcome != Answered || !c.Ended.Equal(at(104)) || !c.Arrived.Equal(at(0)) || !c.Talked.Equal(at(20)) || !c.Danger {
				t.Errorf("%+v", c)
			}
		}
	})
}

func TestTasks(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, tasks := t.Context(), NewTasks(db)
		add := func(source string, due int, danger bool) Task {
			task, err := tasks.Add(ctx, Task{Source: source, Kind: TaskCallback, Reason: ReasonMessage, Line: "12355", Call: "c", Due: at(due), Danger: danger, CallerSealed: []byte{9}})
			must(t, err)
			return task
		}
		late, soon, red := add("s:late", 100, false), add("s:soon", 50, false), add("s:red", 200, true)
		if again := add("s:late", 1, true); again.ID != late.ID || again.Danger || !again.Due.Equal(at(100)) {
			t.Errorf("the same source made or changed a task: %+v", again)
		}
		list, err := tasks.List(ctx, 10)
		must(t, err)
		if len(list) != 3 || list[0].ID != red.ID || list[1].ID != soon.ID || list[2].ID != late.ID {
			t.Fatalf("order: %+v", list)
		}
		must(t, tasks.Complete(ctx, soon.ID, "u-1"))
		must(t, tasks.Complete(ctx, soon.ID, "u-1"))
		if err := tasks.Complete(ctx, soon.ID, "u-2"); !errors.Is(err, ErrClosed) {
			t.Errorf("by another: %v", err)
		}
		if err := tasks.Cancel(ctx, soon.ID, "u-1"); !errors.Is(err, ErrClosed) {
			t.Errorf("cancel what is done: %v", err)
		}
		must(t, tasks.Cancel(ctx, late.ID, "u-1"))
		if err := tasks.Complete(ctx, "none", "u-1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
		done, err := tasks.Get(ctx, soon.ID)
		must(t, err)
		if done.State != TaskDone || done.ClosedBy != "u-1" || done.Closed.IsZero() || string(done.CallerSealed) != "\x09" {
			t.Errorf("%+v", done)
		}
		if again := add("s:soon", 1, false); again.State != TaskDone {
			t.Errorf("a replay reopened a task: %+v", again)
		}
		if list, err := tasks.List(ctx, 10); err != nil || len(list) != 1 {
			t.Errorf("open: %+v, %v", list, err)
		}
	})
}
