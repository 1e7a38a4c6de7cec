package crisis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline/casework"
	"hotline/crisis"
	"hotline/crisis/policy"
	"hotline/storage"
)

// scene is a site with a clock of its own and processes that can be killed.
type scene struct {
	t     testing.TB
	db    *storage.DB
	keys  *casework.Keys
	rules *policy.Store
	tree  []crisis.Rung
	lost  bool // nobody can say whom to alert
	doer  *doer

	mu    sync.Mutex
	clock time.Time
}

func newScene(t testing.TB, db *storage.DB) *scene {
	t.Helper()
	dir := t.TempDir()
	must(t, casework.CreateKeys(dir))
	keys, err := casework.LoadKeys(dir, "CN")
	must(t, err)
	rules, err := policy.Open(context.Background(), db)
	must(t, err)
	return &scene{
		t: t, db: db, keys: keys, rules: rules, clock: noon, doer: &doer{planned: map[string]int{}, talks: map[string]int{}},
		tree: []crisis.Rung{{User: "u-a", Via: crisis.ViaConsole}, {User: "u-b", Via: crisis.ViaConsole}, {User: "u-a", Via: crisis.ViaPhone}},
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *scene) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock
}

func (s *scene) to(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at.After(s.clock) {
		s.clock = at
	}
}

func (s *scene) CallTree(context.Context, crisis.Tree) ([]crisis.Rung, error) {
	if s.lost {
		return nil, errors.New("the roster and the queue are away")
	}
	return s.tree, nil
}

// process is one life of a process.
type process struct {
	*crisis.Store
	*crisis.Worker
	calls *crisis.Calls
}

func (s *scene) process() process {
	s.t.Helper()
	store, err := crisis.OpenStore(context.Background(), s.db, crisis.Config{Seal: s.keys, Policies: s.rules, People: s, Now: s.now})
	must(s.t, err)
	w, err := crisis.NewWorker(store, crisis.WorkerConfig{Doer: s.doer})
	must(s.t, err)
	return process{store, w, crisis.NewCalls(store, phones{})}
}

type phones struct{}

func (phones) Telephone(_ context.Context, user string) (string, string, error) {
	return "+8613800138000", "zh-CN", nil
}

// doer is what is elsewhere: it does a thing once by its id, however often it is told.
type doer struct {
	mu      sync.Mutex
	planned map[string]int
	talks   map[string]int
	fail    error
}

func (d *doer) FollowUps(_ context.Context, in crisis.Incident, p crisis.Policy) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail == nil {
		d.planned[in.ID]++
	}
	return fmt.Sprintf("%d planned", len(p.FollowUps)), d.fail
}

func (d *doer) Debrief(_ context.Context, in crisis.Incident) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail == nil {
		d.talks[in.ID]++
	}
	return d.fail
}

// story says in words what happened to an incident, without times and ids: what a crash must not change.
func (s *scene) story(store *crisis.Store, id string) string {
	s.t.Helper()
	ctx := context.Background()
	events, err := store.Timeline(ctx, id)
	must(s.t, err)
	var b strings.Builder
	for i, e := range events {
		if e.Seq != i+1 {
			s.t.Fatalf("event %d has number %d", i+1, e.Seq)
		}
		fmt.Fprintf(&b, "%s by %s %s%s\n", e.Kind, e.By, e.Code, e.Via)
	}
	alerts, err := store.AlertsOf(ctx, id)
	must(s.t, err)
	var rang []string
	for _, a := range alerts {
		rang = append(rang, fmt.Sprintf("%s round %d for %s, nudge %t", a.User, a.Round, a.Step, a.Nudge))
	}
	slices.Sort(rang)
	fmt.Fprintln(&b, strings.Join(rang, "\n"))
	calls, results, err := store.CallsOf(ctx, id)
	must(s.t, err)
	for i, c := range calls {
		fmt.Fprintf(&b, "telephone %s: %s\n", c.User, results[i])
	}
	in, err := store.Get(ctx, id)
	must(s.t, err)
	for _, st := range in.Steps {
		fmt.Fprintf(&b, "%s %s late %d\n", st.Name, st.State, st.Late)
	}
	fmt.Fprintf(&b, "%s, over %t", in.State, in.Over())
	return b.String()
}

// pass goes on to the next deadline of anything, and does what is due then.
func (s *scene) pass(look func() (int, error)) {
	s.t.Helper()
	var next int64
	err := s.db.QueryRow(context.Background(), `SELECT COALESCE(MIN(at), 0) FROM (SELECT MIN(due_ms) AS at FROM incidents WHERE due_ms > 0
		UNION ALL SELECT MIN(next_ms) FROM incident_effects WHERE next_ms > 0) AS all_due`).Scan(&next)
	must(s.t, err)
	if next > 0 {
		s.to(storage.Time(next))
	}
	s.settle(look)
}

// settle looks until nothing is due any more.
func (s *scene) settle(look func() (int, error)) {
	s.t.Helper()
	for {
		n, err := look()
		must(s.t, err)
		if n == 0 {
			return
		}
	}
}
