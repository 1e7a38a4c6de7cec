package figures

import (
	"context"
	"fmt"
	"strconv"
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

// times are what the times of a call come to; the one argument is now.
const times = `CASE WHEN queued_ms > 0 THEN queued_ms ELSE arrived_ms END AS began,
		CASE WHEN talked_ms > 0 THEN talked_ms WHEN ended_ms > 0 THEN ended_ms ELSE CAST(? AS BIGINT) END AS stopped,
		CASE WHEN talked_ms > 0 THEN 1 ELSE 0 END AS talked,
		CASE WHEN ended_ms > 0 THEN 1 ELSE 0 END AS ended`

// Calls that are no caller who arrived here: those that we dialled, and those that another site answered. Most tasks were never dialled: where nearly all are
// without an entry PostgreSQL takes it that any id is found at once, and reads all tasks for every call.
const (
	ours    = `EXISTS (SELECT 1 FROM tasks WHERE tasks.entry = calls.id AND tasks.entry <> '')`
	noCalls = `outcome IN ('not_reached', 'withdrawn')`
)

// arrived is one row for each caller who arrived since a time; see the package for who is left out and why. Its arguments are now and that time.
const arrived = `SELECT line, outcome, arrived_ms, talk_ms, danger, ` + times + `
	FROM calls
	WHERE arrived_ms >= ? AND NOT ` + noCalls + ` AND NOT ` + ours

// Judged is SQL for one row for each call of a FROM clause in which the table calls is, with what this package takes it for, so that whoever counts
// anything else counts the same callers. Columns of the clause can be named; besides them each row has id, line, tier, outcome, agent, caller_ref,
// arrived_ms, talk_ms, wait (ms), and as 0 or 1: danger_key, talked, ended, dialled (by us), caller (one who arrived here), short. The arguments are now,
// in milliseconds, and then those of the clause.
func Judged(columns, from string) string {
	return `SELECT made.*, stopped - began AS wait, CASE WHEN dialled = 1 OR ` + noCalls + ` THEN 0 ELSE 1 END AS caller,
			CASE WHEN dialled = 0 AND talked = 0 AND outcome = 'abandoned' AND stopped - began <= ` + strconv.FormatInt(Short.Milliseconds(), 10) + ` AND danger_key = 0 THEN 1 ELSE 0 END AS short
		FROM (SELECT ` + columns + `calls.id, calls.line, calls.tier, calls.outcome, calls.agent, calls.caller_ref, calls.arrived_ms, calls.talk_ms,
				CASE WHEN danger THEN 1 ELSE 0 END AS danger_key, ` + times + `, CASE WHEN ` + ours + ` THEN 1 ELSE 0 END AS dialled
			FROM ` + from + apart + `) AS made` + apart
}

// apart keeps a database from merging a question into the one around it: it would look for the task of each call once for every sum that is made of it.
const apart = ` LIMIT 9223372036854775807`

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
