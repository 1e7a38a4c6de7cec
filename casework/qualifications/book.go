package qualifications

import (
	"context"
	"fmt"
	"time"
)

// grown is how long after a lapse somebody who was let in before stays: nobody is taken off a line in the middle of a night shift. A sign-in after the
// lapse is judged by its own day.
const grown = 12 * time.Hour

// Book is everything that says who may be given which calls, as it was read at once. It does not change.
type Book struct {
	Version      int // of the requirements
	Requirements Requirements
	records      map[string][]Record // by person
	waivers      []Waiver
	zone         *time.Location
}

// NewBook makes one of its parts, with the dates of a zone.
func NewBook(v Version, records map[string][]Record, waivers []Waiver, zone *time.Location) *Book {
	return &Book{v.N, v.Doc, records, waivers, zone}
}

// Guarded tells which of some lines anything is required for.
func (b *Book) Guarded(lines []string) []string {
	var out []string
	for _, line := range lines {
		if b != nil && b.Requirements.Guarded(line) {
			out = append(out, line)
		}
	}
	return out
}

// Enter says how a person who began at a time stands to a line now. stayed: the line's calls came to them since they signed in. Without a book
// (nothing could be read yet) everybody is let in: a database that is away empties no line.
func (b *Book) Enter(line, person string, began, now time.Time, stayed bool) Entry {
	if b == nil {
		return Entry{Line: line, In: true}
	}
	enter := func(at time.Time) Entry {
		return b.Requirements.Enter(line, b.records[person], DayOf(began, b.zone), DayOf(at, b.zone), b.waived(line, now))
	}
	e := enter(now)
	if !e.In && stayed && enter(now.Add(-grown)).In {
		e.In = true
	}
	return e
}

func (b *Book) waived(line string, now time.Time) bool {
	for _, w := range b.waivers {
		if w.Open(line, now) {
			return true
		}
	}
	return false
}

// requirements is where the document is kept; the store of [OpenRequirements] is one.
type requirements interface {
	Current(ctx context.Context) (Version, error)
}

// Desk reads what the console needs, and tells when it is other than before.
type Desk struct {
	store *Store
	docs  requirements
	zone  func() *time.Location
	mark  string
}

// NewDesk reads with the dates of a zone, which is asked for at each look. It is used by one goroutine.
func NewDesk(s *Store, docs requirements, zone func() *time.Location) *Desk {
	return &Desk{store: s, docs: docs, zone: zone}
}

// Look returns a new book, or nil when nothing changed since the last look. What changes by the passing of time alone (an end of a validity, of a
// waiver) is no change: a book knows it.
func (d *Desk) Look(ctx context.Context) (*Book, error) {
	zone := d.zone()
	var added, void, opened, closed, version int64
	err := d.store.db.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM staff_records), (SELECT COUNT(*) FROM staff_records WHERE void_ms > 0),
		(SELECT COUNT(*) FROM line_waivers), (SELECT COUNT(*) FROM line_waivers WHERE ended_ms > 0),
		(SELECT COALESCE(MAX(n), 0) FROM documents WHERE kind = 'requirements')`).Scan(&added, &void, &opened, &closed, &version)
	mark := fmt.Sprint(added, void, opened, closed, version, zone)
	if err != nil || mark == d.mark {
		return nil, wrap("look", err)
	}
	v, err := d.docs.Current(ctx)
	if err != nil {
		return nil, err
	}
	records, err := d.store.Everybody(ctx)
	if err != nil {
		return nil, err
	}
	waivers, err := d.store.open(ctx, d.store.now())
	if err != nil {
		return nil, err
	}
	d.mark = mark
	return NewBook(v, records, waivers, zone), nil
}

// Hours counts what was recorded between two days, the last one not included: minutes of training, people trained, sessions of supervision.
type Hours struct{ Minutes, People, Sessions int64 }

// Counts returns Hours for each span of days, for the statistics.
func (s *Store) Counts(ctx context.Context, from, to Day) (h Hours, err error) {
	err = s.db.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN kind = 'training' THEN minutes ELSE 0 END), 0),
		COUNT(DISTINCT CASE WHEN kind = 'training' THEN person END), COALESCE(SUM(CASE WHEN kind = 'supervision' THEN 1 ELSE 0 END), 0)
		FROM staff_records WHERE day >= ? AND day < ? AND void_ms = 0`, int(from), int(to)).Scan(&h.Minutes, &h.People, &h.Sessions)
	return h, wrap("count", err)
}
