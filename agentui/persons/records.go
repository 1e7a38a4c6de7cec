package persons

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/forms"
	"hotline/casework/records"
)

const (
	recordBody = 96 << 10
	draftsMost = 50
)

// mayWriteRecord says whether a person may write records of a call: who talks in it, and who did, also when all is done: what was forgotten is
// added, and shown as added.
func (p *Pages) mayWriteRecord(ctx context.Context, v *page.Visitor, call string) (bool, error) {
	have, err := p.In(ctx, v.User.ID, call)
	return have == part.Serving || have == part.Served || have == part.Past, err
}

// seesRecords lets in who may read the records of a call: who takes or took part, supervisors, and who opened a file of the call for a reason.
func (p *Pages) seesRecords(w http.ResponseWriter, r *http.Request, v *page.Visitor, call string) bool {
	if v.User.Role == users.Supervisor {
		return true
	}
	ok, err := p.mayWriteRecord(r.Context(), v, call)
	if err != nil {
		p.Unavailable(w, r, err)
		return false
	}
	if ok {
		return true
	}
	links, err := p.Files.Links(r.Context(), call)
	if !p.Answered(w, r, err) {
		return false
	}
	grant := r.URL.Query().Get("grant")
	for _, l := range links {
		if err := p.mayFile(r.Context(), v, l.File, grant); err == nil {
			return true
		} else if !errors.Is(err, errReasonNeeded) {
			p.Unavailable(w, r, err)
			return false
		}
	}
	p.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
	return false
}

func (p *Pages) listRecords(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := p.ID(w, r)
	if !ok || !p.seesRecords(w, r, v, call) {
		return
	}
	out := protocol.CallRecords{Call: call, Forms: []protocol.RecordForm{}, Records: []protocol.ContactRecord{}, Drafts: []protocol.ContactRecord{}}
	if p.Answered(w, r, p.Audited(r, v, ActionRecordView, "call:"+call, "", func(ctx context.Context) error {
		all, n, err := p.Forms.Now(ctx)
		if err != nil {
			return err
		}
		out.Version = n
		for _, f := range all.Forms {
			if f.Kind == forms.Record {
				out.Forms = append(out.Forms, recordForm(f, n))
			}
		}
		rows, err := p.Records.Of(ctx, call)
		if err != nil {
			return err
		}
		for _, one := range rows {
			out.Records = append(out.Records, p.record(one))
		}
		drafts, err := p.Records.Drafts(ctx, call, string(v.User.ID))
		if err != nil {
			return err
		}
		for _, d := range drafts {
			out.Drafts = append(out.Drafts, protocol.ContactRecord{Form: d.Form, Version: d.Version, At: protocol.Millis(d.At), ByName: v.User.Name, Rev: d.Rev, Answers: d.Answers})
		}
		filed, err := p.Filed.Have(ctx, []string{call})
		if err != nil {
			return err
		}
		out.Filed = filed[call]
		out.MayWrite, err = p.mayWriteRecord(ctx, v, call)
		return err
	})) {
		p.Reply(w, http.StatusOK, out)
	}
}

func recordForm(f forms.Form, version int) protocol.RecordForm {
	scoring := f.Scoring
	if len(scoring) == 0 {
		scoring = json.RawMessage("null")
	}
	return protocol.RecordForm{ID: f.ID, Version: version, Kind: string(f.Kind), Names: maps.Clone(map[string]string(f.Names)), Schema: f.Schema, Order: f.Order, Scoring: scoring}
}

func (p *Pages) record(r records.Record) protocol.ContactRecord {
	return protocol.ContactRecord{Form: r.Form, Version: r.Version, At: protocol.Millis(r.At), ByName: p.Person(r.Author), Answers: r.Answers}
}

// recordHistory answers with every saving of a form about a call, each with the form by which it was filled in.
func (p *Pages) recordHistory(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := p.ID(w, r)
	if !ok || !p.seesRecords(w, r, v, call) {
		return
	}
	form := r.PathValue("form")
	out := protocol.RecordHistory{Records: []protocol.ContactRecord{}, Forms: []protocol.RecordForm{}}
	if p.Answered(w, r, p.Audited(r, v, ActionRecordView, "call:"+call, "", func(ctx context.Context) error {
		rows, err := p.Records.History(ctx, call, form)
		if err != nil {
			return err
		}
		seen := map[int]bool{}
		for _, one := range rows {
			out.Records = append(out.Records, p.record(one))
			if seen[one.Version] {
				continue
			}
			f, err := p.Forms.At(ctx, one.Version, form)
			if err != nil {
				return err
			}
			out.Forms, seen[one.Version] = append(out.Forms, recordForm(f, one.Version)), true
		}
		return nil
	})) {
		p.Reply(w, http.StatusOK, out)
	}
}

