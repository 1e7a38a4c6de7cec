package imports

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"hotline/queue/lines"
	"hotline/storage"
	"hotline/storage/documents"
)

// document takes rows into a document with versions: what the right rows come to is the plan.
type document[T any] struct {
	heads   []Column
	current func(ctx context.Context) (doc T, base int, err error)
	check   func(T) error
	save    func(ctx context.Context, tx *storage.Tx, base int, doc T, by, note string) (int, error)
	// prepare reads what else is needed, and returns how a row is put into the document: it says what changed, notes faults, and returns the place, as
	// faults of the document name it ("entries[3]").
	prepare func(ctx context.Context, doc T) (put func(doc *T, l *Line) (place string), err error)
	// column is that of a field within a place.
	column map[string]string
}

func (d document[T]) columns() []Column { return d.heads }

func (d document[T]) compare(ctx context.Context, all []*Line) (plan, error) {
	now, base, err := d.current(ctx)
	if err != nil {
		return plan{}, err
	}
	put, err := d.prepare(ctx, now)
	if err != nil {
		return plan{}, err
	}
	// Again without the rows that are wrong, until the others are right: each turn takes at least one out.
	var doc T
	for {
		if doc, err = copied(now); err != nil {
			return plan{}, err
		}
		places, wrong := map[string]*Line{}, false
		for _, l := range all {
			if l.State == StateWrong {
				continue
			}
			l.State, l.Changes = StateNew, map[string]string{}
			place := put(&doc, l)
			if l.State == StateWrong {
				wrong = true
				continue
			}
			if other := places[place]; other != nil {
				l.fault(d.heads[0].ID, documents.Twice, "value", l.Cells[d.heads[0].ID])
				wrong = true
				continue
			}
			places[place] = l
		}
		found := faultsOf(d.check(doc))
		if len(found) == 0 && !wrong {
			break
		}
		for _, f := range found {
			place, field := split(f.Field)
			l := places[place]
			if l == nil {
				return plan{}, fmt.Errorf("what is there already cannot be saved: %w", documents.Faults{f})
			}
			column := d.column[field]
			if column == "" {
				column = d.heads[0].ID
			}
			f.Field = column
			l.Faults, l.State = append(l.Faults, f), StateWrong
		}
	}
	what, err := json.Marshal(doc)
	return plan{base, what}, err
}

func copied[T any](doc T) (out T, err error) {
	raw, err := json.Marshal(doc)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(raw, &out)
}

// faultsOf reads what a check says, whichever package it is of.
func faultsOf(err error) documents.Faults {
	if fs, ok := errors.AsType[documents.Faults](err); ok {
		return fs
	}
	if fs, ok := errors.AsType[lines.Faults](err); ok {
		var out documents.Faults
		for _, f := range fs {
			out = append(out, documents.Fault{Field: f.Field, Code: documents.Code(f.Code), Params: f.Params})
		}
		return out
	}
	return nil
}

var placeRule = regexp.MustCompile(`^(.*\[\d+\])\.([A-Za-z_.-]+)`)

// split parts "lines[1].hours.holidays[2].date" into the innermost place and the field in it.
func split(field string) (place, rest string) {
	if m := placeRule.FindStringSubmatch(field); m != nil {
		return m[1], m[2]
	}
	return field, ""
}

func (d document[T]) apply(ctx context.Context, tx *storage.Tx, p plan, by, note string) (int, error) {
	var doc T
	if err := json.Unmarshal(p.what, &doc); err != nil {
		return 0, err
	}
	return d.save(ctx, tx, p.base, doc, by, note)
}

// versioned are the parts of a document that a store of versions keeps.
func versioned[T any](s *documents.Store[T]) document[T] {
	return document[T]{
		check: s.Check,
		current: func(ctx context.Context) (T, int, error) {
			v, err := s.Current(ctx)
			return v.Doc, v.N, err
		},
		save: func(ctx context.Context, tx *storage.Tx, base int, doc T, by, note string) (int, error) {
			v, err := s.AppendIn(ctx, tx, base, documents.Version[T]{Doc: doc, By: by, Note: note, Origin: documents.OriginImport})
			return v.N, err
		},
	}
}

func indexed(name string, i int) string { return name + "[" + strconv.Itoa(i) + "]" }
