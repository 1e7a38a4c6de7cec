package crisis

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

// reader is a database, or a transaction of it.
type reader interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
}

const eventColumns = `seq, at_ms, kind, by_who, request, data, words`

func sealedAs(incident string, seq int) string { return fmt.Sprintf("incident:%s:%d", incident, seq) }

func (s *Store) scanEvent(incident string) func(storage.Row) (Event, error) {
	return func(row storage.Row) (e Event, err error) {
		var at int64
		var data string
		var sealed []byte
		if err := row.Scan(&e.Seq, &at, &e.Kind, &e.By, &e.Request, &data, &sealed); err != nil {
			return e, err
		}
		e.At = storage.Time(at)
		if err := json.Unmarshal([]byte(data), &e.Data); err != nil {
			return e, fmt.Errorf("event %d of %s: %w", e.Seq, incident, err)
		}
		if sealed == nil {
			return e, nil
		}
		text, err := s.cfg.Seal.Open(sealed, sealedAs(incident, e.Seq))
		if err != nil {
			// A lost key must not hide that somebody is in danger: the words are gone, the incident is not.
			s.cfg.Log.Error("words of an incident cannot be opened", "incident", incident, "seq", e.Seq)
			e.Words = Words{Text: Lost, Who: Lost, How: Lost}
			return e, nil //nolint:nilerr // logged; see above
		}
		return e, json.Unmarshal([]byte(text), &e.Words)
	}
}

// Lost stands for words whose key is gone.
const Lost = "?"

// fold brings an incident to what its events say, from what is remembered of it.
func (s *Store) fold(ctx context.Context, from reader, id string, p Policy) (Incident, error) {
	in := s.remembered(id)
	rows, err := from.Query(ctx, `SELECT `+eventColumns+` FROM incident_events WHERE incident = ? AND seq > ? ORDER BY seq`, id, in.Seq)
	if err != nil {
		return in, err
	}
	events, err := storage.Collect(rows, s.scanEvent(id))
	if err != nil {
		return in, err
	}
	for _, e := range events {
		in, _ = advance(in, e, p) // it was judged when it was added; since then its words may have been erased
	}
	return in, nil
}

// add puts one event to an incident whose row is locked by the transaction, with everything that follows from it.
func (s *Store) add(ctx context.Context, tx *storage.Tx, in Incident, e Event, p Policy) (Incident, error) {
	e.At = latest(e.At, in.Changed)
	if err := judge(in, e, p); err != nil {
		return in, err
	}
	next, effects := advance(in, e, p)
	e.Seq = next.Seq
	data, err := json.Marshal(e.Data)
	if err != nil {
		return in, err
	}
	var sealed []byte
	if !e.Words.none() {
		words, err := json.Marshal(e.Words)
		if err != nil {
			return in, err
		}
		if sealed, err = s.cfg.Seal.Seal(string(words), sealedAs(in.ID, e.Seq)); err != nil {
			return in, err
		}
	}
	if _, err := s.exec(ctx, tx, "event", `INSERT INTO incident_events (incident, policy, `+eventColumns+`) VALUES (?,?,?,?,?,?,?,?,?)`, in.ID, next.Policy, e.Seq,
		storage.Millis(e.At), string(e.Kind), e.By, e.Request, string(data), sealed); err != nil {
		return in, err
	}
	if err := s.head(ctx, tx, next); err != nil {
		return in, err
	}
	if err := s.keys(ctx, tx, in, next); err != nil {
		return in, err
	}
	for n, f := range effects {
		if err := s.effect(ctx, tx, next, e, n, f); err != nil {
			return in, err
		}
	}
	return next, nil
}

func (s *Store) head(ctx context.Context, tx *storage.Tx, in Incident) error {
	_, err := s.exec(ctx, tx, "head", `UPDATE incidents SET seq = ?, state = ?, over = ?, level = ?, changed_ms = ?, closed_ms = ?, line = ?, counsellor = ?,
		supervisor = ?, due_ms = ?, worker = '', lease_ms = 0 WHERE id = ?`, in.Seq, string(in.State), in.Over(), string(in.Level), storage.Millis(in.Changed),
		storage.Millis(in.Closed), in.Line, in.Counsellor, in.Supervisor, storage.Millis(in.Due()), in.ID)
	return err
}

