package casework

import (
	"context"
	"database/sql"
	"errors"

	"hotline/storage"
)

// OpenTask is a task as a person sees it: the number masked, with the last attempt and the line's rules.
type OpenTask struct {
	Task
	Masked    string  // of the number; empty when there is none
	Callable  bool    // the number can be called
	Last      Attempt // zero when there was none
	Most      int     // attempts of the machine, then a person decides
	Voicemail bool    // whether a message may be left with an answering machine
}

// Open returns at most limit tasks that are not closed, those of callers at risk first, then by due time.
func (c *Callbacks) Open(ctx context.Context, limit int) ([]OpenTask, error) {
	tasks := NewTasks(c.db)
	rows, err := tasks.List(ctx, limit)
	if err != nil {
		return nil, err
	}
	last, err := tasks.LastAttempts(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]OpenTask, 0, len(rows))
	for _, t := range rows {
		out = append(out, c.seen(t, last[t.ID]))
	}
	return out, nil
}

// OfEntry returns the task that a call of ours carries out, or carried out last; ErrNotFound when the call is none of a callback.
func (c *Callbacks) OfEntry(ctx context.Context, entry string) (OpenTask, error) {
	if entry == "" {
		return OpenTask{}, ErrNotFound
	}
	t, err := scanTask(c.db.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE entry = ?`, entry))
	if errors.Is(err, sql.ErrNoRows) {
		return OpenTask{}, ErrNotFound
	}
	if err != nil {
		return OpenTask{}, wrap("task of "+entry, err)
	}
	rows, err := storage.Select(ctx, c.db, scanAttempt, `SELECT `+attemptColumns+` FROM task_attempts WHERE task = ? ORDER BY seq DESC LIMIT 1`, t.ID)
	if err != nil {
		return OpenTask{}, wrap("task of "+entry, err)
	}
	var last Attempt
	if len(rows) > 0 {
		last = rows[0]
	}
	return c.seen(t, last), nil
}

func (c *Callbacks) seen(t Task, last Attempt) OpenTask {
	rules := c.rules(t.Line)
	out := OpenTask{Task: t, Last: last, Most: rules.Retry.Attempts, Voicemail: rules.Voicemail}
	if number, err := c.keys.Open(t.CallerSealed, CallerContext(t.Call)); err == nil {
		out.Masked, out.Callable = Mask(number, c.keys.region), c.Callable(number)
	}
	return out
}

// Close closes a task on behalf of a person, as done or as not needed. Errors as of [Tasks.Complete].
func (c *Callbacks) Close(ctx context.Context, task, by string, done bool) error {
	tasks := NewTasks(c.db)
	tasks.now = c.now
	if done {
		return tasks.Complete(ctx, task, by)
	}
	return tasks.Cancel(ctx, task, by)
}
