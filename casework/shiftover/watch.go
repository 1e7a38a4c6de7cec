package shiftover

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"hotline/storage"
)

// Run moves what was accepted and could not be moved at once, and lets climb what nobody accepted, until ctx ends; it returns nil then. It may run many
// times, and be killed at any point.
func (s *Store) Run(ctx context.Context, every time.Duration, log *slog.Logger) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var quiet time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := s.Look(ctx); err != nil && ctx.Err() == nil && time.Now().After(quiet) {
			quiet = time.Now().Add(30 * time.Second)
			log.Error("cases that change hands are not looked after; trying again", "error", err)
		}
	}
}

// Look is one turn of [Store.Run].
func (s *Store) Look(ctx context.Context) error {
	accepted, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM shift_cases WHERE state = 'accepted' AND moved_ms = 0 ORDER BY decided_ms, id LIMIT 100`)
	errs := []error{err}
	for _, o := range accepted {
		errs = append(errs, s.move(ctx, o))
	}
	now := storage.Millis(s.now())
	_, err = s.db.Exec(ctx, `UPDATE shift_cases SET climbed_ms = ? WHERE state = 'offered' AND climbed_ms = 0 AND climb_ms <= ?`, now, now)
	return wrap("look", errors.Join(append(errs, err)...))
}

// Left are the cases of those who are not here: each is shown to the supervisors until somebody accepted it.
func Left(all []Case, here func(user string) bool) []Case {
	var out []Case
	for _, c := range all {
		if c.Owner == "" || !here(c.Owner) {
			out = append(out, c)
		}
	}
	return out
}
