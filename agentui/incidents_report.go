package agentui

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"hotline/agentui/imports/table"
	"hotline/agentui/incidents"
	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/crisis"
	"hotline/crisis/reports"
)

// report is the form of an incident's report with what was filed.
func (s *Server) report(ctx context.Context, v *page.Visitor, in crisis.Incident) (out protocol.IncidentReport, filed bool, err error) {
	rules, err := s.deps.Crisis.Incidents.PolicyOf(ctx, in)
	if err != nil {
		return out, false, err
	}
	last, filed, err := s.deps.Crisis.Reports.Of(ctx, in.ID)
	if err != nil {
		return out, false, err
	}
	return incidents.Report(in, rules, last.Answers, s.names(v.User.Locale)), filed, nil
}

// showReport shows it to who may see the incident; the look is in the trail.
func (s *Server) showReport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	in, ok := s.incident(w, r, v)
	if !ok || !s.looks(w, r, v, in.ID) {
		return
	}
	out, _, err := s.report(r.Context(), v, in)
	if s.incidentAnswered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// fileReport keeps the report first and tells the incident then: killed between the two, the report is there and still shows as due, and is filed by the
// same press again.
func (s *Server) fileReport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	in, ok := s.incident(w, r, v)
	if !ok {
		return
	}
	var body protocol.IncidentReportFile
	if !s.clerk.Read(w, r, &body) {
		return
	}
	rules, err := s.deps.Crisis.Incidents.PolicyOf(r.Context(), in)
	if !s.incidentAnswered(w, r, err) {
		return
	}
	if !reqOK(body.Req) {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	if err := reports.Check(rules.Report, body.Answers); err != nil {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.FormIncomplete, nil)
		return
	}
	err = s.clerk.Audited(r, v, ActionIncidentReport, "incident:"+in.ID, "", func(ctx context.Context) error {
		filed, err := s.deps.Crisis.Reports.File(ctx, reports.Report{Incident: in.ID, Policy: in.Policy, Answers: body.Answers, By: string(v.User.ID)})
		if err != nil {
			return err
		}
		in, err = s.deps.Crisis.Incidents.ReportFiled(ctx, in.ID, crisis.Act{By: string(v.User.ID), Request: body.Req}, fmt.Sprintf("report:%d", filed.Version))
		return err
	})
	if s.incidentAnswered(w, r, err) {
		s.incidentsChanged()
		s.replyIncident(w, r, v, in)
	}
}

// exportReport gives the report as a file, in the language of who asks. That it left the console is in the trail first.
func (s *Server) exportReport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	in, ok := s.incident(w, r, v)
	if !ok {
		return
	}
	write, mime := table.WriteXLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	switch r.PathValue("kind") {
	case "xlsx":
	case "csv":
		write, mime = table.WriteCSV, "text/csv; charset=utf-8"
	default:
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	}
	out, filed, err := s.report(r.Context(), v, in)
	if !s.incidentAnswered(w, r, err) {
		return
	}
	if !filed {
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	}
	var file bytes.Buffer
	err = s.clerk.Audited(r, v, ActionIncidentExport, "incident:"+in.ID, r.PathValue("kind"), func(context.Context) error {
		return write(&file, incidents.Table(out, v.User.Locale, s.cfg.Locale))
	})
	if !s.incidentAnswered(w, r, err) {
		return
	}
	w.Header().Set("Content-Type", mime)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="incident-%s.%s"`, in.ID, r.PathValue("kind")))
	_, _ = w.Write(file.Bytes()) // a browser that left needs no file
}

// mostMinors bounds how many tasks about minors a dry run looks at, the newest ones.
const mostMinors = 5000

func (s *Server) minorTasks(ctx context.Context, since time.Time) ([]crisis.MinorTask, error) {
	all, err := s.deps.Persons.Reports.Courses(ctx, since, mostMinors)
	out := make([]crisis.MinorTask, len(all))
	for i, c := range all {
		out[i] = crisis.MinorTask(c)
	}
	return out, err
}

// rehearsePolicy says what a draft would have made of the last 30 days.
func (s *Server) rehearsePolicy(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.CheckDocument
	if !s.clerk.Read(w, r, &body) {
		return
	}
	draft, err := s.deps.Crisis.Policy.Decode(body.Doc)
	if !s.versions().Changed(w, r, err) {
		return
	}
	var out crisis.Rehearsal
	err = s.clerk.Audited(r, v, ActionCrisisDryRun, "", "", func(ctx context.Context) (err error) {
		out, err = s.deps.Crisis.Policy.DryRun(ctx, s.deps.Crisis.Incidents, s.minorTasks, draft)
		return err
	})
	if s.versions().Changed(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, incidents.Rehearsal(out))
	}
}
