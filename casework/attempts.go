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

// Result says what came of an attempt to call somebody back.
type Result string

// The results. The machine records the first five, a person adds the others: who answers a telephone only a person can tell.
const (
	ResultPlaced   Result = "placed" // the caller's telephone is being called; another result follows
	ResultReached  Result = "reached"
	ResultNoAnswer Result = "no_answer" // nobody, or (said by a person) a machine
	ResultBusy     Result = "busy"
	ResultFailed   Result = "failed" // the network or something of ours; see the cause

	ResultWrongPerson Result = "wrong_person"
	ResultRefused     Result = "refused"  // does not want to be called back: kept and respected
	ResultGivenUp     Result = "given_up" // not to be tried again by the machine
)

// ResultOf reads what a telephone network says of a call that was not answered (ITU-T Q.850); 0 when it says nothing.
func ResultOf(q850 int) Result {
	switch q850 {
	case 17: // user busy
		return ResultBusy
	case 16, 18, 19, 20, 21: // we gave up ringing; no user responding, no answer, absent, rejected
		return ResultNoAnswer
	}
	return ResultFailed
}

// system is who did what no person did.
const system = "system"

// Attempt is one row of what came of calling somebody back. It never holds a number.
type Attempt struct {
	Task    string
	Seq     int // from 1 within the task
	Attempt int // which attempt, from 1
	Entry   string
	At      time.Time
	Who     string // user id, or "system"
	Result  Result
	Q850    int // ITU-T Q.850 cause, 0 when unknown
}

// Placed notes that the caller's telephone is about to be called on behalf of an agent. It comes before the dialling: an attempt that nobody
// lived to note would be repeated. ErrLost when the claim is another's: do not dial.
func (c *Callbacks) Placed(ctx context.Context, task, owner, agent string) error {
	err := c.owned(ctx, task, owner, func(tx *storage.Tx, t Task) error {
		rows, err := attemptsOf(ctx, tx, t.ID)
		if err != nil || slices.ContainsFunc(rows, func(a Attempt) bool { return a.Entry == t.Entry && a.Result == ResultPlaced }) {
			return err
		}
		t.Attempts++
		if _, err := tx.Exec(ctx, `UPDATE tasks SET attempts = ? WHERE id = ?`, t.Attempts, t.ID); err != nil {
			return err
		}
		return appendAttempt(ctx, tx, t, Attempt{Who: agent, Result: ResultPlaced, At: c.now()})
	})
	return wrap("attempt of "+task, err)
}

// Reached notes that the agent and the caller are together, as soon as they are. It closes the task; what a person hears later
// ([Callbacks.Say]) may open it again.
func (c *Callbacks) Reached(ctx context.Context, task, owner, agent string) error {
	err := c.outcome(ctx, task, owner, Attempt{Who: agent, Result: ResultReached})
	if !errors.Is(err, ErrLost) {
		return err
	}
	late, look := c.reachedLate(ctx, task, agent)
	if look != nil || late {
		return wrap("outcome of "+task, look)
	}
	return err
}

// reachedLate: the database was away for so long that the attempt was taken for failed. Somebody who was reached must not be called again for that.
func (c *Callbacks) reachedLate(ctx context.Context, task, agent string) (noted bool, err error) {
	err = c.db.InTx(ctx, func(tx *storage.Tx) error {
		noted = false
		t, err := scanTask(tx.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE id = ?`, task))
		if err != nil || t.State != TaskOpen && t.State != TaskGivenUp && t.ClosedWhy != ClosedReturned {
			return err
		}
		rows, err := attemptsOf(ctx, tx, task)
		if err != nil || len(rows) < 2 {
			return err
		}
		placed, last := rows[len(rows)-2], rows[len(rows)-1]
		if placed.Result != ResultPlaced || placed.Who != agent || last.Result != ResultFailed || last.Who != system || last.Entry != t.Entry {
			return nil
		}
		noted = true
		a := Attempt{Who: agent, Result: ResultReached, At: c.now()}
		if err := appendAttempt(ctx, tx, t, a); err != nil {
			return err
		}
		return save(ctx, tx, after(t, a, c.rules(t.Line).Retry))
	})
	return noted, err
}

// Failed notes that the caller was not reached: no_answer, busy or failed, with the Q.850 cause of the channel. The task is open again and
// is called by the line's rules, or is given up.
func (c *Callbacks) Failed(ctx context.Context, task, owner, agent string, result Result, q850 int) error {
	if !slices.Contains([]Result{ResultNoAnswer, ResultBusy, ResultFailed}, result) {
		return fmt.Errorf("casework: attempt of %s: %q is no failure", task, result)
	}
	return c.outcome(ctx, task, owner, Attempt{Who: agent, Result: result, Q850: q850})
}

// GaveUp notes that the machine will not try again, such as when the number must not be called. A person decides.
func (c *Callbacks) GaveUp(ctx context.Context, task, owner string) error {
	return c.outcome(ctx, task, owner, Attempt{Who: system, Result: ResultGivenUp})
}

func (c *Callbacks) outcome(ctx context.Context, task, owner string, a Attempt) error {
	if a.Who == "" {
		a.Who = system
	}
	a.At = c.now()
	err := c.owned(ctx, task, owner, func(tx *storage.Tx, t Task) error { return c.settle(ctx, tx, t, a) })
	if errors.Is(err, ErrLost) { // it may have been said before
		said, look := c.said(ctx, task, a.Result)
		if look == nil && said {
			return nil
		}
	}
	return wrap("outcome of "+task, err)
}

// said tells whether the result is the last thing noted of the task.
func (c *Callbacks) said(ctx context.Context, task string, r Result) (bool, error) {
	var last string
	err := c.db.QueryRow(ctx, `SELECT result FROM task_attempts WHERE task = ? ORDER BY seq DESC LIMIT 1`, task).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return last == string(r), err
}

// owned runs fn when the task is claimed by the owner, else returns ErrLost.
func (c *Callbacks) owned(ctx context.Context, task, owner string, fn func(*storage.Tx, Task) error) error {
	return c.db.InTx(ctx, func(tx *storage.Tx) error {
		t, err := scanTask(tx.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE id = ?`, task))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return err
		case t.State != TaskWorking || t.Owner != owner:
			return ErrLost
		}
		return fn(tx, t)
	})
}

