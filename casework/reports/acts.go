package reports

import (
	"context"
	"errors"
	"time"

	"hotline/storage"
)

// Minor says of whom a task is.
type Minor struct {
	Call  string
	File  string
	Line  string
	Child bool // under 14
	By    string
}

// Ask opens the task that asks about harm, once for a minor of a call; later it may only learn that the minor is a child.
func (s *Store) Ask(ctx context.Context, m Minor) (Report, error) {
	if m.Call == "" || m.File == "" || m.By == "" {
		return Report{}, ErrInvalid
	}
	within, _, err := s.rules.Minors(ctx)
	if err != nil {
		return Report{}, wrap("ask", err)
	}
	var r Report
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		r, err = s.ask(ctx, tx, m, within)
		return err
	})
	return r, wrap("ask", err)
}

func (s *Store) ask(ctx context.Context, tx *storage.Tx, m Minor, within time.Duration) (Report, error) {
	r, err := scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM minor_reports WHERE call_id = ? AND file_id = ?`, m.Call, m.File))
	switch {
	case err == nil && r.Child == m.Child:
		return r, nil
	case err == nil:
		r.Child = m.Child
		return r, s.save(ctx, tx, r)
	case !errors.Is(found(err), ErrNotFound):
		return r, err
	}
	now := storage.Time(storage.Millis(s.now()))
	r = Report{ID: newID(), Call: m.Call, File: m.File, Line: m.Line, Child: m.Child, Opened: now, OpenedBy: m.By, State: Open, Due: now.Add(within)}
	if _, err := tx.Exec(ctx, `INSERT INTO minor_reports (`+columns+`) VALUES (?,?,?,?,?,?,?,'',0,'',?,?,'',0,'',0,'','',0,'')`, r.ID, r.Call, r.File, r.Line, r.Child,
		storage.Millis(r.Opened), r.OpenedBy, r.State, storage.Millis(r.Due)); err != nil {
		return r, err
	}
	return r, s.said(ctx, tx, r, Act{Kind: "open", At: now, By: m.By})
}

// Suspect says that a minor may be harmed, and how: that is to be reported within the time of [Rules], and two people close it. It opens the task when
// there is none, and opens a closed one again.
func (s *Store) Suspect(ctx context.Context, m Minor, what string) (Report, error) {
	what, err := words(what, true)
	if err != nil || m.Call == "" || m.File == "" || m.By == "" {
		return Report{}, ErrInvalid
	}
	toAsk, toReport, err := s.rules.Minors(ctx)
	if err != nil {
		return Report{}, wrap("suspect", err)
	}
	var r Report
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if r, err = s.ask(ctx, tx, m, toAsk); err != nil {
			return err
		}
		now := storage.Time(storage.Millis(s.now()))
		if r.Harm != Suspected || r.State == Closed {
			r.Harm, r.HarmAt, r.HarmBy, r.State, r.Due = Suspected, now, m.By, Open, now.Add(toReport)
			r.Outcome, r.ProposedAt, r.ProposedBy, r.ClosedAt, r.ClosedBy = "", time.Time{}, "", time.Time{}, ""
		}
		if err := s.said(ctx, tx, r, Act{Kind: "harm", At: now, By: m.By, What: string(Suspected), Words: what}); err != nil {
			return err
		}
		return s.save(ctx, tx, r)
	})
	return r, wrap("suspect", err)
}

// NoSign says that somebody asked, or listened, and saw no sign of harm: that closes a task in which nobody saw one. ErrState when somebody did, ErrGuardian
// when the guardian's word is still to be noted.
func (s *Store) NoSign(ctx context.Context, id, why, by string) (Report, error) {
	return s.change(ctx, id, Act{Kind: "harm", By: by, What: string(NoSign), Words: why}, false, func(r *Report, now time.Time) error {
		switch {
		case r.Harm == Suspected || r.State != Open:
			return ErrState
		case r.NeedsGuardian():
			return ErrGuardian
		}
		r.Harm, r.HarmAt, r.HarmBy = NoSign, now, by
		r.State, r.Outcome, r.ClosedAt, r.ClosedBy = Closed, NoHarm, now, by
		return nil
	})
}

// Propose says that a suspicion was reported, to whom and how, or why it is not to be. It closes nothing.
func (s *Store) Propose(ctx context.Context, id string, o Outcome, why, by string) (Report, error) {
	if o != Reported && o != Dismissed {
		return Report{}, ErrInvalid
	}
	return s.change(ctx, id, Act{Kind: "propose", By: by, What: string(o), Words: why}, true, func(r *Report, now time.Time) error {
		if r.Harm != Suspected || r.State == Closed {
			return ErrState
		}
		r.State, r.Outcome, r.ProposedAt, r.ProposedBy = Proposed, o, now, by
		return nil
	})
}

// Confirm closes a task as another person said that it is to be. ErrSame for that person; ErrGuardian as of [Store.NoSign].
func (s *Store) Confirm(ctx context.Context, id, why, by string) (Report, error) {
	return s.change(ctx, id, Act{Kind: "confirm", By: by, Words: why}, true, func(r *Report, now time.Time) error {
		switch {
		case r.State != Proposed:
			return ErrState
		case r.ProposedBy == by:
			return ErrSame
		case r.NeedsGuardian():
			return ErrGuardian
		}
		r.State, r.ClosedAt, r.ClosedBy = Closed, now, by
		return nil
	})
}

// Refuse takes back what somebody proposed: the task is open again, and its deadline is what it was.
func (s *Store) Refuse(ctx context.Context, id, why, by string) (Report, error) {
	return s.change(ctx, id, Act{Kind: "refuse", By: by, Words: why}, true, func(r *Report, _ time.Time) error {
		if r.State != Proposed {
			return ErrState
		}
		r.State, r.Outcome, r.ProposedAt, r.ProposedBy = Open, "", time.Time{}, ""
		return nil
	})
}

// SetGuardian notes what a child's guardian said, or the emergency in which nobody could be asked.
func (s *Store) SetGuardian(ctx context.Context, id string, g Guardian, why, by string) (Report, error) {
	if g != Consent && g != Emergency && g != Refused {
		return Report{}, ErrInvalid
	}
	return s.change(ctx, id, Act{Kind: "guardian", By: by, What: string(g), Words: why}, g != Consent, func(r *Report, now time.Time) error {
		if !r.Child {
			return ErrState
		}
		r.Guardian, r.GuardianAt, r.GuardianBy = g, now, by
		return nil
	})
}

// change reads a task, changes it and writes down who said what.
func (s *Store) change(ctx context.Context, id string, a Act, reason bool, fn func(*Report, time.Time) error) (Report, error) {
	text, err := words(a.Words, reason)
	if err != nil || a.By == "" {
		return Report{}, ErrInvalid
	}
	var r Report
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if r, err = scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM minor_reports WHERE id = ?`, id)); err != nil {
			return found(err)
		}
		a.At, a.Words = storage.Time(storage.Millis(s.now())), text
		if err := fn(&r, a.At); err != nil {
			return err
		}
		if err := s.said(ctx, tx, r, a); err != nil {
			return err
		}
		return s.save(ctx, tx, r)
	})
	return r, wrap(a.Kind, err)
}

