package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"hotline/recordings/vault"
)

// Library opens finished recordings. Safe for concurrent use.
type Library struct {
	index *Index
	store vault.Vault
}

// NewLibrary reads from the store that [Intake] fills.
func NewLibrary(index *Index, store vault.Vault) *Library { return &Library{index, store} }

// List returns at most limit recordings that started before the time (zero: now), newest first.
func (l *Library) List(ctx context.Context, before time.Time, limit int) ([]Recording, error) {
	return l.index.List(ctx, before, limit)
}

// Open opens a recording for playback with the secret keys (any that fits will do). It proves that the file is the one that was
// stored and that none of its pieces is missing; each piece is proved when it is read. Errors: [ErrNotFound], [ErrWrongKey],
// [*ErrTampered]. The caller writes the audit row before and closes the playback after.
func (l *Library) Open(ctx context.Context, id string, keys ...SecretKey) (*Playback, error) {
	if validID(id) != nil {
		return nil, ErrNotFound
	}
	r, err := l.index.row(ctx, id)
	if err != nil {
		return nil, err
	}
	f, err := l.store.Open(ctx, r.path)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, fmt.Errorf("recordings: open %s: %w", id, &ErrTampered{-1, "it is gone from the store"})
	}
	if err != nil {
		return nil, fmt.Errorf("recordings: open %s: %w", id, err)
	}
	p, err := newPlayback(f, r.Recording, identities(keys))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("recordings: open %s: %w", id, err), f.Close())
	}
	return p, nil
}

// Verify reads a whole recording and proves every piece of it.
func (l *Library) Verify(ctx context.Context, id string, keys ...SecretKey) error {
	p, err := l.Open(ctx, id, keys...)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.NewSectionReader(p, 0, p.Size()))
	return errors.Join(err, p.Close())
}
