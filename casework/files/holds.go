package files

import (
	"context"

	"hotline/storage"
)

// Holds tells what is on hold; *retention.Store.
type Holds interface {
	// StillHolds lets no hold be put until a transaction ends, of which it must be the first statement.
	StillHolds(ctx context.Context, tx *storage.Tx) error
	// FileHeldIn tells within a transaction whether a file is on hold, or one that was merged into one with it.
	FileHeldIn(ctx context.Context, in storage.Reader, file string) (bool, error)
}

// Heeding is the store by which people act: it refuses with [ErrHeld] that calls leave a person whose file is on hold. A hold keeps a person with all their calls and is
// lifted by two people; else one of them alone could move the calls away, or undo the merge that brought them. What the system finds out by itself, such as whom a
// follow-up reached, is nobody's act and goes by a store without. nil: nothing is on hold.
func (s *Store) Heeding(h Holds) *Store {
	heeds := *s
	heeds.holds = h
	return &heeds
}

// stillHolds begins a transaction in which calls may leave a person.
func (s *Store) stillHolds(ctx context.Context, tx *storage.Tx) error {
	if s.holds == nil {
		return nil
	}
	return s.holds.StillHolds(ctx, tx)
}

// mayLeave is ErrHeld when calls may not leave the person of a file.
func (s *Store) mayLeave(ctx context.Context, tx *storage.Tx, file string) error {
	if s.holds == nil {
		return nil
	}
	held, err := s.holds.FileHeldIn(ctx, tx, file)
	if err == nil && held {
		err = ErrHeld
	}
	return err
}
