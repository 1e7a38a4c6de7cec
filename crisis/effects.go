package crisis

import (
	"context"
	"errors"
	"time"

	"hotline/storage"
)

const mostPause = time.Minute

// effects carries out what is due elsewhere. The row was written with the event that caused it; it is marked done together with the event that says so.
// Between the two this process may die: then it is done again, by the same id.
func (w *Worker) effects(ctx context.Context) (done int, err error) {
	now := storage.Millis(w.s.now())
	due, err := storage.Select(ctx, w.s.db, ids, `SELECT id FROM incident_effects WHERE next_ms > 0 AND next_ms <= ? AND lease_ms <= ? ORDER BY next_ms, id LIMIT ?`,
		now, now, batch)
	faults := []error{wrap("look for effects", err)}
	for _, id := range due {
		err := w.effect(ctx, id)
		switch {
		case err == nil:
			done++
		case !errors.Is(err, ErrLost):
			w.cfg.Metrics.effectFaults.Inc()
			faults = append(faults, wrap("effect "+id, err))
		}
	}
	return done, errors.Join(faults...)
}

func (w *Worker) effect(ctx context.Context, id string) error {
	now := w.s.now()
	fence, err := w.claim(ctx, `UPDATE incident_effects SET worker = ?, lease_ms = ?, fence = fence + 1 WHERE id = ? AND next_ms > 0 AND next_ms <= ?
		AND lease_ms <= ? RETURNING fence`, w.cfg.ID, storage.Millis(now.Add(w.cfg.Lease)), id, storage.Millis(now), storage.Millis(now))
	if err != nil {
		return err
	}
	var incident string
	var kind EffectKind
	var tries int
	if err := w.s.db.QueryRow(ctx, `SELECT incident, kind, tries FROM incident_effects WHERE id = ?`, id).Scan(&incident, &kind, &tries); err != nil {
		return err
	}
	in, err := w.s.Get(ctx, incident)
	if err != nil {
		return err
	}
	p, err := w.s.policy(ctx, in.Policy)
	if err != nil {
		return err
	}
	ref := ""
	if in.State == StateClosed { // it may have been opened again: then a later closing has an effect of its own
		// What is done elsewhere ends before the claim does: then nobody else does it at the same time.
		within, cancel := context.WithTimeout(ctx, w.cfg.Lease)
		ref, err = w.do(within, kind, in, p)
		cancel()
	}
	if err != nil {
		return errors.Join(err, w.putOff(ctx, id, fence, tries))
	}
	w.s.fault("done elsewhere")
	return w.doneElsewhere(ctx, id, fence, in, kind, ref, p)
}

func (w *Worker) do(ctx context.Context, kind EffectKind, in Incident, p Policy) (string, error) {
	if kind == EffectDebrief {
		return "", w.cfg.Doer.Debrief(ctx, in)
	}
	return w.cfg.Doer.FollowUps(ctx, in, p)
}

// putOff gives a failed effect a pause; it is never given up.
func (w *Worker) putOff(ctx context.Context, id string, fence int64, tries int) error {
	pause := min(w.cfg.Pause<<min(tries, 10), mostPause)
	_, err := w.s.db.Exec(ctx, `UPDATE incident_effects SET tries = tries + 1, next_ms = ?, worker = '', lease_ms = 0 WHERE id = ? AND fence = ? AND next_ms > 0`,
		storage.Millis(w.s.now().Add(pause)), id, fence)
	return err
}

// doneElsewhere marks an effect done, and says so in the incident, in one transaction.
func (w *Worker) doneElsewhere(ctx context.Context, id string, fence int64, in Incident, kind EffectKind, ref string, p Policy) error {
	err := w.s.db.InRowTx(ctx, func(tx *storage.Tx) (err error) {
		now, err := w.s.locked(ctx, tx, in.ID, p)
		if err != nil {
			return err
		}
		n, err := w.s.exec(ctx, tx, "effect done", `UPDATE incident_effects SET done_ms = ?, next_ms = 0, worker = '', lease_ms = 0 WHERE id = ? AND fence = ?
			AND next_ms > 0`, storage.Millis(w.s.now()), id, fence)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrLost
		}
		in = now
		if kind != EffectFollowUp || in.State != StateClosed {
			return nil
		}
		next, err := w.s.add(ctx, tx, in, Event{Kind: EventPlanned, At: w.s.now(), By: BySystem, Request: "effect:" + id, Data: Data{Code: ref}}, p)
		if errors.Is(err, errNothing) {
			return nil
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
	return nil
}
