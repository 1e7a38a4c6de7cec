package casework

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"

	"hotline/storage"
)

// Digest is a method of chaining the audit. [SHA256] is one; a certified module (SM3) can take its place: rows keep the name of theirs.
type Digest interface {
	Name() string // as it is kept with each row; never changed
	Sum(data []byte) []byte
}

// SHA256 is the default Digest (FIPS 180-4).
type SHA256 struct{}

var _ Digest = SHA256{}

// Name is "sha256".
func (SHA256) Name() string { return "sha256" }

// Sum is the digest of data.
func (SHA256) Sum(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:]
}

// canonical is the one form of a row that is digested, with the digest of the row before it. Every part has its length before it, so that no two
// rows have the same form.
func canonical(method string, before []byte, e Entry) []byte {
	b := make([]byte, 0, 512)
	part := func(p []byte) {
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	part([]byte("hotline audit 1"))
	part([]byte(method))
	part(before)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(storage.Millis(e.At)))
	for _, text := range []string{e.Actor, e.Role, e.Action, e.Object, e.Reason, e.Remote, string(e.Detail)} {
		part([]byte(text))
	}
	return b
}

// link adds a row to the chain. Rows before it that have no link, written by a process of an older release, are linked first. Rows that somebody
// took away stop nobody here: callers must be served, and Verify names them.
func (a *Audit) link(ctx context.Context, tx *storage.Tx, e Entry) error {
	seq, before, err := lastLink(ctx, tx, e.Seq)
	if err == nil && seq < e.Seq-1 {
		before, err = a.linkBetween(ctx, tx, seq, e.Seq, before)
	}
	if err != nil {
		return err
	}
	_, err = a.writeLink(ctx, tx, e, before)
	return err
}

func (a *Audit) writeLink(ctx context.Context, tx *storage.Tx, e Entry, before []byte) ([]byte, error) {
	name := a.digest.Name()
	digest := a.digest.Sum(canonical(name, before, e))
	_, err := tx.Exec(ctx, `INSERT INTO audit_chain (seq, method, digest) VALUES (?, ?, ?)`, e.Seq, name, digest)
	return digest, err
}

// lastLink is the newest link before a row; before the first there is an empty one.
func lastLink(ctx context.Context, tx *storage.Tx, seq int64) (at int64, digest []byte, err error) {
	err = tx.QueryRow(ctx, `SELECT seq, digest FROM audit_chain WHERE seq < ? ORDER BY seq DESC LIMIT 1`, seq).Scan(&at, &digest)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	return at, digest, err
}

// linkBetween links the rows after one and before another, and returns the last link.
func (a *Audit) linkBetween(ctx context.Context, tx *storage.Tx, after, until int64, before []byte) ([]byte, error) {
	for {
		rows, err := tx.Query(ctx, `SELECT `+auditColumns+` FROM audit WHERE seq > ? AND seq < ? ORDER BY seq LIMIT 1000`, after, until)
		if err != nil {
			return nil, err
		}
		page, err := storage.Collect(rows, scanEntry)
		if err != nil || len(page) == 0 {
			return before, err
		}
		for _, e := range page {
			if before, err = a.writeLink(ctx, tx, e, before); err != nil {
				return nil, err
			}
			after = e.Seq
		}
	}
}

// linkOld links the rows that were written before there was a chain.
func (a *Audit) linkOld(ctx context.Context) error {
	var behind bool
	err := a.db.QueryRow(ctx, `SELECT (SELECT seq FROM audit_head WHERE id = 1) > (SELECT COALESCE(MAX(seq), 0) FROM audit_chain)`).Scan(&behind)
	if err != nil || !behind {
		return err
	}
	hold := `SELECT seq FROM audit_head WHERE id = 1`
	if a.db.Dialect() == storage.Postgres {
		hold += ` FOR UPDATE` // SQLite admits one writer anyway
	}
	return a.db.InRowTx(ctx, func(tx *storage.Tx) error {
		var head int64
		if err := tx.QueryRow(ctx, hold).Scan(&head); err != nil {
			return err
		}
		seq, before, err := lastLink(ctx, tx, head+1)
		if err != nil {
			return err
		}
		_, err = a.linkBetween(ctx, tx, seq, head+1, before)
		return err
	})
}
