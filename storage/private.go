package storage

import (
	"context"
	"strings"
)

// Subject says whose traces: those of a call, of a pseudonym of a number, of a person's file.
type Subject string

// The subjects.
const (
	OfCall Subject = "call"
	OfRef  Subject = "ref"
	OfFile Subject = "file"
)

// Place is where something private stands in the tables of a package: what goes when the subject is erased, and what remains to be counted.
type Place struct {
	Table string
	Of    Subject
	Where string // condition with one "?", the subject's id
	Holds string // condition that a row still holds something; empty: every row does
	Clear string // assignments that take it away; empty: the rows go
}

// Live is a question about a subject: whether somebody is still to be reached or something is owed, or whether it is of high risk. It is so of every
// subject that has a row.
type Live struct {
	Of    Subject
	ID    string // column that is the subject's id, with its table's name where From has more than one
	From  string // tables
	Where string // condition on a row besides; empty: every row counts
}

// Private is what a package says of its tables.
type Private struct {
	Places []Place
	Lives  []Live // it must not be erased
	Highs  []Live // it is kept as long as what is of high risk
}

func (p Place) where() string {
	if p.Holds == "" {
		return " WHERE " + p.Where
	}
	return " WHERE (" + p.Where + ") AND (" + p.Holds + ")"
}

// Count tells how many rows hold something of a subject.
func (p Place) Count(ctx context.Context, tx *Tx, id string) (n int, err error) {
	return n, tx.QueryRow(ctx, "SELECT count(*) FROM "+p.Table+p.where(), id).Scan(&n)
}

// Erase takes it away, and tells from how many rows.
func (p Place) Erase(ctx context.Context, tx *Tx, id string) (int64, error) {
	query := "DELETE FROM " + p.Table + p.where()
	if p.Clear != "" {
		query = "UPDATE " + p.Table + " SET " + p.Clear + p.where()
	}
	res, err := tx.Exec(ctx, query, id)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Holds tells whether it is so.
func (l Live) Holds(ctx context.Context, tx *Tx, id string) (bool, error) {
	var found bool
	err := tx.QueryRow(ctx, "SELECT "+string(l.Condition()), id).Scan(&found)
	return found, err
}

// amongMost bounds how many ids one statement asks about.
const amongMost = 500

// Among tells of which of many subjects it is so. It only reads, in one statement for some hundred of them; it sees each of them as it is, not all at
// one moment.
func (l Live) Among(ctx context.Context, db *DB, ids []string) (found map[string]bool, err error) {
	found = make(map[string]bool)
	for len(ids) > 0 {
		some := ids[:min(len(ids), amongMost)]
		ids = ids[len(some):]
		args := make([]any, len(some))
		for i, id := range some {
			args[i] = id
		}
		yes, err := Select(ctx, db, func(r Row) (id string, err error) { return id, r.Scan(&id) },
			"WITH asked(id) AS (VALUES (CAST(? AS TEXT))"+strings.Repeat(", (?)", len(some)-1)+") SELECT id FROM asked WHERE "+l.Condition().On("asked.id"), args...)
		if err != nil {
			return nil, err
		}
		for _, id := range yes {
			found[id] = true
		}
	}
	return found, nil
}
