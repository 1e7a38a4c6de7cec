package reviews

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"hotline/storage"
)

// Filter says which reviews are listed. Empty fields ask for nothing.
type Filter struct {
	State    State
	Why      Why
	Agent    string
	Reviewer string    // who has a sheet of it
	Call     string    //
	Since    time.Time // closed not before; open ones have no such time and are always there
	Limit    int       // default 100, at most 500
}

// Row is a review with who scores it.
type Row struct {
	Review
	Scoring []string // whose sheets are begun, and hold their places
	Final   []string // whose sheets are handed in
	Total   int      // thousandths, the mean of the sheets; only of what is done, -1 without any
	Missed  int      // the most critical items that a sheet found missed; likewise
}

// List returns the open reviews, those in danger and then the most urgent first, and then the closed ones, newest first.
func (s *Store) List(ctx context.Context, f Filter) ([]Row, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	where, args := `WHERE (closed_ms = 0 OR closed_ms >= ?)`, []any{storage.Millis(f.Since)}
	for _, c := range []struct {
		sql, value string
	}{
		{` AND state = ?`, string(f.State)}, {` AND why = ?`, string(f.Why)}, {` AND agent = ?`, f.Agent}, {` AND call_id = ?`, f.Call},
		{` AND EXISTS (SELECT 1 FROM review_scores WHERE review = reviews.id AND reviewer = ?)`, f.Reviewer},
	} {
		if c.value != "" {
			where, args = where+c.sql, append(args, c.value)
		}
	}
	all, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM reviews `+where+`
		ORDER BY CASE WHEN state = 'open' THEN 0 ELSE 1 END, CASE WHEN state = 'open' AND why = 'red' THEN 0 ELSE 1 END,
		CASE WHEN state = 'open' THEN due_ms ELSE -closed_ms END, id LIMIT ?`, append(args, min(f.Limit, 500))...)
	if err != nil {
		return nil, wrap("list", err)
	}
	out, err := s.rows(ctx, all)
	return out, wrap("list", err)
}

// Get returns one. ErrNotFound.
func (s *Store) Get(ctx context.Context, id string) (Row, error) {
	r, err := s.scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM reviews WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Row{}, ErrNotFound
	} else if err != nil {
		return Row{}, wrap("read", err)
	}
	rows, err := s.rows(ctx, []Review{r})
	if err != nil {
		return Row{}, wrap("read", err)
	}
	return rows[0], nil
}

// rows adds who scores them.
func (s *Store) rows(ctx context.Context, all []Review) ([]Row, error) {
	ids, at := make([]string, len(all)), map[string]int{}
	out := make([]Row, len(all))
	for i, r := range all {
		ids[i], at[r.ID], out[i] = r.ID, i, Row{Review: r, Total: -1}
	}
	list, args := storage.In(ids)
	type begun struct {
		review, reviewer string
		saved, final     int64
		total, missed    int
	}
	sheets, err := storage.Select(ctx, s.db, func(r storage.Row) (b begun, err error) {
		return b, r.Scan(&b.review, &b.reviewer, &b.saved, &b.final, &b.total, &b.missed)
	}, `SELECT review, reviewer, saved_ms, final_ms, total, missed FROM review_scores WHERE review IN `+list+` ORDER BY review, taken_ms, reviewer`, args...)
	if err != nil {
		return nil, err
	}
	sums := map[string]int{}
	counted := map[string]int{}
	for _, b := range sheets {
		r := &out[at[b.review]]
		switch {
		case b.final > 0:
			r.Final = append(r.Final, b.reviewer)
		case s.holds(b.saved):
			r.Scoring = append(r.Scoring, b.reviewer)
		}
		if r.State == StateDone && b.final > 0 && b.total >= 0 {
			sums[b.review] += b.total
			counted[b.review]++
			r.Total, r.Missed = rounded(sums[b.review], counted[b.review]), max(r.Missed, b.missed)
		}
	}
	return out, nil
}

// MayScore tells whether there is a place for somebody's sheet, or one of their own that is not handed in.
func (r Row) MayScore(user string) bool {
	others := 0
	for _, who := range slices.Concat(r.Scoring, r.Final) {
		if who != user {
			others++
		}
	}
	return r.State == StateOpen && user != r.Agent && others < r.Wanted && !slices.Contains(r.Final, user)
}

// holds tells whether a sheet that was saved then keeps its place.
func (s *Store) holds(saved int64) bool { return saved > storage.Millis(s.now().Add(-HeldFor)) }

// Waiting counts the open reviews: all, those in danger, and those that are late.
func (s *Store) Waiting(ctx context.Context) (all, red, late int, err error) {
	err = s.db.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN why = 'red' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN due_ms < ? THEN 1 ELSE 0 END), 0)
		FROM reviews WHERE state = 'open'`, storage.Millis(s.now())).Scan(&all, &red, &late)
	return all, red, late, wrap("count", err)
}

// Unread counts what a counsellor has yet to read.
func (s *Store) Unread(ctx context.Context, agent string) (n int, err error) {
	err = s.db.QueryRow(ctx, `SELECT COUNT(*) FROM reviews WHERE agent = ? AND state = 'done' AND read_ms = 0`, agent).Scan(&n)
	return n, wrap("count", err)
}

// Counts are how many talks of calls that arrived in a span went through.
type Counts struct {
	Done    int64 // reviews that are done
	Red     int64 // talks of red calls that are reviewed, or are to be
	RedDone int64
}

// Count counts the talks of calls that arrived from one time on and before another; line empty: of all lines.
func (s *Store) Count(ctx context.Context, from, to time.Time, line string) (c Counts, err error) {
	err = s.db.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN state = 'done' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN why = 'red' AND state <> 'dropped' THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN why = 'red' AND state = 'done' THEN 1 ELSE 0 END), 0) FROM reviews WHERE called_ms >= ? AND called_ms < ? AND (? = '' OR line = ?)`,
		storage.Millis(from), storage.Millis(to), line, line).Scan(&c.Done, &c.Red, &c.RedDone)
	return c, wrap("count", err)
}