// settle writes an outcome and what follows from it for the task.
func (c *Callbacks) settle(ctx context.Context, tx *storage.Tx, t Task, a Attempt) error {
	placed, err := placedOnly(ctx, tx, t)
	if err != nil {
		return err
	}
	if !placed && a.Result != ResultGivenUp && t.State == TaskWorking {
		t.Attempts++ // it failed before anybody's telephone could ring; it must not go on for ever
	}
	if err := appendAttempt(ctx, tx, t, a); err != nil {
		return err
	}
	return save(ctx, tx, after(t, a, c.rules(t.Line).Retry))
}

// save writes where a task stands after an outcome; nobody works on it any more.
func save(ctx context.Context, tx *storage.Tx, t Task) error {
	_, err := tx.Exec(ctx, `UPDATE tasks SET attempts = ?, state = ?, next_ms = ?, closed_ms = ?, closed_by = ?, closed_why = ?, owner = '', lease_ms = 0,
		asked_by = '' WHERE id = ?`, t.Attempts, string(t.State), storage.Millis(t.NextTry), storage.Millis(t.Closed), t.ClosedBy, t.ClosedWhy, t.ID)
	return err
}

// Causes after which another attempt is of no use (ITU-T Q.850): unallocated number, number changed, invalid number format.
func hopeless(q850 int) bool { return q850 == 1 || q850 == 22 || q850 == 28 }

// after says what a task becomes by an outcome. Pure.
func after(t Task, a Attempt, r Retry) Task {
	t.Closed, t.ClosedBy, t.ClosedWhy = time.Time{}, "", ""
	switch a.Result {
	case ResultReached:
		t.State, t.Closed, t.ClosedBy, t.ClosedWhy = TaskDone, a.At, a.Who, ClosedReached
		return t
	case ResultRefused:
		t.State, t.Closed, t.ClosedBy, t.ClosedWhy = TaskCancelled, a.At, a.Who, ClosedRefused
		return t
	}
	if t.Reason == ReasonFollowUp { // when to try again is for the follow-up to say
		t.State, t.Closed, t.ClosedBy, t.ClosedWhy = TaskCancelled, a.At, a.Who, ClosedReturned
		return t
	}
	if a.Result == ResultGivenUp {
		t.State = TaskGivenUp
		return t
	}
	next, ok := r.Next(max(1, t.Attempts), a.At, t.Urgent())
	if !ok || a.Result == ResultFailed && hopeless(a.Q850) {
		t.State = TaskGivenUp
		return t
	}
	t.State, t.NextTry = TaskOpen, next
	return t
}

// appendAttempt adds a row to the task's list.
func appendAttempt(ctx context.Context, tx *storage.Tx, t Task, a Attempt) error {
	_, err := tx.Exec(ctx, `INSERT INTO task_attempts (`+attemptColumns+`)
		SELECT ?, COALESCE(MAX(seq), 0) + 1, ?, ?, ?, ?, ?, ? FROM task_attempts WHERE task = ?`,
		t.ID, t.Attempts, t.Entry, storage.Millis(a.At), a.Who, string(a.Result), a.Q850, t.ID)
	return err
}

// placedOnly tells whether the present entry was dialled and nobody said what came of it.
func placedOnly(ctx context.Context, tx *storage.Tx, t Task) (bool, error) {
	rows, err := attemptsOf(ctx, tx, t.ID)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	last := rows[len(rows)-1]
	return last.Entry == t.Entry && last.Result == ResultPlaced, nil
}

const attemptColumns = `task, seq, attempt, entry, at_ms, who, result, q850`

func attemptsOf(ctx context.Context, tx *storage.Tx, task string) ([]Attempt, error) {
	rows, err := tx.Query(ctx, `SELECT `+attemptColumns+` FROM task_attempts WHERE task = ? ORDER BY seq`, task)
	if err != nil {
		return nil, err
	}
	return storage.Collect(rows, scanAttempt)
}

// Attempts are what came of the attempts of one task, in order.
func (t *Tasks) Attempts(ctx context.Context, task string) ([]Attempt, error) {
	out, err := storage.Select(ctx, t.db, scanAttempt, `SELECT `+attemptColumns+` FROM task_attempts WHERE task = ? ORDER BY seq`, task)
	return out, wrap("list attempts", err)
}

// LastAttempts are the newest rows of the tasks that are not closed, by task.
func (t *Tasks) LastAttempts(ctx context.Context) (map[string]Attempt, error) {
	rows, err := storage.Select(ctx, t.db, scanAttempt, `SELECT `+attemptColumns+` FROM task_attempts a
		WHERE a.task IN (SELECT id FROM tasks WHERE state IN ('open','working','given_up'))
		AND a.seq = (SELECT MAX(seq) FROM task_attempts b WHERE b.task = a.task)`)
	out := make(map[string]Attempt, len(rows))
	for _, a := range rows {
		out[a.Task] = a
	}
	return out, wrap("list attempts", err)
}

func scanAttempt(s storage.Row) (a Attempt, err error) {
	var at int64
	err = s.Scan(&a.Task, &a.Seq, &a.Attempt, &a.Entry, &at, &a.Who, &a.Result, &a.Q850)
	a.At = storage.Time(at)
	return a, err
}
