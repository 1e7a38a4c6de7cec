package casework

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"hotline/storage"
)

func cutOffSource(call string) string { return "cut:" + call }

// cutOff says that a talk with somebody at risk ended, and not by its counsellor.
func (c CallRecord) cutOff() bool {
	return c.Outcome == Answered && !c.LeftWaiting && c.Cause.By != ByAgent && (c.Tier == tierRed || c.Tier == tierReturning)
}

// cutOffTask is the callback of such a caller: at once, by the machine, to the counsellor of before. Without a number, or against an earlier refusal, a person
// decides. false: somebody has talked with the caller since. Pure.
func (l left) cutOffTask(pause time.Duration) (Task, bool) {
	c := l.call
	if l.answered {
		return Task{}, false
	}
	at := c.Ended.Add(pause)
	return Task{
		Source: cutOffSource(c.ID), Kind: TaskCallback, Reason: ReasonCutOff, Line: c.Line, Call: c.ID, Danger: true, Tier: tierRed,
		Created: c.Ended, Due: at, NextTry: at, Place: c.Arrived, Auto: l.callable && !l.refused, Preferred: c.Agent,
		CallerRef: c.CallerRef, CallerSealed: c.CallerSealed,
	}, true
}

func (c *Callbacks) followCutOff(ctx context.Context, tx *storage.Tx, row CallRecord) error {
	l, refs, err := c.know(ctx, tx, row, row.Ended)
	if err != nil {
		return err
	}
	task, ok := l.cutOffTask(c.cfg.CutOff)
	if !ok {
		return nil
	}
	_, err = addOrJoin(ctx, tx, task, refs, c.now())
	return err
}

// NotCutOff notes that a talk which looks cut off had come to its end, by a person who knows: there is no callback, also when the ledger hears of the end
// only later. ErrNotFound when the call is not known yet; ErrBusy when the caller's telephone is ringing, ErrClosed when another closed the callback. It
// may be repeated.
func (c *Callbacks) NotCutOff(ctx context.Context, call, by string) error {
	var task Task
	err := c.db.InTx(ctx, func(tx *storage.Tx) error {
		row, err := scanCall(tx.QueryRow(ctx, `SELECT `+callColumns+` FROM calls WHERE id = ?`, call))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		if row.Ended.IsZero() {
			row.Ended = c.now()
		}
		t, _ := left{call: row}.cutOffTask(c.cfg.CutOff)
		task, err = scanTask(tx.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE source = ? OR id = (SELECT task FROM task_joins WHERE source = ?)`, t.Source, t.Source))
		if errors.Is(err, sql.ErrNoRows) {
			task, err = addTask(ctx, tx, t, c.now())
		}
		return err
	})
	if err != nil {
		return wrap("close the callback of "+call, err)
	}
	return c.Close(ctx, task.ID, by, false)
}
