package exports

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"hotline/storage"
)

const columns = `id, recording, from_ms, to_ms, by_who, asked_ms, reason, decided_by, decided_ms, granted, why, until_ms, fetched_ms, mark`

// Get returns one wish. ErrNotFound.
func (s *Store) Get(ctx context.Context, id string) (Export, error) {
	e, err := s.scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM recording_exports WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Export{}, ErrNotFound
	}
	return e, wrap("get", err)
}

func (s *Store) get(ctx context.Context, tx *storage.Tx, id string) (Export, error) {
	e, err := s.scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM recording_exports WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Export{}, ErrNotFound
	}
	return e, err
}

// List returns the wishes since a time, at most limit, newest first.
func (s *Store) List(ctx context.Context, since time.Time, limit int) ([]Export, error) {
	all, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM recording_exports WHERE asked_ms >= ? ORDER BY asked_ms DESC, id DESC LIMIT ?`,
		storage.Millis(since), limit)
	return all, wrap("list", err)
}

// Marked is a copy that left the house, with the seed of its mark.
type Marked struct {
	ID   string
	Mark [32]byte
}

// Marks are the marks of all copies that were fetched, the last first.
func (s *Store) Marks(ctx context.Context) ([]Marked, error) {
	all, err := storage.Select(ctx, s.db, func(r storage.Row) (m Marked, err error) {
		var mark []byte
		err = r.Scan(&m.ID, &mark)
		copy(m.Mark[:], mark)
		return m, err
	}, `SELECT id, mark FROM recording_exports WHERE fetched_ms <> 0 ORDER BY fetched_ms DESC, id`)
	return all, wrap("marks", err)
}

func (s *Store) scan(r storage.Row) (e Export, err error) {
	var from, to, asked, decided, until, fetched int64
	var reason, why, mark []byte
	if err = r.Scan(&e.ID, &e.Recording, &from, &to, &e.By, &asked, &reason, &e.DecidedBy, &decided, &e.Granted, &why, &until, &fetched, &mark); err != nil {
		return e, err
	}
	e.From, e.To = time.Duration(from)*time.Millisecond, time.Duration(to)*time.Millisecond
	e.At, e.Until = storage.Time(asked), storage.Time(until)
	e.Decided, e.Fetched = storage.Time(decided), storage.Time(fetched)
	copy(e.Mark[:], mark)
	if reason != nil {
		if e.Reason, err = s.seal.Open(reason, sealContext(e.ID, "reason")); err != nil {
			return e, err
		}
	}
	if why != nil {
		e.Why, err = s.seal.Open(why, sealContext(e.ID, "why"))
	}
	return e, err
}
