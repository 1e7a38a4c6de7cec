package recordings

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hotline/storage"
)

// Why a part was erased, where nobody gave a reason of their own.
const (
	WhyContact   = "contact"   // with the contact that it belongs to
	WhyRetention = "retention" // it was kept long enough
)

// Private says what of the tables goes with a contact: the keys, without which its recordings are noise wherever copies of them lie, and the marks.
func Private() storage.Private {
	const ofCall = "part IN (SELECT id FROM recordings WHERE call_id = ?)"
	return storage.Private{Places: []storage.Place{
		{Table: "recording_keys", Of: storage.OfCall, Where: ofCall, Holds: "length(key_sealed) > 0", Clear: "key_sealed = ''"},
		{Table: "recording_marks", Of: storage.OfCall, Where: ofCall},
	}}
}

// Stone stands over a part that was erased.
type Stone struct {
	Part, Call string
	Head       string // of its chain; empty for format 1
	Why, By    string
	At         time.Time
	Audited    bool      // it is in the audit, too
	Gone       time.Time // when its file was taken out of the store; zero: not yet
}

// erase destroys the keys of parts and sets the stones.
func erase(ctx context.Context, tx *storage.Tx, parts []string, why, by string, at time.Time) error {
	for _, part := range parts {
		res, err := tx.Exec(ctx, `UPDATE recording_keys SET key_sealed = '' WHERE part = ?`, part)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotFound)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM recording_marks WHERE part = ?`, part); err != nil {
			return err
		}
		if err := setStone(ctx, tx, part, why, by, at); err != nil {
			return err
		}
	}
	return nil
}

func setStone(ctx context.Context, tx *storage.Tx, part, why, by string, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO recording_stones (part, call_id, head, why, by_who, at_ms, audited_ms, gone_ms)
		SELECT r.id, r.call_id, COALESCE(h.head, ''), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT), 0, 0
		FROM recordings r LEFT JOIN recording_heads h ON h.part = r.id WHERE r.id = ? ON CONFLICT (part) DO NOTHING`, why, by, storage.Millis(at), part)
	return err
}

// emptied are the parts whose keys are empty without a stone over them: those of contacts that were erased, and those that nobody erased.
func (x *Index) emptied(ctx context.Context, erased Erased) (with, without []string, err error) {
	type part struct{ id, call string }
	after := ""
	for {
		page, err := storage.Select(ctx, x.db, func(s storage.Row) (p part, err error) { return p, s.Scan(&p.id, &p.call) },
			`SELECT k.part, COALESCE((SELECT r.call_id FROM recordings r WHERE r.id = k.part), '') FROM recording_keys k WHERE length(k.key_sealed) = 0
			AND NOT EXISTS (SELECT 1 FROM recording_stones s WHERE s.part = k.part) AND k.part > ? ORDER BY k.part LIMIT 500`, after)
		if err != nil {
			return with, without, fmt.Errorf("recordings: look for emptied keys: %w", err)
		}
		for _, p := range page {
			gone := false
			if erased != nil && p.call != "" {
				if gone, err = erased(ctx, x.db, p.call); err != nil {
					return with, without, err
				}
			}
			if gone {
				with = append(with, p.id)
			} else {
				without = append(without, p.id)
			}
		}
		if len(page) < 500 {
			return with, without, nil
		}
		after = page[len(page)-1].id
	}
}

// Emptied are the parts whose keys were emptied though neither they nor their contacts were erased: somebody did it in the database.
func (x *Index) Emptied(ctx context.Context, erased Erased) ([]string, error) {
	_, without, err := x.emptied(ctx, erased)
	return without, err
}

// overdue sets the stones over parts whose keys went with their contact. Of others nothing is made good: they are returned, and found by who verifies.
func (x *Index) overdue(ctx context.Context, now time.Time, erased Erased) (set int, without []string, err error) {
	with, without, err := x.emptied(ctx, erased)
	if err != nil || len(with) == 0 {
		return 0, without, err
	}
	err = x.db.InTx(ctx, func(tx *storage.Tx) error {
		for _, part := range with {
			if err := setStone(ctx, tx, part, WhyContact, system, now); err != nil {
				return err
			}
		}
		return nil
	})
	return len(with), without, err
}

// system is who does what no person did.
const system = "system"

// Stone is the one over a part. ErrNotFound.
func (x *Index) Stone(ctx context.Context, part string) (Stone, error) {
	s, err := scanStone(x.db.QueryRow(ctx, `SELECT `+stoneColumns+` FROM recording_stones WHERE part = ?`, part))
	if errors.Is(err, sql.ErrNoRows) {
		return s, ErrNotFound
	}
	if err != nil {
		return s, fmt.Errorf("recordings: stone of %s: %w", part, err)
	}
	return s, nil
}

// Stones are at most limit of them, newest first.
func (x *Index) Stones(ctx context.Context, limit int) ([]Stone, error) {
	return x.stones(ctx, ` ORDER BY at_ms DESC, part LIMIT ?`, limit)
}

func (x *Index) stones(ctx context.Context, rest string, args ...any) ([]Stone, error) {
	out, err := storage.Select(ctx, x.db, scanStone, `SELECT `+stoneColumns+` FROM recording_stones`+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("recordings: stones: %w", err)
	}
	return out, nil
}

const stoneColumns = `part, call_id, head, why, by_who, at_ms, audited_ms, gone_ms`

func scanStone(r storage.Row) (s Stone, err error) {
	var at, audited, gone int64
	err = r.Scan(&s.Part, &s.Call, &s.Head, &s.Why, &s.By, &at, &audited, &gone)
	s.At, s.Audited, s.Gone = storage.Time(at), audited > 0, storage.Time(gone)
	return s, err
}

// forget makes the database let go of the bytes of keys that were emptied: they would stay in its write-ahead log (SQLite), or in rows that are dead
// (PostgreSQL), until something else needs the room.
func (x *Index) forget(ctx context.Context) error {
	if x.db.Dialect() == storage.Postgres {
		_, err := x.db.Exec(ctx, `VACUUM recording_keys`)
		return err
	}
	// The first takes nobody's time, and tells whether somebody reads what is older; the second waits for readers while nobody may write.
	for _, query := range []string{`PRAGMA wal_checkpoint(PASSIVE)`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		var busy, frames, done int
		if err := x.db.QueryRow(ctx, query).Scan(&busy, &frames, &done); err != nil {
			return err
		}
		if busy != 0 || done < frames {
			return errStillRead
		}
	}
	return nil
}

// errStillRead says that keys which were emptied are still in the write-ahead log.
var errStillRead = errors.New("recordings: another reads the database: the bytes of keys that were emptied are in its log until that ends")
