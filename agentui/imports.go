package agentui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"hotline/agentui/imports"
	"hotline/agentui/imports/table"
	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/queue/lines"
	"hotline/storage/documents"
)

func (s *Server) importEndpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "POST /api/admin/imports/{kind}", Access: page.Administrator, Serve: s.readImport, Body: table.MostBytes + 1},
		{Pattern: "POST /api/admin/imports/{kind}/{id}/apply", Access: page.Administrator, Serve: s.applyImport},
		{Pattern: "GET /api/admin/imports/{kind}/{file}", Access: page.Administrator, Serve: s.importTemplate},
	}
}

// importTemplate is an example of a file: template.csv or template.xlsx.
func (s *Server) importTemplate(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	rows, err := s.deps.Imports.Template(r.PathValue("kind"), v.User.Locale)
	write, kind := table.WriteCSV, "text/csv; charset=utf-8"
	switch r.PathValue("file") {
	case "template.csv":
	case "template.xlsx":
		write, kind = table.WriteXLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	default:
		err = imports.ErrKind
	}
	if err != nil {
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	}
	var b bytes.Buffer
	if err := write(&b, rows); err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", r.PathValue("kind")+"-"+r.PathValue("file")))
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes()) // a browser that left needs no answer
}

// readImport takes the file as the body and answers with what would come of it; nothing is changed.
func (s *Server) readImport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	file, err := io.ReadAll(r.Body)
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		err = table.ErrTooBig
	}
	var p imports.Preview
	if err == nil {
		p, err = s.deps.Imports.Read(r.Context(), r.PathValue("kind"), file, string(v.User.ID))
	}
	if err != nil {
		s.refuseImport(w, r, err, v.User.Locale)
		return
	}
	out := protocol.ImportPreview{ID: p.ID, Kind: p.Kind, Summary: protocol.ImportSummary(p.Summary), Ignored: p.Ignored, Columns: []protocol.ImportColumn{}, Rows: []protocol.ImportRow{}}
	if out.Ignored == nil {
		out.Ignored = []string{}
	}
	for _, c := range p.Columns {
		out.Columns = append(out.Columns, protocol.ImportColumn{ID: c.ID, Names: documents.Words{"zh-CN": c.Chinese, "en": c.English}, Needed: c.Needed})
	}
	for _, l := range p.Lines {
		row := protocol.ImportRow{Row: l.Row, State: string(l.State), Cells: l.Cells, Changes: l.Changes, Faults: l.Faults}
		if row.Faults == nil {
			row.Faults = []documents.Fault{}
		}
		out.Rows = append(out.Rows, row)
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

func (s *Server) applyImport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.ApplyImport
	if !s.clerk.Read(w, r, &body) {
		return
	}
	id, by := r.PathValue("id"), string(v.User.ID)
	kind, sum, done, err := s.deps.Imports.Waiting(r.Context(), id, by)
	switch {
	case err != nil:
	case kind != r.PathValue("kind"):
		err = imports.ErrGone
	case utf8.RuneCountInString(body.Note) > documents.NoteMost:
		err = documents.ErrNote
	case !done && sum.Wrong > 0 && !body.SkipWrong:
		err = imports.ErrWrong
	case !done && sum.New+sum.Changed == 0:
		err = imports.ErrNothing
	}
	if err != nil {
		s.refuseImport(w, r, err, v.User.Locale)
		return
	}
	var made imports.Applied
	apply := func(ctx context.Context) (err error) {
		made, err = s.deps.Imports.Apply(ctx, id, by, body.Note, body.SkipWrong)
		return err
	}
	if done {
		err = apply(r.Context()) // it was audited when it was done
	} else {
		reason := strings.TrimSpace(fmt.Sprintf("%d new, %d changed. %s", sum.New, sum.Changed, body.Note))
		err = s.clerk.Audited(r, v, ActionImport, "import:"+kind+":"+id, reason, apply)
	}
	if err != nil {
		s.refuseImport(w, r, err, v.User.Locale)
		return
	}
	s.clerk.Reply(w, http.StatusOK, protocol.ImportApplied{Summary: protocol.ImportSummary(made.Summary), Version: made.Version})
}

func (s *Server) refuseImport(w http.ResponseWriter, r *http.Request, err error, locale string) {
	if missing, ok := errors.AsType[*imports.ColumnError](err); ok {
		var names []string
		for _, c := range missing.Missing {
			if locale == "en" {
				names = append(names, c.English)
			} else {
				names = append(names, c.Chinese)
			}
		}
		s.clerk.Fail(w, http.StatusBadRequest, protocol.ImportColumns, protocol.Params{"columns": strings.Join(names, ", ")})
		return
	}
	if stale, ok := errors.AsType[*lines.Stale](err); ok {
		now := stale.Current
		s.clerk.Fail(w, http.StatusConflict, protocol.Stale, protocol.Params{"version": now.N, "at": protocol.Millis(now.At), "by_name": s.doer(now.By)})
		return
	}
	for _, known := range []struct {
		err    error
		status int
		code   protocol.Code
	}{
		{imports.ErrKind, http.StatusNotFound, protocol.NotFound}, {imports.ErrGone, http.StatusNotFound, protocol.ImportGone},
		{imports.ErrWrong, http.StatusConflict, protocol.ImportWrong}, {imports.ErrNothing, http.StatusConflict, protocol.ImportNothing},
		{table.ErrTooBig, http.StatusRequestEntityTooLarge, protocol.ImportTooBig}, {table.ErrFormat, http.StatusBadRequest, protocol.ImportFormat},
		{table.ErrCharset, http.StatusBadRequest, protocol.ImportFormat}, {table.ErrEmpty, http.StatusBadRequest, protocol.ImportEmpty},
	} {
		if errors.Is(err, known.err) {
			s.clerk.Fail(w, known.status, known.code, nil)
			return
		}
	}
	s.versions().Changed(w, r, err)
}
