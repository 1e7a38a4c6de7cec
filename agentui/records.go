package agentui

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/forms"
	"hotline/casework/records"
	"hotline/queue"
)

const (
	recordBody = 96 << 10
	draftsMost = 50
)

// mayWriteRecord says whether a person may write records of a call: who talks in it, and who did, also when all is done: what was forgotten is
// added, and shown as added.
func (s *Server) mayWriteRecord(ctx context.Context, v *page.Visitor, call string) (bool, error) {
	have, err := s.partIn(ctx, v.User.ID, call)
	return have == part.Serving || have == part.Served || have == part.Past, err
}

// seesRecords lets in who may read the records of a call: who takes or took part, supervisors, and who opened a file of the call for a reason.
func (s *Server) seesRecords(w http.ResponseWriter, r *http.Request, v *page.Visitor, call string) bool {
	if v.User.Role == users.Supervisor {
		return true
	}
	ok, err := s.mayWriteRecord(r.Context(), v, call)
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return false
	}
	if ok {
		return true
	}
	links, err := s.deps.Persons.Files.Links(r.Context(), call)
	if !s.answered(w, r, err) {
		return false
	}
	grant := r.URL.Query().Get("grant")
	for _, l := range links {
		if err := s.mayFile(r.Context(), v, l.File, grant); err == nil {
			return true
		} else if !errors.Is(err, errReasonNeeded) {
			s.clerk.Unavailable(w, r, err)
			return false
		}
	}
	s.clerk.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
	return false
}

func (s *Server) listRecords(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	if !ok || !s.seesRecords(w, r, v, call) {
		return
	}
	out := protocol.CallRecords{Call: call, Forms: []protocol.RecordForm{}, Records: []protocol.ContactRecord{}, Drafts: []protocol.ContactRecord{}}
	if s.audited(w, r, v, ActionRecordView, "call:"+call, "", func(ctx context.Context) error {
		all, n, err := s.deps.Persons.Forms.Now(ctx)
		if err != nil {
			return err
		}
		out.Version = n
		for _, f := range all.Forms {
			if f.Kind == forms.Record {
				out.Forms = append(out.Forms, recordForm(f, n))
			}
		}
		rows, err := s.deps.Persons.Records.Of(ctx, call)
		if err != nil {
			return err
		}
		for _, one := range rows {
			out.Records = append(out.Records, s.record(one))
		}
		drafts, err := s.deps.Persons.Records.Drafts(ctx, call, string(v.User.ID))
		if err != nil {
			return err
		}
		for _, d := range drafts {
			out.Drafts = append(out.Drafts, protocol.ContactRecord{Form: d.Form, Version: d.Version, At: protocol.Millis(d.At), ByName: v.User.Name, Rev: d.Rev, Answers: d.Answers})
		}
		filed, err := s.deps.Care.Dispositions.Have(ctx, []string{call})
		if err != nil {
			return err
		}
		out.Filed = filed[call]
		out.MayWrite, err = s.mayWriteRecord(ctx, v, call)
		return err
	}) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func recordForm(f forms.Form, version int) protocol.RecordForm {
	scoring := f.Scoring
	if len(scoring) == 0 {
		scoring = json.RawMessage("null")
	}
	return protocol.RecordForm{ID: f.ID, Version: version, Kind: string(f.Kind), Names: plain(f.Names), Schema: f.Schema, Order: f.Order, Scoring: scoring}
}

func (s *Server) record(r records.Record) protocol.ContactRecord {
	return protocol.ContactRecord{Form: r.Form, Version: r.Version, At: protocol.Millis(r.At), ByName: s.directory.name(queue.AgentID(r.Author)), Answers: r.Answers}
}

// recordHistory answers with every saving of a form about a call, each with the form by which it was filled in.
func (s *Server) recordHistory(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	if !ok || !s.seesRecords(w, r, v, call) {
		return
	}
	form := r.PathValue("form")
	out := protocol.RecordHistory{Records: []protocol.ContactRecord{}, Forms: []protocol.RecordForm{}}
	if s.audited(w, r, v, ActionRecordView, "call:"+call, "", func(ctx context.Context) error {
		rows, err := s.deps.Persons.Records.History(ctx, call, form)
		if err != nil {
			return err
		}
		seen := map[int]bool{}
		for _, one := range rows {
			out.Records = append(out.Records, s.record(one))
			if seen[one.Version] {
				continue
			}
			f, err := s.deps.Persons.Forms.At(ctx, one.Version, form)
			if err != nil {
				return err
			}
			out.Forms, seen[one.Version] = append(out.Forms, recordForm(f, one.Version)), true
		}
		return nil
	}) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// onRecord reads what somebody writes of a call; it has answered when it returns false.
func (s *Server) onRecord(w http.ResponseWriter, r *http.Request, v *page.Visitor, body any) (string, bool) {
	call, ok := s.clerk.ID(w, r)
	if !ok || body != nil && !s.clerk.Read(w, r, body) {
		return "", false
	}
	may, err := s.mayWriteRecord(r.Context(), v, call)
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return "", false
	}
	if !may {
		s.clerk.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
	}
	return call, may
}

func (s *Server) saveRecord(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.RecordSave
	call, ok := s.onRecord(w, r, v, &body)
	if !ok {
		return
	}
	var out records.Record
	err := s.clerk.Audited(r, v, ActionRecordSave, "call:"+call+" form:"+page.Named(r.PathValue("form")), "", func(ctx context.Context) (err error) {
		out, err = s.deps.Persons.Records.Save(ctx, records.Record{Call: call, Form: r.PathValue("form"), Version: body.Version, Author: string(v.User.ID), Answers: body.Answers})
		return err
	})
	if s.recorded(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, s.record(out))
	}
}

