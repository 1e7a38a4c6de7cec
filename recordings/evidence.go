package recordings

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hotline/storage"
)

// formatOne stands in the place of a key for parts of format 1, which have none of their own (migration 2 writes the same).
const formatOne = "format 1"

// evidence is what is kept of a part besides its row.
type evidence struct {
	key    []byte // as [PartKey.Encode] made it, or formatOne; empty: it is erased already
	format int    // of the file; 0: it cannot be read
	head   SignedHead
	marks  []Mark
}

// enter writes a part with all that is kept of it, once and as a whole; the same id again changes nothing. Of a call that was erased until then nothing is
// kept but the row and a stone: it is asked in the same transaction, so that no erasure passes by in between.
func (x *Index) enter(ctx context.Context, r row, all evidence, erased Erased) error {
	err := x.db.InTx(ctx, func(tx *storage.Tx) error {
		e := all
		res, err := tx.Exec(ctx, `INSERT INTO recordings (`+rowColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING`,
			r.ID, r.Call, r.Line, r.Agent, string(r.Kind), storage.Millis(r.Started), r.Duration.Milliseconds(), r.Chunks, r.Gaps,
			r.GapTime.Milliseconds(), r.Complete, r.Bytes, storage.Millis(r.Stored), r.path)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		stone, err := stoneOf(ctx, tx, r.Call, erased)
		if err != nil {
			return err
		}
		if stone != nil {
			e = evidence{format: e.format}
		}
		key := e.key
		if key == nil {
			key = []byte{}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO recording_keys (part, key_sealed, at_ms, format) VALUES (?,?,?,?)`,
			r.ID, key, storage.Millis(r.Stored), max(e.format, 1)); err != nil {
			return err
		}
		if stone != nil {
			return setStone(ctx, tx, r.ID, stone.Why, stone.By, r.Stored)
		}
		if err := addMarks(ctx, tx, r.ID, e.marks); err != nil {
			return err
		}
		if e.head.Head == "" {
			return nil
		}
		_, err = tx.Exec(ctx, `INSERT INTO recording_heads (part, head, at_ms, signer, signature, audited_ms) VALUES (?,?,?,?,?,0)`,
			r.ID, e.head.Head, storage.Millis(e.head.At), e.head.Signer, e.head.Signature)
		return err
	})
	if err != nil {
		return fmt.Errorf("recordings: index %s: %w", r.ID, err)
	}
	return nil
}

func addMarks(ctx context.Context, tx *storage.Tx, part string, marks []Mark) error {
	for n, m := range marks {
		_, err := tx.Exec(ctx, `INSERT INTO recording_marks (part, n, kind, from_us, to_us, who, code) VALUES (?,?,?,?,?,?,?)`,
			part, n, string(m.Kind), m.From.Microseconds(), m.To.Microseconds(), m.Who, m.Code)
		if err != nil {
			return err
		}
	}
	return nil
}

// Key is the wrapped key of a part; ok is false for one of format 1, which the site's own key opens. ErrErased, ErrNotFound.
func (x *Index) Key(ctx context.Context, part string) (k PartKey, ok bool, err error) {
	k, _, ok, err = x.keyAsIs(ctx, part)
	return k, ok, err
}

// keyAsIs is Key with the bytes that stand in the table.
func (x *Index) keyAsIs(ctx context.Context, part string) (k PartKey, b []byte, ok bool, err error) {
	err = x.db.QueryRow(ctx, `SELECT key_sealed FROM recording_keys WHERE part = ?`, part).Scan(&b)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return k, nil, false, ErrNotFound
	case err != nil:
		return k, nil, false, fmt.Errorf("recordings: key of %s: %w", part, err)
	case len(b) == 0:
		return k, nil, false, ErrErased
	case string(b) == formatOne:
		return k, nil, false, nil
	}
	if k, err = DecodePartKey(b); err == nil && k.Part != part {
		err = errors.New("it is of another part")
	}
	if err != nil {
		return k, nil, false, fmt.Errorf("recordings: key of %s: %w", part, err)
	}
	return k, b, true, nil
}

// replaceKey puts a key wrapped anew in the place of one that is still what it was; false when it is another one by now, or erased.
func (x *Index) replaceKey(ctx context.Context, was []byte, now PartKey) (bool, error) {
	is, err := now.Encode()
	if err != nil {
		return false, err
	}
	res, err := x.db.Exec(ctx, `UPDATE recording_keys SET key_sealed = ? WHERE part = ? AND key_sealed = ?`, is, now.Part, was)
	if err != nil {
		return false, fmt.Errorf("recordings: key of %s: %w", now.Part, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// Head is the signed head of a part. ErrNotFound: it is of format 1, or there is no such part.
func (x *Index) Head(ctx context.Context, part string) (h SignedHead, err error) {
	h, err = scanHead(x.db.QueryRow(ctx, `SELECT `+headColumns+` FROM recording_heads WHERE part = ?`, part))
	if errors.Is(err, sql.ErrNoRows) {
		return h, ErrNotFound
	}
	if err != nil {
		return h, fmt.Errorf("recordings: head of %s: %w", part, err)
	}
	return h, nil
}

const headColumns = `part, head, at_ms, signer, signature`

func scanHead(s storage.Row) (h SignedHead, err error) {
	var at int64
	err = s.Scan(&h.Part, &h.Head, &at, &h.Signer, &h.Signature)
	h.At = storage.Time(at)
	return h, err
}

// Marks are those of a part, in the order in which they were set.
func (x *Index) Marks(ctx context.Context, part string) ([]Mark, error) {
	out, err := storage.Select(ctx, x.db, func(s storage.Row) (m Mark, err error) {
		var from, to int64
		err = s.Scan(&m.Kind, &from, &to, &m.Who, &m.Code)
		m.From, m.To = time.Duration(from)*time.Microsecond, time.Duration(to)*time.Microsecond
		return m, err
	}, `SELECT kind, from_us, to_us, who, code FROM recording_marks WHERE part = ? ORDER BY n`, part)
	if err != nil {
		return nil, fmt.Errorf("recordings: marks of %s: %w", part, err)
	}
	return out, nil
}

// Keyless counts the parts that have no key in the database though nobody erased them: nothing opens them any more.
func (x *Index) Keyless(ctx context.Context) (n int, err error) {
	err = x.db.QueryRow(ctx, `SELECT count(*) FROM recordings r WHERE NOT EXISTS (SELECT 1 FROM recording_keys k WHERE k.part = r.id)`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("recordings: look for keys: %w", err)
	}
	return n, nil
}
