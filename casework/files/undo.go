package files

import (
	"context"

	"hotline/storage"
)

// Undo takes back a merge, a move, a split or a third party. Nothing is lost by it: what was added to either file since stays where it was put.
// ErrLater when a link was moved on since: that is to be undone first. ErrUndone the second time, ErrInvalid for what cannot be undone, ErrHeld when
// calls would leave a person who is on hold.
func (s *Store) Undo(ctx context.Context, act, by string) (Act, error) {
	var a Act
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if err := s.stillHolds(ctx, tx); err != nil {
			return err
		}
		if a, err = s.scanAct(tx.QueryRow(ctx, `SELECT `+actColumns+` FROM file_acts WHERE id = ?`, act)); err != nil {
			return found(err)
		}
		if !a.Undone.IsZero() {
			return ErrUndone
		}
		if !a.Undoable() {
			return ErrInvalid
		}
		a.Undone, a.UndoBy = storage.Time(storage.Millis(s.now())), by
		if _, err := tx.Exec(ctx, `UPDATE file_acts SET undone_ms = ?, undone_by = ? WHERE id = ?`, storage.Millis(a.Undone), by, a.ID); err != nil {
			return err
		}
		switch a.Kind {
		case ActMerge:
			err = s.unmerge(ctx, tx, a)
		case ActThirdParty:
			err = s.unreport(ctx, tx, a)
		default:
			err = s.unmove(ctx, tx, a)
		}
		if err != nil {
			return err
		}
		for _, file := range []string{a.File, a.Other} { // what the act carried over has no force any more
			root, err := rootOf(ctx, tx, file)
			if err != nil {
				return err
			}
			if err := judgeRisk(ctx, tx, root); err != nil {
				return err
			}
		}
		return nil
	})
	return a, wrap("undo", err)
}

// unmerge makes a file stand for itself again, with all that was merged into it.
func (s *Store) unmerge(ctx context.Context, tx *storage.Tx, a Act) error {
	if err := s.mayLeave(ctx, tx, a.File); err != nil {
		return err
	}
	r, err := tx.Exec(ctx, `UPDATE files SET merged_into = '' WHERE id = ? AND merged_into = ?`, a.File, a.Other)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return orElse(err, ErrLater)
	}
	for level := []string{a.File}; len(level) > 0; {
		list, args := storage.In(level)
		if _, err := tx.Exec(ctx, `UPDATE files SET root = ? WHERE id IN `+list, append([]any{a.File}, args...)...); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT id FROM files WHERE merged_into IN `+list, args...)
		if err != nil {
			return err
		}
		if level, err = storage.Collect(rows, scanID); err != nil {
			return err
		}
	}
	return nil
}

// unmove puts links back where they came from.
func (s *Store) unmove(ctx context.Context, tx *storage.Tx, a Act) error {
	rows, err := tx.Query(ctx, `SELECT m.link_id, m.from_id FROM file_moves m WHERE m.act = ?`, a.ID)
	if err != nil {
		return err
	}
	type back struct{ link, to string }
	all, err := storage.Collect(rows, func(r storage.Row) (b back, err error) { return b, r.Scan(&b.link, &b.to) })
	if err != nil {
		return err
	}
	for _, b := range all {
		m, err := scanMoved(tx.QueryRow(ctx, `SELECT id, file_id, refs, role, at_ms FROM file_links WHERE id = ?`, b.link))
		if err != nil {
			return orElse(ignoreNone(err), ErrLater)
		}
		if m.from != a.Other {
			return ErrLater
		}
		root, err := rootOf(ctx, tx, b.to)
		if err != nil {
			return err
		}
		from, err := rootOf(ctx, tx, m.from)
		if err != nil {
			return err
		}
		if from != root { // else they were merged since, and it stays with the person
			if err := s.mayLeave(ctx, tx, from); err != nil {
				return err
			}
		}
		if err := relink(ctx, tx, m, b.to); err != nil {
			return err
		}
		if n, err := twice(ctx, tx, root); err != nil || n > 0 {
			return orElse(err, ErrLater) // its place was taken since
		}
	}
	return nil
}

func ignoreNone(err error) error {
	if found(err) == ErrNotFound { //nolint:errorlint // just made by found
		return nil
	}
	return err
}