func (s *Store) said(ctx context.Context, tx *storage.Tx, r Report, a Act) error {
	id := newID()
	var sealed []byte
	if a.Words != "" {
		var err error
		if sealed, err = s.keys.Seal(a.Words, actContext(id)); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO minor_report_acts (id, report, kind, at_ms, by_id, what, sealed) VALUES (?,?,?,?,?,?,?)`, id, r.ID, a.Kind, storage.Millis(a.At),
		a.By, a.What, sealed)
	return err
}

func (s *Store) save(ctx context.Context, tx *storage.Tx, r Report) error {
	_, err := tx.Exec(ctx, `UPDATE minor_reports SET child = ?, harm = ?, harm_ms = ?, harm_by = ?, state = ?, due_ms = ?, outcome = ?, proposed_ms = ?, proposed_by = ?,
		closed_ms = ?, closed_by = ?, guardian = ?, guardian_ms = ?, guardian_by = ? WHERE id = ?`, r.Child, r.Harm, storage.Millis(r.HarmAt), r.HarmBy, r.State,
		storage.Millis(r.Due), r.Outcome, storage.Millis(r.ProposedAt), r.ProposedBy, storage.Millis(r.ClosedAt), r.ClosedBy, r.Guardian, storage.Millis(r.GuardianAt),
		r.GuardianBy, r.ID)
	return err
}
