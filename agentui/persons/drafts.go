package persons

import (
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework/records"
)

// listFileDrafts tells a person what they were writing about somebody and did not save.
func (p *Pages) listFileDrafts(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	grant := r.URL.Query().Get("grant")
	file, ok := p.onFile(w, r, v, nil, &grant)
	if !ok {
		return
	}
	parts, err := p.partsOf(r.Context(), file)
	if !p.filed(w, r, err) {
		return
	}
	all, err := p.Records.DraftsOfFile(r.Context(), parts, string(v.User.ID))
	if !p.Answered(w, r, err) {
		return
	}
	out := protocol.FileDrafts{Drafts: []protocol.FileDraft{}}
	for _, d := range all {
		out.Drafts = append(out.Drafts, protocol.FileDraft{Kind: string(d.Kind), Base: d.Base, Rev: d.Rev, At: protocol.Millis(d.At), Answers: d.Answers})
	}
	p.Reply(w, http.StatusOK, out)
}

// keepFileDraft takes what somebody is writing about a person, or forgets it. It is not in the audit: that is the plan, or the profile, when it is saved.
// When it answers, the draft is durable.
func (p *Pages) keepFileDraft(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.FileDraftSave
	file, ok := p.onFile(w, r, v, &body, &body.Grant)
	if !ok {
		return
	}
	if !p.Pace(v.User.ID) {
		p.Fail(w, http.StatusTooManyRequests, protocol.TooMany, nil)
		return
	}
	parts, err := p.partsOf(r.Context(), file)
	if !p.filed(w, r, err) {
		return
	}
	kind := records.DraftKind(r.PathValue("kind"))
	switch {
	case !kind.Valid():
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	case len(body.Answers) == 0 || string(body.Answers) == "null":
		err = p.Records.DropOfFile(r.Context(), parts, kind, string(v.User.ID))
	default:
		err = p.Records.KeepOfFile(r.Context(), records.FileDraft{
			File: file, Kind: kind, Author: string(v.User.ID), Base: body.Base, Rev: body.Rev, Answers: body.Answers,
		})
	}
	if p.recorded(w, r, err) {
		p.Reply(w, http.StatusOK, protocol.FileDraft{Kind: string(kind), Base: body.Base, Rev: body.Rev, At: time.Now().UnixMilli(), Answers: body.Answers})
	}
}
