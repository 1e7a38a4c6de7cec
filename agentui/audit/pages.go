// Package audit is how an auditor reads the audit trail (casework.Audit): page by page, and as a file.
package audit

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework"
)

// Looking at the audit trail is in the audit trail.
const (
	ActionAuditSearch = "audit.search"
	ActionAuditExport = "audit.export"
)

const (
	pageOf     = 100
	exportMost = 100_000          // rows of one file
	fieldMost  = 200              // characters of one condition
	rowsWithin = 30 * time.Second // to send a page of rows
)

// Store is the audit trail for who reads it; *casework.Audit is one.
type Store interface {
	List(ctx context.Context, q casework.AuditQuery) ([]casework.Entry, error)
}

var _ Store = (*casework.Audit)(nil)

type people interface {
	ByName(ctx context.Context, username string) (users.User, error)
}

// Pages are those of the audit trail.
type Pages struct {
	*page.Clerk
	Store  Store
	People people                 // *users.Store
	Person func(id string) string // the name of a person
	Doer   func(by string) string // the name of who did something
}

// Endpoints are what can be asked of the trail.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/audit", Access: page.Auditor, Serve: p.searchAudit},
		{Pattern: "GET /api/audit/export", Access: page.Auditor, Serve: p.exportAudit},
	}
}

// query reads the conditions from the address; it has answered when it returns false. said is what the audit trail keeps of them.
func (p *Pages) query(w http.ResponseWriter, r *http.Request) (q casework.AuditQuery, said string, ok bool) {
	bad := false
	var parts []string
	text := func(name string) string {
		v := strings.TrimSpace(r.URL.Query().Get(name))
		bad = bad || len(v) > fieldMost
		if v != "" {
			parts = append(parts, name+"="+v)
		}
		return v
	}
	number := func(name string) int64 {
		v := text(name)
		if v == "" {
			return 0
		}
		n, err := strconv.ParseInt(v, 10, 64)
		bad = bad || err != nil || n < 0
		return n
	}
	q = casework.AuditQuery{Actor: text("actor"), Action: text("action"), Object: text("object"), Before: number("before")}
	if from := number("from"); from > 0 {
		q.From = time.UnixMilli(from)
	}
	if to := number("to"); to > 0 {
		q.To = time.UnixMilli(to)
	}
	if bad {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return q, "", false
	}
	if q.Actor != "" { // people know each other by username
		if u, err := p.People.ByName(r.Context(), q.Actor); err == nil {
			q.Actor = string(u.ID)
		}
	}
	return q, strings.Join(parts, " "), true
}

// objectName is the name of a person whom something was done to.
func (p *Pages) objectName(object string) string {
	id, ok := strings.CutPrefix(object, "user:")
	if !ok {
		return ""
	}
	return p.Person(id)
}

func (p *Pages) searchAudit(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	q, said, ok := p.query(w, r)
	if !ok {
		return
	}
	q.Limit = pageOf + 1
	var rows []casework.Entry
	if !p.Answered(w, r, p.Audited(r, v, ActionAuditSearch, "", said, func(ctx context.Context) (err error) {
		rows, err = p.Store.List(ctx, q)
		return err
	})) {
		return
	}
	out := protocol.AuditPage{Rows: []protocol.AuditRow{}, More: len(rows) > pageOf}
	for _, e := range rows[:min(len(rows), pageOf)] {
		out.Rows = append(out.Rows, protocol.AuditRow{
			Seq: e.Seq, At: protocol.Millis(e.At), Actor: e.Actor, ActorName: p.Doer(e.Actor), Role: e.Role, Action: e.Action, Object: e.Object, ObjectName: p.objectName(e.Object),
			Reason: e.Reason, Remote: e.Remote,
		})
	}
	p.Reply(w, http.StatusOK, out)
}

// exportAudit is the same as a file for a spreadsheet. It is written as it is read: rows are many, memory is not.
func (p *Pages) exportAudit(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	q, said, ok := p.query(w, r)
	if !ok || !p.Answered(w, r, p.Note(r, v, ActionAuditExport, "", said)) {
		return
	}
	q.Limit = casework.MaxAuditPage
	rows, err := p.Store.List(r.Context(), q)
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="audit-%s.csv"`, time.Now().UTC().Format("20060102-150405")))
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("\ufeff")) // spreadsheets take UTF-8 for something else without it
	out := csv.NewWriter(w)
	_ = out.Write([]string{"seq", "at", "actor", "name", "role", "action", "object", "reason", "remote"})
	for n := 0; len(rows) > 0 && n < exportMost; {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(rowsWithin)) // not every writer has one; real connections do
		for _, e := range rows {
			_ = out.Write(harmless(strconv.FormatInt(e.Seq, 10), e.At.UTC().Format(time.RFC3339Nano), e.Actor, p.Doer(e.Actor), e.Role, e.Action, e.Object, e.Reason, e.Remote))
		}
		if out.Flush(); out.Error() != nil {
			return // the browser left
		}
		n += len(rows)
		q.Before = rows[len(rows)-1].Seq
		if rows, err = p.Store.List(r.Context(), q); err != nil {
			p.Log.Error("an export of the audit trail ended early", "error", err)
			panic(http.ErrAbortHandler) // a file that is cut off must not look whole
		}
	}
}

// harmless writes fields so that a spreadsheet takes none for a formula: what people type as a reason, others open.
// https://owasp.org/www-community/attacks/CSV_Injection
func harmless(fields ...string) []string {
	for i, f := range fields {
		if f != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(f)[0]) {
			fields[i] = "'" + f
		}
	}
	return fields
}
