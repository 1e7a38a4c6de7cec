package qualifications

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

// Waiver opens a line to people whose requirements lapsed, until its end: a line with nobody on it at 3 a.m. is worse.
type Waiver struct {
	ID      string // ULID
	Line    string // empty: every line
	Reason  string
	From    time.Time
	Until   time.Time
	By      string // user id
	Ended   time.Time
	EndedBy string
}

// Open tells whether it opens a line at a time.
func (w Waiver) Open(line string, at time.Time) bool {
	return (w.Line == "" || w.Line == line) && w.Ended.IsZero() && !at.Before(w.From) && at.Before(w.Until)
}

// Waive opens a line (empty: every line) for an hour to [LongestWaiver]. Errors: ErrReason, ErrSpan.
func (s *Store) Waive(ctx context.Context, line, by, why string, span time.Duration) (Waiver, error) {
	why, err := reason(why)
	if err != nil {
		return Waiver{}, err
	}
	if span < time.Hour || span > LongestWaiver {
		return Waiver{}, ErrSpan
	}
	if by == "" {
		return Waiver{}, errors.New("qualifications: waive: who does it is needed")
	}
	now := storage.Time(storage.Millis(s.now()))
	w := Waiver{ID: ulid.Make().String(), Line: line, Reason: why, From: now, Until: now.Add(span), By: by}
	_, err = s.db.Exec(ctx, `INSERT INTO line_waivers (`+waiverColumns+`) VALUES (?,?,?,?,?,?,0,'')`, w.ID, w.Line, w.Reason, storage.Millis(w.From),
		storage.Millis(w.Until), w.By)
	return w, wrap("waive", err)
}

// EndWaiver closes a line again before the time. The first to do so stays the one who did. ErrNotFound.
func (s *Store) EndWaiver(ctx context.Context, id, by string) error {
	res, err := s.db.Exec(ctx, `UPDATE line_waivers SET ended_ms = CASE WHEN ended_ms = 0 THEN CAST(? AS BIGINT) ELSE ended_ms END,
		ended_by = CASE WHEN ended_ms = 0 THEN CAST(? AS TEXT) ELSE ended_by END WHERE id = ?`, storage.Millis(s.now()), by, id)
	if err != nil {
		return wrap("end a waiver", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotFound)
	}
	return nil
}

// Waivers returns the newest, newest first.
func (s *Store) Waivers(ctx context.Context) ([]Waiver, error) {
	out, err := storage.Select(ctx, s.db, scanWaiver, `SELECT `+waiverColumns+` FROM line_waivers ORDER BY from_ms DESC, id DESC LIMIT ?`, waiversKept)
	return out, wrap("waivers", err)
}

// open returns those that open a line at a time.
func (s *Store) open(ctx context.Context, now time.Time) ([]Waiver, error) {
	out, err := storage.Select(ctx, s.db, scanWaiver, `SELECT `+waiverColumns+` FROM line_waivers WHERE until_ms > ? AND ended_ms = 0 ORDER BY id`, storage.Millis(now))
	return slices.DeleteFunc(out, func(w Waiver) bool { return w.From.After(now) }), wrap("open waivers", err)
}

const waiverColumns = `id, line, reason, from_ms, until_ms, by_user, ended_ms, ended_by`

func scanWaiver(row storage.Row) (w Waiver, err error) {
	var from, until, ended int64
	err = row.Scan(&w.ID, &w.Line, &w.Reason, &from, &until, &w.By, &ended, &w.EndedBy)
	w.From, w.Until, w.Ended = storage.Time(from), storage.Time(until), storage.Time(ended)
	return w, err
}
