package files

import (
	"context"
	"strings"

	"hotline/storage"
)

// Merge says that two files are one person: file leads to into from then on, and stays as it is. The greater danger of the two holds for both.
// ErrSame when they are one already; ErrRole when both are people of one call, who cannot be one.
func (s *Store) Merge(ctx context.Context, file, into, by, reason string) (Act, error) {
	a := Act{ID: newID(), Kind: ActMerge, By: by, Reason: reason}
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if a.File, err = rootOf(ctx, tx, file); err != nil {
			return err
		}
		if a.Other, err = rootOf(ctx, tx, into); err != nil {
			return err
		}
		if a.File == a.Other {
			return ErrSame
		}
		if n, err := together(ctx, tx, a.File, a.Other); err != nil || len(n) > 0 {
			return orElse(err, ErrRole)
		}
		from, err := newestRisk(ctx, tx, a.File)
		if err != nil {
			return err
		}
		to, err := newestRisk(ctx, tx, a.Other)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE files SET merged_into = ? WHERE id = ?`, a.Other, a.File); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE files SET root = ? WHERE root = ?`, a.Other, a.File); err != nil {
			return err
		}
		if err := s.act(ctx, tx, a); err != nil {
			return err
		}
		for _, r := range []risk{from, to} { // the newest word of both may be the lower one
			if err := s.carryRisk(ctx, tx, a.Other, r, a.ID); err != nil {
				return err
			}
		}
		return judgeRisk(ctx, tx, a.Other)
	})
	return a, wrap("merge", err)
}

// Together returns the calls in which both files are people: those two cannot be one.
func (s *Store) Together(ctx context.Context, a, b string) ([]string, error) {
	calls, err := together(ctx, s.db, a, b)
	return calls, wrap("together", err)
}

func together(ctx context.Context, db asker, a, b string) ([]string, error) {
	rows, err := db.Query(ctx, `SELECT DISTINCT l.call_id FROM file_links l JOIN files f ON f.id = l.file_id JOIN file_links m ON m.call_id = l.call_id
		JOIN files g ON g.id = m.file_id WHERE f.root = (SELECT root FROM files WHERE id = ?) AND g.root = (SELECT root FROM files WHERE id = ?)
		AND m.id <> l.id ORDER BY l.call_id`, a, b)
	if err != nil {
		return nil, err
	}
	return storage.Collect(rows, scanID)
}

// Split says that some calls of a file are another person's: they go to a new file, which it returns. A high level goes with them, until somebody
// says which of the two it was. What is kept of a call goes with the call. ErrHeld.
func (s *Store) Split(ctx context.Context, file string, calls []string, by, reason string) (File, Act, error) {
	a, err := s.move(ctx, Act{Kind: ActSplit, File: file, By: by, Reason: reason}, calls)
	if err != nil {
		return File{}, a, wrap("split", err)
	}
	f, err := s.Get(ctx, a.Other)
	return f, a, err
}

// NewPerson says that the person on the line in a call is another than the file knows, and new: the call goes to a new file. ErrSame when the file has
// no other call: then it is that person's. ErrHeld.
func (s *Store) NewPerson(ctx context.Context, call, by string) (File, error) {
	now, _, ok, err := s.OnLine(ctx, call)
	if err != nil || !ok {
		return File{}, orElse(err, ErrNotFound)
	}
	have, err := s.Calls(ctx, now.ID, 2)
	if err != nil || len(have) < 2 {
		return File{}, orElse(err, ErrSame)
	}
	f, _, err := s.Split(ctx, now.ID, []string{call}, by, "")
	return f, err
}

// Move says that some calls of a file are those of the person of another file. ErrHeld.
func (s *Store) Move(ctx context.Context, file string, calls []string, to, by, reason string) (Act, error) {
	a, err := s.move(ctx, Act{Kind: ActMove, File: file, Other: to, By: by, Reason: reason}, calls)
	return a, wrap("move", err)
}

