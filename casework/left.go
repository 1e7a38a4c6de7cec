package casework

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"hotline/storage"
)

// left is what is known of a call whose caller nobody served.
type left struct {
	call     CallRecord
	callable bool // there is a number that may be called
	refused  bool // the caller once said not to be called back
	answered bool // the caller talked with somebody in another call, since this one arrived, or ended in a talk that was cut off
	again    bool // the caller called again and is on the line
}

// follow says which callback a caller who was not served gets; false: none. Pure.
//
// Whoever is at risk is called at once and by the machine, whatever the line says; without a number, or against an earlier refusal, a person must
// decide at once. The others are called by the line's rules, unless they were served meanwhile, are about to be, do not want it, or abuse the
// line. Who left while waiting again after a talk that broke was not served either.
func (l left) follow(r CallbackRules) (Task, bool) {
	r = r.withDefaults()
	c := l.call
	t := Task{
		Source: "call:" + c.ID, Kind: TaskCallback, Reason: ReasonLeft, Line: c.Line, Call: c.ID, Danger: c.Danger || c.Tier == tierRed, Tier: c.Tier,
		Created: c.Ended, Due: c.Ended.Add(r.Due), Place: c.Arrived, CallerRef: c.CallerRef, CallerSealed: c.CallerSealed,
	}
	if t.Danger {
		t.Tier, t.Reason = tierRed, ReasonAbandoned
	}
	switch {
	case l.answered:
		return Task{}, false
	case t.Danger:
		t.Auto = l.callable && !l.refused
	case !l.callable, l.refused, l.again, c.Tier == tierNuisance:
		return Task{}, false
	case t.Urgent(): // was cut off while at risk, a moment ago
		t.Auto = true
	case r.Abandoned == AbandonedOff && !c.LeftWaiting: // a talk that we broke is made good, if a person thinks so
		return Task{}, false
	default:
		t.Auto = r.Abandoned == AbandonedAuto
	}
	if t.Urgent() {
		t.Due = c.Ended
	}
	t.NextTry = r.Retry.First(c.Ended, t.Urgent())
	return t, true
}

// Unserved gives the caller of a call that the fallback ended, without a person and without a message, what a caller who left gets.
func (c *Callbacks) Unserved(ctx context.Context, call string) error {
	return wrap("follow "+call, c.follow(ctx, call, true))
}

// follow looks at one ended call, and notes that it did in the same transaction: wherever a process dies, the next one looks again or need not.
func (c *Callbacks) follow(ctx context.Context, call string, unserved bool) error {
	return c.db.InTx(ctx, func(tx *storage.Tx) error {
		row, err := scanCall(tx.QueryRow(ctx, `SELECT `+callColumns+` FROM calls WHERE id = ? AND ended_ms > 0`, call))
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case unserved || row.Outcome == Abandoned || row.LeftWaiting:
			err = c.followLeft(ctx, tx, row)
		case row.Outcome == Answered:
			err = c.followAnswered(ctx, tx, row)
			if err == nil && row.cutOff() {
				err = c.followCutOff(ctx, tx, row)
			}
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE calls SET followed_ms = ? WHERE id = ?`, storage.Millis(c.now()), call)
		return err
	})
}

func (c *Callbacks) followLeft(ctx context.Context, tx *storage.Tx, row CallRecord) error {
	l, refs, err := c.know(ctx, tx, row, row.Arrived)
	if err != nil {
		return err
	}
	task, ok := l.follow(c.rules(row.Line))
	if !ok {
		return nil
	}
	_, err = addOrJoin(ctx, tx, task, refs, c.now())
	return err
}

// know looks for what matters of the caller of a call, since a time, and returns the caller's pseudonyms.
func (c *Callbacks) know(ctx context.Context, tx *storage.Tx, row CallRecord, since time.Time) (left, []string, error) {
	l, refs := left{call: row}, []string{row.CallerRef}
	if number, err := c.keys.Open(row.CallerSealed, CallerContext(row.ID)); err == nil {
		l.callable, refs = c.Callable(number), c.keys.CallerRefs(number)
	}
	if in, args := inRefs(refs); in != "" {
		// Three questions in one look, all by the index of callers.
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM callback_refusals WHERE caller_ref IN `+in+`),
			EXISTS (SELECT 1 FROM calls WHERE caller_ref IN `+in+` AND id <> ? AND talked_ms >= ?),
			EXISTS (SELECT 1 FROM calls WHERE caller_ref IN `+in+` AND id <> ? AND ended_ms = 0 AND arrived_ms >= ?)`,
			concat(args, args, []any{row.ID, storage.Millis(since)}, args, []any{row.ID, storage.Millis(since)})...).
			Scan(&l.refused, &l.answered, &l.again)
		if err != nil {
			return l, nil, err
		}
	}
	return l, refs, nil
}

