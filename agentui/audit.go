package agentui

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
	"hotline/casework"
	"hotline/queue"
)

// Looking at the audit trail is in the audit trail.
const (
	ActionAuditSearch = "audit.search"
	ActionAuditExport = "audit.export"
)

const (
	auditPage   = 100
	auditExport = 100_000 // rows of one file
	auditField  = 200     // characters of one condition
)

// trail is the audit trail for who reads it.
type trail interface {
	List(ctx context.Context, q casework.AuditQuery) ([]casework.Entry, error)
}

var _ trail = (*casework.Audit)(nil)

// auditQuery reads the conditions from the address; it has answered when it returns false. said is what the audit trail keeps of them.
func (s *Server) auditQuery(w http.ResponseWriter, r *http.Request) (q casework.AuditQuery, said string, ok bool) {
	bad := false
	var parts []string
	text := func(name string) string {
		v := strings.TrimSpace(r.URL.Query().Get(name))
		bad = bad || len(v) > auditField
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
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return q, "", false
	}
	if q.Actor != "" { // people know each other by username
		if u, err := s.deps.Users.ByName(r.Context(), q.Actor); err == nil {
			q.Actor = string(u.ID)
		}
	}
	return q, strings.Join(parts, " "), true
}

// objectName is the name of a person whom something was done to.
func (s *Server) objectName(object string) string {
	id, ok := strings.CutPrefix(object, "user:")
	if !ok {
		return ""
	}
	return s.directory.name(queue.AgentID(id))
}

func (s *Server) searchAudit(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	q, said, ok := s.auditQuery(w, r)
	if !ok {
		return
	}
	q.Limit = auditPage + 1
	var rows []casework.Entry
	if !s.audited(w, r, v, ActionAuditSearch, "", said, func(ctx context.Context) (err error) {
		rows, err = s.deps.Trail.List(ctx, q)
		return err
	}) {
		return
	}
	out := protocol.AuditPage{Rows: []protocol.AuditRow{}, More: len(rows) > auditPage}
	for _, e := range rows[:min(len(rows), auditPage)] {
		out.Rows = append(out.Rows, protocol.AuditRow{
			Seq: e.Seq, At: protocol.Millis(e.At), Actor: e.Actor, ActorName: s.doer(e.Actor), Role: e.Role, Action: e.Action, Object: e.Object, ObjectName: s.objectName(e.Object),
			Reason: e.Reason, Remote: e.Remote,
		})
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// exportAudit is the same as a file for a spreadsheet. It is written as it is read: rows are many, memory is not.
func (s *Server) exportAudit(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	q, said, ok := s.auditQuery(w, r)
	if !ok || !s.audited(w, r, v, ActionAuditExport, "", said, func(context.Context) error { return nil }) {
		return
	}
	q.Limit = casework.MaxAuditPage
	rows, err := s.deps.Trail.List(r.Context(), q)
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="audit-%s.csv"`, time.Now().UTC().Format("20060102-150405")))
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("\ufeff")) // spreadsheets take UTF-8 for something else without it
	out := csv.NewWriter(w)
	_ = out.Write([]string{"seq", "at", "actor", "name", "role", "action", "object", "reason", "remote"})
	for n := 0; len(rows) > 0 && n < auditExport; {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(requestTimeout)) // not every writer has one; real connections do
		for _, e := range rows {
			_ = out.Write(harmless(strconv.FormatInt(e.Seq, 10), e.At.UTC().Format(time.RFC3339Nano), e.Actor, s.doer(e.Actor), e.Role, e.Action, e.Object, e.Reason, e.Remote))
		}
		if out.Flush(); out.Error() != nil {
			return // the browser left
		}
		n += len(rows)
		q.Before = rows[len(rows)-1].Seq
		if rows, err = s.deps.Trail.List(r.Context(), q); err != nil {
			s.log.Error("an export of the audit trail ended early", "error", err)
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