type key struct{ kind, value string }

func (i Incident) keys() []key {
	var all []key
	for _, c := range i.Calls {
		all = append(all, key{"call", c})
	}
	for kind, value := range map[string]string{"ref": i.Ref, "file": i.File} {
		if value != "" {
			all = append(all, key{kind, value})
		}
	}
	if len(all) == 0 && i.Counsellor != "" {
		all = append(all, key{"agent", i.Counsellor}) // a call for help without a call
	}
	return all
}

// keys writes by what an incident is found, and lets go of them when it is closed.
func (s *Store) keys(ctx context.Context, tx *storage.Tx, before, in Incident) error {
	had := before.keys()
	for _, k := range in.keys() {
		if slices.Contains(had, k) {
			continue
		}
		for _, live := range []bool{in.State != StateClosed, false} { // another incident may have it: then it only leads here from the history
			n, err := s.exec(ctx, tx, "key", `INSERT INTO incident_keys (incident, kind, value, live) VALUES (?,?,?,?) ON CONFLICT DO NOTHING`, in.ID, k.kind, k.value, live)
			if err != nil {
				return err
			}
			if n > 0 {
				break
			}
			if in.Seq == 1 {
				return errTaken
			}
		}
	}
	var err error
	switch {
	case before.State == in.State || before.Seq == 0:
	case in.State == StateClosed:
		_, err = s.exec(ctx, tx, "keys", `UPDATE incident_keys SET live = FALSE WHERE incident = ?`, in.ID)
	case before.State == StateClosed:
		_, err = s.exec(ctx, tx, "keys", `UPDATE incident_keys SET live = TRUE WHERE incident = ? AND NOT EXISTS (SELECT 1 FROM incident_keys AS other
			WHERE other.kind = incident_keys.kind AND other.value = incident_keys.value AND other.live)`, in.ID)
	}
	return err
}

// errTaken says that another process opened an incident for the same person at this moment.
var errTaken = errors.New("crisis: another incident was opened meanwhile")

// effect writes what follows from an event. Its id is made of the event's, so it is there once.
func (s *Store) effect(ctx context.Context, tx *storage.Tx, in Incident, e Event, n int, f Effect) error {
	id := fmt.Sprintf("%s:%d:%d", in.ID, e.Seq, n)
	at := storage.Millis(e.At)
	switch f.Kind {
	case EffectAlert, EffectNudge:
		if _, err := s.exec(ctx, tx, "alert", `UPDATE incident_alerts SET ended_ms = ? WHERE incident = ? AND user_id = ? AND ended_ms = 0`, at, in.ID, f.User); err != nil {
			return err
		}
		_, err := s.exec(ctx, tx, "alert", `INSERT INTO incident_alerts (id, incident, user_id, kind, step, round, at_ms, until_ms, ended_ms, seen_ms)
			VALUES (?,?,?,?,?,?,?,?,0,0)`, id, in.ID, f.User, string(f.Kind), string(f.Step), f.Round, at, storage.Millis(f.Until))
		return err
	case EffectPhone:
		_, err := s.exec(ctx, tx, "phone", `INSERT INTO incident_calls (id, incident, user_id, round, at_ms, until_ms, state, result, owner, lease_ms, placed_ms,
			done_ms) VALUES (?,?,?,?,?,?,'waiting','','',0,0,0)`, ulid.Make().String(), in.ID, f.User, f.Round, at, storage.Millis(f.Until))
		return err
	case EffectQuiet:
		if _, err := s.exec(ctx, tx, "quiet", `UPDATE incident_alerts SET ended_ms = ? WHERE incident = ? AND ended_ms = 0`, at, in.ID); err != nil {
			return err
		}
		_, err := s.exec(ctx, tx, "quiet", `UPDATE incident_calls SET state = 'withdrawn', done_ms = ? WHERE incident = ? AND state IN ('waiting', 'claimed', 'placed')`, at, in.ID)
		return err
	}
	_, err := s.exec(ctx, tx, "effect", `INSERT INTO incident_effects (id, incident, kind, at_ms, next_ms, tries, worker, lease_ms, fence, done_ms)
		VALUES (?,?,?,?,?,0,'',0,0,0)`, id, in.ID, string(f.Kind), at, at)
	return err
}
