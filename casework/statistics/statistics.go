// Package statistics counts what a hotline did, for those who lead it, for the authority above it, and for the public. Every figure has an id, names,
// a definition in words and the version of that definition: they are shown beside the figure and exported with it, so that a number can be read by
// somebody who was not there ([Definitions], docs/statistics.md).
//
// A figure is counted for columns: a span of time on one line, or on all. Each column is counted by itself, so that people who called twice, in two
// months or on two lines, are right in every sum. What is kept by a part that is not there is "not counted yet", never 0.
package statistics

import (
	"context"
	"time"

	"hotline/storage/documents"
)

// ID names a figure; it never changes its meaning. What is counted otherwise gets another version of its definition.
type ID string

// Unit says how a value is read.
type Unit string

// The units.
const (
	Count  Unit = "count"  // N
	Share  Unit = "share"  // N of Of
	Mean   Unit = "mean"   // N / Of, N in tenths
	Wait   Unit = "wait"   // N / Of, N in milliseconds
	Length Unit = "length" // N milliseconds, read in hours
)

// Group puts figures together on the screen and in an export.
type Group string

// The groups, in the order of the screen.
const (
	GroupVolume Group = "volume"
	GroupReach  Group = "reach"
	GroupWho    Group = "who"
	GroupAbout  Group = "about"
	GroupRisk   Group = "risk"
	GroupAfter  Group = "after"
	GroupStaff  Group = "staff"
)

// Origin is the part of the product that keeps what a figure counts.
type Origin string

// The origins. Those that have no source say "not counted yet".
const (
	FromLedger      Origin = "ledger"
	FromForms       Origin = "forms" // what counsellors say of a call when it is over
	FromPlaces      Origin = "places"
	FromShifts      Origin = "shifts"
	FromTraining    Origin = "training"
	FromReviews     Origin = "reviews"
	FromAssessments Origin = "assessments"
	FromFiles       Origin = "files"
	FromFollowUps   Origin = "followups"
	FromReferrals   Origin = "referrals"
	FromIncidents   Origin = "incidents"
)

// Figure is one definition.
type Figure struct {
	ID         ID
	Version    int // of the definition
	Group      Group
	Unit       Unit
	Origin     Origin
	Names      documents.Words
	Definition documents.Words
	Parts      []Part // what it is split into; nil: one number
	Free       bool   // split by choices of a form, which Parts does not name
	Whole      bool   // of all lines only: it belongs to people, not to lines
	Records    bool   // opens the records behind it
}

// Part is one of the things that a figure is split into.
type Part struct {
	ID    string
	Names documents.Words
}

// Cell is one row of a table: a figure, or one part of it.
type Cell struct {
	Figure ID
	Part   string // empty: the figure itself
}

// Value is what was counted; see [Unit]. The zero value is not counted.
type Value struct {
	N, Of int64
	Known bool
}

// Column is for when and for which line is counted.
type Column struct {
	From, To time.Time // To is not part of it
	Line     string    // empty: all
}

// Counted is one value of a source.
type Counted struct {
	Column int // place in the columns that were asked for
	Cell   Cell
	N, Of  int64
}

// Source counts figures of one origin. What it does not answer of a column, of a figure that is its own, is 0.
type Source interface {
	Count(ctx context.Context, columns []Column) ([]Counted, error)
}

// Why says why a figure has no value.
type Why string

// Why a figure has no value.
const (
	NotYet Why = "not_yet" // the part that keeps it is not there
	NoHome Why = "no_home" // nobody said which places are local
)

// Report is what was counted, once.
type Report struct {
	At      time.Time
	Params  Params
	Version int // of the parameters
	Columns []Column
	Missing map[ID]Why
	values  map[Cell][]Value
}

// Value is what was counted in a column.
func (r *Report) Value(c Cell, column int) Value {
	if all := r.values[c]; all != nil {
		return all[column]
	}
	return Value{}
}

// Parts are the parts of a figure that have a value, those that its definition names first, in its order.
func (r *Report) Parts(f Figure) []string {
	var out []string
	named := map[string]bool{}
	for _, p := range f.Parts {
		named[p.ID] = true
		if r.values[Cell{f.ID, p.ID}] != nil {
			out = append(out, p.ID)
		}
	}
	return append(out, r.free(f.ID, named)...)
}
