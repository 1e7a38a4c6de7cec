package assessments

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hotline/storage"
)

// Change is one level that a call got.
type Change struct {
	ID          string // of NewID, so that it can be written again and is there once
	Call        string
	At          time.Time // when it was said, which may be before it could be written
	By          string    // user id
	Level       string
	Was         string // empty: nobody had said one
	Definition  int    // version of the high-risk definition
	Scale       string // form whose score raised it; empty: a person did
	Proposal    string // what was confirmed; empty: it was not lowered
	ConfirmedBy string
	Reason      string
}

// Rise keeps a level that is no lower than the one before; when it returns, it is durable. A change that is there already is left as it is. A lower level
// is kept by [Store.Decide] alone. ErrInvalid.
func (s *Store) Rise(ctx context.Context, c Change) error {
	if c.ID == "" || c.Call == "" || c.By == "" || c.Level == "" || c.At.IsZero() || c.Proposal != "" || c.ConfirmedBy != "" {
		return fmt.Errorf("%w: id, call, person, time and level", ErrInvalid)
	}
	return wrap("rise", s.db.InTx(ctx, func(tx *storage.Tx) error { return s.addLevel(ctx, tx, c) }))
}

// Witness keeps a level that was seen on a call, unless it is the one kept last, or an older one: what was said just before a console died must not be
// missing in the history. It tells whether the level was missing. ErrInvalid.
func (s *Store) Witness(ctx context.Context, c Change) (missing bool, err error) {
	if c.Call == "" || c.By == "" || c.Level == "" || c.At.IsZero() {
		return false, fmt.Errorf("%w: call, person, time and level", ErrInvalid)
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		missing = false
		rows, err := tx.Query(ctx, `SELECT `+levelColumns+` FROM risk_levels WHERE call_id = ? ORDER BY at_ms DESC, id DESC LIMIT 1`, c.Call)
		if err != nil {
			return err
		}
		last, err := storage.Collect(rows, s.scanLevel)
		if err != nil {
			return err
		}
		if len(last) == 1 {
			if last[0].Level == c.Level || !c.At.After(last[0].At) {
				return nil
			}
			c.Was = last[0].Level
		}
		c.ID, missing = NewID(), true
		return s.addLevel(ctx, tx, c)
	})
	return missing, wrap("witness", err)
}

func (s *Store) addLevel(ctx context.Context, tx *storage.Tx, c Change) error {
	words, err := reason(c.Reason, false)
	if err != nil {
		return err
	}
	said, err := s.seal(words, c.ID)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO risk_levels (`+levelColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING`, c.ID, c.Call, storage.Millis(c.At),
		c.By, c.Level, c.Was, c.Definition, c.Scale, c.Proposal, c.ConfirmedBy, said)
	return err
}

// LevelOf is the newest level of a call; false: nobody said one.
func (s *Store) LevelOf(ctx context.Context, call string) (Change, bool, error) {
	all, err := s.Levels(ctx, []string{call})
	c, ok := newest(all)
	return c, ok, err
}

// Levels of some calls, oldest first.
func (s *Store) Levels(ctx context.Context, calls []string) ([]Change, error) {
	list, args := storage.In(calls)
	all, err := storage.Select(ctx, s.db, s.scanLevel, `SELECT `+levelColumns+` FROM risk_levels WHERE call_id IN `+list+` ORDER BY at_ms, id`, args...)
	return all, wrap("levels", err)
}

// Highest is the condition on a call that a level is the highest that was said in it. Levels are words of letters; above are those that are higher.
func Highest(level string, above ...string) storage.Condition {
	is := said(level).Condition()
	for _, one := range above {
		is = is.And(said(one).Condition().Not())
	}
	return is
}

// AllSaid are the calls in which a level was said, the highest or not.
func AllSaid(level string) storage.Set { return said(level).Set() }

func said(level string) storage.Live {
	return storage.Live{Of: storage.OfCall, ID: "call_id", From: "risk_levels", Where: "level = '" + strings.ReplaceAll(level, "'", "''") + "'"}
}

// Since are the levels that were said since a time, oldest first, at most limit. One that could not be written at once may come after newer ones.
func (s *Store) Since(ctx context.Context, from time.Time, limit int) ([]Change, error) {
	all, err := storage.Select(ctx, s.db, s.scanLevel, `SELECT `+levelColumns+` FROM risk_levels WHERE at_ms >= ? ORDER BY at_ms, id LIMIT ?`, storage.Millis(from), limit)
	return all, wrap("levels", err)
}

const levelColumns = `id, call_id, at_ms, by_user, level, was, definition, scale, proposal, confirmed_by, said`

func (s *Store) scanLevel(row storage.Row) (c Change, err error) {
	var at int64
	var said []byte
	if err := row.Scan(&c.ID, &c.Call, &at, &c.By, &c.Level, &c.Was, &c.Definition, &c.Scale, &c.Proposal, &c.ConfirmedBy, &said); err != nil {
		return c, err
	}
	c.At = storage.Time(at)
	c.Reason, err = s.open(said, c.ID)
	return c, err
}
