package agentui

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/files"
	"hotline/casework/reports"
	"hotline/queue"
)

const reportsMost = 500

// report is a task about a minor as a browser gets it.
func (s *Server) minorReport(ctx context.Context, r reports.Report, locale string) protocol.MinorReport {
	out := protocol.MinorReport{
		Report: r.ID, Call: r.Call, File: r.File, Line: r.Line, LineName: s.lineName(queue.LineID(r.Line), locale), Child: r.Child, OpenedAt: protocol.Millis(r.Opened),
		OpenedByName: s.doer(r.OpenedBy), Harm: string(r.Harm), State: string(r.State), DueAt: protocol.Millis(r.Due), Overdue: r.Overdue(time.Now()), Outcome: string(r.Outcome),
		ProposedAt: protocol.Millis(r.ProposedAt), ProposedBy: r.ProposedBy, ProposedByName: s.doer(r.ProposedBy), ClosedAt: protocol.Millis(r.ClosedAt), ClosedByName: s.doer(r.ClosedBy),
		Guardian: string(r.Guardian), NeedsGuardian: r.NeedsGuardian(),
	}
	if f, err := s.deps.Persons.Files.Get(ctx, r.File); err == nil {
		out.Code = f.Code
	}
	return out
}

func (s *Server) minorReportsOf(ctx context.Context, v *page.Visitor, call string) ([]protocol.MinorReport, error) {
	all, err := s.deps.Persons.Reports.OfCall(ctx, call)
	out := []protocol.MinorReport{}
	for _, r := range all {
		out = append(out, s.minorReport(ctx, r, v.User.Locale))
	}
	return out, err
}

// sayHarm says whether there is a sign that a minor of the call is harmed.
func (s *Server) sayHarm(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.HarmSay
	if !ok || !s.clerk.Read(w, r, &body) || !s.parts().Takes(w, r, v, call, part.Serving, part.Served, part.Past) {
		return
	}
	var out reports.Report
	err := s.clerk.Audited(r, v, ActionReportSay, "call:"+call, page.Named(body.Harm), func(ctx context.Context) error {
		f, err := s.ofCall(ctx, call, body.File)
		if err != nil {
			return err
		}
		caller, err := s.deps.Care.Contacts.Caller(ctx, call)
		if err != nil {
			return err
		}
		m := reports.Minor{Call: call, File: f.ID, Line: caller.Call.Line, Child: f.Child(time.Now()), By: string(v.User.ID)}
		switch reports.Harm(body.Harm) {
		case reports.Suspected:
			out, err = s.deps.Persons.Reports.Suspect(ctx, m, body.Words)
		case reports.NoSign:
			if out, err = s.deps.Persons.Reports.Ask(ctx, m); err == nil {
				out, err = s.deps.Persons.Reports.NoSign(ctx, out.ID, body.Words, string(v.User.ID))
			}
		default:
			err = reports.ErrInvalid
		}
		return err
	})
	if s.reported(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, s.minorReport(r.Context(), out, v.User.Locale))
	}
}

// ofCall is a person of a call.
func (s *Server) ofCall(ctx context.Context, call, file string) (files.File, error) {
	f, err := s.deps.Persons.Files.Get(ctx, file)
	if err != nil {
		return f, err
	}
	links, err := s.deps.Persons.Files.Links(ctx, call)
	for _, l := range links {
		if l.File == f.ID {
			return f, err
		}
	}
	return f, errors.Join(err, files.ErrNotFound)
}

// reported answers what the reports refuse; true when nothing was refused.
func (s *Server) reported(w http.ResponseWriter, r *http.Request, err error) bool {
	for _, known := range []struct {
		err    error
		status int
		code   protocol.Code
	}{
		{reports.ErrNotFound, http.StatusNotFound, protocol.NotFound},
		{reports.ErrSame, http.StatusForbidden, protocol.SamePerson},
		{reports.ErrState, http.StatusConflict, protocol.AlreadyClosed},
		{reports.ErrGuardian, http.StatusConflict, protocol.GuardianFirst},
	} {
		if errors.Is(err, known.err) {
			s.clerk.Fail(w, known.status, known.code, nil)
			return false
		}
	}
	if errors.Is(err, reports.ErrInvalid) {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadReason, protocol.Params{"least": page.ReasonLeast, "most": reports.MostWords})
		return false
	}
	return s.filed(w, r, err)
}

