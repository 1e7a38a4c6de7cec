package system_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/casework"
	"hotline/queue"
	"hotline/storage"
	"hotline/test/browser"
	"hotline/test/stage"
)

// scene is one scenario on an instance: who calls, who answers, and what must hold at the end of each.
type scene struct {
	*stage.Stage
	t       *testing.T
	callers []*caller
	desks   []*browser.Desk
}

// play begins a scenario on the shared instance. At its end every caller hangs up, every desk closes, and the instance must be as before:
// ready, with all roles running and no call left.
func play(t *testing.T) *scene {
	t.Helper()
	return playOn(t, theHouse.stage(t))
}

func playOn(t *testing.T, on *stage.Stage) *scene {
	t.Helper()
	s := &scene{Stage: on, t: t}
	began := time.Now()
	t.Cleanup(func() {
		for _, c := range s.callers {
			c.leave()
			c.judge()
		}
		for _, d := range s.desks {
			if t.Failed() {
				t.Logf("a desk's complaints: %q", d.Complaints())
			}
			d.Close()
		}
		s.forget(began)
		s.relieve()
		s.settle()
		if t.Failed() {
			t.Log(s.Story(60))
		}
		t.Logf("took %v", time.Since(began).Round(time.Millisecond))
	})
	return s
}

// forget closes the callbacks that the callers of the scenario are owed: whoever left in danger is called at once, which would disturb the next one.
// It waits until every call of the scenario has its end, and until what follows from it is known.
func (s *scene) forget(began time.Time) {
	file := filepath.Join(s.Dir, "data", "hotline.db")
	if _, err := os.Stat(file); err != nil {
		return // it never started, or keeps its data elsewhere
	}
	ctx := context.Background() // that of the test is over
	db, err := storage.Open(ctx, storage.Config{URL: "sqlite:" + file})
	if err != nil {
		s.t.Errorf("open the database: %v", err)
		return
	}
	defer func() { _ = db.Close() }()
	tasks := casework.NewTasks(db)
	// A scenario that killed the worker, or whose calls nobody can close, is not this function's to judge: settle does.
	_ = stage.Poll(ctx, 10*time.Second, func() bool {
		var open int
		err := db.QueryRow(ctx, `SELECT COUNT(*) FROM calls WHERE arrived_ms >= ? AND (ended_ms = 0 OR followed_ms = 0)`, began.UnixMilli()).Scan(&open)
		if err != nil {
			return false
		}
		owed, err := tasks.List(ctx, 1000)
		for _, task := range owed {
			if task.Auto || task.Asked != "" {
				_ = tasks.Cancel(ctx, task.ID, "u-test") // one that rings ends first, and is seen again
			}
		}
		return err == nil && open == 0
	})
	s.calm(ctx, db)
}

// relieve lets those go who are kept for a caller of the scenario, owe the form of one, write about one, or asked for help, and makes nobody available: the next scenario needs them.
func (s *scene) relieve() {
	q, err := s.index()
	if err != nil {
		return // it never started
	}
	ctx := context.Background() // that of the test is over
	_ = stage.Poll(ctx, 5*time.Second, func() bool {
		snap, err := q.Snapshot(ctx)
		left := 0
		for _, a := range snap.Agents {
			if a.Keeps != "" {
				_, _ = q.Unkeep(ctx, queue.RequestID(ulid.Make().String()), a.ID, a.Session)
				left++
			}
			if a.Owes != "" {
				_ = q.Filed(ctx, queue.RequestID(ulid.Make().String()), a.Owes, a.ID)
				left++
			}
			if a.SOS != nil {
				_, _ = q.AckSOS(ctx, queue.RequestID(ulid.Make().String()), a.ID, a.ID)
				_, _ = q.EndSOS(ctx, queue.RequestID(ulid.Make().String()), a.ID, a.ID)
				left++
			}
			if a.State == queue.AgentTalking {
				left++ // the index is told of the end beside the ledger
			}
			// Who is available would be so in the next scenario, if they are back soon enough, and be offered its first caller.
			if a.State == queue.AgentWrapUp || a.State == queue.AgentAvailable {
				_, _ = q.Force(ctx, queue.RequestID(ulid.Make().String()), a.ID, queue.AgentNotReady, a.ID)
				left++
			}
		}
		return err == nil && left == 0
	})
}

