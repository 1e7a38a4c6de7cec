package casework

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"hotline/storage"
)

// resultWithin is how long after an attempt a person may still say who answered.
const resultWithin = 24 * time.Hour

// CallNow is a person's wish to call a caller back at once, also outside the allowed hours and after the machine gave up: the task is entered with
// this person as preferred agent. One that waits in the
// queue already is entered anew. ErrBusy while the caller's telephone is being called, ErrClosed when the task is closed, ErrUnusable when there is no number to
// call.
func (c *Callbacks) CallNow(ctx context.Context, task, by string) (Task, error) {
	if by == "" {
		return Task{}, errors.New("casework: call now: who wishes it is needed")
	}
	var out Task
	err := c.byPerson(ctx, task, func(tx *storage.Tx, t Task) error {
		switch {
		case t.State == TaskWorking && t.Lease.After(c.now()):
			if out, err := placedOnly(ctx, tx, t); err != nil || out {
				return errors.Join(err, ErrBusy)
			}
		case t.State == TaskDone || t.State == TaskCancelled:
			return ErrClosed
		}
		number, err := c.keys.Open(t.CallerSealed, CallerContext(t.Call))
		if err != nil || !c.Callable(number) {
			return ErrUnusable
		}
		t.State, t.Asked, t.Preferred, t.NextTry = TaskOpen, by, by, c.now()
		out = t
		_, err = tx.Exec(ctx, `UPDATE tasks SET state = 'open', asked_by = ?, preferred = ?, next_ms = ?, owner = '' WHERE id = ?`, by, by,
			storage.Millis(t.NextTry), t.ID)
		return err
	})
	return out, wrap("call now "+task, err)
}

// Say adds what only a person can tell of the last attempt: wrong_person, refused, or no_answer when a machine answered. The task is called again
// by the line's rules, also when it was closed as reached; refused closes it, and every other open callback of the caller, and is respected from
// then on. ErrClosed when there was no attempt within a day, ErrBusy
// while the telephone still rings.
func (c *Callbacks) Say(ctx context.Context, task, by string, result Result) error {
	if by == "" || !slices.Contains([]Result{ResultWrongPerson, ResultRefused, ResultNoAnswer}, result) {
		return fmt.Errorf("casework: say of %s: who, and what only a person can tell, are needed", task)
	}
	now := c.now()
	err := c.byPerson(ctx, task, func(tx *storage.Tx, t Task) error {
		rows, err := attemptsOf(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		if len(rows) == 0 || now.Sub(rows[len(rows)-1].At) > resultWithin {
			return ErrClosed
		}
		if last := rows[len(rows)-1]; last.Result == result && last.Who == by && last.Entry == t.Entry {
			return nil // said before
		}
		if t.State == TaskDone && t.ClosedWhy != ClosedReached || t.State == TaskCancelled {
			return ErrClosed
		}
		if result != ResultRefused && t.State == TaskWorking && t.Lease.After(now) {
			return ErrBusy // it rings: nobody can tell yet
		}
		a := Attempt{Who: by, Result: result, At: now}
		if err := appendAttempt(ctx, tx, t, a); err != nil {
			return err
		}
		if result == ResultRefused {
			if err := refuse(ctx, tx, t, a); err != nil {
				return err
			}
		}
		return save(ctx, tx, after(t, a, c.rules(t.Line).Retry))
	})
	return wrap("say of "+task, err)
}

// refuse keeps a caller's wish not to be called back, and closes what else is open for that caller.
func refuse(ctx context.Context, tx *storage.Tx, t Task, a Attempt) error {
	if t.CallerRef == "" {
		return nil
	}
	if _, err := tx.Exec(ctx, `INSERT INTO callback_refusals (caller_ref, at_ms, who, task) VALUES (?,?,?,?)
		ON CONFLICT (caller_ref) DO UPDATE SET at_ms = excluded.at_ms, who = excluded.who, task = excluded.task`,
		t.CallerRef, storage.Millis(a.At), a.Who, t.ID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE tasks SET state = 'cancelled', closed_ms = ?, closed_by = ?, closed_why = ?, asked_by = ''
		WHERE caller_ref = ? AND kind = 'callback' AND reason <> 'message' AND state IN ('open','given_up') AND id <> ?`,
		storage.Millis(a.At), a.Who, ClosedRefused, t.CallerRef, t.ID)
	return err
}

func (c *Callbacks) byPerson(ctx context.Context, task string, fn func(*storage.Tx, Task) error) error {
	return c.db.InTx(ctx, func(tx *storage.Tx) error {
		t, err := scanTask(tx.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE id = ?`, task))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		return fn(tx, t)
	})
}
