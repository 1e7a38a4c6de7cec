package figures

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hotline/storage"
)

// Store reads the tables of package casework.
type Store struct{ db *storage.DB }

// New uses the tables that casework.Migrate made.
func New(db *storage.DB) *Store { return &Store{db} }

// stood is how long before a time callers are looked for who may still wait at that time.
const stood = 2 * time.Hour

// arrived is one row for each caller who arrived since a time; see the package for who is left out and why. Its arguments are now and that time.
const arrived = `SELECT line, outcome, arrived_ms, talk_ms, danger,
		CASE WHEN queued_ms > 0 THEN queued_ms ELSE arrived_ms END AS began,
		CASE WHEN talked_ms > 0 THEN talked_ms WHEN ended_ms > 0 THEN ended_ms ELSE CAST(? AS BIGINT) END AS stopped,
		CASE WHEN talked_ms > 0 THEN 1 ELSE 0 END AS talked,
		CASE WHEN ended_ms > 0 THEN 1 ELSE 0 END AS ended
	FROM calls
	WHERE arrived_ms >= ? AND outcome NOT IN ('not_reached', 'withdrawn') AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.entry = calls.id)`

// Slices counts the callers who arrived at the time or later, by line and step. spans are the times within which an answer is asked for. What is not
// over yet is as it is now.
func (s *Store) Slices(ctx context.Context, from, now time.Time, step time.Duration, spans []time.Duration) ([]Slice, error) {
	var columns strings.Builder
	args := []any{step.Milliseconds()}
	for _, span := range spans {
		columns.WriteString(`, SUM(CASE WHEN talked = 1 AND wait <= ? THEN 1 ELSE 0 END), SUM(CASE WHEN short = 1 THEN 0 WHEN wait > ? OR talked = 0 AND ended = 1 THEN 1 ELSE 0 END)`)
		args = append(args, span.Milliseconds(), span.Milliseconds())
	}
	args = append(args, Short.Milliseconds(), storage.Millis(now), storage.Millis(from))
	scan := func(r storage.Row) (sl Slice, err error) {
		var at, talk, waits, most int64
		sl.Spans = make([]Span, len(spans))
		into := []any{&sl.Line, &at, &sl.Offered, &sl.Answered, &sl.Abandoned, &sl.Short, &sl.Overflowed, &sl.Callbacks, &sl.Degraded, &sl.Waiting, &talk, &waits, &most}
		for i := range spans {
			into = append(into, &sl.Spans[i].InTime, &sl.Spans[i].Late)
		}
		err = r.Scan(into...)
		sl.At, sl.Talk, sl.Waits, sl.Most = storage.Time(at), millis(talk), millis(waits), millis(most)
		return sl, err
	}
	all, err := storage.Select(ctx, s.db, scan, `SELECT line, arrived_ms - arrived_ms % ? AS step,
			SUM(CASE WHEN short = 0 AND (talked = 1 OR ended = 1) THEN 1 ELSE 0 END),
			SUM(CASE WHEN talked = 1 OR outcome = 'overflowed' THEN 1 ELSE 0 END),
			SUM(CASE WHEN short = 0 AND talked = 0 AND outcome = 'abandoned' THEN 1 ELSE 0 END),
			SUM(short),
			SUM(CASE WHEN talked = 0 AND outcome = 'overflowed' THEN 1 ELSE 0 END),
			SUM(CASE WHEN talked = 0 AND outcome = 'callback' THEN 1 ELSE 0 END),
			SUM(CASE WHEN talked = 0 AND outcome = 'degraded' THEN 1 ELSE 0 END),
			SUM(CASE WHEN talked = 0 AND ended = 0 THEN 1 ELSE 0 END),
			SUM(talk_ms),
			SUM(CASE WHEN talked = 1 THEN wait ELSE 0 END),
			MAX(CASE WHEN talked = 1 OR outcome = 'abandoned' THEN wait ELSE 0 END)`+columns.String()+`
		FROM (SELECT line, outcome, arrived_ms, talk_ms, talked, ended, stopped - began AS wait,
			CASE WHEN talked = 0 AND outcome = 'abandoned' AND stopped - began <= ? AND NOT danger THEN 1 ELSE 0 END AS short
			FROM (`+arrived+`) AS callers) AS judged
		GROUP BY 1, 2 ORDER BY 2, 1`, args...)
	return all, wrap("slices", err)
}

// Level is how many callers waited: the most within a step, and the difference that the step made.
type Level struct {
	At     time.Time
	Most   int
	Change int
}

// Levels tells how many callers waited at the same time since a time. Steps in which nobody came or went are left out, and the first ones may be before
// the time: see [Trend]. Who was answered elsewhere or served by the fallback is left out: when they stopped waiting is not in the ledger.
func (s *Store) Levels(ctx context.Context, from, now time.Time, step time.Duration) ([]Level, error) {
	scan := func(r storage.Row) (l Level, err error) {
		var at int64
		err = r.Scan(&at, &l.Most, &l.Change)
		l.At = storage.Time(at)
		return l, err
	}
	since := storage.Millis(from.Add(-stood))
	all, err := storage.Select(ctx, s.db, scan, `WITH waits AS (
			SELECT began, stopped, CASE WHEN talked = 0 AND ended = 0 THEN 0 ELSE 1 END AS over FROM (`+arrived+`) AS callers
			WHERE talked = 1 OR outcome NOT IN ('overflowed', 'degraded')),
		moves AS (SELECT began AS at, 1 AS d FROM waits UNION ALL SELECT stopped AS at, -1 AS d FROM waits WHERE over = 1)
		SELECT at - at % ? AS step, MAX(level), SUM(d) FROM
			(SELECT at, d, SUM(d) OVER (ORDER BY at, d ROWS UNBOUNDED PRECEDING) AS level FROM moves) AS levels
		GROUP BY 1 ORDER BY 1`, storage.Millis(now), since, step.Milliseconds())
	return all, wrap("levels", err)
}

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("figures: %s: %w", op, err)
}