// recorded answers what the records refuse; true when nothing was refused.
func (s *Server) recorded(w http.ResponseWriter, r *http.Request, err error) bool {
	var wrong forms.Invalid
	switch {
	case errors.As(err, &wrong):
		s.clerk.Fail(w, http.StatusBadRequest, protocol.FormIncomplete, protocol.Params{"wrong": wrong})
	case errors.Is(err, forms.ErrNotFound), errors.Is(err, records.ErrNotFound):
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case errors.Is(err, records.ErrInvalid):
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
	default:
		return s.answered(w, r, err)
	}
	return false
}

// keepDraft takes what somebody is writing. It is not in the audit: that is the record, when it is saved. When it answers, the draft is durable.
func (s *Server) keepDraft(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.RecordSave
	call, ok := s.onRecord(w, r, v, &body)
	if !ok {
		return
	}
	if !s.noteLimits.allow(v.User.ID) {
		s.clerk.Fail(w, http.StatusTooManyRequests, protocol.TooMany, nil)
		return
	}
	form := r.PathValue("form")
	_, err := s.deps.Persons.Forms.At(r.Context(), body.Version, form)
	if err == nil {
		err = s.deps.Persons.Records.Keep(r.Context(), records.Draft{Call: call, Form: form, Version: body.Version, Author: string(v.User.ID), Rev: body.Rev, Answers: body.Answers})
	}
	if s.recorded(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, protocol.ContactRecord{Form: form, Version: body.Version, At: time.Now().UnixMilli(), ByName: v.User.Name, Rev: body.Rev, Answers: body.Answers})
	}
}

func (s *Server) dropDraft(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.onRecord(w, r, v, nil)
	if ok && s.recorded(w, r, s.deps.Persons.Records.Drop(r.Context(), call, r.PathValue("form"), string(v.User.ID))) {
		s.clerk.Reply(w, http.StatusOK, struct{}{})
	}
}

// listDrafts tells a person what they began to write and did not save.
func (s *Server) listDrafts(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	all, err := s.deps.Persons.Records.Unfinished(r.Context(), string(v.User.ID), draftsMost)
	if !s.answered(w, r, err) {
		return
	}
	out := protocol.Unfinished{Drafts: []protocol.UnfinishedDraft{}}
	for _, d := range all {
		out.Drafts = append(out.Drafts, protocol.UnfinishedDraft{Call: d.Call, Form: d.Form, At: protocol.Millis(d.At)})
	}
	ofFiles, err := s.deps.Persons.Records.UnfinishedOfFiles(r.Context(), string(v.User.ID), draftsMost)
	if !s.answered(w, r, err) {
		return
	}
	for _, d := range ofFiles {
		out.Drafts = append(out.Drafts, protocol.UnfinishedDraft{File: d.File, Form: string(d.Kind), At: protocol.Millis(d.At)})
	}
	s.clerk.Reply(w, http.StatusOK, out)
}
