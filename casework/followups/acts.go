package followups

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"hotline/casework"
	"hotline/storage"
)

// mostReason is how many characters a reason has at most.
const mostReason = 500

// Reach says whether and how a person can be called at a time.
type Reach struct {
	Number string    // masked; empty when there is none
	Own    bool      // it is not the caller's own number but one that was said to be safe
	Usable bool      // the number can be called
	Now    bool      // the telephone may ring now
	Next   time.Time // when it may; zero: never, by what is written down
	Until  time.Time // until when it may, with Now
	Wish   Wish      // without the number
}

// ReachOf says how a person would be called for a follow-up.
func (s *Store) ReachOf(ctx context.Context, f FollowUp) (r Reach, err error) {
	files, refs, err := s.same(ctx, f.Who())
	if err != nil {
		return r, err
	}
	number, err := s.callerFor(ctx, f)
	if err != nil {
		return r, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		r.Wish, err = s.wishIn(ctx, tx, files, refs, f.Call)
		return err
	})
	if err != nil {
		return r, wrap("reach", err)
	}
	if r.Wish.Number != "" {
		number, r.Own = r.Wish.Number, true
	}
	r.Wish.Number = ""
	if number != "" {
		r.Number, r.Usable = s.keys.Mask(number), s.callbacks.Callable(number)
	}
	now, when := s.now(), s.times(f.Line, r.Wish)
	next, ok := when.after(now)
	if ok {
		r.Next = next
		if r.Now = next.Equal(now); r.Now {
			r.Until = when.until(now)
		}
	}
	return r, nil
}

// callerFor is the number of the caller from whose call a follow-up comes; empty when that is not the person whom it is for.
func (s *Store) callerFor(ctx context.Context, f FollowUp) (string, error) {
	if f.Ref == "" {
		return "", nil
	}
	return s.callerOf(ctx, f.Call)
}

// Call calls the person of a follow-up through the hotline, for who pressed and at once. Pressed again while it is under way, it changes nothing for the
// same person. Errors: *NotNow, ErrRefused, ErrUnusable, ErrBusy, ErrClosed.
func (s *Store) Call(ctx context.Context, id, by string) (out FollowUp, err error) {
	if by == "" {
		return out, fmt.Errorf("%w: who calls is needed", ErrInvalid)
	}
	seen, err := s.Get(ctx, id)
	if err != nil {
		return out, err
	}
	files, refs, err := s.same(ctx, seen.Who())
	if err != nil {
		return out, err
	}
	own, err := s.callerFor(ctx, seen)
	if err != nil {
		return out, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		f, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		out = f.FollowUp
		switch {
		case !f.State.Open():
			return ErrClosed
		case f.State == Calling && f.Owner == by:
			return nil
		case f.State == Calling:
			return ErrBusy
		}
		w, err := s.wishIn(ctx, tx, files, refs, f.Call)
		if err != nil {
			return err
		}
		until, err := s.mayRing(f.Line, w)
		if err != nil {
			return err
		}
		number := own
		if w.Number != "" {
			number = w.Number
		}
		f.presses++
		task, err := s.callbacks.FollowUpIn(ctx, tx, casework.FollowUpCall{
			Source: "followup:" + f.ID + ":" + strconv.Itoa(f.presses), Line: f.Line, Call: f.taskCall(), Number: number, By: by, Until: until,
		})
		switch {
		case errors.Is(err, casework.ErrUnusable):
			return ErrUnusable
		case errors.Is(err, casework.ErrBusy):
			return ErrBusy
		case err != nil:
			return err
		}
		seq, err := lastSeq(ctx, tx, task.ID)
		if err != nil {
			return err
		}
		f.State, f.Owner, f.Task, f.seq = Calling, by, task.ID, seq
		if err := save(ctx, tx, f); err != nil {
			return err
		}
		out = f.FollowUp
		return s.note(ctx, tx, id, Event{Who: by, What: "called", Ref: task.ID})
	})
	return out, wrap("call", err)
}

