package imports

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"hotline/agentui/imports/table"
	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/versions"
	"hotline/queue/lines"
	"hotline/storage/documents"
)

// ActionImport is in the audit trail when what was read is applied; object: import:<kind>:<id>.
const ActionImport = "import.apply"

// Pages are those of imports.
type Pages struct {
	versions.Clerk
	Store *Store
}

// Endpoints are what can be asked of imports.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "POST /api/admin/imports/{kind}", Access: page.Administrator, Serve: p.readImport, Body: table.MostBytes + 1},
		{Pattern: "POST /api/admin/imports/{kind}/{id}/apply", Access: page.Administrator, Serve: p.applyImport},
		{Pattern: "GET /api/admin/imports/{kind}/{file}", Access: page.Administrator, Serve: p.importTemplate},
	}
}

// importTemplate is an example of a file: template.csv or template.xlsx.
func (p *Pages) importTemplate(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	rows, err := p.Store.Template(r.PathValue("kind"), v.User.Locale)
	write, kind := table.WriteCSV, "text/csv; charset=utf-8"
	switch r.PathValue("file") {
	case "template.csv":
	case "template.xlsx":
		write, kind = table.WriteXLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	default:
		err = ErrKind
	}
	if err != nil {
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	}
	var b bytes.Buffer
	if err := write(&b, rows); err != nil {
		p.Unavailable(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", r.PathValue("kind")+"-"+r.PathValue("file")))
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes()) // a browser that left needs no answer
}

// readImport takes the file as the body and answers with what would come of it; nothing is changed.
func (p *Pages) readImport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	file, err := io.ReadAll(r.Body)
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		err = table.ErrTooBig
	}
	var seen Preview
	if err == nil {
		seen, err = p.Store.Read(r.Context(), r.PathValue("kind"), file, string(v.User.ID))
	}
	if err != nil {
		p.refuseImport(w, r, err, v.User.Locale)
		return
	}
	out := protocol.ImportPreview{ID: seen.ID, Kind: seen.Kind, Summary: protocol.ImportSummary(seen.Summary), Ignored: seen.Ignored, Columns: []protocol.ImportColumn{}, Rows: []protocol.ImportRow{}}
	if out.Ignored == nil {
		out.Ignored = []string{}
	}
	for _, c := range seen.Columns {
		out.Columns = append(out.Columns, protocol.ImportColumn{ID: c.ID, Names: documents.Words{"zh-CN": c.Chinese, "en": c.English}, Needed: c.Needed})
	}
	for _, l := range seen.Lines {
		row := protocol.ImportRow{Row: l.Row, State: string(l.State), Cells: l.Cells, Changes: l.Changes, Faults: l.Faults}
		if row.Faults == nil {
			row.Faults = []documents.Fault{}
		}
		out.Rows = append(out.Rows, row)
	}
	p.Reply(w, http.StatusOK, out)
}

func (p *Pages) applyImport(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.ApplyImport
	if !p.Read(w, r, &body) {
		return
	}
	id, by := r.PathValue("id"), string(v.User.ID)
	kind, sum, done, err := p.Store.Waiting(r.Context(), id, by)
	switch {
	case err != nil:
	case kind != r.PathValue("kind"):
		err = ErrGone
	case utf8.RuneCountInString(body.Note) > documents.NoteMost:
		err = documents.ErrNote
	case !done && sum.Wrong > 0 && !body.SkipWrong:
		err = ErrWrong
	case !done && sum.New+sum.Changed == 0:
		err = ErrNothing
	}
	if err != nil {
		p.refuseImport(w, r, err, v.User.Locale)
		return
	}
	var made Applied
	apply := func(ctx context.Context) (err error) {
		made, err = p.Store.Apply(ctx, id, by, body.Note, body.SkipWrong)
		return err
	}
	if done {
		err = apply(r.Context()) // it was audited when it was done
	} else {
		reason := strings.TrimSpace(fmt.Sprintf("%d new, %d changed. %s", sum.New, sum.Changed, body.Note))
		err = p.Audited(r, v, ActionImport, "import:"+kind+":"+id, reason, apply)
	}
	if err != nil {
		p.refuseImport(w, r, err, v.User.Locale)
		return
	}
	p.Reply(w, http.StatusOK, protocol.ImportApplied{Summary: protocol.ImportSummary(made.Summary), Version: made.Version})
}

func (p *Pages) refuseImport(w http.ResponseWriter, r *http.Request, err error, locale string) {
	if missing, ok := errors.AsType[*ColumnError](err); ok {
		var names []string
		for _, c := range missing.Missing {
			if locale == "en" {
				names = append(names, c.English)
			} else {
				names = append(names, c.Chinese)
			}
		}
		p.Fail(w, http.StatusBadRequest, protocol.ImportColumns, protocol.Params{"columns": strings.Join(names, ", ")})
		return
	}
	if stale, ok := errors.AsType[*lines.Stale](err); ok {
		now := stale.Current
		p.Fail(w, http.StatusConflict, protocol.Stale, protocol.Params{"version": now.N, "at": protocol.Millis(now.At), "by_name": p.Doer(now.By)})
		return
	}
	p.Changed(w, r, err, refusals()...)
}

func refusals() []page.Refusal {
	return []page.Refusal{
		{Err: ErrKind, Status: http.StatusNotFound, Code: protocol.NotFound},
		{Err: ErrGone, Status: http.StatusNotFound, Code: protocol.ImportGone},
		{Err: ErrWrong, Status: http.StatusConflict, Code: protocol.ImportWrong},
		{Err: ErrNothing, Status: http.StatusConflict, Code: protocol.ImportNothing},
		{Err: table.ErrTooBig, Status: http.StatusRequestEntityTooLarge, Code: protocol.ImportTooBig},
		{Err: table.ErrFormat, Status: http.StatusBadRequest, Code: protocol.ImportFormat},
		{Err: table.ErrCharset, Status: http.StatusBadRequest, Code: protocol.ImportFormat},
		{Err: table.ErrEmpty, Status: http.StatusBadRequest, Code: protocol.ImportEmpty},
	}
}
