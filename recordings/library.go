package recordings

import (
	"context"
	"errors"
	"fmt"
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

// Open opens a part for playback with the secret keys (any that fits will do). It proves that the file is the one that was stored and
// that none of its pieces is missing; each piece is proved when it is read. Errors: [ErrNotFound], [ErrErased], [ErrWrongKey],
// [*ErrTampered]. The caller writes the audit row before and closes the playback after.
func (l *Library) Open(ctx context.Context, id string, keys ...SecretKey) (*Playback, error) {
	f, r, err := l.file(ctx, id)
	if err != nil {
		return nil, err
	}
	p, err := openPart(f, f.Size(), r, l.keyOf(ctx, id), keys)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("recordings: open %s: %w", id, err), f.Close())
	}
	p.closer = f
	return p, nil
}

// file opens the file of a part.
func (l *Library) file(ctx context.Context, id string) (vault.File, Recording, error) {
	if validID(id) != nil {
		return nil, Recording{}, ErrNotFound
	}
	r, err := l.index.row(ctx, id)
	if err != nil {
		return nil, Recording{}, err
	}
	f, err := l.store.Open(ctx, r.path)
	if errors.Is(err, vault.ErrNotFound) && r.Erased {
		return nil, r.Recording, fmt.Errorf("recordings: open %s: %w", id, ErrErased)
	}
	if errors.Is(err, vault.ErrNotFound) {
		return nil, r.Recording, fmt.Errorf("recordings: open %s: %w", id, &ErrTampered{-1, "it is gone from the store"})
	}
	if err != nil {
		return nil, r.Recording, fmt.Errorf("recordings: open %s: %w", id, err)
	}
	return f, r.Recording, nil
}

func (l *Library) keyOf(ctx context.Context, part string) keyOf {
	return func() (PartKey, bool, error) { return l.index.Key(ctx, part) }
}