// followAnswered ends the callbacks of a caller who was answered, also one that is in the queue at the moment: there is nobody left to call. A message
// waits on: somebody must hear it.
func (c *Callbacks) followAnswered(ctx context.Context, tx *storage.Tx, row CallRecord) error {
	refs := []string{row.CallerRef}
	if number, err := c.keys.Open(row.CallerSealed, CallerContext(row.ID)); err == nil {
		refs = c.keys.CallerRefs(number)
	}
	in, args := inRefs(refs)
	if in == "" {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE tasks SET state = 'cancelled', closed_ms = ?, closed_by = ?, closed_why = ?, owner = '', asked_by = ''
		WHERE caller_ref IN `+in+` AND kind = 'callback' AND reason <> 'message' AND state IN ('open','working','given_up') AND place_ms <= ? AND entry <> ?`,
		concat([]any{storage.Millis(c.now()), system, ClosedAnswered}, args, []any{storage.Millis(row.Talked), row.ID})...)
	return err
}

func concat(lists ...[]any) (all []any) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// LeftConfig says how callers who left are found.
type LeftConfig struct {
	Every   time.Duration // between looks; default 1 s
	Log     *slog.Logger  // default slog.Default()
	Metrics *Metrics      // default: counted nowhere
}

// Left reads the ledger and makes callbacks for callers who left before anybody answered, and ends those of callers who were answered since. It
// may run many times, and be killed at any point.
type Left struct {
	cfg       LeftConfig
	callbacks *Callbacks
	quiet     time.Time // no fault is logged again before
}

// NewLeft uses the tables that [Migrate] made.
func NewLeft(cfg LeftConfig, callbacks *Callbacks) (*Left, error) {
	if callbacks == nil {
		return nil, errors.New("casework: left: callbacks are needed")
	}
	if cfg.Every == 0 {
		cfg.Every = time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Metrics == nil {
		cfg.Metrics = newMetrics()
	}
	return &Left{cfg: cfg, callbacks: callbacks}, nil
}

// Run looks until ctx ends; it returns nil then.
func (l *Left) Run(ctx context.Context) error {
	tick := time.NewTicker(l.cfg.Every)
	defer tick.Stop()
	for {
		if err := l.look(ctx); err != nil && ctx.Err() == nil {
			l.complain(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (l *Left) complain(err error) {
	l.cfg.Metrics.leftFaults.Inc()
	if now := time.Now(); now.After(l.quiet) {
		l.quiet = now.Add(30 * time.Second)
		l.cfg.Log.Error("callers who left are not called back yet; trying again", "error", err)
	}
}

// batch bounds one look; what is left over is looked at by the next.
const batch = 200

func (l *Left) look(ctx context.Context) error {
	ids, err := storage.Select(ctx, l.callbacks.db, func(r storage.Row) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	}, `SELECT id FROM calls WHERE followed_ms = 0 AND ended_ms > 0 ORDER BY ended_ms, id LIMIT ?`, batch)
	errs := []error{err}
	for _, id := range ids {
		if ctx.Err() != nil {
			break
		}
		errs = append(errs, wrap("follow "+id, l.callbacks.follow(ctx, id, false)))
	}
	return errors.Join(errs...)
}
