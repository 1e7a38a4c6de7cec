package agentui

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/tapes"
	"hotline/casework/exports"
	"hotline/queue"
)

const (
	exportsShown = 200
	exportsSince = 90 * 24 * time.Hour
	exportGrant  = 2 * time.Minute // from pressing "fetch" to the browser's asking for the file
)

// Actions of the audit trail about copies of recordings; the object is the recording, the reason names the wish.
const (
	ActionExportAsk    = "export.ask"
	ActionExportGrant  = "export.grant"
	ActionExportRefuse = "export.refuse"
	ActionExportFetch  = "export.fetch"
	ActionExportList   = "export.list"
)

// askExport keeps the wish for a copy. Who wishes it has listened first: the grant is that of the player.
func (s *Server) askExport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.AskExport
	if !s.clerk.Read(w, r, &body) {
		return
	}
	rec, ok := s.lasting(w, r, v, body.Grant)
	if !ok {
		return
	}
	reason, ok := s.clerk.Reason(w, body.Reason)
	if !ok {
		return
	}
	from, to := time.Duration(body.FromMs)*time.Millisecond, time.Duration(body.ToMs)*time.Millisecond
	var e exports.Export
	said := timecode(from) + " - " + timecode(to) + ": " + reason
	if s.exported(w, r, s.clerk.Audited(r, v, ActionExportAsk, rec.ID, said, func(ctx context.Context) (err error) {
		e, err = s.deps.Recorded.Exports.Ask(ctx, rec.ID, from, to, rec.Length, string(v.User.ID), reason)
		return err
	})) {
		s.clerk.Reply(w, http.StatusOK, tapes.Export(e, string(v.User.ID), time.Now(), s.names(v.User.Locale)))
	}
}

func (s *Server) listExports(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out := protocol.TapeExports{Exports: []protocol.TapeExport{}, Decides: true}
	if s.exported(w, r, s.clerk.Audited(r, v, ActionExportList, "", "", func(ctx context.Context) error {
		now := time.Now()
		all, err := s.deps.Recorded.Exports.List(ctx, now.Add(-exportsSince), exportsShown)
		for _, e := range all {
			out.Exports = append(out.Exports, tapes.Export(e, string(v.User.ID), now, s.names(v.User.Locale)))
		}
		return err
	})) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) grantExport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.decideExport(w, r, v, ActionExportGrant, true)
}

func (s *Server) refuseExport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.decideExport(w, r, v, ActionExportRefuse, false)
}

func (s *Server) decideExport(w http.ResponseWriter, r *http.Request, v *page.Visitor, action string, grant bool) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	var body protocol.DecideExport
	if !s.clerk.Read(w, r, &body) {
		return
	}
	if !grant {
		if body.Reason, ok = s.clerk.Reason(w, body.Reason); !ok {
			return
		}
	}
	e, err := s.deps.Recorded.Exports.Get(r.Context(), id)
	if !s.exported(w, r, err) {
		return
	}
	if s.exported(w, r, s.clerk.Audited(r, v, action, e.Recording, "export:"+id+" "+body.Reason, func(ctx context.Context) (err error) {
		e, err = s.deps.Recorded.Exports.Decide(ctx, id, string(v.User.ID), grant, body.Reason)
		return err
	})) {
		s.clerk.Reply(w, http.StatusOK, tapes.Export(e, string(v.User.ID), time.Now(), s.names(v.User.Locale)))
	}
}

// openExport gives the address of a granted copy. It is asked for by a request of its own, because a browser follows an address without being asked
// for a fresh second factor.
func (s *Server) openExport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	e, err := s.deps.Recorded.Exports.Get(r.Context(), id)
	switch {
	case err == nil && e.By != string(v.User.ID):
		err = exports.ErrNotYours
	case err == nil && e.State(time.Now()) != exports.Granted:
		err = exports.ErrOver
	}
	if !s.exported(w, r, err) {
		return
	}
	rec, err := s.deps.Recorded.Library.Get(r.Context(), e.Recording)
	if err == nil && rec.Erased {
		err = tapes.ErrErased
	}
	if !s.found(w, r, err) {
		return
	}
	until := time.Now().Add(exportGrant)
	grant := tapes.NewGrant(v.Grants, "export:"+id, until)
	s.clerk.Reply(w, http.StatusOK, protocol.Grant{Grant: grant, URL: "/api/exports/" + id + "/file?grant=" + url.QueryEscape(grant), ExpiresAt: until.UnixMilli()})
}

// sendExport sends the copy, once. It is made as it is sent: decrypted and marked in memory, never on a disk.
func (s *Server) sendExport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	if r.Method != http.MethodGet { // the table's GET also takes HEAD, which must not use the one fetching up
		s.clerk.Fail(w, http.StatusMethodNotAllowed, protocol.BadRequest, nil)
		return
	}
	if !tapes.ValidGrant(v.Grants, r.URL.Query().Get("grant"), "export:"+id, time.Now()) {
		s.clerk.Fail(w, http.StatusForbidden, protocol.GrantExpired, nil)
		return
	}
	e, err := s.deps.Recorded.Exports.Get(r.Context(), id)
	if !s.exported(w, r, err) {
		return
	}
	tape, err := s.deps.Recorded.Library.Open(r.Context(), e.Recording) // before the fetching is used up
	if !s.found(w, r, err) {
		return
	}
	defer func() { _ = tape.Close() }() // only read
	if !s.exported(w, r, s.clerk.Audited(r, v, ActionExportFetch, e.Recording, "export:"+id, func(ctx context.Context) (err error) {
		e, err = s.deps.Recorded.Exports.Fetch(ctx, id, string(v.User.ID))
		return err
	})) {
		return
	}
	rec, err := s.deps.Recorded.Library.Get(r.Context(), e.Recording)
	if !s.found(w, r, err) {
		return
	}
	c, err := tapes.NewCopy(e, tape, rec, s.directory.name(queue.AgentID(e.By)), s.directory.name(queue.AgentID(e.DecidedBy)))
	if !s.found(w, r, err) {
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(audioTimeout)) // not every writer has one; real connections do
	h := w.Header()
	h.Set("Content-Type", "audio/wav")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", fmt.Sprint(c.Size()))
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="recording-%s.wav"`, id))
	if err := c.Send(w); err != nil {
		s.log.Warn("a copy of a recording ended early", "export", id, "error", err)
		panic(http.ErrAbortHandler) // a copy that is cut off must not look whole
	}
}

// exported answers for the errors of wishes; true when there was none.
func (s *Server) exported(w http.ResponseWriter, r *http.Request, err error) bool {
	for _, known := range []struct {
		err    error
		status int
		code   protocol.Code
	}{
		{exports.ErrNotFound, http.StatusNotFound, protocol.NotFound},
		{exports.ErrReason, http.StatusBadRequest, protocol.BadReason},
		{exports.ErrSpan, http.StatusBadRequest, protocol.BadStretch},
		{exports.ErrOwn, http.StatusForbidden, protocol.OwnExport},
		{exports.ErrOver, http.StatusConflict, protocol.ExportOver},
		{exports.ErrNotYours, http.StatusForbidden, protocol.Forbidden},
	} {
		if errors.Is(err, known.err) {
			s.clerk.Fail(w, known.status, known.code, protocol.Params{"least": page.ReasonLeast, "most": page.ReasonMost})
			return false
		}
	}
	return s.found(w, r, err)
}
