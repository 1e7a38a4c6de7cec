package statistics

import (
	"context"
	"encoding/json"
	"fmt"

	"hotline/storage"
)

// The questions of the form at the end of a call that are counted.
const (
	questionAbout   = "about"
	questionOutcome = "outcome"
	questionAsked   = "suicide"
)

// newestForm joins the form that was filled in last to calls.
const newestForm = ` dispositions AS form ON form.call_id = calls.id AND NOT EXISTS (SELECT 1 FROM dispositions AS later
	WHERE later.call_id = form.call_id AND (later.at_ms > form.at_ms OR later.at_ms = form.at_ms AND later.id > form.id))`

// countForms counts what was chosen. Rows with the same choices are joined by the database.
func (s *Store) countForms(ctx context.Context, columns []Column) ([]Counted, error) {
	with, args := spanned(columns)
	return collect(ctx, s.db, func(r storage.Row) ([]Counted, error) {
		var n int
		var chosen string
		var calls int64
		if err := r.Scan(&n, &chosen, &calls); err != nil {
			return nil, err
		}
		var out []Counted
		for _, c := range chosenCells(chosen) {
			out = append(out, Counted{Column: n, Cell: c, N: calls})
		}
		return out, nil
	}, with+` SELECT n, COALESCE(form.chosen, '') AS chosen, COUNT(*) FROM cols CROSS JOIN calls LEFT JOIN`+newestForm+` WHERE `+within+talks+` GROUP BY 1, 2`, args...)
}

// chosenCells are the rows in which a filled-in form counts; empty: there is none.
func chosenCells(chosen string) []Cell {
	var answers map[string][]string
	if chosen == "" || json.Unmarshal([]byte(chosen), &answers) != nil {
		return []Cell{{Asked, "missing"}}
	}
	var out []Cell
	for _, c := range answers[questionAbout] {
		out = append(out, Cell{Problem, c})
	}
	for _, c := range answers[questionOutcome] {
		out = append(out, Cell{Treatment, c})
	}
	if len(answers[questionAsked]) == 0 {
		return append(out, Cell{Asked, "missing"})
	}
	return append(out, Cell{Asked, answers[questionAsked][0]})
}

// longestState bounds one state of a person: a console that was killed leaves its last one open.
const longestState = 24 * 3600 * 1000

// countDuty is how long people were signed in at the queue.
func (s *Store) countDuty(ctx context.Context, columns []Column, now int64) ([]Counted, error) {
	with, args := spanned(columns)
	all, err := collect(ctx, s.db, func(r storage.Row) ([]Counted, error) {
		c := Counted{Cell: Cell{Figure: DutyTime}}
		err := r.Scan(&c.Column, &c.N)
		return []Counted{c}, err
	}, with+fmt.Sprintf(`, spans AS (SELECT state, since_ms, CASE WHEN next_ms > since_ms + %[1]d THEN since_ms + %[1]d ELSE next_ms END AS until_ms FROM (
			SELECT state, since_ms, COALESCE(LEAD(since_ms) OVER (PARTITION BY agent ORDER BY since_ms, state), CAST(? AS BIGINT)) AS next_ms FROM state_spans
			WHERE since_ms >= (SELECT MIN(from_ms) FROM cols) - %[1]d AND since_ms < (SELECT MAX(to_ms) FROM cols) + %[1]d) AS known)
		SELECT cols.n, SUM((CASE WHEN spans.until_ms < cols.to_ms THEN spans.until_ms ELSE cols.to_ms END)
			- (CASE WHEN spans.since_ms > cols.from_ms THEN spans.since_ms ELSE cols.from_ms END))
		FROM cols CROSS JOIN spans WHERE spans.state <> 'offline' AND spans.since_ms < cols.to_ms AND spans.until_ms > cols.from_ms AND cols.of_line = ''
		GROUP BY cols.n`, longestState), append(args, now)...)
	return all, err
}

// countPlaces is where the numbers of contacts belong.
func (s *Store) countPlaces(ctx context.Context, columns []Column, p Params) ([]Counted, error) {
	with, args := spanned(columns)
	return collect(ctx, s.db, func(r storage.Row) ([]Counted, error) {
		var country, place string
		c := Counted{Cell: Cell{Figure: Place}}
		if err := r.Scan(&c.Column, &country, &place, &c.N); err != nil {
			return nil, err
		}
		c.Cell.Part = p.origin(country, place)
		return []Counted{c}, nil
	}, with+` SELECT n, COALESCE(call_places.country, '') AS country, COALESCE(call_places.place, '') AS place, COUNT(*) FROM cols CROSS JOIN calls
		LEFT JOIN call_places ON call_places.call_id = calls.id WHERE `+within+talks+` GROUP BY 1, 2, 3`, args...)
}

// homeCountry is where a place can be local.
const homeCountry = "CN"

func (p Params) origin(country, place string) string {
	switch {
	case country != "" && country != homeCountry:
		return "abroad"
	case place == "":
		return "unknown"
	case p.local(place):
		return "local"
	}
	return "elsewhere"
}
