package crisis

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

// sameWithin is how long the same trigger from another source says nothing new: a press that a console and the worker both tell.
const sameWithin = time.Minute

// Trigger is the one door of every danger. It joins the open incident of the call, else of the number, else of the file; else, when the policy says so,
// it opens one and alerts the first of the call tree in the same transaction. A trigger below what the policy opens for joins what is open, and is kept.
// It is idempotent by the trigger's source, and may be called by many processes at once. The incident is the zero one when there is none.
func (s *Store) Trigger(ctx context.Context, t Trigger) (Incident, error) {
	if !t.Kind.Valid() || t.Source == "" || t.By == "" || t.Level != Unassessed && !t.Level.Valid() || !utf8.ValidString(t.Note) ||
		utf8.RuneCountInString(t.Note) > MostText {
		return Incident{}, wrap("trigger", ErrInvalid)
	}
	if t.At.IsZero() {
		t.At = s.now()
	}
	t.At = storage.Time(storage.Millis(t.At))
	for try := 0; ; try++ {
		in, err := s.trigger(ctx, t)
		if errors.Is(err, errTaken) && try < 20 {
			continue
		}
		if err == nil && in.ID != "" {
			s.remember(in)
		}
		return in, wrap("trigger", err)
	}
}

func (s *Store) trigger(ctx context.Context, t Trigger) (in Incident, err error) {
	// Who is alerted, and by which rules, is asked before the transaction: nobody waits for Redis with a lock in hand.
	known, err := s.triggered(ctx, s.db, t.Source)
	if err == nil {
		if known == "" {
			return Incident{}, nil
		}
		return s.Get(ctx, known)
	} else if !errors.Is(err, sql.ErrNoRows) {
		return Incident{}, err
	}
	p, version, err := s.cfg.Policies.InForce(ctx)
	if err != nil {
		return Incident{}, err
	}
	open, err := s.openFor(ctx, s.db, t)
	if err != nil {
		return Incident{}, err
	}
	if open != "" { // it lives by the version with which it began
		if p, version, err = s.policyOf(ctx, open); err != nil {
			return Incident{}, err
		}
	}
	level, opens := p.Answer(t)
	// The event is of now, also when it is told late: whoever is alerted has the whole time to answer.
	e := Event{Kind: EventOpened, At: s.now(), By: t.By, Request: "trigger:" + t.Source, Words: Words{Text: t.Note, Ref: t.Ref}, Data: Data{
		Policy: version, Trigger: t.Kind, Level: level, Call: t.Call, Line: t.Line, File: t.File, Other: t.Agent,
	}}
	if open != "" || opens {
		e.Tree, e.Treed = s.tree(ctx, p)
	}
	err = s.db.InRowTx(ctx, func(tx *storage.Tx) error {
		in = Incident{}
		n, err := s.exec(ctx, tx, "trigger", `INSERT INTO incident_triggers (source, at_ms, kind, level, call_id, line, ref, file, by_who, agent, incident)
			VALUES (?,?,?,?,?,?,?,?,?,?,'') ON CONFLICT (source) DO NOTHING`, t.Source, storage.Millis(t.At), string(t.Kind), string(t.Level), t.Call, t.Line, t.Ref,
			t.File, t.By, t.Agent)
		if err != nil {
			return err
		}
		if n == 0 {
			return errTaken // told by another at this moment: its incident is read anew
		}
		now, err := s.openFor(ctx, tx, t)
		switch {
		case err != nil:
			return err
		case now != open:
			return errTaken
		case now != "":
			in, err = s.join(ctx, tx, now, e, p)
		case opens:
			in, err = s.begin(ctx, tx, e, p)
		default:
			return nil
		}
		if err != nil {
			return err
		}
		_, err = s.exec(ctx, tx, "trigger", `UPDATE incident_triggers SET incident = ? WHERE source = ?`, in.ID, t.Source)
		return err
	})
	return in, err
}

// join adds a trigger to an open incident.
func (s *Store) join(ctx context.Context, tx *storage.Tx, id string, e Event, p Policy) (Incident, error) {
	in, err := s.locked(ctx, tx, id, p)
	if err != nil {
		return in, err
	}
	if in.State == StateClosed {
		return in, errTaken
	}
	if in.heard(e) {
		return in, nil
	}
	e.Kind = EventTriggered
	return s.add(ctx, tx, in, e, p)
}

