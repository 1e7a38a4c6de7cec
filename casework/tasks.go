package casework

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

// TaskKind names what is to be done.
type TaskKind string

// TaskCallback is to call somebody back.
const TaskCallback TaskKind = "callback"

// TaskState is where a task stands.
type TaskState string

// The states of a task. One that was given up waits for a person, who closes it with a reason: it is never forgotten.
const (
	TaskOpen      TaskState = "open"
	TaskWorking   TaskState = "working" // claimed by Owner until Lease: in the queue, being dialled, or talking
	TaskGivenUp   TaskState = "given_up"
	TaskDone      TaskState = "done"
	TaskCancelled TaskState = "cancelled"
)

// Reasons of a callback.
const (
	ReasonMessage   = "message"          // a voice message was left with the fallback
	ReasonPromised  = "promised"         // the caller asked for it while waiting
	ReasonLeft      = "abandoned"        // left before anybody answered
	ReasonAbandoned = "abandoned_danger" // pressed the danger key and left
	ReasonCutOff    = "cut_off"          // was at risk and talked with somebody when the talk broke, see [Callbacks.CutOff]
	ReasonFollowUp  = "followup"         // somebody pressed "call" at a follow-up, see [Callbacks.FollowUpIn]
)

// Why a task was closed, as far as the program knows it; a person's reason is in the audit.
const (
	ClosedReached  = "reached"  // somebody talked with the caller
	ClosedAnswered = "answered" // the caller called again and was answered
	ClosedRefused  = "refused"  // the caller does not want to be called
	ClosedByPerson = "person"
	ClosedReturned = "returned" // not reached, and what comes next is for the follow-up to say
)

// Task is something that somebody must do.
type Task struct {
	ID        string // ULID
	Source    string // what it follows from, such as "note:<id>"; one source makes one task
	Kind      TaskKind
	Reason    string
	Line      string
	Call      string
	Recording string // of the voice message; empty when there is none
	Danger    bool
	Tier      string // of the caller; empty when added: red for one in danger, else normal
	State     TaskState
	Created   time.Time
	Due       time.Time
	Closed    time.Time
	ClosedBy  string // user id, or "system"
	ClosedWhy string

	// Place is the order time of a callback: when the caller first arrived. Zero when added: Created.
	Place time.Time
	// NextTry is when to call next: not before. Zero when added: Created.
	NextTry time.Time
	// Auto says that the machine calls at NextTry by itself. Otherwise the task waits for a person to press "call now": Asked.
	Auto     bool
	Asked    string // user id of who pressed; empty again after that attempt
	Attempts int    // that were dialled
	// Preferred is the agent who gets the call when available.
	Preferred string

	Owner string    // who works on it; empty when nobody does
	Lease time.Time // until when
	Entry string    // id of the call by which it is, or was last, entered into the queue

	CallerRef    string
	CallerSealed []byte // the number, sealed with CallerContext(Call)
}

// Urgent says that the task does not wait for allowed hours.
func (t Task) Urgent() bool { return t.Danger || t.Tier == tierRed || t.Tier == tierReturning }

// The queue's tiers that this package knows.
const (
	tierRed       = "red"
	tierReturning = "returning"
	tierFollowUp  = "followup"
	tierNormal    = "normal"
	tierNuisance  = "nuisance"
)

// Tasks is the table of tasks.
type Tasks struct {
	db  *storage.DB
	now func() time.Time
}

// NewTasks uses the tables that [Migrate] made.
func NewTasks(db *storage.DB) *Tasks { return &Tasks{db, time.Now} }

// Add writes a task once: when there is one of the same source, open or closed, it changes nothing and returns that one. ID, State,
// Created, Tier, Place and NextTry are filled in when empty.
func (t *Tasks) Add(ctx context.Context, task Task) (Task, error) {
	err := t.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		task, err = addTask(ctx, tx, task, t.now())
		return err
	})
	return task, wrap("add task", err)
}

