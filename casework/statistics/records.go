package statistics

import (
	"context"
	"errors"
	"slices"
	"time"

	"hotline/storage"
)

// MostRecords is how many rows behind a figure are shown.
const MostRecords = 200

// ErrNoRecords says that a figure does not open the rows behind it: it counts people, or sums up times.
var ErrNoRecords = errors.New("statistics: this figure opens no records")

// Record is one row behind a figure: an id and a code, never more. What it tells is asked for where it is kept, by those who may.
type Record struct {
	Kind string // call, task, incident, follow_up, referral
	ID   string
	Code string // as people call it, of a file or an incident; may be empty
	Line string
	At   time.Time
}

// Opener gives the records behind a figure of a source. cell.Part may be empty.
type Opener interface {
	Records(ctx context.Context, cell Cell, column Column, limit int) ([]Record, error)
}

// Records returns at most limit rows behind a figure or one part of it in a column, newest first: of a share those that are n, not all of them.
// ErrNoRecords.
func (s *Store) Records(ctx context.Context, cell Cell, column Column, limit int) ([]Record, error) {
	f, known := Find(cell.Figure)
	if !known || !f.Records || !column.From.Before(column.To) || (len(f.Parts) > 0 || f.Free) != (cell.Part != "") {
		return nil, ErrNoRecords
	}
	var out []Record
	var err error
	switch {
	case s.sources[f.Origin] != nil:
		opener, ok := s.sources[f.Origin].(Opener)
		if !ok {
			return nil, ErrNoRecords
		}
		out, err = opener.Records(ctx, cell, column, limit)
	case f.Origin == FromForms:
		out, err = s.formRecords(ctx, cell, column, limit)
	case cell.Figure == CallbacksDone:
		out, err = s.records(ctx, "task", ` SELECT tasks.id, tasks.line, tasks.created_ms FROM cols CROSS JOIN tasks WHERE tasks.kind = 'callback' AND tasks.state = 'done'
			AND tasks.created_ms >= cols.from_ms AND tasks.created_ms < cols.to_ms AND (cols.of_line = '' OR tasks.line = cols.of_line)
			ORDER BY tasks.created_ms DESC, tasks.id DESC LIMIT ?`, column, limit)
	case cell.Figure == Nameless:
		out, err = s.records(ctx, "call", s.whose+` SELECT whose.id, whose.line, whose.arrived_ms FROM`+ofColumn+` AND whose.person = ''
			ORDER BY whose.arrived_ms DESC, whose.id DESC LIMIT ?`, column, limit)
	case cell.Figure == Difficult:
		out, err = s.records(ctx, "call", ` SELECT calls.id, calls.line, calls.arrived_ms FROM cols CROSS JOIN calls WHERE `+within+`
			AND EXISTS (SELECT 1 FROM blocks WHERE blocks.call_id = calls.id) ORDER BY calls.arrived_ms DESC, calls.id DESC LIMIT ?`, column, limit)
	default:
		i := slices.IndexFunc(callFigures(), func(c callFigure) bool { return c.cell == cell })
		if i < 0 {
			return nil, ErrNoRecords
		}
		out, err = s.records(ctx, "call", ` SELECT id, line, arrived_ms FROM (`+judged()+`) AS judged WHERE `+callFigures()[i].n+`
			ORDER BY arrived_ms DESC, id DESC LIMIT ?`, column, storage.Millis(s.now()), limit)
	}
	return out, wrap("records", err)
}

func (s *Store) records(ctx context.Context, kind, query string, column Column, more ...any) ([]Record, error) {
	with, args := spanned([]Column{column})
	return storage.Select(ctx, s.db, func(r storage.Row) (Record, error) {
		one := Record{Kind: kind}
		var at int64
		err := r.Scan(&one.ID, &one.Line, &at)
		one.At = storage.Time(at)
		return one, err
	}, with+query, append(args, more...)...)
}

// formRecords looks at the forms of the column until there are enough of those that have the choice.
func (s *Store) formRecords(ctx context.Context, cell Cell, column Column, limit int) ([]Record, error) {
	with, args := spanned([]Column{column})
	rows, err := s.db.Query(ctx, with+` SELECT calls.id, calls.line, calls.arrived_ms, COALESCE(form.chosen, '') FROM cols CROSS JOIN calls LEFT JOIN`+newestForm+`
		WHERE `+within+talks+` ORDER BY calls.arrived_ms DESC, calls.id DESC`, args...)
	if err != nil {
		return nil, err
	}
	var out []Record
	for len(out) < limit && rows.Next() {
		one := Record{Kind: "call"}
		var at int64
		var chosen string
		if err := rows.Scan(&one.ID, &one.Line, &at, &chosen); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		if slices.Contains(chosenCells(chosen), cell) {
			one.At = storage.Time(at)
			out = append(out, one)
		}
	}
	return out, errors.Join(rows.Err(), rows.Close())
}
