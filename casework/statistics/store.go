package statistics

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"hotline/storage"
	"hotline/storage/documents"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store counts over the tables of package casework and of dispositions and shifts, and over what it is given besides.
type Store struct {
	db      *storage.DB
	Params  *documents.Store[Params]
	sources map[Origin]Source
	whose   string // who a person is: byNumber, byFile
	now     func() time.Time
}

// Open brings its own tables to their newest form. The tables of casework, dispositions and shifts must be there. sources keep what other parts count;
// the figures of an origin that is not there say so. Without FromFiles a number is a person.
func Open(ctx context.Context, db *storage.DB, sources map[Origin]Source) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "statistics", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	params, err := OpenParams(ctx, db)
	if err != nil {
		return nil, wrap("parameters", err)
	}
	whose := byNumber
	if sources[FromFiles] != nil {
		whose = byFile
	}
	return &Store{db: db, Params: params, sources: sources, whose: whose, now: time.Now}, nil
}

// ErrColumns says that there are none, or too many, or that one ends before it begins.
var ErrColumns = errors.New("statistics: 1 to 101 columns, each with a beginning before its end")

// Read counts every figure for every column. What goes on now is as it is now.
func (s *Store) Read(ctx context.Context, columns []Column) (*Report, error) {
	if len(columns) == 0 || len(columns) > MostPeriods+1 ||
		slices.ContainsFunc(columns, func(c Column) bool { return !c.From.Before(c.To) }) {
		return nil, ErrColumns
	}
	params, err := s.Params.Current(ctx)
	if err != nil {
		return nil, err
	}
	at := s.now()
	now := storage.Millis(at)
	r := &Report{At: at, Params: params.Doc, Version: params.N, Columns: columns, Missing: map[ID]Why{}, values: map[Cell][]Value{}}
	own := map[Origin]bool{FromLedger: true, FromForms: true, FromShifts: true, FromPlaces: true}
	for _, f := range All() {
		switch {
		case !own[f.Origin] && s.sources[f.Origin] == nil:
			r.Missing[f.ID] = NotYet
		case f.ID == Place && len(params.Doc.Home) == 0:
			r.Missing[f.ID] = NoHome
		default:
			r.begin(f)
		}
	}
	// What adds up is counted for the shortest columns only, and added up for those that they make.
	least, into := tiles(columns)
	adding := func(read func([]Column) ([]Counted, error)) func() ([]Counted, error) {
		return func() ([]Counted, error) {
			all, err := read(least)
			return spread(all, into), err
		}
	}
	reads := []func() ([]Counted, error){
		adding(func(c []Column) ([]Counted, error) { return s.countCalls(ctx, c, now) }),
		adding(func(c []Column) ([]Counted, error) { return s.countForms(ctx, c) }),
		adding(func(c []Column) ([]Counted, error) { return s.countDifficult(ctx, c) }),
		adding(func(c []Column) ([]Counted, error) { return s.countCallbacks(ctx, c) }),
		adding(func(c []Column) ([]Counted, error) { return s.countDuty(ctx, c, now) }),
		func() ([]Counted, error) { return s.countPeople(ctx, columns, params.Doc.Repeat) },
		func() ([]Counted, error) { return s.countStaff(ctx, columns) },
	}
	if r.Missing[Place] == "" {
		reads = append(reads, adding(func(c []Column) ([]Counted, error) { return s.countPlaces(ctx, c, params.Doc) }))
	}
	for _, origin := range slices.Sorted(maps.Keys(s.sources)) {
		reads = append(reads, func() ([]Counted, error) { return s.sources[origin].Count(ctx, columns) })
	}
	for _, read := range reads {
		all, err := read()
		if err != nil {
			return nil, wrap("read", err)
		}
		r.take(all)
	}
	return r, nil
}

// begin makes the figure known: 0, until something was counted. What belongs to all lines stays unknown for one.
func (r *Report) begin(f Figure) {
	zero := func() []Value {
		all := make([]Value, len(r.Columns))
		for i, c := range r.Columns {
			all[i].Known = !f.Whole || c.Line == ""
		}
		return all
	}
	if len(f.Parts) == 0 && !f.Free {
		r.values[Cell{Figure: f.ID}] = zero()
	}
	for _, p := range f.Parts {
		r.values[Cell{f.ID, p.ID}] = zero()
	}
}

func (r *Report) take(all []Counted) {
	for _, c := range all {
		row := r.values[c.Cell]
		if row == nil { // a choice that the definition does not name
			if r.Missing[c.Cell.Figure] != "" {
				continue
			}
			row = make([]Value, len(r.Columns))
			for i := range row {
				row[i].Known = true
			}
			r.values[c.Cell] = row
		}
		if v := &row[c.Column]; v.Known {
			v.N += c.N
			v.Of += c.Of
		}
	}
}

// free are the parts of a figure that its definition does not name, by their ids.
func (r *Report) free(id ID, named map[string]bool) []string {
	var out []string
	for c := range r.values {
		if c.Figure == id && c.Part != "" && !named[c.Part] {
			out = append(out, c.Part)
		}
	}
	slices.Sort(out)
	return out
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("statistics: %s: %w", op, err)
}
