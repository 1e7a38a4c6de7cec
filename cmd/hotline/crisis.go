package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline/agentui/users"
	"hotline/casework"
	"hotline/casework/assessments"
	"hotline/casework/debriefs"
	"hotline/casework/dispositions"
	"hotline/casework/files"
	"hotline/casework/followups"
	"hotline/casework/roster"
	"hotline/crisis"
	"hotline/crisis/policy"
	"hotline/queue"
	"hotline/storage"
)

// crisis is the store of incidents and its policy, for every role that tells a danger, shows it, or brings it over its deadlines.
func (c Config) crisis(ctx context.Context, db *storage.DB, keys *casework.Keys, log *slog.Logger) (*crisis.Store, *policy.Store, error) {
	rules, err := policy.Open(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	people, err := users.Open(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	rosters, err := roster.Open(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	store, err := crisis.OpenStore(ctx, db, crisis.Config{
		Seal: keys, Policies: rules, People: callTree{people, rosters, c.dials() != "", time.Now}, Log: log,
	})
	return store, rules, err
}

// callTree says whom to alert, by the roster, by who is signed in, and by the policy. All of it is in the database: an alarm does not need Redis.
type callTree struct {
	people  *users.Store
	rosters *roster.Store
	dials   bool // telephones can be called at all
	now     func() time.Time
}

var _ crisis.People = callTree{}

// consoleSeen is how long ago a console may have been heard of that counts as there; an open one is heard of twice a minute.
const consoleSeen = 90 * time.Second

// CallTree gives the order of decision 20. What cannot be read is left out, so that a broken roster does not silence an alarm; only when nothing is known
// is it an error.
func (t callTree) CallTree(ctx context.Context, tree crisis.Tree) ([]crisis.Rung, error) {
	all, err := t.people.List(ctx)
	if err != nil {
		return nil, err
	}
	now := t.now()
	onDuty, rosterErr := t.rosters.OnDuty(ctx, now)
	present, presentErr := t.people.Sessions().Present(ctx, now.Add(-consoleSeen))
	rungs := climb(all, onDuty, present, presentErr != nil, tree, t.dials)
	if len(rungs) == 0 {
		return nil, errors.Join(rosterErr, presentErr)
	}
	return rungs, nil
}

// climb orders people. Pure. blind says that nobody knows who is signed in: then everybody may be.
func climb(all []users.User, onDuty []roster.Occurrence, present []queue.AgentID, blind bool, tree crisis.Tree, dials bool) []crisis.Rung {
	known := map[string]users.User{}
	for _, u := range all {
		if !u.Disabled {
			known[string(u.ID)] = u
		}
	}
	type person struct{ id, why string }
	var order []person
	add := func(id, why string) {
		if _, ok := known[id]; ok && !slices.ContainsFunc(order, func(p person) bool { return p.id == id }) {
			order = append(order, person{id, why})
		}
	}
	lead := func(id string) bool { return known[id].Role == users.Supervisor }
	slices.SortStableFunc(onDuty, func(a, b roster.Occurrence) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Person, b.Person))
	})
	for _, o := range onDuty {
		if o.Role == roster.Supervisor {
			add(o.Person, crisis.WhyRoster)
		}
	}
	here := func(id string) bool { return blind || slices.Contains(present, queue.AgentID(id)) }
	signedIn := slices.DeleteFunc(slices.Clone(all), func(u users.User) bool { return !lead(string(u.ID)) || !here(string(u.ID)) })
	for _, u := range signedIn {
		add(string(u.ID), crisis.WhySignedIn)
	}
	for _, id := range tree.Users {
		add(id, crisis.WhyPolicy)
	}
	var rungs []crisis.Rung
	for _, p := range order {
		if here(p.id) {
			rungs = append(rungs, crisis.Rung{User: p.id, Via: crisis.ViaConsole, Why: p.why})
		}
	}
	if !dials || !tree.Phones {
		return rungs
	}
	ring := func(id, why string) {
		r := crisis.Rung{User: id, Via: crisis.ViaPhone, Why: why}
		if _, ok := known[id]; ok && !slices.ContainsFunc(rungs, func(o crisis.Rung) bool { return o.User == id && o.Via == crisis.ViaPhone }) {
			rungs = append(rungs, r)
		}
	}
	for _, p := range order {
		if p.why == crisis.WhyRoster || slices.Contains(tree.Users, p.id) {
			ring(p.id, p.why)
		}
	}
	if tree.Everyone {
		for _, u := range all {
			if lead(string(u.ID)) {
				ring(string(u.ID), crisis.WhyAnybody)
			}
		}
	}
	return rungs
}

