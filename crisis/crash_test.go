package crisis_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"hotline/crisis"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// killed is what a process dies of at a chosen place.
type killed struct{ point string }

// mortal is a process that dies at the nth place at which it writes, and its next lives, which do again what was not answered: as a page that sends its
// request again, a controller that tells its result again, and a worker that looks again.
type mortal struct {
	s     *scene
	p     process
	left  int // places until death; negative: never
	seen  int
	where string
}

func (m *mortal) live() {
	m.p = m.s.process()
	m.p.OnFault(func(point string) {
		m.seen++
		if m.left--; m.left == 0 {
			m.where = point
			panic(killed{point})
		}
	})
}

// do runs fn, in the next life again when it died.
func (m *mortal) do(fn func(process) error) {
	m.s.t.Helper()
	for m.try(fn) {
		m.live()
		m.s.to(m.s.now().Add(10 * time.Millisecond))
	}
}

func (m *mortal) try(fn func(process) error) (died bool) {
	m.s.t.Helper()
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(killed); !ok {
				panic(r)
			}
			died = true
		}
	}()
	must(m.s.t, fn(m.p))
	return false
}

// look is the worker's look. A claim of a dead worker holds for its lease: then the others wait, and go on.
func (m *mortal) look() {
	m.s.t.Helper()
	done := false
	for !done {
		m.do(func(p process) error {
			for {
				n, err := p.Look(context.Background())
				if err != nil || n == 0 {
					return err
				}
			}
		})
		var leased int64
		must(m.s.t, m.s.db.QueryRow(context.Background(), `SELECT COALESCE(MAX(lease_ms), 0) FROM (SELECT lease_ms FROM incidents WHERE due_ms > 0 AND due_ms <= ?
			UNION ALL SELECT lease_ms FROM incident_effects WHERE next_ms > 0 AND next_ms <= ?) AS held`, storage.Millis(m.s.now()), storage.Millis(m.s.now())).Scan(&leased))
		done = leased <= storage.Millis(m.s.now())
		m.s.to(storage.Time(leased))
	}
}

func (m *mortal) pass() {
	m.s.t.Helper()
	var next int64
	must(m.s.t, m.s.db.QueryRow(context.Background(), `SELECT COALESCE(MIN(due_ms), 0) FROM incidents WHERE due_ms > 0`).Scan(&next))
	m.s.to(storage.Time(next))
	m.look()
}

// night is the whole story of one incident: a first supervisor who does not answer, a second, a telephone that accepts, a step that is late, a closing by
// two people, and what is owed after it.
func (m *mortal) night(n int) string {
	ctx, name := context.Background(), fmt.Sprint("n", n)
	var id string
	act := func(fn func(p process) (crisis.Incident, error)) {
		m.s.t.Helper()
		m.do(func(p process) error {
			in, err := fn(p)
			if err == nil {
				id = in.ID
			}
			return err
		})
	}
	act(func(p process) (crisis.Incident, error) {
		return p.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerLevel, Call: name, Ref: "r" + name, Level: crisis.LevelHigh, By: "u-agent", Agent: "u-agent", Source: name, Note: "pills"})
	})
	m.pass() // u-a does not answer
	m.pass() // u-b neither: the telephone rings
	var phone string
	m.do(func(p process) error {
		claimed, err := p.calls.Claim(ctx, "controller", time.Minute, 1)
		if err != nil {
			return err
		}
		if len(claimed) != 1 {
			return fmt.Errorf("claimed %v", claimed)
		}
		phone = claimed[0].ID
		return nil
	})
	m.do(func(p process) error { return p.calls.Placed(ctx, phone, "controller") })
	m.do(func(p process) error { return p.calls.Done(ctx, phone, "controller", crisis.CallAccepted) })
	m.pass() // nobody listens
	m.pass() // nobody has the checklist: the supervisor must answer for it
	by := func(who, what string) crisis.Act { return crisis.Act{By: who, Request: name + what} }
	act(func(p process) (crisis.Incident, error) {
		return p.Acknowledge(ctx, id, by("u-a", "again"), crisis.ViaConsole)
	})
	act(func(p process) (crisis.Incident, error) { return p.Take(ctx, id, by("u-b", "take"), "") })
	act(func(p process) (crisis.Incident, error) {
		return p.Fact(ctx, id, by("u-agent", "where"), crisis.FactLocation, true, "Long Street 5")
	})
	act(func(p process) (crisis.Incident, error) {
		return p.Consent(ctx, id, by("u-agent", "consent"), crisis.ConsentGiven, "")
	})
	act(func(p process) (crisis.Incident, error) {
		return p.Measure(ctx, id, by("u-agent", "talk"), "talk", crisis.MeasurePartly, "")
	})
	act(func(p process) (crisis.Incident, error) {
		return p.Confirm(ctx, id, by("u-b", "there"), "120", "called back", "")
	})
	act(func(p process) (crisis.Incident, error) {
		return p.CallEnded(ctx, id, by("system", "end"), name, false)
	})
	act(func(p process) (crisis.Incident, error) {
		return p.ProposeClosure(ctx, id, by("u-agent", "close"), "in_care", "")
	})
	act(func(p process) (crisis.Incident, error) { return p.ConfirmClosure(ctx, id, by("u-a", "agree"), "") })
	m.look() // follow-ups, debrief
	m.pass() // the report is late
	act(func(p process) (crisis.Incident, error) { return p.ReportFiled(ctx, id, by("u-a", "report"), "1") })
	act(func(p process) (crisis.Incident, error) { return p.Debriefed(ctx, id, by("u-a", "debrief"), "") })
	story := m.s.story(m.p.Store, id)
	m.s.doer.mu.Lock()
	defer m.s.doer.mu.Unlock()
	// Who is told to plan does it once by the incident's id; who died before it was written down that it was done tells it once more.
	for what, told := range map[string]int{"follow-ups": m.s.doer.planned[id], "debrief": m.s.doer.talks[id]} {
		if told < 1 || told > 2 || told > 1 && m.where == "" {
			m.s.t.Errorf("died %s: %s told %d times", m.where, what, told)
		}
	}
	return story
}

