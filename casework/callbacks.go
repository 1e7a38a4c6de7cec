package casework

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"hotline/storage"
)

// AbandonedMode says what becomes of callers who left before anybody answered, and who are not at risk: those at risk are always called.
type AbandonedMode string

// The ways.
const (
	AbandonedOff  AbandonedMode = "off"
	AbandonedTask AbandonedMode = "task" // a task that waits for a person to press "call now"
	AbandonedAuto AbandonedMode = "auto" // the machine calls
)

// CallbackRules are those of one line. The zero value means the defaults.
type CallbackRules struct {
	Retry     Retry
	Abandoned AbandonedMode // default task
	Due       time.Duration // by when an abandoned caller is called back; default, and at most, 15 min
	Voicemail bool          // whether a message may be left with an answering machine; a person decides by it, the machine leaves none
}

func (r CallbackRules) withDefaults() CallbackRules {
	r.Retry = r.Retry.withDefaults()
	if r.Abandoned == "" {
		r.Abandoned = AbandonedTask
	}
	if r.Due <= 0 || r.Due > dueMost {
		r.Due = dueMost
	}
	return r
}

const dueMost = 15 * time.Minute

// CallbacksConfig says by which rules callers are called back.
type CallbacksConfig struct {
	Rules func(line string) CallbackRules // asked at each decision, so that it may change; nil: the defaults
	Never func(number string) bool        // numbers (as [Normalise] writes them) that are never called: switchboards, the site's own; nil: none
	Now   func() time.Time                // the clock; nil: time.Now
	// CutOff is how long somebody who was cut off while at risk has to call again by themselves, and the counsellor to say that the talk had come to its end;
	// default 20 s. A telephone that is called while its owner dials is busy.
	CutOff time.Duration
}

// Callbacks are the callers who are to be called back: promised to them, or because they left before anybody answered. The number is
// sealed, and given to the dialler of a claimed callback only.
//
// One who carries callbacks out claims them, and says what becomes of each: [Callbacks.Placed] before the caller's telephone rings, then
// one of [Callbacks.Reached], [Callbacks.Failed], [Callbacks.GaveUp]; or [Callbacks.Release] when nothing was dialled. All of them may be
// repeated. A claim that is not extended ends by itself, and the next claim finds the task again.
type Callbacks struct {
	cfg  CallbacksConfig
	db   *storage.DB
	keys *Keys
	now  func() time.Time
}

