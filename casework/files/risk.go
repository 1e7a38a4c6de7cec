package files

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hotline/casework"
	"hotline/storage"
)

// SetRisk writes how much danger a person is in, by which version of the definition, who said so and when. It takes what it is told: that a high
// level is lowered by two people only is checked where they act. What was said earlier than the newest does not replace it. The same again
// changes nothing. level is one of crisis.Level, "" is not.
func (s *Store) SetRisk(ctx context.Context, file, level string, definitionVersion int64, by string, at time.Time) error {
	if rank(level) == 0 || by == "" || at.IsZero() {
		return ErrInvalid
	}
	return wrap("risk", s.db.InTx(ctx, func(tx *storage.Tx) error {
		root, err := rootOf(ctx, tx, file)
		if err != nil {
			return err
		}
		var same int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM file_risks r JOIN files f ON f.id = r.file_id WHERE f.root = ? AND r.level = ? AND r.by_id = ? AND r.at_ms = ?
			AND r.act = ''`, root, level, by, storage.Millis(at)).Scan(&same); err != nil || same > 0 {
			return err
		}
		r := risk{File: root, Level: level, Version: definitionVersion, At: at, By: by}
		if err := s.addRisk(ctx, tx, r); err != nil {
			return err
		}
		if err := s.act(ctx, tx, Act{Kind: ActRisk, File: root, By: by, Detail: fmt.Sprintf("%s %d", level, definitionVersion)}); err != nil {
			return err
		}
		return judgeRisk(ctx, tx, root)
	}))
}

// HighRisk tells whether a person who calls from a number, or about whom somebody calls from it, has an open file at high risk. It is asked at every
// arrival: its cost does not grow with the number of calls.
func (s *Store) HighRisk(ctx context.Context, refs []string) (bool, error) {
	if len(refs) == 0 {
		return false, nil
	}
	list, args := storage.In(refs)
	var n int
	err := s.db.QueryRow(ctx, `SELECT COUNT(*) FROM file_refs r JOIN files f ON f.id = r.file_id JOIN files g ON g.id = f.root
		WHERE r.ref IN `+list+` AND g.level = 'high'`, args...).Scan(&n)
	return n > 0, wrap("high risk", err)
}

// Returning returns the open file at high risk that a call's number leads to, if there is one: the person's on the line, or of somebody about whom
// the number called before. ErrNotFound when the books do not have the call (yet).
func (s *Store) Returning(ctx context.Context, call string) (File, bool, error) {
	caller, err := s.contacts.Caller(ctx, call)
	if err != nil || len(caller.Refs) == 0 {
		if errors.Is(err, casework.ErrNotFound) {
			err = ErrNotFound
		}
		return File{}, false, wrap("returning", err)
	}
	list, args := storage.In(caller.Refs)
	f, err := s.scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM files WHERE id = (SELECT f.root FROM file_refs r JOIN files f ON f.id = r.file_id
		JOIN files g ON g.id = f.root WHERE r.ref IN `+list+` AND g.level = 'high' ORDER BY CASE WHEN r.own THEN 0 ELSE 1 END, r.last_ms DESC, f.root LIMIT 1)`, args...))
	if errors.Is(found(err), ErrNotFound) {
		return File{}, false, nil
	}
	return f, err == nil, wrap("returning", err)
}

// AtHighRisk returns the open files at high risk, longest first, at most limit.
func (s *Store) AtHighRisk(ctx context.Context, limit int) ([]File, error) {
	out, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM files WHERE level = 'high' AND merged_into = '' ORDER BY level_ms, id LIMIT ?`, limit)
	return out, wrap("at high risk", err)
}

// risk is one word about a person's danger.
type risk struct {
	File    string
	Level   string
	Version int64
	At      time.Time
	By      string
	Act     string // that carried it over from another file
}

func (s *Store) addRisk(ctx context.Context, tx *storage.Tx, r risk) error {
	var ord int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(r.ord), 0) + 1 FROM file_risks r JOIN files f ON f.id = r.file_id WHERE f.root = ?`, r.File).Scan(&ord); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO file_risks (id, file_id, level, version, at_ms, ord, by_id, act) VALUES (?,?,?,?,?,?,?,?)`, newID(), r.File, r.Level, r.Version,
		storage.Millis(r.At), ord, r.By, r.Act)
	return err
}

// newestRisk is the word that holds for a person; a zero one when nobody said any.
func newestRisk(ctx context.Context, tx asker, root string) (r risk, err error) {
	var at int64
	err = tx.QueryRow(ctx, `SELECT r.file_id, r.level, r.version, r.at_ms, r.by_id FROM file_risks r JOIN files f ON f.id = r.file_id
		LEFT JOIN file_acts a ON a.id = r.act WHERE f.root = ? AND COALESCE(a.undone_ms, 0) = 0 ORDER BY r.at_ms DESC, r.ord DESC LIMIT 1`, root).
		Scan(&r.File, &r.Level, &r.Version, &at, &r.By)
	r.At = storage.Time(at)
	if errors.Is(found(err), ErrNotFound) {
		return risk{}, nil
	}
	return r, err
}

// judgeRisk writes into a file what holds for it, where an arrival looks.
func judgeRisk(ctx context.Context, tx *storage.Tx, root string) error {
	r, err := newestRisk(ctx, tx, root)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE files SET level = ?, level_ms = ?, level_by = ?, level_version = ? WHERE id = ?`, r.Level, storage.Millis(r.At), r.By, r.Version, root)
	return err
}

// carryRisk has a file keep the greater danger of two when an act puts what belongs to both into it: that two people may be one, or one two, makes
// nobody safer.
func (s *Store) carryRisk(ctx context.Context, tx *storage.Tx, into string, from risk, act string) error {
	have, err := newestRisk(ctx, tx, into)
	if err != nil || rank(from.Level) <= rank(have.Level) {
		return err
	}
	from.File, from.Act, from.At = into, act, s.now()
	if have.At.After(from.At) {
		from.At = have.At // another machine's clock is ahead
	}
	return s.addRisk(ctx, tx, from)
}
