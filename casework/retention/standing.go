package retention

import (
	"context"
	"errors"

	"hotline/storage"
)

// Standing is what is known of a contact that something else is kept with, such as its recordings.
type Standing struct {
	Class Class
	Held  bool
	Live  bool
}

// Standing tells of which class a call is and what keeps it, whether or not it is known otherwise.
func (s *Store) Standing(ctx context.Context, call string) (st Standing, err error) {
	files, err := s.people.FilesOf(ctx, call)
	if err != nil {
		return st, wrap("look at "+call, err)
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		st = Standing{Class: Ordinary}
		high, err := s.any(ctx, tx, func(p storage.Private) []storage.Live { return p.Highs }, call, files)
		if err != nil {
			return err
		}
		if high {
			st.Class = HighRisk
		}
		if st.Held, err = held(ctx, tx, call, files); err != nil {
			return err
		}
		st.Live, err = s.any(ctx, tx, func(p storage.Private) []storage.Live { return p.Lives }, call, files)
		return err
	})
	return st, wrap("look at "+call, err)
}

// Release runs do in a transaction in which nothing keeps the call. ErrHeld, ErrLive.
func (s *Store) Release(ctx context.Context, call string, do func(*storage.Tx) error) error {
	files, err := s.people.FilesOf(ctx, call)
	if err != nil {
		return wrap("release "+call, err)
	}
	return wrap("release "+call, s.db.InTx(ctx, func(tx *storage.Tx) error {
		if on, err := held(ctx, tx, call, files); err != nil || on {
			return errors.Join(err, when(on, ErrHeld))
		}
		live, err := s.any(ctx, tx, func(p storage.Private) []storage.Live { return p.Lives }, call, files)
		if err != nil || live {
			return errors.Join(err, when(live, ErrLive))
		}
		return do(tx)
	}))
}

// Erased tells whether the private part of a call was taken out.
func (s *Store) Erased(ctx context.Context, call string) (bool, error) { return s.ErasedIn(ctx, s.db, call) }

// ErasedIn is Erased within a transaction: what it says is still true when that commits.
func (s *Store) ErasedIn(ctx context.Context, in storage.Reader, call string) (gone bool, err error) {
	err = in.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM retention_stones WHERE object = ?)`, "call:"+call).Scan(&gone)
	return gone, wrap("look at "+call, err)
}