// taskCall is what the number of a call to them is sealed for.
func (f FollowUp) taskCall() string {
	if f.Call != "" {
		return f.Call
	}
	return "followup-" + f.ID
}

func (s *Store) mayRing(line string, w Wish) (until time.Time, err error) {
	if w.Consent == ConsentRefused {
		return until, ErrRefused
	}
	now, when := s.now(), s.times(line, w)
	next, ok := when.after(now)
	if !ok {
		return until, &NotNow{}
	}
	if !next.Equal(now) {
		return until, &NotNow{next}
	}
	return when.until(now), nil
}

func lastSeq(ctx context.Context, tx *storage.Tx, task string) (n int, err error) {
	return n, tx.QueryRow(ctx, `SELECT COALESCE(MAX(seq), 0) FROM task_attempts WHERE task = ?`, task).Scan(&n)
}

// Move puts a follow-up to another time, with a reason. What is overdue by it is not any more.
func (s *Store) Move(ctx context.Context, id, by string, due time.Time, reason string) (FollowUp, error) {
	reason, err := s.reason(by, reason)
	if err != nil {
		return FollowUp{}, err
	}
	if now := s.now(); !due.After(now) || due.After(now.AddDate(2, 0, 0)) {
		return FollowUp{}, fmt.Errorf("%w: a time within two years is needed", ErrInvalid)
	}
	return s.change(ctx, id, "move", func(tx *storage.Tx, f *row, w Wish) error {
		if f.State == Calling {
			return ErrBusy
		}
		f.State, f.Due, f.told, f.climbed = Planned, due, time.Time{}, time.Time{}
		s.time(f, w)
		return s.note(ctx, tx, id, Event{Who: by, What: "moved", Due: due, Note: reason})
	})
}

// Assign gives a follow-up to a person; "" to anybody.
func (s *Store) Assign(ctx context.Context, id, by, to string) (FollowUp, error) {
	if by == "" {
		return FollowUp{}, fmt.Errorf("%w: who does it is needed", ErrInvalid)
	}
	return s.change(ctx, id, "assign", func(tx *storage.Tx, f *row, _ Wish) error {
		if f.Owner == to {
			return nil
		}
		if f.State == Calling {
			return ErrBusy
		}
		f.Owner = to
		return s.note(ctx, tx, id, Event{Who: by, What: "assigned", Arg: to})
	})
}

// Finish says how a follow-up came to its end. Reached needs a talk, by it or by a call of theirs; all others need a reason. ErrRefused writes the
// refusal down for all that is planned. The same end said again by the same person changes nothing.
func (s *Store) Finish(ctx context.Context, id, by string, why Why, note string) (FollowUp, error) {
	if !slices.Contains([]Why{Reached, CalledIn, Refused, NotReached, InCare, Deceased, NotNeeded}, why) {
		return FollowUp{}, fmt.Errorf("%w: end %q", ErrInvalid, why)
	}
	note = strings.TrimSpace(note)
	if why != Reached || note != "" {
		var err error
		if note, err = s.reason(by, note); err != nil {
			return FollowUp{}, err
		}
	}
	if err := s.catchUp(ctx, id); err != nil {
		return FollowUp{}, err
	}
	if why == Refused {
		if err := s.refuse(ctx, id, by); err != nil {
			return FollowUp{}, err
		}
	}
	f, err := s.change(ctx, id, "finish", func(tx *storage.Tx, f *row, _ Wish) error {
		switch {
		case f.State == Calling:
			return ErrBusy
		case why == Reached && f.State != Talked:
			return fmt.Errorf("%w: nobody talked with them", ErrInvalid)
		}
		f.State, f.Closed, f.By, f.Why = Ended, s.now(), by, why
		if why == Reached || why == CalledIn {
			f.State = Done
		}
		return s.note(ctx, tx, id, Event{Who: by, What: "closed", Arg: string(why), Note: note})
	})
	if errors.Is(err, ErrClosed) && f.Why == why && f.By == by {
		err = nil
	}
	if err == nil && why == Deceased {
		err = s.endAll(ctx, f, by)
	}
	return f, err
}

