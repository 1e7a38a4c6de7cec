package recordings

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hotline/storage"
)

// ActionSigner is in the audit once for each key that signs heads, when its worker first comes up; the reason is the public key, and where it was.
const ActionSigner = "recording.signer"

// KnownSigner is a key that signed heads, on whatever host.
type KnownSigner struct {
	Public string
	Host   string // where it was first seen
	First  time.Time
}

func (k KnownSigner) reason() string { return k.Public + " " + k.Host }

// Introduce keeps the public key of a worker that takes parts in; the notary writes it into the audit. Again changes nothing.
func (x *Index) Introduce(ctx context.Context, public, host string, now time.Time) error {
	_, err := x.db.Exec(ctx, `INSERT INTO recording_signers (public, host, first_ms, audited_ms) VALUES (?,?,?,0) ON CONFLICT (public) DO NOTHING`,
		public, host, storage.Millis(now))
	if err != nil {
		return fmt.Errorf("recordings: keep the key that signs: %w", err)
	}
	return nil
}

func (x *Index) signers(ctx context.Context, where string) ([]KnownSigner, error) {
	out, err := storage.Select(ctx, x.db, func(s storage.Row) (k KnownSigner, err error) {
		var first int64
		err = s.Scan(&k.Public, &k.Host, &first)
		k.First = storage.Time(first)
		return k, err
	}, `SELECT public, host, first_ms FROM recording_signers`+where+` ORDER BY first_ms, public`)
	if err != nil {
		return nil, fmt.Errorf("recordings: keys that signed: %w", err)
	}
	return out, nil
}

// Signers are the keys that signed heads here and that the audit knows: one that somebody wrote into the table alone is not among them.
func (x *Index) Signers(ctx context.Context, audit noted) ([]KnownSigner, error) {
	all, err := x.signers(ctx, "")
	if err != nil || len(all) == 0 {
		return nil, err
	}
	said, err := audit.Reasons(ctx, ActionSigner, "")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(k KnownSigner) bool { return !slices.Contains(said, k.reason()) }), nil
}

// signers writes the keys that sign into the audit.
func (n *Notary) signers(ctx context.Context) error {
	open, err := n.index.signers(ctx, ` WHERE audited_ms = 0`)
	if err != nil {
		return err
	}
	for _, k := range open {
		if err := n.cfg.Notes.Note(ctx, system, ActionSigner, "", k.reason()); err != nil {
			return fmt.Errorf("recordings: audit a key that signs: %w", err)
		}
		if _, err := n.index.db.Exec(ctx, `UPDATE recording_signers SET audited_ms = ? WHERE public = ?`, storage.Millis(n.now()), k.Public); err != nil {
			return err
		}
	}
	return nil
}