// heard tells whether a trigger says nothing that was not told a moment ago. A program outside says the same every second, with another figure each time.
func (i Incident) heard(e Event) bool {
	for _, t := range i.Triggers {
		if t.Kind == e.Trigger && t.Call == e.Call && !e.Level.Over(i.Level) && !e.Level.Over(t.Level) && e.At.Sub(t.At).Abs() < sameWithin && (e.Text == "" || e.Trigger == TriggerDetector) {
			return true
		}
	}
	return false
}

func (s *Store) begin(ctx context.Context, tx *storage.Tx, e Event, p Policy) (Incident, error) {
	id := ulid.Make().String()
	_, err := s.exec(ctx, tx, "incident", `INSERT INTO incidents (id, seq, policy, state, over, level, opened_ms, changed_ms, closed_ms, line, counsellor, supervisor,
		due_ms, worker, lease_ms, fence) VALUES (?,0,?,?,FALSE,?,?,?,0,?,?,'',0,'',0,0)`, id, e.Policy, string(StateOpen), string(e.Level), storage.Millis(e.At),
		storage.Millis(e.At), e.Line, e.Other)
	if err != nil {
		return Incident{}, err
	}
	return s.add(ctx, tx, Incident{ID: id}, e, p)
}

func (s *Store) triggered(ctx context.Context, from reader, source string) (incident string, err error) {
	err = from.QueryRow(ctx, `SELECT incident FROM incident_triggers WHERE source = ?`, source).Scan(&incident)
	return incident, err
}

// openFor is the incident that is not closed, of the call, else of the number, else of the file, else of the person who asks for help without a call.
func (s *Store) openFor(ctx context.Context, from reader, t Trigger) (string, error) {
	keys := []key{{"call", t.Call}, {"ref", t.Ref}, {"file", t.File}}
	if t.Call == "" && t.Ref == "" && t.File == "" {
		keys = []key{{"agent", t.Agent}}
	}
	for _, k := range keys {
		if k.value == "" {
			continue
		}
		var id string
		err := from.QueryRow(ctx, `SELECT incident FROM incident_keys WHERE kind = ? AND value = ? AND live`, k.kind, k.value).Scan(&id)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return id, err
		}
	}
	return "", nil
}

// locked folds an incident after its row was locked: what was read stays true until the end of the transaction.
func (s *Store) locked(ctx context.Context, tx *storage.Tx, id string, p Policy) (Incident, error) {
	n, err := s.exec(ctx, tx, "lock", `UPDATE incidents SET seq = seq WHERE id = ?`, id)
	if err != nil {
		return Incident{}, err
	}
	if n == 0 {
		return Incident{}, ErrNotFound
	}
	return s.fold(ctx, tx, id, p)
}

// policyOf is the policy by which an incident lives. ErrNotFound.
func (s *Store) policyOf(ctx context.Context, id string) (p Policy, version int, err error) {
	if in := s.remembered(id); in.Seq > 0 {
		version = in.Policy
	} else if err := s.db.QueryRow(ctx, `SELECT policy FROM incidents WHERE id = ?`, id).Scan(&version); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return p, 0, ErrNotFound
		}
		return p, 0, fmt.Errorf("policy of %s: %w", id, err)
	}
	p, err = s.policy(ctx, version)
	return p, version, err
}

// change adds one event to an incident. The same request again changes nothing.
func (s *Store) change(ctx context.Context, id string, e Event) (in Incident, err error) {
	p, _, err := s.policyOf(ctx, id)
	if err != nil {
		return Incident{}, wrap(string(e.Kind), err)
	}
	if e.At.IsZero() {
		e.At = s.now()
	}
	if e.Kind.rings() {
		e.Tree, e.Treed = s.tree(ctx, p)
	}
	err = s.db.InRowTx(ctx, func(tx *storage.Tx) error {
		in, err = s.locked(ctx, tx, id, p)
		if err != nil {
			return err
		}
		var said bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM incident_events WHERE incident = ? AND request = ?)`, id, e.Request).Scan(&said); err != nil || said {
			return err
		}
		next, err := s.add(ctx, tx, in, e, p)
		if errors.Is(err, errNothing) {
			return nil
		}
		in = next
		return err
	})
	if err != nil {
		return in, wrap(string(e.Kind), err)
	}
	s.remember(in)
	return in, nil
}