// mayReport says whether a person has to do with a task: supervisors, who opened it or said something of it, and who took the call.
func (s *Server) mayReport(ctx context.Context, v *page.Visitor, r reports.Report) (bool, error) {
	me := string(v.User.ID)
	if v.User.Role == users.Supervisor || me == r.OpenedBy || me == r.HarmBy || me == r.ProposedBy {
		return true, nil
	}
	return s.served(ctx, v.User.ID, r.Call)
}

func (s *Server) listMinorReports(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out := protocol.MinorReports{Reports: []protocol.MinorReport{}}
	if s.audited(w, r, v, ActionReportList, "", "", func(ctx context.Context) error {
		all, err := s.deps.Persons.Reports.Unclosed(ctx, reportsMost)
		if err != nil {
			return err
		}
		for _, one := range all {
			if may, err := s.mayReport(ctx, v, one); err != nil {
				return err
			} else if may {
				out.Reports = append(out.Reports, s.minorReport(ctx, one, v.User.Locale))
			}
		}
		return nil
	}) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// onMinorReport reads a task that the person has to do with; it has answered when it returns false.
func (s *Server) onMinorReport(w http.ResponseWriter, r *http.Request, v *page.Visitor) (reports.Report, bool) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return reports.Report{}, false
	}
	one, err := s.deps.Persons.Reports.Get(r.Context(), id)
	if !s.reported(w, r, err) {
		return one, false
	}
	may, err := s.mayReport(r.Context(), v, one)
	if err == nil && !may {
		s.clerk.Fail(w, http.StatusForbidden, protocol.Forbidden, nil)
		return one, false
	}
	return one, s.answered(w, r, err)
}

func (s *Server) showMinorReport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	one, ok := s.onMinorReport(w, r, v)
	if !ok {
		return
	}
	out := protocol.MinorReportActs{Report: s.minorReport(r.Context(), one, v.User.Locale), Acts: []protocol.MinorReportAct{}}
	if s.audited(w, r, v, ActionReportView, "report:"+one.ID, "", func(ctx context.Context) error {
		acts, err := s.deps.Persons.Reports.Acts(ctx, one.ID)
		for _, a := range acts {
			out.Acts = append(out.Acts, protocol.MinorReportAct{Kind: a.Kind, At: protocol.Millis(a.At), ByName: s.doer(a.By), What: a.What, Words: a.Words})
		}
		return err
	}) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// sayMinorReport proposes how a task is closed, confirms or refuses that, or notes a guardian's word.
func (s *Server) sayMinorReport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	one, ok := s.onMinorReport(w, r, v)
	var body protocol.ReportSay
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	act, me, store := r.PathValue("act"), string(v.User.ID), s.deps.Persons.Reports
	do, known := map[string]func(ctx context.Context) (reports.Report, error){
		"propose": func(ctx context.Context) (reports.Report, error) {
			return store.Propose(ctx, one.ID, reports.Outcome(body.What), body.Words, me)
		},
		"confirm": func(ctx context.Context) (reports.Report, error) { return store.Confirm(ctx, one.ID, body.Words, me) },
		"refuse":  func(ctx context.Context) (reports.Report, error) { return store.Refuse(ctx, one.ID, body.Words, me) },
		"guardian": func(ctx context.Context) (reports.Report, error) {
			return store.SetGuardian(ctx, one.ID, reports.Guardian(body.What), body.Words, me)
		},
	}[act]
	if !known {
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	}
	var out reports.Report
	err := s.clerk.Audited(r, v, ActionReportSay, "report:"+one.ID, act, func(ctx context.Context) (err error) {
		out, err = do(ctx)
		return err
	})
	if s.reported(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, s.minorReport(r.Context(), out, v.User.Locale))
	}
}