// addTask is [Tasks.Add] within a transaction.
func addTask(ctx context.Context, tx *storage.Tx, task Task, now time.Time) (Task, error) {
	if task.Source == "" || task.Kind == "" || task.Due.IsZero() {
		return Task{}, errors.New("source, kind and due time are needed")
	}
	if task.ID == "" {
		task.ID = ulid.Make().String()
	}
	if task.Created.IsZero() {
		task.Created = now
	}
	if task.Place.IsZero() {
		task.Place = task.Created
	}
	if task.NextTry.IsZero() {
		task.NextTry = task.Created
	}
	if task.Tier == "" {
		task.Tier = tierNormal
		if task.Danger {
			task.Tier = tierRed
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO tasks (`+taskColumns+`)
		VALUES (?,?,?,?,?,?,?,?,'open',?,?,0,'',?,?,?,?,?,?,?,'',0,'',0,'','') ON CONFLICT (source) DO NOTHING`,
		task.ID, task.Source, string(task.Kind), task.Reason, task.Line, task.Call, task.Recording, task.Danger,
		storage.Millis(task.Created), storage.Millis(task.Due), task.CallerRef, task.CallerSealed, storage.Millis(task.Place), task.Tier,
		storage.Millis(task.NextTry), task.Auto, task.Preferred)
	if err != nil {
		return Task{}, err
	}
	return scanTask(tx.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE source = ?`, task.Source))
}

// Get returns one task, or ErrNotFound.
func (t *Tasks) Get(ctx context.Context, id string) (Task, error) {
	task, err := scanTask(t.db.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return task, ErrNotFound
	}
	return task, wrap("read task", err)
}

// List returns at most limit tasks that are not closed: those of callers in danger first, then by due time.
func (t *Tasks) List(ctx context.Context, limit int) ([]Task, error) {
	out, err := storage.Select(ctx, t.db, scanTask, `SELECT `+taskColumns+` FROM tasks WHERE state IN ('open','working','given_up')
		ORDER BY CASE WHEN danger OR tier = 'red' THEN 0 ELSE 1 END, due_ms, id LIMIT ?`, limit)
	return out, wrap("list tasks", err)
}

// Complete says that a person did the task. Again by the same person changes nothing; ErrClosed when it was closed otherwise, ErrBusy
// while the caller's telephone is being called: one that only waits in the queue is taken out of it.
func (t *Tasks) Complete(ctx context.Context, id, by string) error {
	return t.close(ctx, id, by, TaskDone)
}

// Cancel says that the task need not be done. The reason belongs into the audit. Errors as of [Tasks.Complete].
func (t *Tasks) Cancel(ctx context.Context, id, by string) error {
	return t.close(ctx, id, by, TaskCancelled)
}

func (t *Tasks) close(ctx context.Context, id, by string, state TaskState) error {
	if by == "" {
		return errors.New("casework: close task: who did it is needed")
	}
	res, err := t.db.Exec(ctx, `UPDATE tasks SET state = ?, closed_ms = ?, closed_by = ?, closed_why = ?, owner = '', asked_by = ''
		WHERE id = ? AND (state IN ('open','given_up') OR state = 'working' AND (lease_ms <= ? OR NOT `+dialled+`))`, string(state),
		storage.Millis(t.now()), by, ClosedByPerson, id, storage.Millis(t.now()))
	if err != nil {
		return wrap("close task "+id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return wrap("close task "+id, err)
	}
	task, err := t.Get(ctx, id)
	switch {
	case err != nil:
		return err
	case task.State == TaskWorking:
		return ErrBusy
	case task.State != state || task.ClosedBy != by:
		return ErrClosed
	}
	return nil
}

// dialled says of a claimed task that its call has gone out.
const dialled = `EXISTS (SELECT 1 FROM task_attempts WHERE task_attempts.task = tasks.id AND task_attempts.entry = tasks.entry)`

const taskColumns = `id, source, kind, reason, line, call_id, recording, danger, state, created_ms, due_ms, closed_ms, closed_by,
	caller_ref, caller_sealed, place_ms, tier, next_ms, auto, preferred, asked_by, attempts, owner, lease_ms, entry, closed_why`

func scanTask(s storage.Row) (t Task, err error) {
	var created, due, closed, place, next, lease int64
	err = s.Scan(&t.ID, &t.Source, &t.Kind, &t.Reason, &t.Line, &t.Call, &t.Recording, &t.Danger, &t.State, &created, &due, &closed,
		&t.ClosedBy, &t.CallerRef, &t.CallerSealed, &place, &t.Tier, &next, &t.Auto, &t.Preferred, &t.Asked, &t.Attempts, &t.Owner, &lease,
		&t.Entry, &t.ClosedWhy)
	t.Created, t.Due, t.Closed = storage.Time(created), storage.Time(due), storage.Time(closed)
	t.Place, t.NextTry, t.Lease = storage.Time(place), storage.Time(next), storage.Time(lease)
	return t, err
}
