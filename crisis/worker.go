package crisis

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

// Doer carries out what an incident causes elsewhere. It is told the same thing again after a crash, so both are idempotent by the incident's id.
type Doer interface {
	// FollowUps plans the contacts after the incident; the answer names them.
	FollowUps(ctx context.Context, in Incident, p Policy) (ref string, err error)
	// Debrief asks for a talk with the counsellor.
	Debrief(ctx context.Context, in Incident) error
}

// WorkerConfig says how deadlines are looked after.
type WorkerConfig struct {
	ID      string        // of this process; default a new one
	Every   time.Duration // between looks; default 250 ms, so that an alert that nobody wrote with its trigger is there within a second
	Lease   time.Duration // how long a claim holds: whoever dies with one delays it by so much; default 3 s
	Pause   time.Duration // after an effect that failed, doubled up to a minute; default 1 s
	Doer    Doer
	Log     *slog.Logger
	Metrics *Metrics
}

// Worker brings every incident over its deadlines, and carries out what events cause elsewhere. It may run many times, and be killed at any point: a
// deadline is an event like any other, written in one transaction with everything that follows from it, by whoever holds its newest fence.
type Worker struct {
	s     *Store
	calls *Calls
	cfg   WorkerConfig
	quiet time.Time // no fault is logged again before
}

// NewWorker makes one for a store.
func NewWorker(s *Store, cfg WorkerConfig) (*Worker, error) {
	if s == nil || cfg.Doer == nil {
		return nil, errors.New("crisis: worker: a store and who carries effects out are needed")
	}
	for d, def := range map[*time.Duration]time.Duration{&cfg.Every: 250 * time.Millisecond, &cfg.Lease: 3 * time.Second, &cfg.Pause: time.Second} {
		if *d == 0 {
			*d = def
		}
	}
	if cfg.ID == "" {
		cfg.ID = ulid.Make().String()
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Metrics == nil {
		cfg.Metrics = newMetrics()
	}
	return &Worker{s: s, calls: NewCalls(s, nil), cfg: cfg}, nil
}

// Run looks until ctx ends; it returns nil then.
func (w *Worker) Run(ctx context.Context) error {
	tick := time.NewTicker(w.cfg.Every)
	defer tick.Stop()
	for {
		if _, err := w.Look(ctx); err != nil && ctx.Err() == nil {
			w.complain(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (w *Worker) complain(err error) {
	w.cfg.Metrics.faults.Inc()
	if now := time.Now(); now.After(w.quiet) {
		w.quiet = now.Add(30 * time.Second)
		w.cfg.Log.Error("deadlines of incidents are not looked after; trying again", "error", err)
	}
}

// Look does everything that is due at this moment, and says how much that was. One fault does not keep it from the rest.
func (w *Worker) Look(ctx context.Context) (done int, err error) {
	var faults []error
	for _, part := range []func(context.Context) (int, error){w.telephones, w.deadlines, w.effects} {
		n, err := part(ctx)
		done += n
		faults = append(faults, err)
	}
	return done, errors.Join(faults...)
}

// batch bounds one look; what is left over is looked at by the next.
const batch = 100

func ids(r storage.Row) (id string, err error) { return id, r.Scan(&id) }

func (w *Worker) deadlines(ctx context.Context) (done int, err error) {
	now := storage.Millis(w.s.now())
	due, err := storage.Select(ctx, w.s.db, ids, `SELECT id FROM incidents WHERE due_ms > 0 AND due_ms <= ? AND lease_ms <= ? ORDER BY due_ms, id LIMIT ?`, now, now, batch)
	faults := []error{wrap("look for deadlines", err)}
	for _, id := range due {
		err := w.deadline(ctx, id)
		switch {
		case err == nil:
			done++
		case !errors.Is(err, ErrLost):
			faults = append(faults, wrap("deadline of "+id, err))
		}
	}
	return done, errors.Join(faults...)
}

// deadline claims one incident, asks whom to alert, and writes that the deadline passed, if the claim is still the newest.
func (w *Worker) deadline(ctx context.Context, id string) error {
	now := w.s.now()
	fence, err := w.claim(ctx, `UPDATE incidents SET worker = ?, lease_ms = ?, fence = fence + 1 WHERE id = ? AND due_ms > 0 AND due_ms <= ? AND lease_ms <= ?
		RETURNING fence`, w.cfg.ID, storage.Millis(now.Add(w.cfg.Lease)), id, storage.Millis(now), storage.Millis(now))
	if err != nil {
		return err
	}
	p, _, err := w.s.policyOf(ctx, id)
	if err != nil {
		return err
	}
	e := Event{Kind: EventDue, At: now, By: BySystem}
	e.Tree, e.Treed = w.s.tree(ctx, p)
	var in Incident
	err = w.s.db.InRowTx(ctx, func(tx *storage.Tx) error {
		n, err := w.s.exec(ctx, tx, "fence", `UPDATE incidents SET worker = '', lease_ms = 0 WHERE id = ? AND fence = ?`, id, fence)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrLost // somebody claimed it since
		}
		if in, err = w.s.fold(ctx, tx, id, p); err != nil {
			return err
		}
		e.Request = "due:" + strconv.Itoa(in.Seq)
		next, err := w.s.add(ctx, tx, in, e, p)
		if errors.Is(err, errNothing) {
			return nil // somebody did it since
		}
		if err == nil {
			in = next
		}
		return err
	})
	if err != nil {
		return err
	}
	w.s.fault("after commit")
	w.s.remember(in)
	w.cfg.Metrics.deadlines.Inc()
	return nil
}

// claim runs a statement that returns the fence of a claim. ErrLost when there is nothing to claim any more.
func (w *Worker) claim(ctx context.Context, query string, args ...any) (fence int64, err error) {
	w.s.fault("before claim")
	err = w.s.db.InRowTx(ctx, func(tx *storage.Tx) error { return tx.QueryRow(ctx, query, args...).Scan(&fence) })
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrLost
	}
	if err == nil {
		w.s.fault("after claim")
	}
	return fence, err
}

func (w *Worker) telephones(ctx context.Context) (done int, err error) {
	lapsed, err := w.calls.lapsed(ctx)
	faults := []error{wrap("look for telephones", err)}
	for _, k := range lapsed {
		if err := w.calls.Done(ctx, k.kind, k.value, CallFailed); err != nil && !errors.Is(err, ErrLost) {
			faults = append(faults, err)
			continue
		}
		done++
	}
	return done, errors.Join(faults...)
}
