package followups

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"hotline/storage"
)

// row is a follow-up with what its rule said.
type row struct {
	FollowUp
	near, grace, climb time.Duration
	callIn             CallIn
	told, climbed      time.Time
	presses            int
	seq                int
}

const columns = `id, series, rule, file, caller_ref, call_id, line, level, state, owner, planned_ms, due_ms, ring_ms, late_ms, climb_ms, settle_ms,
	near_span, grace_span, climb_span, call_in, told_ms, climbed_ms, tries, presses, task, task_seq, last_ms, last_result, created_ms, closed_ms, closed_by, why`

func (f *row) values() []any {
	ms := storage.Millis
	return []any{
		f.ID, f.Series, f.Rule, f.File, f.Ref, f.Call, f.Line, f.Level, string(f.State), f.Owner, ms(f.Planned), ms(f.Due), ms(f.Ring), ms(f.Late), ms(f.Climb),
		ms(f.Settle), f.near.Milliseconds(), f.grace.Milliseconds(), f.climb.Milliseconds(), string(f.callIn), ms(f.told), ms(f.climbed), f.Tries, f.presses,
		f.Task, f.seq, ms(f.LastTry), f.Last, ms(f.Created), ms(f.Closed), f.By, string(f.Why),
	}
}

func scan(r storage.Row) (f row, err error) {
	var planned, due, ring, late, climbAt, settle, near, grace, climb, told, climbed, last, created, closed int64
	err = r.Scan(&f.ID, &f.Series, &f.Rule, &f.File, &f.Ref, &f.Call, &f.Line, &f.Level, &f.State, &f.Owner, &planned, &due, &ring, &late, &climbAt, &settle,
		&near, &grace, &climb, &f.callIn, &told, &climbed, &f.Tries, &f.presses, &f.Task, &f.seq, &last, &f.Last, &created, &closed, &f.By, &f.Why)
	f.Planned, f.Due, f.Ring, f.Late = storage.Time(planned), storage.Time(due), storage.Time(ring), storage.Time(late)
	f.Climb, f.Settle, f.LastTry = storage.Time(climbAt), storage.Time(settle), storage.Time(last)
	f.Created, f.Closed, f.told, f.climbed = storage.Time(created), storage.Time(closed), storage.Time(told), storage.Time(climbed)
	f.near, f.grace, f.climb = span(near), span(grace), span(climb)
	return f, err
}

func span(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// save writes what may change of a follow-up.
func save(ctx context.Context, tx *storage.Tx, f row) error {
	ms := storage.Millis
	_, err := tx.Exec(ctx, `UPDATE followups SET state = ?, owner = ?, due_ms = ?, ring_ms = ?, late_ms = ?, climb_ms = ?, settle_ms = ?, told_ms = ?, climbed_ms = ?,
		tries = ?, presses = ?, task = ?, task_seq = ?, last_ms = ?, last_result = ?, closed_ms = ?, closed_by = ?, why = ? WHERE id = ?`,
		string(f.State), f.Owner, ms(f.Due), ms(f.Ring), ms(f.Late), ms(f.Climb), ms(f.Settle), ms(f.told), ms(f.climbed), f.Tries, f.presses, f.Task, f.seq,
		ms(f.LastTry), f.Last, ms(f.Closed), f.By, string(f.Why), f.ID)
	return err
}

// get reads one within a transaction, or ErrNotFound.
func get(ctx context.Context, tx *storage.Tx, id string) (row, error) {
	f, err := scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM followups WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return f, ErrNotFound
	}
	return f, err
}

func rows(ctx context.Context, tx *storage.Tx, where string, args ...any) ([]row, error) {
	found, err := tx.Query(ctx, `SELECT `+columns+` FROM followups WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	return storage.Collect(found, scan)
}

func (s *Store) list(ctx context.Context, tx *storage.Tx, where string, args ...any) ([]FollowUp, error) {
	found, err := rows(ctx, tx, where, args...)
	return plain(found), err
}

func plain(found []row) []FollowUp {
	out := make([]FollowUp, 0, len(found))
	for _, f := range found {
		out = append(out, f.FollowUp)
	}
	return out
}

// note appends an event.
func (s *Store) note(ctx context.Context, tx *storage.Tx, id string, e Event) error {
	if e.At.IsZero() {
		e.At = s.now()
	}
	if e.Who == "" {
		e.Who = system
	}
	var sealed []byte
	if e.Note != "" {
		var err error
		if sealed, err = s.keys.Seal(e.Note, "followup-event:"+id); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO followup_events (followup, seq, at_ms, who, what, arg, ref, due_ms, note)
		SELECT ?, COALESCE(MAX(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM followup_events WHERE followup = ?`,
		id, storage.Millis(e.At), e.Who, e.What, e.Arg, e.Ref, storage.Millis(e.Due), sealed, id)
	return err
}

