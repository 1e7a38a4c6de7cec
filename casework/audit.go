package casework

import (
	"context"
	"encoding/json"
	"errors"
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
type Audit struct {
	db  *storage.DB
	now func() time.Time
}

// NewAudit uses the tables that [Migrate] made.
func NewAudit(db *storage.DB) *Audit { return &Audit{db, time.Now} }

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
		return err
	})
	if err != nil {
		return Entry{}, wrap("audit", err)
	}
	return e, nil
}

// AuditQuery narrows a list; empty fields do not.
type AuditQuery struct {
	Before int64 // rows with a smaller number; 0: from the newest
	Actor  string
	Object string
	Limit  int // 1 to 1000; 0: 100
}

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
	out, err := storage.Select(ctx, a.db, scanEntry, `SELECT `+auditColumns+` FROM audit`+where+` ORDER BY seq DESC LIMIT ?`,
		append(args, min(max(q.Limit, 1), 1000))...)
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
