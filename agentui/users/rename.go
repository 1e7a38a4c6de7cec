package users

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"hotline/queue"
	"hotline/storage"
)

// RenameSkillIn gives everybody's skills as rename makes them, within a transaction, and returns how many people that changed.
func (s *Store) RenameSkillIn(ctx context.Context, tx *storage.Tx, rename func(queue.Skills) queue.Skills, skill, by string) (int, error) {
	rows, err := tx.Query(ctx, "SELECT "+columns+" FROM users ORDER BY id")
	if err != nil {
		return 0, fmt.Errorf("rename a skill: %w", err)
	}
	all, err := storage.Collect(rows, func(r storage.Row) (User, error) { return scan(r) })
	if err != nil {
		return 0, fmt.Errorf("rename a skill: %w", err)
	}
	n, now := 0, time.Now()
	for _, u := range all {
		if _, has := u.Skills[skill]; !has {
			continue
		}
		raw, err := json.Marshal(rename(u.Skills))
		if err == nil {
			_, err = tx.Exec(ctx, "UPDATE users SET skills = ? WHERE id = ?", string(raw), string(u.ID))
		}
		if err == nil {
			err = noteWork(ctx, tx, u.ID, string(raw), u.Group, by, now)
		}
		if err != nil {
			return 0, fmt.Errorf("rename a skill: %w", err)
		}
		n++
	}
	return n, nil
}
