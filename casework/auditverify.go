package casework

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"hotline/storage"
)

// Checkpoint is the end of the chain at some time. Kept where those who own the database cannot write, it proves later that no row up to it was
// changed or taken away, not even by who made the whole chain anew.
type Checkpoint struct {
	Seq    int64     `json:"seq"`
	Method string    `json:"method"`
	Digest string    `json:"digest"` // hexadecimal
	At     time.Time `json:"at"`     // when it was taken
}

// Broken is the first row at which the audit is not what was written.
type Broken struct {
	Seq  int64
	What string
}

func (b *Broken) Error() string { return fmt.Sprintf("audit row %d: %s", b.Seq, b.What) }

// Verify reads the whole audit and follows the chain through it. known are the methods that rows may name; kept are checkpoints of earlier times. The
// answer is the end of the chain as it was read; rows that are appended meanwhile are for the next time. *Broken when something is wrong.
func (a *Audit) Verify(ctx context.Context, known []Digest, kept ...Checkpoint) (Checkpoint, error) {
	methods := map[string]Digest{}
	for _, d := range known {
		methods[d.Name()] = d
	}
	var head int64
	if err := a.db.QueryRow(ctx, `SELECT seq FROM audit_head WHERE id = 1`).Scan(&head); err != nil {
		return Checkpoint{}, wrap("verify audit", err)
	}
	end := Checkpoint{At: a.now()}
	var before []byte
	for end.Seq < head {
		page, err := a.chained(ctx, end.Seq, head)
		if err != nil {
			return end, wrap("verify audit", err)
		}
		if len(page) == 0 {
			return end, &Broken{end.Seq + 1, fmt.Sprintf("it is gone, and all after it up to %d", head)}
		}
		for _, r := range page {
			if before, err = r.follow(methods, end.Seq, before); err != nil {
				return end, err
			}
			end.Seq, end.Method, end.Digest = r.Seq, r.method, hex.EncodeToString(before)
			if err := end.agrees(kept); err != nil {
				return end, err
			}
		}
	}
	for _, k := range kept {
		if k.Seq > end.Seq {
			return end, &Broken{end.Seq + 1, fmt.Sprintf("it is gone: the checkpoint of %s has rows up to %d", k.At.Format(time.RFC3339), k.Seq)}
		}
	}
	return end, a.overhang(ctx, head)
}

// agrees compares with the checkpoints of that row.
func (c Checkpoint) agrees(kept []Checkpoint) error {
	for _, k := range kept {
		if k.Seq == c.Seq && (k.Digest != c.Digest || k.Method != c.Method) {
			return &Broken{c.Seq, fmt.Sprintf("it, or a row before it, is not what it was at the checkpoint of %s: the chain was made anew", k.At.Format(time.RFC3339))}
		}
	}
	return nil
}

// chainedEntry is a row with its link.
type chainedEntry struct {
	Entry
	method string // empty: it has none
	digest []byte
}

// follow checks one row after another and returns its digest.
func (r chainedEntry) follow(methods map[string]Digest, last int64, before []byte) ([]byte, error) {
	switch d := methods[r.method]; {
	case r.Seq != last+1:
		return nil, &Broken{last + 1, "it is gone"}
	case r.method == "":
		return nil, &Broken{r.Seq, "it is not in the chain"}
	case d == nil:
		return nil, &Broken{r.Seq, fmt.Sprintf("it is chained by %q, which is not known here", r.method)}
	case !bytes.Equal(d.Sum(canonical(r.method, before, r.Entry)), r.digest):
		return nil, &Broken{r.Seq, fmt.Sprintf("it, or its place, was changed (%s, %s, %s)", r.At.Format(time.RFC3339), r.Actor, r.Action)}
	}
	return r.digest, nil
}

func (a *Audit) chained(ctx context.Context, after, until int64) ([]chainedEntry, error) {
	return storage.Select(ctx, a.db, func(row storage.Row) (r chainedEntry, err error) {
		var at int64
		var detail string
		err = row.Scan(&r.Seq, &at, &r.Actor, &r.Role, &r.Action, &r.Object, &r.Reason, &r.Remote, &detail, &r.method, &r.digest)
		r.At, r.Detail = storage.Time(at), []byte(detail)
		return r, err
	}, `SELECT a.seq, a.at_ms, a.actor, a.role, a.action, a.object, a.reason, a.remote, a.detail, COALESCE(c.method, ''), c.digest
		FROM audit a LEFT JOIN audit_chain c ON c.seq = a.seq WHERE a.seq > ? AND a.seq <= ? ORDER BY a.seq LIMIT 2000`, after, until)
}

// overhang finds rows beyond the counter, and links of rows that are gone.
func (a *Audit) overhang(ctx context.Context, head int64) error {
	var last, linked, now int64
	err := a.db.QueryRow(ctx, `SELECT COALESCE(MAX(seq), 0) FROM audit`).Scan(&last)
	err = errors.Join(err, a.db.QueryRow(ctx, `SELECT COALESCE(MAX(seq), 0) FROM audit_chain`).Scan(&linked))
	err = errors.Join(err, a.db.QueryRow(ctx, `SELECT seq FROM audit_head WHERE id = 1`).Scan(&now))
	switch {
	case err != nil:
		return wrap("verify audit", err)
	case last > now:
		return &Broken{now + 1, "it was not counted when it was written"}
	case linked > now:
		return &Broken{now + 1, "it is gone, and the counter was set back"}
	case now < head:
		return &Broken{now + 1, "the counter was set back while it was read"}
	}
	return nil
}