// NewCallbacks uses the tables that [Migrate] made.
func NewCallbacks(cfg CallbacksConfig, db *storage.DB, keys *Keys) (*Callbacks, error) {
	if db == nil || keys == nil {
		return nil, errors.New("casework: callbacks: database and keys are needed")
	}
	if cfg.Never == nil {
		cfg.Never = func(string) bool { return false }
	}
	if cfg.CutOff == 0 {
		cfg.CutOff = 20 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Callbacks{cfg: cfg, db: db, keys: keys, now: cfg.Now}, nil
}

func (c *Callbacks) rules(line string) CallbackRules {
	if c.cfg.Rules == nil {
		return CallbackRules{}.withDefaults()
	}
	return c.cfg.Rules(line).withDefaults()
}

// Callable tells whether a caller with this number can be called back.
func (c *Callbacks) Callable(number string) bool { return Callable(number, c.keys.region, c.cfg.Never) }

// Promise is what a caller who waits is told to expect.
type Promise struct {
	Call      string // the caller's call
	Line      string
	Number    string // private: sealed before it is stored
	Place     time.Time
	Tier      string
	Danger    bool
	Preferred string // agent
}

// Promise writes the callback of a caller who asked for it. When it returns without an error, the callback is durable, and the caller may be
// told so and let go. ErrUnusable when the caller cannot be called back. A caller has one open callback: a second wish joins it and keeps the
// earlier place. Somebody who once refused to be called and now asks for it is called.
func (c *Callbacks) Promise(ctx context.Context, p Promise) (Task, error) {
	if p.Call == "" || p.Line == "" || p.Place.IsZero() {
		return Task{}, errors.New("casework: promise: call, line and place are needed")
	}
	if !c.Callable(p.Number) {
		return Task{}, ErrUnusable
	}
	sealed, err := c.keys.Seal(p.Number, CallerContext(p.Call))
	if err != nil {
		return Task{}, err
	}
	now := c.now()
	task := Task{
		Source: "promise:" + p.Call, Kind: TaskCallback, Reason: ReasonPromised, Line: p.Line, Call: p.Call, Danger: p.Danger, Tier: p.Tier,
		Created: now, Due: now.Add(c.rules(p.Line).Due), Place: p.Place, NextTry: now, Auto: true, Preferred: p.Preferred,
		CallerRef: c.keys.CallerRef(p.Number), CallerSealed: sealed,
	}
	err = c.db.InTx(ctx, func(tx *storage.Tx) error {
		stored, err := addOrJoin(ctx, tx, task, c.keys.CallerRefs(p.Number), now)
		if err != nil {
			return err
		}
		if stored.State == TaskCancelled && stored.ClosedWhy == ClosedAnswered { // withdrawn, and asked for again
			stored.State, stored.Attempts, stored.NextTry, stored.Closed, stored.ClosedBy, stored.ClosedWhy = TaskOpen, 0, now, time.Time{}, "", ""
			err = save(ctx, tx, stored)
		}
		task = stored
		return err
	})
	return task, wrap("promise a callback for "+p.Call, err)
}

// Withdraw takes back what was promised to the caller of a call, because the caller stayed and is served, or is in danger. A callback that was there
// before the promise, or a message that somebody must hear, stays: only the wish that joined it is forgotten. No promise: nil.
func (c *Callbacks) Withdraw(ctx context.Context, call string) error {
	source := "promise:" + call
	err := c.db.InTx(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM task_joins WHERE source = ?`, source); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE tasks SET state = 'cancelled', closed_ms = ?, closed_by = ?, closed_why = ?, owner = '', asked_by = ''
			WHERE source = ? AND state IN ('open','working','given_up')`, storage.Millis(c.now()), system, ClosedAnswered, source)
		return err
	})
	return wrap("withdraw the callback of "+call, err)
}

// addOrJoin writes a callback, or joins it to the open one of the same caller. The same source again changes nothing.
func addOrJoin(ctx context.Context, tx *storage.Tx, task Task, refs []string, now time.Time) (Task, error) {
	known, err := scanTask(tx.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE source = ? OR id = (SELECT task FROM task_joins WHERE source = ?)`,
		task.Source, task.Source))
	if !errors.Is(err, sql.ErrNoRows) {
		return known, err
	}
	in, args := inRefs(refs)
	if in == "" {
		return addTask(ctx, tx, task, now)
	}
	open, err := scanTask(tx.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE caller_ref IN `+in+` AND kind = 'callback'
		AND state IN ('open','working','given_up') ORDER BY created_ms, id LIMIT 1`, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return addTask(ctx, tx, task, now)
	}
	if err != nil {
		return Task{}, err
	}
	joined := open.join(task)
	_, err = tx.Exec(ctx, `UPDATE tasks SET reason = ?, danger = ?, tier = ?, state = ?, due_ms = ?, place_ms = ?, next_ms = ?, auto = ?, attempts = ?,
		preferred = ? WHERE id = ?`, joined.Reason, joined.Danger, joined.Tier, string(joined.State), storage.Millis(joined.Due), storage.Millis(joined.Place),
		storage.Millis(joined.NextTry), joined.Auto, joined.Attempts, joined.Preferred, open.ID)
	if err == nil {
		_, err = tx.Exec(ctx, `INSERT INTO task_joins (source, task) VALUES (?,?)`, task.Source, open.ID)
	}
	return joined, err
}