// aftermath carries out what an incident causes elsewhere.
type aftermath struct {
	followUps *followups.Store
	debriefs  *debriefs.Store
}

var _ crisis.Doer = aftermath{}

// FollowUps plans them, once for an incident: its id is their source.
func (a aftermath) FollowUps(ctx context.Context, in crisis.Incident, p crisis.Policy) (string, error) {
	if in.File == "" && in.Ref == "" && in.Call() == "" {
		return "nobody", nil // a call for help without a call: there is nobody to call
	}
	spans := make([]string, len(p.FollowUps))
	for i, r := range p.FollowUps {
		spans[i] = r.After
	}
	rules, err := followups.RulesOf(spans)
	if err != nil {
		return "", err
	}
	ref := in.Ref
	if in.Reporter != "" {
		ref = "" // the number is that of somebody else, who called about the person
	}
	made, err := a.followUps.Plan(ctx, followups.Plan{
		Source: "incident:" + in.ID, File: in.File, Call: in.Call(), Ref: ref, Level: string(in.Level), At: in.Closed, Rules: rules, Line: cmp.Or(in.Line, "crisis"),
		By: crisis.BySystem, Owner: in.Counsellor,
	})
	if err != nil || len(made) == 0 {
		return "", err
	}
	return made[0].Series, nil
}

// Debrief asks for a talk with the counsellor; asked again it is the same wish.
func (a aftermath) Debrief(ctx context.Context, in crisis.Incident) error {
	if in.Counsellor == "" {
		return nil
	}
	_, err := a.debriefs.Ask(ctx, in.Counsellor, in.Call(), "")
	return err
}

// crisisParts are what the worker does for incidents: deadlines, effects, and the watch over what nobody told.
func (c Config) crisisParts(ctx context.Context, db *storage.DB, keys *casework.Keys, rules *callbackRules, callbacks *casework.Callbacks, q *queue.Queue,
	reg prometheus.Registerer, log *slog.Logger,
) ([]func(context.Context) error, error) {
	store, _, err := c.crisis(ctx, db, keys, log)
	if err != nil {
		return nil, err
	}
	persons, err := files.Open(ctx, db, keys)
	if err != nil {
		return nil, err
	}
	after, err := c.followUps(ctx, db, keys, rules, callbacks, persons)
	if err != nil {
		return nil, err
	}
	shifts, err := shiftOver(ctx, db, keys, after, callbacks, store)
	if err != nil {
		return nil, err
	}
	talks, err := debriefs.Open(ctx, db, keys)
	if err != nil {
		return nil, err
	}
	figures := crisis.NewMetrics(reg)
	worker, err := crisis.NewWorker(store, crisis.WorkerConfig{Doer: aftermath{after, talks}, Log: log, Metrics: figures})
	if err != nil {
		return nil, err
	}
	overdue, err := followups.NewWatch(followups.WatchConfig{Log: log, Climb: climbing(store)}, after)
	if err != nil {
		return nil, err
	}
	said, err := assessments.Open(ctx, db, keys)
	if err != nil {
		return nil, err
	}
	forms, err := dispositions.Open(ctx, db, keys)
	if err != nil {
		return nil, err
	}
	look := &lookout{
		incidents: store, index: q, ledger: casework.NewLedger(db), tasks: casework.NewTasks(db), files: persons, debriefs: talks, said: said, forms: forms,
		formWait: cmp.Or(c.AtRisk.Form, queue.DefaultFormWait), log: log, told: map[string]time.Time{}, absent: map[string]absent{},
	}
	levels := &fileLevels{said: said, files: persons, log: log, done: map[string]time.Time{}}
	review, err := c.review(ctx, db, keys, store, log)
	if err != nil {
		return nil, err
	}
	return []func(context.Context) error{
		worker.Run, overdue.Run, look.Run, levels.Run, review, func(ctx context.Context) error { return figures.Measure(ctx, store) },
		func(ctx context.Context) error { return shifts.Run(ctx, time.Second, log) },
	}, nil
}

// climbing makes an incident of a follow-up that nobody did.
func climbing(store *crisis.Store) func(context.Context, followups.FollowUp) error {
	return func(ctx context.Context, f followups.FollowUp) error {
		_, err := store.Trigger(ctx, crisis.Trigger{
			Kind: crisis.TriggerOverdue, Line: f.Line, Ref: f.Ref, File: f.File, By: crisis.BySystem,
			Source: "followup:" + f.ID + ":" + f.Due.UTC().Format(time.RFC3339),
		})
		return err
	}
}