// endAll ends what else is planned for somebody who has died.
func (s *Store) endAll(ctx context.Context, f FollowUp, by string) error {
	files, refs, err := s.same(ctx, f.Who())
	if err != nil {
		return err
	}
	where, args := personIs(files, refs, f.Call)
	return wrap("end all", s.db.InTx(ctx, func(tx *storage.Tx) error {
		open, err := s.list(ctx, tx, where+` AND state = 'planned' ORDER BY id`, args...)
		if err != nil {
			return err
		}
		for _, f := range open {
			if err := s.end(ctx, tx, f, by, Deceased, Event{What: "closed", Arg: string(Deceased)}); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (s *Store) reason(by, text string) (string, error) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); by == "" || n < 3 || n > mostReason || !utf8.ValidString(text) {
		return "", fmt.Errorf("%w: who, and a reason of 3 to %d characters, are needed", ErrInvalid, mostReason)
	}
	return text, nil
}

// change reads a follow-up that is open, changes and saves it. One that fn closed before, as it would now, stays as it is.
func (s *Store) change(ctx context.Context, id, op string, fn func(*storage.Tx, *row, Wish) error) (out FollowUp, err error) {
	seen, err := s.Get(ctx, id)
	if err != nil {
		return out, err
	}
	files, refs, err := s.same(ctx, seen.Who())
	if err != nil {
		return out, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		f, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		out = f.FollowUp
		if !f.State.Open() {
			return ErrClosed
		}
		w, err := s.wishIn(ctx, tx, files, refs, f.Call)
		if err != nil {
			return err
		}
		if err := fn(tx, &f, w); err != nil {
			return err
		}
		out = f.FollowUp
		return save(ctx, tx, f)
	})
	return out, wrap(op+" "+id, err)
}

// refuse writes down that a person does not want to be called, and leaves the one follow-up by which it was said.
func (s *Store) refuse(ctx context.Context, id, by string) error {
	f, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	files, refs, err := s.same(ctx, f.Who())
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		w, err := s.wishIn(ctx, tx, files, refs, f.Call)
		if err != nil {
			return err
		}
		if w.Consent != ConsentRefused {
			w.Consent, w.By = ConsentRefused, by
			if w, err = s.writeWish(ctx, tx, f.Who(), w); err != nil {
				return err
			}
		}
		return s.heed(ctx, tx, files, refs, f.Call, w, id)
	})
}

// heed makes a wish hold for everything that is open for a person: who refuses is not called, and calls that did not go out yet do not; the rest moves
// with what is safe. but is left alone.
func (s *Store) heed(ctx context.Context, tx *storage.Tx, files, refs []string, call string, w Wish, but ...string) error {
	where, args := personIs(files, refs, call)
	if where == "" {
		return nil
	}
	open, err := rows(ctx, tx, where+` AND state IN ('planned','calling') ORDER BY id`, args...)
	if err != nil {
		return err
	}
	for _, f := range open {
		if slices.Contains(but, f.ID) {
			continue
		}
		if w.Consent == ConsentRefused {
			if f.State == Calling {
				gone, err := s.callbacks.StopFollowUpIn(ctx, tx, f.Task)
				if err != nil {
					return err
				}
				if !gone {
					continue // their telephone rings, or they talk: what comes of it is taken in
				}
			}
			if err := s.end(ctx, tx, f.FollowUp, w.By, Refused, Event{What: "closed", Arg: string(Refused)}); err != nil {
				return err
			}
			continue
		}
		s.time(&f, w)
		if err := save(ctx, tx, f); err != nil {
			return err
		}
		if err := s.note(ctx, tx, f.ID, Event{Who: w.By, What: "wish", Arg: string(w.Consent)}); err != nil {
			return err
		}
	}
	return nil
}
