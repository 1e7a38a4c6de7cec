package lines

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"unicode/utf8"

	"hotline/storage"
)

// Emergency is the present mode.
func (s *Store) Emergency(ctx context.Context) (Mode, error) {
	m, err := scanMode(s.db.QueryRow(ctx, lastMode))
	if errors.Is(err, sql.ErrNoRows) {
		return Mode{}, nil
	}
	return m, wrap("emergency", err)
}

const (
	modeColumns = `n, is_on, at_ms, by_who, reason`
	lastMode    = `SELECT ` + modeColumns + ` FROM emergency_log ORDER BY n DESC LIMIT 1`
)

// SetEmergency switches emergency mode and writes who did it and why into the log, which only grows. When it is so already, nothing is written: of two
// people who press at once, the first is the one who did it. ErrReason, ErrNobody.
func (s *Store) SetEmergency(ctx context.Context, on bool, by, reason string) (Mode, error) {
	reason = strings.TrimSpace(reason)
	if by == "" {
		return Mode{}, ErrNobody
	}
	if n := utf8.RuneCountInString(reason); n < 3 || n > 500 {
		return Mode{}, ErrReason
	}
	var m Mode
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		now, err := scanMode(tx.QueryRow(ctx, lastMode))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if m = now; now.On == on {
			return nil
		}
		m = Mode{N: now.N + 1, On: on, Since: storage.Time(storage.Millis(s.now())), By: by, Reason: reason}
		_, err = tx.Exec(ctx, `INSERT INTO emergency_log (`+modeColumns+`) VALUES (?,?,?,?,?)`, m.N, m.On, storage.Millis(m.Since), m.By, m.Reason)
		return err
	})
	if storage.IsUnique(err) { // somebody else pressed at the same moment
		return s.Emergency(ctx)
	}
	if err != nil {
		return Mode{}, wrap("set emergency", err)
	}
	return m, nil
}

// Emergencies are at most limit switches, newest first.
func (s *Store) Emergencies(ctx context.Context, limit int) ([]Mode, error) {
	all, err := storage.Select(ctx, s.db, scanMode, `SELECT `+modeColumns+` FROM emergency_log ORDER BY n DESC LIMIT ?`, min(max(limit, 1), 200))
	return all, wrap("list emergencies", err)
}

func scanMode(row storage.Row) (m Mode, err error) {
	var at int64
	err = row.Scan(&m.N, &m.On, &at, &m.By, &m.Reason)
	m.Since = storage.Time(at)
	return m, err
}
