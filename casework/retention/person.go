package retention

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"hotline/storage"
)

// eraseEmpty takes out what is known of those people of whom no contact is left, in the transaction in which the last one goes: with one of its own, who dies between
// the two would leave it for ever. Who is on hold stays; so does whose contact came to another file just now. [Store.sweep] finds them later.
func (s *Store) eraseEmpty(ctx context.Context, tx *storage.Tx, files []string, stone Stone) error {
	for _, f := range files {
		if _, err := s.erasePerson(ctx, tx, f, stone); err != nil && !stays(err) {
			return fmt.Errorf("file %s: %w", f, err)
		}
	}
	return nil
}

// stays tells whether something is kept, rather than that it could not be erased.
func stays(err error) bool { return errors.Is(err, ErrHeld) || errors.Is(err, ErrLive) }

// erasePerson takes out what is known of the person of a file, unless a contact of theirs is left, in a transaction that began with [Store.StillHolds]. ErrHeld,
// ErrLive, before anything is written.
func (s *Store) erasePerson(ctx context.Context, tx *storage.Tx, file string, stone Stone) (gone bool, err error) {
	calls, parts, err := s.people.CallsOf(ctx, tx, file)
	if err != nil {
		return false, err
	}
	if left, err := anyLeft(ctx, tx, calls); err != nil || left {
		return false, err
	}
	for _, p := range parts {
		if err := s.freePart(ctx, tx, p); err != nil {
			return false, err
		}
	}
	stone.Object, stone.Found = "file:"+file, 0
	for _, p := range parts {
		if err := s.take(ctx, tx, storage.OfFile, p, &stone); err != nil {
			return false, err
		}
	}
	return true, put(ctx, tx, stone)
}

// askedMost bounds how many stones one statement asks about.
const askedMost = 500

// anyLeft tells whether one of some calls was not erased.
func anyLeft(ctx context.Context, tx *storage.Tx, calls []string) (bool, error) {
	for some := range slices.Chunk(calls, askedMost) {
		list, args := storage.In(objects("call:", some))
		var gone int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM retention_stones WHERE object IN `+list, args...).Scan(&gone); err != nil || gone < len(some) {
			return true, err
		}
	}
	return false, nil
}

// objects are what stones over some calls or files stand over.
func objects(kind string, ids []string) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, kind+id)
	}
	return out
}

// freePart asks what keeps a file itself. ErrHeld, ErrLive.
func (s *Store) freePart(ctx context.Context, tx *storage.Tx, part string) error {
	ask := func(questions []storage.Live, refusal error) error {
		for _, q := range questions {
			if q.Of != storage.OfFile {
				continue
			}
			if yes, err := q.Holds(ctx, tx, part); err != nil || yes {
				return errors.Join(err, when(yes, refusal))
			}
		}
		return nil
	}
	if err := ask(heldBy(), ErrHeld); err != nil {
		return err
	}
	for _, p := range s.all {
		if err := ask(p.Lives, ErrLive); err != nil {
			return err
		}
	}
	return nil
}

// erasePersonAsked takes out what is known of the person whose file somebody wished erased, if it did not go with a contact. ErrHeld; ErrLive also when one of theirs
// came meanwhile, but not when they are gone already: who calls then is known again, and the wish is not about that.
func (s *Store) erasePersonAsked(ctx context.Context, q Request) error {
	return wrap("erase file", s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := s.StillHolds(ctx, tx); err != nil {
			return err
		}
		gone, err := s.erasePerson(ctx, tx, q.Object, Stone{Class: Ordinary, Why: "request:" + q.ID, At: s.now(), By: q.DecidedBy})
		if err != nil || gone {
			return err
		}
		_, parts, err := s.people.CallsOf(ctx, tx, q.Object)
		if err != nil {
			return err
		}
		list, args := storage.In(objects("file:", parts))
		err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM retention_stones WHERE object IN `+list+` AND why = ?)`, append(args, "request:"+q.ID)...).Scan(&gone)
		return errors.Join(err, when(!gone, ErrLive))
	}))
}

// unswept finds people of whom contacts were erased and none is left, over whom there is no stone and whom no hold keeps.
const unswept = `SELECT r.id FROM files r WHERE r.root = r.id AND r.id > ?
	AND EXISTS (SELECT 1 FROM files p JOIN file_links l ON l.file_id = p.id JOIN retention_stones s ON s.object = 'call:' || l.call_id WHERE p.root = r.id)
	AND NOT EXISTS (SELECT 1 FROM files p JOIN file_links l ON l.file_id = p.id WHERE p.root = r.id
		AND NOT EXISTS (SELECT 1 FROM retention_stones s WHERE s.object = 'call:' || l.call_id))
	AND NOT EXISTS (SELECT 1 FROM files p JOIN retention_stones s ON s.object = 'file:' || p.id WHERE p.root = r.id)
	AND NOT EXISTS (SELECT 1 FROM files p JOIN retention_holds h ON h.kind = 'file' AND h.object = p.id AND h.lifted_ms = 0 WHERE p.root = r.id)
	ORDER BY r.id LIMIT 500`

// sweep takes out what is known of people of whom no contact is left, at most 500: such as who was on hold, or whose last contact went to another file and left erased
// ones. One that cannot be erased stands before nobody. Who never had an erased contact stays: what went to another file may come back. The tables of files must be there.
func (s *Store) sweep(ctx context.Context) (swept int, err error) {
	var faults []error
	for after := ""; ; {
		page, err := storage.Select(ctx, s.db, func(r storage.Row) (id string, err error) { return id, r.Scan(&id) }, unswept, after)
		if err != nil {
			return swept, errors.Join(append(faults, wrap("look for people", err))...)
		}
		for _, file := range page {
			if swept+len(faults) >= perPass || ctx.Err() != nil {
				return swept, errors.Join(faults...)
			}
			switch gone, err := s.sweepOne(ctx, file); {
			case gone:
				swept++
			case err != nil && !stays(err):
				faults = append(faults, err)
			}
		}
		if len(page) < 500 {
			return swept, errors.Join(faults...)
		}
		after = page[len(page)-1]
	}
}

// sweepOne erases one of them, for the reason for which the last contact went.
func (s *Store) sweepOne(ctx context.Context, file string) (gone bool, err error) {
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		gone = false
		if err := s.StillHolds(ctx, tx); err != nil {
			return err
		}
		stone := Stone{At: s.now()}
		err := tx.QueryRow(ctx, `SELECT s.class, s.why, s.by_who FROM files p JOIN file_links l ON l.file_id = p.id JOIN retention_stones s ON s.object = 'call:' || l.call_id
			WHERE p.root = ? ORDER BY s.at_ms DESC, s.object LIMIT 1`, file).Scan(&stone.Class, &stone.Why, &stone.By)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // its contacts went to another file meanwhile
		}
		if err != nil {
			return err
		}
		gone, err = s.erasePerson(ctx, tx, file, stone)
		return err
	})
	return gone && err == nil, wrap("erase file "+file, err)
}