// Killed at any place at which it writes, before or after, the next life brings the incident to the same end: nothing is done twice, nothing is left out.
func TestKilledAtEveryWrite(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := newScene(t, db)
		m := &mortal{s: s, left: -1}
		m.live()
		want := m.night(0)
		places := m.seen
		t.Logf("%d places\n%s", places, want)
		for n := 1; n <= places; n++ {
			s.mu.Lock()
			s.clock = s.clock.Add(time.Minute)
			s.mu.Unlock()
			m := &mortal{s: s, left: n}
			m.live()
			if got := m.night(n); got != want {
				t.Fatalf("killed at place %d, %s:\n%s", n, m.where, got)
			}
			if m.where == "" {
				t.Fatalf("place %d was not reached", n)
			}
		}
	})
}

// Two workers, and two pages that do the same thing, at once: each deadline is one event, each alert one row.
func TestTwoWorkersAtOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s := newScene(t, db)
		lives := []process{s.process(), s.process(), s.process()}
		together := func(fn func(process)) {
			var all sync.WaitGroup
			for _, p := range lives {
				all.Go(func() { fn(p) })
			}
			all.Wait()
		}
		const n = 12
		var mu sync.Mutex
		found := map[string]map[string]bool{}
		together(func(p process) {
			for i := range n {
				call := fmt.Sprint("c", i)
				in, err := p.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerSOS, Call: call, Ref: "r" + call, By: "u-agent", Agent: "u-agent", Source: "sos" + call})
				in2, err2 := p.Trigger(ctx, crisis.Trigger{Kind: crisis.TriggerDanger, Call: call, By: "caller", Source: "danger" + call})
				if err != nil || err2 != nil || in.ID == "" || in2.ID != in.ID {
					t.Errorf("%v, %v: %q, %q", err, err2, in.ID, in2.ID)
				}
				mu.Lock()
				if found[call] == nil {
					found[call] = map[string]bool{}
				}
				found[call][in.ID] = true
				mu.Unlock()
			}
		})
		for range 6 {
			s.to(s.now().Add(30 * time.Second))
			together(func(p process) {
				if _, err := p.Look(ctx); err != nil {
					t.Error(err)
				}
			})
			s.settle(func() (int, error) { return lives[0].Look(ctx) })
		}
		live, err := lives[0].Live(ctx)
		must(t, err)
		if len(live) != n || len(found) != n {
			t.Fatalf("%d incidents", len(live))
		}
		want := ""
		for call, ids := range found {
			if len(ids) != 1 {
				t.Fatalf("%s has %d incidents", call, len(ids))
			}
			for id := range ids {
				story := s.story(lives[1].Store, id)
				if want == "" {
					want = story
				}
				if story != want {
					t.Errorf("one had another fate:\n%s\n%s", story, want)
				}
			}
		}
		t.Log(want)
		// Everybody answers at once; one is the supervisor.
		id := live[0].ID
		var all sync.WaitGroup
		for i, p := range lives {
			all.Go(func() {
				if _, err := p.Acknowledge(ctx, id, crisis.Act{By: fmt.Sprint("u-", i), Request: fmt.Sprint(i)}, crisis.ViaConsole); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		events, err := lives[2].Timeline(ctx, id)
		must(t, err)
		acked := 0
		for _, e := range events {
			if e.Kind == crisis.EventAcked {
				acked++
			}
		}
		if acked != 1 {
			t.Errorf("acknowledged %d times", acked)
		}
	})
}
