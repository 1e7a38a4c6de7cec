package reviews

import (
	"context"

	"hotline/storage"
)

// Stones tells of contacts that were erased.
type Stones interface {
	// ErasedIn tells whether the private part of a call was taken out; within a transaction it is still true when that commits.
	ErasedIn(ctx context.Context, in storage.Reader, call string) (bool, error)
}

// unerased writes what is said of the talk of a call; said is nil once the contact is erased. An erasure that comes between the look and the write takes
// the words out itself, or its stone is seen by the look after the write, and undo takes them out. Words that nobody can judge are not written: an error of
// the first look is that of the write.
func (s *Store) unerased(ctx context.Context, call string, said []byte, write func(said []byte) error, undo string, args ...any) error {
	if said == nil || s.stones == nil {
		return write(said)
	}
	gone, err := s.stones.ErasedIn(ctx, s.db, call)
	if err != nil {
		return err
	}
	if gone {
		return write(nil)
	}
	if err := write(said); err != nil {
		return err
	}
	if gone, err = s.stones.ErasedIn(ctx, s.db, call); err != nil || !gone {
		return err
	}
	_, err = s.db.Exec(ctx, undo, args...)
	return err
}