// join is what an open callback becomes when its caller gives a further reason to call: the more urgent of both, with the earlier place. One
// that was given up begins anew.
func (t Task) join(more Task) Task {
	if more.Danger || t.Reason == ReasonLeft && more.Reason != ReasonFollowUp {
		t.Reason = more.Reason
	}
	t.Danger, t.Auto = t.Danger || more.Danger, t.Auto || more.Auto
	if urgency(more.Tier) < urgency(t.Tier) {
		t.Tier = more.Tier
	}
	if more.Due.Before(t.Due) {
		t.Due = more.Due
	}
	if more.Place.Before(t.Place) {
		t.Place = more.Place
	}
	if t.State == TaskGivenUp {
		t.State, t.Attempts, t.NextTry, t.Due = TaskOpen, 0, more.NextTry, more.Due
	}
	if more.NextTry.Before(t.NextTry) {
		t.NextTry = more.NextTry
	}
	if t.Preferred == "" {
		t.Preferred = more.Preferred
	}
	return t
}

// urgency orders tiers, the most urgent first.
func urgency(tier string) int {
	i := slices.Index([]string{tierRed, tierReturning, tierFollowUp, tierNormal, tierNuisance}, tier)
	if i < 0 {
		return 3
	}
	return i
}

// inRefs is a list of pseudonyms for SQL; empty when there is none.
func inRefs(refs []string) (list string, args []any) {
	for _, r := range refs {
		if r != "" {
			args = append(args, r)
		}
	}
	if len(args) == 0 {
		return "", nil
	}
	return "(?" + strings.Repeat(",?", len(args)-1) + ")", args
}

// Number opens the number of a callback for the one who has claimed it and is about to dial. ErrLost when the claim is another's, or was given back
// because the caller is on the line with us by now; ErrUnusable when the number must not be called (any more).
func (c *Callbacks) Number(ctx context.Context, task, owner string) (string, error) {
	t, err := NewTasks(c.db).Get(ctx, task)
	if err != nil {
		return "", err
	}
	if t.State != TaskWorking || t.Owner != owner || !t.Lease.After(c.now()) {
		return "", ErrLost
	}
	number, err := c.keys.Open(t.CallerSealed, CallerContext(t.Call))
	if err != nil {
		return "", wrap("number of task "+task, err)
	}
	if !c.Callable(number) {
		return "", ErrUnusable
	}
	refs := c.keys.CallerRefs(number)
	if calls, err := c.onLine(ctx, refs, t.Entry); err != nil || calls {
		if err == nil {
			err = errors.Join(c.Release(ctx, task, owner), ErrLost)
		}
		return "", wrap("number of task "+task, err)
	}
	since := time.Time{}
	if t.Reason == ReasonFollowUp {
		if !c.now().Before(t.Due) {
			return "", ErrUnusable // not at this hour, see [Callbacks.FollowUpIn]
		}
		since = t.Created // consent to follow-ups is theirs to know; what was said since the press counts
	}
	// Somebody in danger is called in spite of an earlier refusal, when a person so decides.
	if t.Reason != ReasonPromised && !(t.Danger && t.Asked != "") {
		refused, err := c.refused(ctx, refs, since)
		if err != nil {
			return "", err
		}
		if refused {
			return "", ErrUnusable
		}
	}
	return Normalise(number, c.keys.region), nil
}

// onLine tells whether a caller is in another call with us than the entry.
func (c *Callbacks) onLine(ctx context.Context, refs []string, entry string) (on bool, err error) {
	in, args := inRefs(refs)
	if in == "" {
		return false, nil
	}
	err = c.db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM calls WHERE caller_ref IN `+in+` AND ended_ms = 0 AND id <> ?)`, append(args, entry)...).Scan(&on)
	return on, err
}

// refused tells whether the caller said, not before a time, not to want to be called back.
func (c *Callbacks) refused(ctx context.Context, refs []string, since time.Time) (bool, error) {
	in, args := inRefs(refs)
	if in == "" {
		return false, nil
	}
	var n int
	err := c.db.QueryRow(ctx, `SELECT COUNT(*) FROM callback_refusals WHERE caller_ref IN `+in+` AND at_ms >= ?`, append(args, storage.Millis(since))...).Scan(&n)
	return n > 0, wrap("look for a refusal", err)
}
