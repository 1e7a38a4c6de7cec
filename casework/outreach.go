package casework

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"hotline/storage"
)

// FollowUpCall is somebody's wish to call a person whose follow-up is due.
type FollowUpCall struct {
	Source string    // followup:<id>:<n>, another with each press
	Line   string    // by whose rules, and from whose number
	Call   string    // what the number is sealed for: the call that the follow-up comes from, or the follow-up itself
	Number string    // private: sealed before it is stored
	By     string    // who pressed, and is to talk with the person
	Until  time.Time // until when the telephone may ring; nothing is dialled after it
}

// FollowUpIn enters a call to somebody whose follow-up is due, at once and for the person who pressed, within a transaction: the follow-up and its
// call are written together or not at all. A callback of the same number that is open is that call: nobody is called twice. What came of it is in the
// task: done when both talked, else cancelled and [ClosedReturned], for the follow-up to say what comes next. Errors: ErrUnusable, and ErrBusy while
// that telephone is being called.
func (c *Callbacks) FollowUpIn(ctx context.Context, tx *storage.Tx, f FollowUpCall) (Task, error) {
	if f.Source == "" || f.Line == "" || f.Call == "" || f.By == "" || f.Until.IsZero() {
		return Task{}, errors.New("casework: follow up: source, line, call, person and time are needed")
	}
	if !c.Callable(f.Number) {
		return Task{}, ErrUnusable
	}
	sealed, err := c.keys.Seal(f.Number, CallerContext(f.Call))
	if err != nil {
		return Task{}, err
	}
	now := c.now()
	t, err := addOrJoin(ctx, tx, Task{
		Source: f.Source, Kind: TaskCallback, Reason: ReasonFollowUp, Line: f.Line, Call: f.Call, Tier: tierFollowUp, Created: now, Due: f.Until, Place: now,
		NextTry: now, CallerRef: c.keys.CallerRef(f.Number), CallerSealed: sealed,
	}, c.keys.CallerRefs(f.Number), now)
	if err != nil {
		return Task{}, wrap("follow up", err)
	}
	if t.State == TaskWorking && t.Lease.After(now) {
		if out, err := placedOnly(ctx, tx, t); err != nil || out {
			return t, wrap("follow up", errors.Join(err, ErrBusy))
		}
	}
	if t.State == TaskDone || t.State == TaskCancelled { // the same press again, after its end
		return t, nil
	}
	t.State, t.Asked, t.Preferred, t.NextTry = TaskOpen, f.By, f.By, now
	_, err = tx.Exec(ctx, `UPDATE tasks SET state = 'open', asked_by = ?, preferred = ?, next_ms = ?, owner = '' WHERE id = ?`, f.By, f.By,
		storage.Millis(now), t.ID)
	return t, wrap("follow up", err)
}

// returnFollowUp ends the call to a person of whom nobody talked while the telephone might ring.
func returnFollowUp(ctx context.Context, tx *storage.Tx, t Task, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE tasks SET state = 'cancelled', closed_ms = ?, closed_by = ?, closed_why = ?, owner = '', asked_by = '' WHERE id = ?`,
		storage.Millis(now), system, ClosedReturned, t.ID)
	return err
}

// CutOff is somebody at risk whose talk broke.
type CutOff struct {
	Call   string    // that broke
	Line   string    //
	Number string    // private: sealed before it is stored; empty when withheld
	Agent  string    // who talked with the caller, and gets them again
	At     time.Time // when it broke
	Wait   time.Duration
}

// CutOff writes the callback of somebody at risk whose talk broke, once for a call. The machine calls after Wait, in which the caller may call again: who
// is on the line is not called, and who was answered need not be. Without a number that can be called, or against an earlier refusal, a person decides
// at once. It joins an open callback of the same caller and makes that one as urgent.
func (c *Callbacks) CutOff(ctx context.Context, o CutOff) (Task, error) {
	if o.Call == "" || o.Line == "" || o.At.IsZero() || o.Wait < 0 {
		return Task{}, errors.New("casework: cut off: call, line and time are needed")
	}
	t := Task{
		Source: "cutoff:" + o.Call, Kind: TaskCallback, Reason: ReasonCutOff, Line: o.Line, Call: o.Call, Danger: true, Tier: tierRed, Created: o.At,
		Due: o.At.Add(o.Wait), Place: o.At, NextTry: o.At.Add(o.Wait), Preferred: o.Agent, CallerRef: c.keys.CallerRef(o.Number),
	}
	refs := c.keys.CallerRefs(o.Number)
	if o.Number != "" {
		var err error
		if t.CallerSealed, err = c.keys.Seal(o.Number, CallerContext(o.Call)); err != nil {
			return Task{}, err
		}
	}
	refused, err := c.refused(ctx, refs, time.Time{})
	if err != nil {
		return Task{}, err
	}
	t.Auto = c.Callable(o.Number) && !refused
	err = c.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		t, err = addOrJoin(ctx, tx, t, refs, c.now())
		return err
	})
	return t, wrap("cut off "+o.Call, err)
}

// StopFollowUpIn takes a call to a person out of the queue, within a transaction, and tells whether it never went out. A callback that it joined stays.
func (c *Callbacks) StopFollowUpIn(ctx context.Context, tx *storage.Tx, task string) (bool, error) {
	t, err := scanTask(tx.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE id = ?`, task))
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, wrap("stop "+task, err)
	}
	if t.State != TaskOpen && t.State != TaskWorking {
		return t.State != TaskDone, nil
	}
	if out, err := placedOnly(ctx, tx, t); err != nil || out {
		return false, wrap("stop "+task, err)
	}
	if t.Reason != ReasonFollowUp {
		return true, nil
	}
	return true, wrap("stop "+task, returnFollowUp(ctx, tx, t, c.now()))
}