// onRecord reads what somebody writes of a call; it has answered when it returns false.
func (p *Pages) onRecord(w http.ResponseWriter, r *http.Request, v *page.Visitor, body any) (string, bool) {
	call, ok := p.ID(w, r)
	if !ok || body != nil && !p.Read(w, r, body) {
		return "", false
	}
	may, err := p.mayWriteRecord(r.Context(), v, call)
	if err != nil {
		p.Unavailable(w, r, err)
		return "", false
	}
	if !may {
		p.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
	}
	return call, may
}

func (p *Pages) saveRecord(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.RecordSave
	call, ok := p.onRecord(w, r, v, &body)
	if !ok {
		return
	}
	var out records.Record
	err := p.Audited(r, v, ActionRecordSave, "call:"+call+" form:"+page.Named(r.PathValue("form")), "", func(ctx context.Context) (err error) {
		out, err = p.Records.Save(ctx, records.Record{Call: call, Form: r.PathValue("form"), Version: body.Version, Author: string(v.User.ID), Answers: body.Answers})
		return err
	})
	if p.recorded(w, r, err) {
		p.Reply(w, http.StatusOK, p.record(out))
	}
}

// recorded answers what the records refuse; true when nothing was refused.
func (p *Pages) recorded(w http.ResponseWriter, r *http.Request, err error) bool {
	var wrong forms.Invalid
	switch {
	case errors.As(err, &wrong):
		p.Fail(w, http.StatusBadRequest, protocol.FormIncomplete, protocol.Params{"wrong": wrong})
	case errors.Is(err, forms.ErrNotFound), errors.Is(err, records.ErrNotFound):
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case errors.Is(err, records.ErrInvalid):
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
	default:
		return p.Answered(w, r, err)
	}
	return false
}

// keepDraft takes what somebody is writing. It is not in the audit: that is the record, when it is saved. When it answers, the draft is durable.
func (p *Pages) keepDraft(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.RecordSave
	call, ok := p.onRecord(w, r, v, &body)
	if !ok {
		return
	}
	if !p.Pace(v.User.ID) {
		p.Fail(w, http.StatusTooManyRequests, protocol.TooMany, nil)
		return
	}
	form := r.PathValue("form")
	_, err := p.Forms.At(r.Context(), body.Version, form)
	if err == nil {
		err = p.Records.Keep(r.Context(), records.Draft{Call: call, Form: form, Version: body.Version, Author: string(v.User.ID), Rev: body.Rev, Answers: body.Answers})
	}
	if p.recorded(w, r, err) {
		p.Reply(w, http.StatusOK, protocol.ContactRecord{Form: form, Version: body.Version, At: time.Now().UnixMilli(), ByName: v.User.Name, Rev: body.Rev, Answers: body.Answers})
	}
}

func (p *Pages) dropDraft(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := p.onRecord(w, r, v, nil)
	if ok && p.recorded(w, r, p.Records.Drop(r.Context(), call, r.PathValue("form"), string(v.User.ID))) {
		p.Reply(w, http.StatusOK, struct{}{})
	}
}

// listDrafts tells a person what they began to write and did not save.
func (p *Pages) listDrafts(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	all, err := p.Records.Unfinished(r.Context(), string(v.User.ID), draftsMost)
	if !p.Answered(w, r, err) {
		return
	}
	out := protocol.Unfinished{Drafts: []protocol.UnfinishedDraft{}}
	for _, d := range all {
		out.Drafts = append(out.Drafts, protocol.UnfinishedDraft{Call: d.Call, Form: d.Form, At: protocol.Millis(d.At)})
	}
	ofFiles, err := p.Records.UnfinishedOfFiles(r.Context(), string(v.User.ID), draftsMost)
	if !p.Answered(w, r, err) {
		return
	}
	for _, d := range ofFiles {
		out.Drafts = append(out.Drafts, protocol.UnfinishedDraft{File: d.File, Form: string(d.Kind), At: protocol.Millis(d.At)})
	}
	p.Reply(w, http.StatusOK, out)
}
