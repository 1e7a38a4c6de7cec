package recordings

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hotline/storage"
)

// Rekeyed is what [Index.Rekey] did.
type Rekeyed struct {
	Changed   int // parts whose key was wrapped anew
	Same      int // parts that were as they should be
	Erased    int
	FormatOne int      // parts of format 1: only the key that they were made for opens them, whatever is done here
	Shut      []string // parts that none of the keys opens: left as they are
}

const (
	rekeyPage  = 200
	rekeyTries = 20
)

// Rekey wraps the key of every part for the public keys to, opening it with one of the secret keys by; speech is not touched. Holders that are not among
// to keep theirs, unless only: then they lose it. It may be killed anywhere and run again.
func (x *Index) Rekey(ctx context.Context, by []SecretKey, to []PublicKey, only bool) (done Rekeyed, err error) {
	if len(by) == 0 || len(to) == 0 {
		return done, errors.New("recordings: rekey: a secret key that opens and a public key to wrap for are needed")
	}
	after := ""
	for {
		page, err := storage.Select(ctx, x.db, func(s storage.Row) (id string, err error) { return id, s.Scan(&id) },
			`SELECT part FROM recording_keys WHERE part > ? ORDER BY part LIMIT 200`, after)
		if err != nil {
			return done, fmt.Errorf("recordings: rekey: %w", err)
		}
		for _, part := range page {
			if err := x.rekey(ctx, part, by, to, only, &done); err != nil {
				return done, fmt.Errorf("recordings: rekey %s: %w", part, err)
			}
		}
		if len(page) < rekeyPage {
			return done, x.forget(ctx) // the forms before, also those of a run that was killed
		}
		after = page[len(page)-1]
	}
}

// rekey does one part. Another process that changes the same key at the same time makes it look again.
func (x *Index) rekey(ctx context.Context, part string, by []SecretKey, to []PublicKey, only bool, done *Rekeyed) error {
	for range rekeyTries {
		old, was, own, err := x.keyAsIs(ctx, part)
		switch {
		case errors.Is(err, ErrErased):
			done.Erased++
			return nil
		case err != nil:
			return err
		case !own:
			done.FormatOne++
			return nil
		}
		now, err := old.Rewrap(by, to...)
		if errors.Is(err, ErrWrongKey) {
			done.Shut = append(done.Shut, part)
			return nil
		}
		if err != nil {
			return err
		}
		if only {
			now.For = slices.DeleteFunc(now.For, func(h KeyHolder) bool {
				return !slices.ContainsFunc(to, func(k PublicKey) bool { return k.String() == h.Public })
			})
		}
		if slices.EqualFunc(old.For, now.For, func(a, b KeyHolder) bool { return a.Public == b.Public }) {
			done.Same++
			return nil
		}
		if ok, err := x.replaceKey(ctx, was, now); err != nil || ok {
			done.Changed++
			return err
		}
	}
	return errors.New("another process changes the same key again and again")
}
