package users

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"hotline/queue"
	"hotline/storage"
)

// Work is which calls a person got from one change to the next.
type Work struct {
	N      int
	At     time.Time
	By     string // as in Version
	Skills queue.Skills
	Group  int
}

// SetWork says which calls a person gets from the next sign-in at the queue on. by is who says so. ErrNotFound, ErrBadWork.
func (s *Store) SetWork(ctx context.Context, id queue.AgentID, skills queue.Skills, group int, by string) error {
	if err := checkWork(skills, group); err != nil {
		return fmt.Errorf("set skills: %w", err)
	}
	text, err := json.Marshal(skills)
	if err != nil {
		return fmt.Errorf("set skills: %w", err)
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		res, err := tx.Exec(ctx, "UPDATE users SET skills = ?, agent_group = ? WHERE id = ?", string(text), group, string(id))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err == nil && n == 0 {
			return ErrNotFound
		}
		return noteWork(ctx, tx, id, string(text), group, by, time.Now())
	})
	if err != nil {
		return fmt.Errorf("set skills: %w", err)
	}
	return nil
}

// noteWork keeps which calls a person gets from now on.
func noteWork(ctx context.Context, tx *storage.Tx, id queue.AgentID, skills string, group int, by string, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO user_work (user_id, version, at_ms, by_id, skills, agent_group)
		SELECT ?, COALESCE(MAX(version), 0) + 1, ?, ?, ?, ? FROM user_work WHERE user_id = ?`, string(id), storage.Millis(at), by, skills, group, string(id))
	return err
}

// WorkHistory returns which calls a person got, newest first.
func (s *Store) WorkHistory(ctx context.Context, id queue.AgentID) ([]Work, error) {
	all, err := storage.Select(ctx, s.db, func(row storage.Row) (w Work, err error) {
		var at int64
		var skills string
		if err := row.Scan(&w.N, &at, &w.By, &skills, &w.Group); err != nil {
			return w, err
		}
		w.At = storage.Time(at)
		return w, json.Unmarshal([]byte(skills), &w.Skills)
	}, "SELECT version, at_ms, by_id, skills, agent_group FROM user_work WHERE user_id = ? ORDER BY version DESC", string(id))
	if err != nil {
		return nil, fmt.Errorf("history of skills: %w", err)
	}
	return all, nil
}
