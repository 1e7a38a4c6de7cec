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

// The states of a task.
const (
	TaskOpen      TaskState = "open"
	TaskDone      TaskState = "done"
	TaskCancelled TaskState = "cancelled"
)

// Reasons of a callback.
const (
	ReasonMessage   = "message"          // a voice message was left with the fallback
	ReasonAbandoned = "abandoned_danger" // pressed the danger key and left
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
	State     TaskState
	Created   time.Time
	Due       time.Time
	Closed    time.Time
	ClosedBy  string // user id

	CallerRef    string
	CallerSealed []byte // the number, sealed with CallerContext(Call)
}

// Tasks is the table of tasks.
type Tasks struct {
	db  *storage.DB
	now func() time.Time
}

// NewTasks uses the tables that [Migrate] made.
func NewTasks(db *storage.DB) *Tasks { return &Tasks{db, time.Now} }

// Add writes a task once: when there is one of the same source, open or closed, it changes nothing and returns that one. ID, State and
// Created are filled in when empty.
func (t *Tasks) Add(ctx context.Context, task Task) (Task, error) {
	if task.Source == "" || task.Kind == "" || task.Due.IsZero() {
		return Task{}, errors.New("casework: add task: source, kind and due time are needed")
	}
	if task.ID == "" {
		task.ID = ulid.Make().String()
	}
	if task.Created.IsZero() {
		task.Created = t.now()
	}
	_, err := t.db.Exec(ctx, `INSERT INTO tasks (`+taskColumns+`) VALUES (?,?,?,?,?,?,?,?,'open',?,?,0,'',?,?) ON CONFLICT (source) DO NOTHING`,
		task.ID, task.Source, string(task.Kind), task.Reason, task.Line, task.Call, task.Recording, task.Danger,
		storage.Millis(task.Created), storage.Millis(task.Due), task.CallerRef, task.CallerSealed)
	if err != nil {
		return Task{}, wrap("add task", err)
	}
	stored, err := scanTask(t.db.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE source = ?`, task.Source))
	return stored, wrap("add task", err)
}

// Get returns one task, or ErrNotFound.
func (t *Tasks) Get(ctx context.Context, id string) (Task, error) {
	task, err := scanTask(t.db.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return task, ErrNotFound
	}
	return task, wrap("read task", err)
}

// List returns at most limit open tasks: those of callers in danger first, then by due time.
func (t *Tasks) List(ctx context.Context, limit int) ([]Task, error) {
	out, err := storage.Select(ctx, t.db, scanTask, `SELECT `+taskColumns+` FROM tasks WHERE state = 'open'
		ORDER BY CASE WHEN danger THEN 0 ELSE 1 END, due_ms, id LIMIT ?`, limit)
	return out, wrap("list tasks", err)
}

// Complete says that a person did the task. Again by the same person changes nothing; ErrClosed when it was closed otherwise.
func (t *Tasks) Complete(ctx context.Context, id, by string) error {
	return t.close(ctx, id, by, TaskDone)
}

// Cancel says that the task need not be done. The reason belongs into the audit.
func (t *Tasks) Cancel(ctx context.Context, id, by string) error {
	return t.close(ctx, id, by, TaskCancelled)
}

func (t *Tasks) close(ctx context.Context, id, by string, state TaskState) error {
	if by == "" {
		return errors.New("casework: close task: who did it is needed")
	}
	res, err := t.db.Exec(ctx, `UPDATE tasks SET state = ?, closed_ms = ?, closed_by = ? WHERE id = ? AND state = 'open'`, string(state),
		storage.Millis(t.now()), by, id)
	if err != nil {
		return wrap("close task "+id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return wrap("close task "+id, err)
	}
	task, err := t.Get(ctx, id)
	if err == nil && (task.State != state || task.ClosedBy != by) {
		err = ErrClosed
	}
	return err
}

const taskColumns = `id, source, kind, reason, line, call_id, recording, danger, state, created_ms, due_ms, closed_ms, closed_by,
	caller_ref, caller_sealed`

func scanTask(s storage.Row) (t Task, err error) {
	var created, due, closed int64
	err = s.Scan(&t.ID, &t.Source, &t.Kind, &t.Reason, &t.Line, &t.Call, &t.Recording, &t.Danger, &t.State, &created, &due, &closed,
		&t.ClosedBy, &t.CallerRef, &t.CallerSealed)
	t.Created, t.Due, t.Closed = storage.Time(created), storage.Time(due), storage.Time(closed)
	return t, err
}