// end closes a follow-up, with an event.
func (s *Store) end(ctx context.Context, tx *storage.Tx, f FollowUp, by string, why Why, e Event) error {
	state := Ended
	if why == Reached || why == CalledIn {
		state = Done
	}
	if _, err := tx.Exec(ctx, `UPDATE followups SET state = ?, closed_ms = ?, closed_by = ?, why = ? WHERE id = ?`, string(state), storage.Millis(s.now()), by,
		string(why), f.ID); err != nil {
		return err
	}
	if e.Who == "" {
		e.Who = by
	}
	return s.note(ctx, tx, f.ID, e)
}

// Get returns one follow-up, or ErrNotFound.
func (s *Store) Get(ctx context.Context, id string) (FollowUp, error) {
	f, err := scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM followups WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return f.FollowUp, ErrNotFound
	}
	return f.FollowUp, wrap("read", err)
}

// Open returns at most limit follow-ups that are not over, by due time.
func (s *Store) Open(ctx context.Context, limit int) ([]FollowUp, error) {
	found, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM followups WHERE state IN ('planned','calling','talked') ORDER BY due_ms, id LIMIT ?`, limit)
	return plain(found), wrap("list", err)
}

// Of returns all follow-ups of a person, also those that are over, by due time; at most 200.
func (s *Store) Of(ctx context.Context, who Who) ([]FollowUp, error) {
	files, refs, err := s.same(ctx, who)
	if err != nil {
		return nil, err
	}
	where, args := personIs(files, refs, who.Call)
	if where == "" {
		return nil, nil
	}
	found, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM followups WHERE `+where+` ORDER BY due_ms, id LIMIT 200`, args...)
	return plain(found), wrap("of a person", err)
}

// Events are what happened to a follow-up, in order.
func (s *Store) Events(ctx context.Context, id string) ([]Event, error) {
	out, err := storage.Select(ctx, s.db, func(r storage.Row) (e Event, err error) {
		var at, due int64
		var sealed []byte
		if err := r.Scan(&e.Seq, &at, &e.Who, &e.What, &e.Arg, &e.Ref, &due, &sealed); err != nil {
			return e, err
		}
		e.At, e.Due = storage.Time(at), storage.Time(due)
		if len(sealed) > 0 {
			e.Note, err = s.keys.Open(sealed, "followup-event:"+id)
		}
		return e, err
	}, `SELECT seq, at_ms, who, what, arg, ref, due_ms, note FROM followup_events WHERE followup = ? ORDER BY seq`, id)
	return out, wrap("events", err)
}

// Owed says how much is owed at a time.
type Owed struct {
	Due     map[string]int // whose time has come, by who is to do it; what is anybody's under ""
	Late    int            // that are overdue, of all
	Changed int64          // another number when any follow-up is another
}

// Owed counts what is owed now.
func (s *Store) Owed(ctx context.Context) (o Owed, err error) {
	now := storage.Millis(s.now())
	o.Due = map[string]int{}
	type count struct {
		owner string
		n     int
	}
	all, err := storage.Select(ctx, s.db, func(r storage.Row) (c count, err error) { return c, r.Scan(&c.owner, &c.n) },
		`SELECT owner, COUNT(*) FROM followups WHERE state IN ('planned','talked') AND due_ms <= ? GROUP BY owner`, now)
	if err != nil {
		return o, wrap("owed", err)
	}
	for _, c := range all {
		o.Due[c.owner] = c.n
	}
	err = s.db.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM followups WHERE state IN ('planned','calling') AND late_ms <= ?),
		(SELECT COALESCE(MAX(at_ms), 0) FROM followup_events)`, now).Scan(&o.Late, &o.Changed)
	return o, wrap("owed", err)
}

// High returns at most limit follow-ups of people at high risk that are due and not over: what somebody who leaves a shift must hand over.
func (s *Store) High(ctx context.Context, limit int) ([]FollowUp, error) {
	found, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM followups WHERE state IN ('planned','calling','talked') AND level = 'high' AND due_ms <= ?
		ORDER BY due_ms, id LIMIT ?`, storage.Millis(s.now().Add(handOver)), limit)
	return plain(found), wrap("of people at high risk", err)
}

// handOver is how long before it is due a follow-up is the affair of the shift.
const handOver = 24 * time.Hour
