package persons

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
)

const reportsMost = 500

// report is a task about a minor as a browser gets it.
func (p *Pages) minorReport(ctx context.Context, r reports.Report, locale string) protocol.MinorReport {
	out := protocol.MinorReport{
		Report: r.ID, Call: r.Call, File: r.File, Line: r.Line, LineName: p.Line(r.Line, locale), Child: r.Child, OpenedAt: protocol.Millis(r.Opened),
		OpenedByName: p.Doer(r.OpenedBy), Harm: string(r.Harm), State: string(r.State), DueAt: protocol.Millis(r.Due), Overdue: r.Overdue(time.Now()), Outcome: string(r.Outcome),
		ProposedAt: protocol.Millis(r.ProposedAt), ProposedBy: r.ProposedBy, ProposedByName: p.Doer(r.ProposedBy), ClosedAt: protocol.Millis(r.ClosedAt), ClosedByName: p.Doer(r.ClosedBy),
		Guardian: string(r.Guardian), NeedsGuardian: r.NeedsGuardian(),
	}
	if f, err := p.Files.Get(ctx, r.File); err == nil {
		out.Code = f.Code
	}
	return out
}

func (p *Pages) minorReportsOf(ctx context.Context, v *page.Visitor, call string) ([]protocol.MinorReport, error) {
	all, err := p.Reports.OfCall(ctx, call)
	out := []protocol.MinorReport{}
	for _, r := range all {
		out = append(out, p.minorReport(ctx, r, v.User.Locale))
	}
	return out, err
}

// sayHarm says whether there is a sign that a minor of the call is harmed.
func (p *Pages) sayHarm(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := p.ID(w, r)
	var body protocol.HarmSay
	if !ok || !p.Read(w, r, &body) || !p.Takes(w, r, v, call, part.Serving, part.Served, part.Past) {
		return
	}
	var out reports.Report
	err := p.Audited(r, v, ActionReportSay, "call:"+call, page.Named(body.Harm), func(ctx context.Context) error {
		f, err := p.ofCall(ctx, call, body.File)
		if err != nil {
			return err
		}
		caller, err := p.Contacts.Caller(ctx, call)
		if err != nil {
			return err
		}
		m := reports.Minor{Call: call, File: f.ID, Line: caller.Call.Line, Child: f.Child(time.Now()), By: string(v.User.ID)}
		switch reports.Harm(body.Harm) {
		case reports.Suspected:
			out, err = p.Reports.Suspect(ctx, m, body.Words)
		case reports.NoSign:
			if out, err = p.Reports.Ask(ctx, m); err == nil {
				out, err = p.Reports.NoSign(ctx, out.ID, body.Words, string(v.User.ID))
			}
		default:
			err = reports.ErrInvalid
		}
		return err
	})
	if p.reported(w, r, err) {
		p.Reply(w, http.StatusOK, p.minorReport(r.Context(), out, v.User.Locale))
	}
}

// ofCall is a person of a call.
func (p *Pages) ofCall(ctx context.Context, call, file string) (files.File, error) {
	f, err := p.Files.Get(ctx, file)
	if err != nil {
		return f, err
	}
	links, err := p.Files.Links(ctx, call)
	for _, l := range links {
		if l.File == f.ID {
			return f, err
		}
	}
	return f, errors.Join(err, files.ErrNotFound)
}

// reported answers what the reports refuse; true when nothing was refused.
func (p *Pages) reported(w http.ResponseWriter, r *http.Request, err error) bool {
	return p.filed(w, r, err,
		page.Refusal{Err: reports.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: reports.ErrSame, Status: http.StatusForbidden, Code: protocol.SamePerson},
		page.Refusal{Err: reports.ErrState, Status: http.StatusConflict, Code: protocol.AlreadyClosed},
		page.Refusal{Err: reports.ErrGuardian, Status: http.StatusConflict, Code: protocol.GuardianFirst},
		page.Refusal{Err: reports.ErrInvalid, Status: http.StatusBadRequest, Code: protocol.BadReason, Params: protocol.Params{"least": page.ReasonLeast, "most": reports.MostWords}})
}

// mayReport says whether a person has to do with a task: supervisors, who opened it or said something of it, and who took the call.
func (p *Pages) mayReport(ctx context.Context, v *page.Visitor, r reports.Report) (bool, error) {
	me := string(v.User.ID)
	if v.User.Role == users.Supervisor || me == r.OpenedBy || me == r.HarmBy || me == r.ProposedBy {
		return true, nil
	}
	return p.TookPart(ctx, v.User.ID, r.Call)
}

func (p *Pages) listMinorReports(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out := protocol.MinorReports{Reports: []protocol.MinorReport{}}
	if p.Answered(w, r, p.Audited(r, v, ActionReportList, "", "", func(ctx context.Context) error {
		all, err := p.Reports.Unclosed(ctx, reportsMost)
		if err != nil {
			return err
		}
		for _, one := range all {
			if may, err := p.mayReport(ctx, v, one); err != nil {
				return err
			} else if may {
				out.Reports = append(out.Reports, p.minorReport(ctx, one, v.User.Locale))
			}
		}
		return nil
	})) {
		p.Reply(w, http.StatusOK, out)
	}
}

// onMinorReport reads a task that the person has to do with; it has answered when it returns false.
func (p *Pages) onMinorReport(w http.ResponseWriter, r *http.Request, v *page.Visitor) (reports.Report, bool) {
	id, ok := p.ID(w, r)
	if !ok {
		return reports.Report{}, false
	}
	one, err := p.Reports.Get(r.Context(), id)
	if !p.reported(w, r, err) {
		return one, false
	}
	may, err := p.mayReport(r.Context(), v, one)
	if err == nil && !may {
		p.Fail(w, http.StatusForbidden, protocol.Forbidden, nil)
		return one, false
	}
	return one, p.Answered(w, r, err)
}

func (p *Pages) showMinorReport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	one, ok := p.onMinorReport(w, r, v)
	if !ok {
		return
	}
	out := protocol.MinorReportActs{Report: p.minorReport(r.Context(), one, v.User.Locale), Acts: []protocol.MinorReportAct{}}
	if p.Answered(w, r, p.Audited(r, v, ActionReportView, "report:"+one.ID, "", func(ctx context.Context) error {
		acts, err := p.Reports.Acts(ctx, one.ID)
		for _, a := range acts {
			out.Acts = append(out.Acts, protocol.MinorReportAct{Kind: a.Kind, At: protocol.Millis(a.At), ByName: p.Doer(a.By), What: a.What, Words: a.Words})
		}
		return err
	})) {
		p.Reply(w, http.StatusOK, out)
	}
}

// sayMinorReport proposes how a task is closed, confirms or refuses that, or notes a guardian's word.
func (p *Pages) sayMinorReport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	one, ok := p.onMinorReport(w, r, v)
	var body protocol.ReportSay
	if !ok || !p.Read(w, r, &body) {
		return
	}
	act, me, store := r.PathValue("act"), string(v.User.ID), p.Reports
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
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	}
	var out reports.Report
	err := p.Audited(r, v, ActionReportSay, "report:"+one.ID, act, func(ctx context.Context) (err error) {
		out, err = do(ctx)
		return err
	})
	if p.reported(w, r, err) {
		p.Reply(w, http.StatusOK, p.minorReport(r.Context(), out, v.User.Locale))
	}
}
