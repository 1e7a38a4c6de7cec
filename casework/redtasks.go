package casework

import (
	"context"

	"hotline/storage"
)

// AtRisk returns at most limit callbacks of callers at risk that are not closed: what somebody who leaves a shift must hand over.
func (c *Callbacks) AtRisk(ctx context.Context, limit int) ([]Task, error) {
	out, err := storage.Select(ctx, c.db, scanTask, `SELECT `+taskColumns+` FROM tasks WHERE kind = 'callback' AND state IN ('open','working','given_up')
		AND (danger OR tier IN ('red','returning')) ORDER BY due_ms, id LIMIT ?`, limit)
	return out, wrap("callbacks at risk", err)
}

// Prefer gives a callback that is not closed to an agent, who gets the call when available. Again it changes nothing; nothing on one that is closed.
func (c *Callbacks) Prefer(ctx context.Context, task, agent string) error {
	_, err := c.db.Exec(ctx, `UPDATE tasks SET preferred = ? WHERE id = ? AND state IN ('open','working','given_up')`, agent, task)
	return wrap("prefer an agent for "+task, err)
}