// moveCall puts a call to another person than it was: when its file has nothing but this call, and no more than that is known, the whole file is
// merged, so that what was kept with it comes along.
func (s *Store) moveCall(ctx context.Context, call, to, by string) (File, error) {
	now, _, _, err := s.OnLine(ctx, call)
	if err != nil {
		return File{}, err
	}
	have, err := s.Calls(ctx, now.ID, 2)
	if err != nil {
		return File{}, err
	}
	if len(have) == 1 {
		_, err = s.Merge(ctx, now.ID, to, by, "")
	} else {
		_, err = s.Move(ctx, now.ID, []string{call}, to, by, "")
	}
	if err != nil {
		return File{}, err
	}
	return s.Get(ctx, to)
}

// moved is a link as it is moved.
type moved struct {
	id, from, refs string
	role           Role
	at             int64
}

func scanMoved(r storage.Row) (m moved, err error) {
	return m, r.Scan(&m.id, &m.from, &m.refs, &m.role, &m.at)
}

func (s *Store) move(ctx context.Context, a Act, calls []string) (Act, error) {
	a.ID = newID()
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		a := &a
		if err := s.stillHolds(ctx, tx); err != nil {
			return err
		}
		if a.File, err = rootOf(ctx, tx, a.File); err != nil {
			return err
		}
		if a.Kind == ActSplit {
			a.Other, err = s.make(ctx, tx, a.By)
		} else {
			a.Other, err = rootOf(ctx, tx, a.Other)
		}
		if err != nil {
			return err
		}
		if a.File == a.Other {
			return ErrSame
		}
		if len(calls) == 1 {
			a.Call = calls[0]
		}
		list, args := storage.In(calls)
		rows, err := tx.Query(ctx, `SELECT l.id, l.file_id, l.refs, l.role, l.at_ms FROM file_links l JOIN files f ON f.id = l.file_id WHERE f.root = ? AND l.call_id IN `+list,
			append([]any{a.File}, args...)...)
		if err != nil {
			return err
		}
		links, err := storage.Collect(rows, scanMoved)
		if err != nil {
			return err
		}
		if len(links) == 0 || len(links) != len(calls) {
			return ErrNotFound
		}
		if err := s.mayLeave(ctx, tx, a.File); err != nil {
			return err
		}
		was, err := newestRisk(ctx, tx, a.File)
		if err != nil {
			return err
		}
		if err := s.act(ctx, tx, *a); err != nil {
			return err
		}
		for _, m := range links {
			if err := relink(ctx, tx, m, a.Other); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO file_moves (act, link_id, from_id, to_id) VALUES (?,?,?,?)`, a.ID, m.id, m.from, a.Other); err != nil {
				return err
			}
		}
		if n, err := twice(ctx, tx, a.Other); err != nil || n > 0 {
			return orElse(err, ErrRole)
		}
		if was.Level == levelHigh {
			if err := s.carryRisk(ctx, tx, a.Other, was, a.ID); err != nil {
				return err
			}
		}
		return judgeRisk(ctx, tx, a.Other)
	})
	return a, err
}

// twice counts the calls that have a person in two parts.
func twice(ctx context.Context, tx *storage.Tx, root string) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT l.call_id FROM file_links l JOIN files f ON f.id = l.file_id WHERE f.root = ? GROUP BY l.call_id
		HAVING COUNT(*) > 1) AS t`, root).Scan(&n)
	return n, err
}

// relink puts a link into another file, with its pseudonyms.
func relink(ctx context.Context, tx *storage.Tx, m moved, to string) error {
	if _, err := tx.Exec(ctx, `UPDATE file_links SET file_id = ? WHERE id = ?`, to, m.id); err != nil {
		if storage.IsUnique(err) {
			return ErrRole
		}
		return err
	}
	refs, own, at := strings.Fields(m.refs), m.role != RoleAtRisk, storage.Time(m.at)
	if err := count(ctx, tx, m.from, own, refs, at, -1); err != nil {
		return err
	}
	return count(ctx, tx, to, own, refs, at, 1)
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
