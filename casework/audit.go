package casework

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"hotline/storage"
)

// Entry is one row of the audit: who did what to which object, and why. It holds ids only, never a number or a name.
type Entry struct {
	Seq    int64 // from 1, without holes; given by Append
	At     time.Time
	Actor  string // user id, or "system"
	Role   string // in which the actor did it
	Action string // a verb, such as "recording.access"
	Object string // such as "recording:01J…"
	Reason string // as the actor gave it
	Remote string // address of the actor's own computer; never a caller's
	Detail json.RawMessage
}

// Audit is the table of what people did and saw. It only grows: there is no way here to change a row, and the database refuses one
// (triggers). Somebody who owns the database can still drop the triggers.
//
// Each row is chained to the one before it (auditchain.go), so that [Audit.Verify] finds what was changed by who dropped them; and who makes the
// whole chain anew is found by a checkpoint that was kept elsewhere.
type Audit struct {
	db     *storage.DB
	digest Digest
	now    func() time.Time
}

// NewAudit uses the tables that [Migrate] made, and chains by SHA-256.
func NewAudit(db *storage.DB) *Audit { return &Audit{db, SHA256{}, time.Now} }

// By returns the same audit, whose new rows are chained by another method.
func (a *Audit) By(d Digest) *Audit { return &Audit{a.db, d, a.now} }

// Append writes a row and returns it as written. When it returns an error, what was to be audited must not happen. At is filled in when
// zero.
func (a *Audit) Append(ctx context.Context, e Entry) (Entry, error) {
	if e.Actor == "" || e.Action == "" {
		return Entry{}, errors.New("casework: audit: actor and action are needed")
	}
	if e.At.IsZero() {
		e.At = a.now()
	}
	e.At = storage.Time(storage.Millis(e.At))
	if len(e.Detail) == 0 {
		e.Detail = json.RawMessage("{}")
	}
	if !json.Valid(e.Detail) {
		return Entry{}, errors.New("casework: audit: the detail is not JSON")
	}
	// Whoever holds the head row is next; others wait for it. So numbers follow the order of the commits.
	err := a.db.InRowTx(ctx, func(tx *storage.Tx) error {
		if err := tx.QueryRow(ctx, `UPDATE audit_head SET seq = seq + 1 WHERE id = 1 RETURNING seq`).Scan(&e.Seq); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO audit (`+auditColumns+`) VALUES (?,?,?,?,?,?,?,?,?)`, e.Seq, storage.Millis(e.At), e.Actor, e.Role,
			e.Action, e.Object, e.Reason, e.Remote, string(e.Detail))
		if err != nil {
			return err
		}
		return a.link(ctx, tx, e)
	})
	if err != nil {
		return Entry{}, wrap("audit", err)
	}
	return e, nil
}

// AuditQuery narrows a list; empty fields do not.
type AuditQuery struct {
	Before   int64 // rows with a smaller number; 0: from the newest
	Actor    string
	Action   string // the whole of it, or its beginning up to a dot: "recording." finds all that was done to recordings
	Object   string
	From, To time.Time // rows at or after, and before
	Limit    int       // 1 to MaxAuditPage; 0: 100
}

// MaxAuditPage is the most rows of one list.
const MaxAuditPage = 1000

// List returns rows, newest first.
func (a *Audit) List(ctx context.Context, q AuditQuery) ([]Entry, error) {
	if q.Limit == 0 {
		q.Limit = 100
	}
	where, args := ` WHERE 1 = 1`, []any{}
	and := func(cond string, arg any) {
		where += " AND " + cond
		args = append(args, arg)
	}
	if q.Before > 0 {
		and("seq < ?", q.Before)
	}
	if q.Actor != "" {
		and("actor = ?", q.Actor)
	}
	if q.Object != "" {
		and("object = ?", q.Object)
	}
	if q.Action != "" && strings.HasSuffix(q.Action, ".") {
		and("action >= ?", q.Action)
		and("action < ?", strings.TrimSuffix(q.Action, ".")+"/") // "/" comes after "."
	} else if q.Action != "" {
		and("action = ?", q.Action)
	}
	if !q.From.IsZero() {
		and("at_ms >= ?", storage.Millis(q.From))
	}
	if !q.To.IsZero() {
		and("at_ms < ?", storage.Millis(q.To))
	}
	out, err := storage.Select(ctx, a.db, scanEntry, `SELECT `+auditColumns+` FROM audit`+where+` ORDER BY seq DESC LIMIT ?`,
		append(args, min(max(q.Limit, 1), MaxAuditPage))...)
	return out, wrap("list audit", err)
}

const auditColumns = `seq, at_ms, actor, role, action, object, reason, remote, detail`

func scanEntry(s storage.Row) (e Entry, err error) {
	var at int64
	var detail string
	err = s.Scan(&e.Seq, &at, &e.Actor, &e.Role, &e.Action, &e.Object, &e.Reason, &e.Remote, &detail)
	e.At, e.Detail = storage.Time(at), json.RawMessage(detail)
	return e, err
}