// settle waits until the instance is at rest.
func (s *scene) settle() {
	var last error
	err := stage.Poll(context.Background(), 10*time.Second, func() bool {
		for _, role := range s.Roles() {
			if !s.Running(role) {
				last = fmt.Errorf("%s does not run", role)
				return false
			}
		}
		calls, err := s.Calls(context.Background())
		if last = err; err == nil && len(calls) > 0 {
			last = fmt.Errorf("calls are left: %+v", calls)
		}
		for _, dir := range s.MessageFolders() {
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				last = fmt.Errorf("left in %s: %v", dir, left)
			}
		}
		return last == nil
	})
	if err != nil {
		s.t.Errorf("the instance did not come to rest: %v: %v", err, last)
	}
}

// desk signs an agent in who is not ready: 0 is the first one with the microphone toneFirst, 1 the second.
func (s *scene) desk(n int) *browser.Desk {
	s.t.Helper()
	d := s.signIn("agent", n, []float64{toneFirst, toneSecond}[n])
	must(s.t, d.NotReady())
	return d
}

func (s *scene) signIn(role string, n int, hz float64) *browser.Desk {
	s.t.Helper()
	user, err := s.User(role, n)
	must(s.t, err)
	d, err := theHouse.browser(s.t, hz).SignIn(s.Demo.Console, user.Name, user.Password)
	must(s.t, err)
	s.desks = append(s.desks, d)
	return d
}

// ready signs an agent in and makes the desk available.
func (s *scene) ready(n int) *browser.Desk {
	s.t.Helper()
	d := s.desk(n)
	must(s.t, d.Ready())
	return d
}

// call is the live call of a caller: the newest one on the line.
func (s *scene) live(match func(stage.Call) bool) (stage.Call, bool) {
	s.t.Helper()
	calls, err := s.Calls(s.t.Context())
	must(s.t, err)
	if i := slices.IndexFunc(calls, match); i >= 0 {
		return calls[i], true
	}
	return stage.Call{}, false
}

// awaitCalls waits until the live calls, in the order in which they are listed, have these states.
func (s *scene) awaitCalls(within time.Duration, states ...string) []stage.Call {
	s.t.Helper()
	var calls []stage.Call
	var last error
	err := stage.Poll(s.t.Context(), within, func() bool {
		if calls, last = s.Calls(s.t.Context()); last != nil {
			return false
		}
		var got []string
		for _, c := range calls {
			got = append(got, c.State)
		}
		slices.Sort(got)
		want := slices.Sorted(slices.Values(states))
		return slices.Equal(got, want)
	})
	if err != nil {
		s.t.Fatalf("live calls are %+v (%v), want states %v: %v", calls, last, states, err)
	}
	return calls
}

// ended waits until the ledger has the call.
func (s *scene) ended(id string) stage.Ended {
	s.t.Helper()
	var rows []stage.Ended
	var last error
	i := -1
	err := stage.Poll(s.t.Context(), 5*time.Second, func() bool {
		rows, last = s.Ledger(s.t.Context())
		i = slices.IndexFunc(rows, func(r stage.Ended) bool { return r.ID == id })
		return i >= 0
	})
	if err != nil {
		s.t.Fatalf("the ledger has no call %s: %v %v: %+v", id, err, last, rows)
	}
	return rows[i]
}

// talk brings a caller and a ready desk together, both hearing each other.
func (s *scene) talk(d *browser.Desk, hz float64) *caller {
	s.t.Helper()
	c := s.dial("12355")
	must(s.t, d.AwaitOffer(10*time.Second), d.Accept())
	c.awaitTone(3*time.Second, hz)
	must(s.t, d.AwaitHeard(3*time.Second, toneCaller))
	return c
}

// kill ends a role with SIGKILL and returns when that was, and a wait for its return.
func (s *scene) kill(role string) (at time.Time, restarted func(time.Duration)) {
	s.t.Helper()
	at = time.Now()
	was, err := s.Kill(role)
	must(s.t, err)
	return at, func(within time.Duration) {
		s.t.Helper()
		must(s.t, s.AwaitRestart(s.t.Context(), role, was, within))
	}
}
