package followups

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"hotline/casework"
	"hotline/storage"
)

// catchUp takes in what came of the calls of one follow-up, or of all ("").
func (s *Store) catchUp(ctx context.Context, id string) error {
	found, err := storage.Select(ctx, s.db, func(r storage.Row) (id string, err error) { return id, r.Scan(&id) },
		`SELECT f.id FROM followups f LEFT JOIN tasks t ON t.id = f.task WHERE f.state IN ('calling','talked') AND f.task <> '' AND (? = '' OR f.id = ?)
		AND (f.state = 'calling' AND (t.id IS NULL OR t.state IN ('done','cancelled'))
			OR f.task_seq < (SELECT COALESCE(MAX(seq), 0) FROM task_attempts a WHERE a.task = f.task)) ORDER BY f.id LIMIT 200`, id, id)
	errs := []error{wrap("look for results", err)}
	for _, id := range found {
		if ctx.Err() != nil {
			break
		}
		errs = append(errs, wrap("results of "+id, s.takeIn(ctx, id)))
	}
	return errors.Join(errs...)
}

// CatchUp takes in what came of calls to people, as [Watch] does every second: a page that is opened shows it at once.
func (s *Store) CatchUp(ctx context.Context) error { return s.catchUp(ctx, "") }

// takeIn does so for one, in one transaction. Whoever is told of a talk is told before: again, when this process dies in between.
func (s *Store) takeIn(ctx context.Context, id string) error {
	seen, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := s.tellTalks(ctx, seen); err != nil {
		return err
	}
	files, refs, err := s.same(ctx, seen.Who())
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		f, err := get(ctx, tx, id)
		if err != nil || f.Task == "" || f.State != Calling && f.State != Talked {
			return err
		}
		news, err := attempts(ctx, tx, f.Task, f.seq)
		if err != nil {
			return err
		}
		for _, a := range news {
			if err := s.result(ctx, tx, &f, a); err != nil {
				return err
			}
		}
		if err := s.left(ctx, tx, &f); err != nil {
			return err
		}
		if err := save(ctx, tx, f); err != nil {
			return err
		}
		if f.Last != string(casework.ResultRefused) || len(news) == 0 {
			return nil
		}
		w, err := s.wishIn(ctx, tx, files, refs, f.Call)
		if err != nil {
			return err
		}
		w.Consent, w.By = ConsentRefused, news[len(news)-1].Who
		if w, err = s.writeWish(ctx, tx, f.Who(), w); err != nil {
			return err
		}
		return s.heed(ctx, tx, files, refs, f.Call, w)
	})
}

// result is one thing that came of a call.
func (s *Store) result(ctx context.Context, tx *storage.Tx, f *row, a casework.Attempt) error {
	f.seq, f.Last, f.LastTry = a.Seq, string(a.Result), a.At
	switch a.Result {
	case casework.ResultPlaced:
		f.Tries++
		return nil
	case casework.ResultReached:
		f.State = Talked
	default:
		f.State = Planned
	}
	return s.note(ctx, tx, f.ID, Event{At: a.At, Who: a.Who, What: "result", Arg: string(a.Result), Ref: a.Entry})
}

// left puts a follow-up back whose call is over without a word: nobody took it in time, or the person was answered in a call of theirs.
func (s *Store) left(ctx context.Context, tx *storage.Tx, f *row) error {
	if f.State != Calling {
		return nil
	}
	why := "gone"
	var state string
	err := tx.QueryRow(ctx, `SELECT state, closed_why FROM tasks WHERE id = ?`, f.Task).Scan(&state, &why)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil && state != string(casework.TaskDone) && state != string(casework.TaskCancelled) {
		return nil
	}
	f.State, f.Last = Planned, why
	return s.note(ctx, tx, f.ID, Event{What: "result", Arg: why, Ref: f.Task})
}

func attempts(ctx context.Context, tx *storage.Tx, task string, after int) ([]casework.Attempt, error) {
	found, err := tx.Query(ctx, attemptsQuery, task, after)
	if err != nil {
		return nil, err
	}
	return storage.Collect(found, scanAttempt)
}

const attemptsQuery = `SELECT task, seq, entry, at_ms, who, result FROM task_attempts WHERE task = ? AND seq > ? ORDER BY seq`

func scanAttempt(r storage.Row) (a casework.Attempt, err error) {
	var at int64
	err = r.Scan(&a.Task, &a.Seq, &a.Entry, &at, &a.Who, &a.Result)
	a.At = storage.Time(at)
	return a, err
}

func (s *Store) tellTalks(ctx context.Context, f FollowUp) error {
	if s.cfg.Talks == nil || f.State != Calling {
		return nil
	}
	all, err := storage.Select(ctx, s.db, scanAttempt, attemptsQuery, f.Task, 0)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(all, func(a casework.Attempt) bool { return a.Result == casework.ResultReached }); i >= 0 {
		return s.cfg.Talks(ctx, f, all[i].Entry)
	}
	return nil
}
