package recordings

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline/storage"
)

// Query says which recordings are wanted; a field that is zero wants all.
type Query struct {
	From, To time.Time // it began at From or later, before To
	Line     string
	Agent    string // one of its parts is of this person
	Before   Place  // it comes after this place in the list
	// Call is what must be so of its call, as somebody who knows calls says it; one of which no call is known is asked about by an empty id. Empty: all.
	Call storage.Condition
	// Among are sets of calls; of each, the calls that are wanted are a part. One that is small is what is looked through.
	Among []storage.Set
	Limit int // 1 to 500
}

// Place is where a recording stands in the list.
type Place struct {
	Started time.Time
	Part    string // of its first part
}

// Whole is one recording: the parts of one call in the order in which they began. A part of which no call is known is a recording of its own.
type Whole struct {
	ID     string
	Parts  []Recording
	Erased bool // the key of a part was destroyed: it cannot be played
}

// Place is where it stands in the list.
func (w Whole) Place() Place { return Place{w.Parts[0].Started, w.Parts[0].ID} }

// fewMost is how many calls are few: to look through them costs about what a look for a page does among some hundred thousand of which one
// or two in a hundred are wanted.
const fewMost = 3000

// first is the condition on a part that a recording stands where it does: there is no earlier one of the same call.
func first() storage.Condition {
	return storage.Exists(`SELECT 1 FROM recordings e WHERE e.call_id = recordings.call_id AND e.call_id <> '' AND
		(e.started_ms < recordings.started_ms OR e.started_ms = recordings.started_ms AND e.id < recordings.id)`).Not()
}

// ofPerson is the condition on a recording that a part of it is of a person, who is asked for twice. The empty string keeps SQLite from going through all parts
// of the person: a call has few.
func ofPerson() string {
	return `(agent = ? OR ` + string(storage.Exists(`SELECT 1 FROM recordings o WHERE o.call_id = recordings.call_id AND o.call_id <> '' AND o.agent || '' = ?`)) + `)`
}

// Find returns recordings, those that began last first. It reads the list from its place on until the page is full; where the wanted ones are among few calls,
// it reads these.
func (x *Index) Find(ctx context.Context, q Query) ([]Whole, error) { return x.find(ctx, q, fewMost) }

func (x *Index) find(ctx context.Context, q Query, most int) ([]Whole, error) {
	where, args := []string{string(first())}, []any(nil)
	also := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if !q.From.IsZero() {
		also(`started_ms >= ?`, storage.Millis(q.From))
	}
	if !q.To.IsZero() {
		also(`started_ms < ?`, storage.Millis(q.To))
	}
	if q.Line != "" {
		also(`line = ?`, q.Line)
	}
	if q.Agent != "" {
		also(ofPerson(), q.Agent, q.Agent)
		// Of who left long ago nothing is found in what was recorded since.
		also(`started_ms <= (SELECT MAX(p.started_ms) FROM recordings p WHERE p.agent = ?)`, q.Agent)
	}
	if q.Call != "" {
		also(q.Call.On("recordings.call_id"))
	}
	if !q.Before.Started.IsZero() {
		ms := storage.Millis(q.Before.Started)
		also(`(started_ms < ? OR started_ms = ? AND id < ?)`, ms, ms, q.Before.Part)
	}
	calls, few, err := x.few(ctx, q, most)
	if err != nil {
		return nil, err
	}
	if few {
		in, ids := storage.In(calls)
		also(`call_id IN `+in, ids...)
	}
	firsts, err := x.list(ctx, `WHERE `+strings.Join(where, ` AND `)+` ORDER BY started_ms DESC, id DESC LIMIT ?`, append(args, min(max(q.Limit, 1), 500))...)
	if err != nil {
		return nil, err
	}
	return x.whole(ctx, firsts)
}

// few are the calls of the first set that has at most as many, with all that are wanted.
func (x *Index) few(ctx context.Context, q Query, most int) (calls []string, few bool, err error) {
	look := func(set string, args ...any) (bool, error) {
		calls, err = storage.Select(ctx, x.db, func(s storage.Row) (id string, err error) { return id, s.Scan(&id) }, set+` LIMIT ?`, append(args, most+1)...)
		if err != nil {
			return false, fmt.Errorf("recordings: find: %w", err)
		}
		return len(calls) <= most, nil
	}
	if q.Agent != "" {
		if few, err = look(`SELECT call_id FROM recordings WHERE agent = ?`, q.Agent); few || err != nil {
			return calls, few, err
		}
	}
	for _, set := range q.Among {
		if few, err = look(string(set)); few || err != nil {
			return calls, few, err
		}
	}
	return nil, false, nil
}

// Whole returns all of one recording, by its call or by the part of which no call is known. ErrNotFound.
func (x *Index) Whole(ctx context.Context, id string) (Whole, error) {
	if validID(id) != nil {
		return Whole{}, ErrNotFound
	}
	parts, err := x.list(ctx, `WHERE call_id = ? OR id = ? AND call_id = '' ORDER BY started_ms, id`, id, id)
	if err != nil {
		return Whole{}, fmt.Errorf("recordings: whole %s: %w", id, err)
	}
	if len(parts) == 0 {
		return Whole{}, ErrNotFound
	}
	all := []Whole{{ID: id, Parts: parts}}
	err = x.stoned(ctx, all)
	return all[0], err
}

// whole adds to first parts the others of their calls.
func (x *Index) whole(ctx context.Context, firsts []Recording) ([]Whole, error) {
	var calls []string
	for _, f := range firsts {
		if f.Call != "" {
			calls = append(calls, f.Call)
		}
	}
	in, args := storage.In(calls)
	all, err := x.list(ctx, `WHERE call_id IN `+in+` ORDER BY started_ms, id`, args...)
	if err != nil {
		return nil, err
	}
	out := make([]Whole, 0, len(firsts))
	for _, f := range firsts {
		w := Whole{ID: f.ID, Parts: []Recording{f}}
		if f.Call != "" {
			w = Whole{ID: f.Call, Parts: slices.DeleteFunc(slices.Clone(all), func(r Recording) bool { return r.Call != f.Call })}
		}
		out = append(out, w)
	}
	return out, x.stoned(ctx, out)
}

// stoned says which recordings cannot be played any more.
func (x *Index) stoned(ctx context.Context, all []Whole) error {
	var parts []string
	for _, w := range all {
		for _, p := range w.Parts {
			parts = append(parts, p.ID)
		}
	}
	in, args := storage.In(parts)
	gone, err := storage.Select(ctx, x.db, func(s storage.Row) (id string, err error) { return id, s.Scan(&id) },
		`SELECT part FROM recording_keys WHERE length(key_sealed) = 0 AND part IN `+in, args...)
	if err != nil {
		return fmt.Errorf("recordings: find: %w", err)
	}
	for i, w := range all {
		all[i].Erased = slices.ContainsFunc(w.Parts, func(p Recording) bool { return slices.Contains(gone, p.ID) })
	}
	return nil
}
