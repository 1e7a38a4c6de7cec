package tapes

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework/exports"
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
func (p *Pages) askExport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.AskExport
	if !p.Read(w, r, &body) {
		return
	}
	rec, ok := p.lasting(w, r, v, body.Grant)
	if !ok {
		return
	}
	reason, ok := p.Reason(w, body.Reason)
	if !ok {
		return
	}
	from, to := time.Duration(body.FromMs)*time.Millisecond, time.Duration(body.ToMs)*time.Millisecond
	var e exports.Export
	said := timecode(from) + " - " + timecode(to) + ": " + reason
	if p.exported(w, r, p.Audited(r, v, ActionExportAsk, rec.ID, said, func(ctx context.Context) (err error) {
		e, err = p.Exports.Ask(ctx, rec.ID, from, to, rec.Length, string(v.User.ID), reason)
		return err
	})) {
		p.Reply(w, http.StatusOK, Export(e, string(v.User.ID), time.Now(), p.Names(v.User.Locale)))
	}
}

func (p *Pages) listExports(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out := protocol.TapeExports{Exports: []protocol.TapeExport{}, Decides: true}
	if p.exported(w, r, p.Audited(r, v, ActionExportList, "", "", func(ctx context.Context) error {
		now := time.Now()
		all, err := p.Exports.List(ctx, now.Add(-exportsSince), exportsShown)
		for _, e := range all {
			out.Exports = append(out.Exports, Export(e, string(v.User.ID), now, p.Names(v.User.Locale)))
		}
		return err
	})) {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) grantExport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.decideExport(w, r, v, ActionExportGrant, true)
}

func (p *Pages) refuseExport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.decideExport(w, r, v, ActionExportRefuse, false)
}

func (p *Pages) decideExport(w http.ResponseWriter, r *http.Request, v *page.Visitor, action string, grant bool) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	var body protocol.DecideExport
	if !p.Read(w, r, &body) {
		return
	}
	if !grant {
		if body.Reason, ok = p.Reason(w, body.Reason); !ok {
			return
		}
	}
	e, err := p.Exports.Get(r.Context(), id)
	if !p.exported(w, r, err) {
		return
	}
	if p.exported(w, r, p.Audited(r, v, action, e.Recording, "export:"+id+" "+body.Reason, func(ctx context.Context) (err error) {
		e, err = p.Exports.Decide(ctx, id, string(v.User.ID), grant, body.Reason)
		return err
	})) {
		p.Reply(w, http.StatusOK, Export(e, string(v.User.ID), time.Now(), p.Names(v.User.Locale)))
	}
}

// openExport gives the address of a granted copy. It is asked for by a request of its own, because a browser follows an address without being asked
// for a fresh second factor.
func (p *Pages) openExport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	e, err := p.Exports.Get(r.Context(), id)
	switch {
	case err == nil && e.By != string(v.User.ID):
		err = exports.ErrNotYours
	case err == nil && e.State(time.Now()) != exports.Granted:
		err = exports.ErrOver
	}
	if !p.exported(w, r, err) {
		return
	}
	rec, err := p.Library.Get(r.Context(), e.Recording)
	if err == nil && rec.Erased {
		err = ErrErased
	}
	if !p.found(w, r, err) {
		return
	}
	until := time.Now().Add(exportGrant)
	grant := page.NewGrant(v.Grants, "export:"+id, until)
	p.Reply(w, http.StatusOK, protocol.Grant{Grant: grant, URL: "/api/exports/" + id + "/file?grant=" + url.QueryEscape(grant), ExpiresAt: until.UnixMilli()})
}

// sendExport sends the copy, once. It is made as it is sent: decrypted and marked in memory, never on a disk.
func (p *Pages) sendExport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	if r.Method != http.MethodGet { // the table's GET also takes HEAD, which must not use the one fetching up
		p.Fail(w, http.StatusMethodNotAllowed, protocol.BadRequest, nil)
		return
	}
	if !page.ValidGrant(v.Grants, r.URL.Query().Get("grant"), "export:"+id, time.Now()) {
		p.Fail(w, http.StatusForbidden, protocol.GrantExpired, nil)
		return
	}
	e, err := p.Exports.Get(r.Context(), id)
	if !p.exported(w, r, err) {
		return
	}
	tape, err := p.Library.Open(r.Context(), e.Recording) // before the fetching is used up
	if !p.found(w, r, err) {
		return
	}
	defer func() { _ = tape.Close() }() // only read
	if !p.exported(w, r, p.Audited(r, v, ActionExportFetch, e.Recording, "export:"+id, func(ctx context.Context) (err error) {
		e, err = p.Exports.Fetch(ctx, id, string(v.User.ID))
		return err
	})) {
		return
	}
	rec, err := p.Library.Get(r.Context(), e.Recording)
	if !p.found(w, r, err) {
		return
	}
	names := p.Names(v.User.Locale)
	c, err := NewCopy(e, tape, rec, names.Person(e.By), names.Person(e.DecidedBy))
	if !p.found(w, r, err) {
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(audioTimeout)) // not every writer has one; real connections do
	h := w.Header()
	h.Set("Content-Type", "audio/wav")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", fmt.Sprint(c.Size()))
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="recording-%s.wav"`, id))
	if err := c.Send(w); err != nil {
		p.Log.Warn("a copy of a recording ended early", "export", id, "error", err)
		panic(http.ErrAbortHandler) // a copy that is cut off must not look whole
	}
}

// exported answers for the errors of wishes; true when there was none.
func (p *Pages) exported(w http.ResponseWriter, r *http.Request, err error) bool {
	return p.found(w, r, err,
		page.Refusal{Err: exports.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: exports.ErrReason, Status: http.StatusBadRequest, Code: protocol.BadReason, Params: protocol.Params{"least": page.ReasonLeast, "most": page.ReasonMost}},
		page.Refusal{Err: exports.ErrSpan, Status: http.StatusBadRequest, Code: protocol.BadStretch},
		page.Refusal{Err: exports.ErrOwn, Status: http.StatusForbidden, Code: protocol.OwnExport},
		page.Refusal{Err: exports.ErrOver, Status: http.StatusConflict, Code: protocol.ExportOver},
		page.Refusal{Err: exports.ErrNotYours, Status: http.StatusForbidden, Code: protocol.Forbidden})
}
