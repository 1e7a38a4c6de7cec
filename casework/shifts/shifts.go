// Package shifts keeps in which state each counsellor was, since when, so that a person sees their shift and the figures of the staff can be made
// of it.
package shifts

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// States that this package knows; others are kept as they come.
const (
	Offline = "offline"
	Talking = "talking"
)

const (
	// Pause is how long somebody is away before the next sign-in begins another shift.
	Pause = 8 * time.Hour
	// Longest is how far back a shift reaches at most.
	Longest = 24 * time.Hour
)

// Span says that a person was in a state since a time.
type Span struct {
	Agent  string // user id
	Since  time.Time
	State  string
	Reason string    // of not_ready
	Call   string    // of talking and reserved
	Until  time.Time // planned end of a break or a wrap-up; zero: none
}

// Store is the table of spans.
type Store struct{ db *storage.DB }

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "shifts", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db}, nil
}

// Keep writes spans. One that is there already is not written again, so that it may be said twice, and by two consoles.
func (s *Store) Keep(ctx context.Context, spans []Span) error {
	return wrap("keep", s.db.InRowTx(ctx, func(tx *storage.Tx) error {
		for _, p := range spans {
			if p.Agent == "" || p.State == "" || p.Since.IsZero() {
				return errors.New("agent, state and time are needed")
			}
			_, err := tx.Exec(ctx, `INSERT INTO state_spans (agent, since_ms, state, reason, call_id, until_ms) VALUES (?,?,?,?,?,?)
				ON CONFLICT (agent, since_ms, state) DO NOTHING`, p.Agent, storage.Millis(p.Since), p.State, p.Reason, p.Call, storage.Millis(p.Until))
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// Of returns a person's spans that began at a time or later, in order, with the one before them.
func (s *Store) Of(ctx context.Context, agent string, from time.Time) ([]Span, error) {
	out, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM state_spans WHERE agent = ? AND since_ms >= COALESCE(
		(SELECT MAX(since_ms) FROM state_spans WHERE agent = ? AND since_ms < ?), 0) ORDER BY since_ms, state`, agent, agent, storage.Millis(from))
	return out, wrap("read", err)
}

// Shift returns a person's spans since the shift began: after the last time that they were away for [Pause], at most [Longest] ago.
func (s *Store) Shift(ctx context.Context, agent string, now time.Time) ([]Span, error) {
	all, err := s.Of(ctx, agent, now.Add(-Longest))
	if err != nil {
		return nil, err
	}
	return Cut(all, now), nil
}

// Served tells whether a person talked in a call.
func (s *Store) Served(ctx context.Context, agent, call string) (bool, error) {
	var n int
	err := s.db.QueryRow(ctx, `SELECT COUNT(*) FROM state_spans WHERE call_id = ? AND agent = ? AND state = ?`, call, agent, Talking).Scan(&n)
	return n > 0, wrap("served", err)
}

// LastCall returns the call in which a person talked last, and when that talk began; "" when there is none.
func (s *Store) LastCall(ctx context.Context, agent string) (string, time.Time, error) {
	out, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM state_spans WHERE agent = ? AND state = ? AND call_id <> ''
		ORDER BY since_ms DESC LIMIT 1`, agent, Talking)
	if err != nil || len(out) == 0 {
		return "", time.Time{}, wrap("last call", err)
	}
	return out[0].Call, out[0].Since, nil
}

// Cut leaves of spans, in order, those of the shift that goes on at a time. A span that began before [Longest] is cut to it; one of being away
// for [Pause] or longer, and all before it, is left out. Pure.
func Cut(all []Span, now time.Time) []Span {
	from := 0
	for i, p := range all {
		if p.State == Offline && End(all, i, now).Sub(p.Since) >= Pause {
			from = i + 1
		}
	}
	out := slices.Clone(all[from:])
	earliest := now.Add(-Longest)
	for len(out) > 1 && !out[1].Since.After(earliest) {
		out = out[1:]
	}
	if len(out) > 0 && out[0].Since.Before(earliest) {
		out[0].Since = earliest
	}
	for len(out) > 0 && out[0].State == Offline {
		out = out[1:]
	}
	return out
}

// End is when the i-th of spans in order ended: where the next begins, or now.
func End(all []Span, i int, now time.Time) time.Time {
	if i+1 < len(all) {
		return all[i+1].Since
	}
	if now.Before(all[i].Since) {
		return all[i].Since // another machine's clock is ahead
	}
	return now
}

const columns = `agent, since_ms, state, reason, call_id, until_ms`

func scan(r storage.Row) (p Span, err error) {
	var since, until int64
	err = r.Scan(&p.Agent, &since, &p.State, &p.Reason, &p.Call, &until)
	p.Since, p.Until = storage.Time(since), storage.Time(until)
	return p, err
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("shifts: %s: %w", op, err)
}
