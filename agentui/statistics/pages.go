// Package statistics is how the console shows the statistics of the hotline (casework/statistics): on a page, as a file and on a display.
package statistics

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/settings"
	"hotline/agentui/versions"
	"hotline/casework/statistics"
)

// Actions of the audit trail about the statistics.
const (
	ActionStatisticsRecords = "statistics.records" // the rows behind a figure
	ActionStatisticsExport  = "statistics.export"
)

// Store is what the console asks of the statistics; *statistics.Store is one.
type Store interface {
	Read(ctx context.Context, columns []statistics.Column) (*statistics.Report, error)
	PublicRead(ctx context.Context, zone *time.Location) (*statistics.Public, error)
	Records(ctx context.Context, cell statistics.Cell, column statistics.Column, limit int) ([]statistics.Record, error)
}

var _ Store = (*statistics.Store)(nil)

// Pages are those of the statistics.
type Pages struct {
	versions.Clerk
	Store      Store
	Parameters versions.Store[statistics.Params]
	Settings   func() settings.Settings
	Lines      func() []string                // ids of the lines in force
	Line       func(id, locale string) string // the name of a line
	Zone       func() *time.Location          // of the site
	Locale     string                         // of the console
}

const statisticsWithin = 90 * time.Second // a year of a busy site on a slow disk

// Endpoints are what can be asked of them, and of their parameters.
func (p *Pages) Endpoints() []page.Endpoint {
	return slices.Concat([]page.Endpoint{
		{Pattern: "GET /api/statistics", Access: page.Leading, Serve: p.showStatistics},
		{Pattern: "GET /api/statistics/export", Access: page.Leading, Serve: p.exportStatistics},
		{Pattern: "POST /api/statistics/records", Access: page.Supervisor, Serve: p.statisticsRecords},
		{Pattern: "GET /api/statistics/public", Access: page.Leading, Serve: p.publicStatistics},
		{Pattern: "GET /api/wall/statistics", Access: page.Public, Serve: p.publicStatistics},
	}, versions.Endpoints[statistics.Params](p.Clerk, "statistics", p.Parameters))
}

// asked is what a request for statistics is about.
type asked struct {
	step    statistics.Step // empty: by line
	line    string
	columns []statistics.Column // the last one is the whole
}

// statisticsAsked reads ?step=day|week|month|quarter|year|line&from=&to=&line=; it has answered when it returns false.
func (p *Pages) statisticsAsked(w http.ResponseWriter, r *http.Request) (a asked, ok bool) {
	q := r.URL.Query()
	from, err := p.daySpan(q.Get("from"), q.Get("to"))
	if err == nil {
		a.line, a.step = q.Get("line"), statistics.Step(q.Get("step"))
		if a.step == "line" {
			a.step = ""
			for _, line := range p.Lines() {
				a.columns = append(a.columns, statistics.Column{From: from.From, To: from.To, Line: line})
			}
			a.columns = append(a.columns, from)
		} else if a.columns, err = statistics.Periods(a.step, from.From, from.To.Add(-time.Second), p.Zone(), a.line); err == nil && len(a.columns) > 1 {
			a.columns = append(a.columns, statistics.Whole(a.columns))
		}
	}
	if err != nil || len(a.columns) > statistics.MostPeriods+1 {
		p.Fail(w, http.StatusBadRequest, protocol.BadPeriod, nil)
		return a, false
	}
	return a, true
}

// daySpan is the time from the beginning of one day to the end of another, where the site is.
func (p *Pages) daySpan(first, last string) (c statistics.Column, err error) {
	from, errFrom := time.Parse(time.DateOnly, first)
	to, errTo := time.Parse(time.DateOnly, last)
	if err := errors.Join(errFrom, errTo); err != nil || to.Before(from) {
		return c, statistics.ErrRange
	}
	return statistics.Span(from, to, p.Zone()), nil
}

func (p *Pages) readStatistics(w http.ResponseWriter, r *http.Request) (a asked, report *statistics.Report, ok bool) {
	if a, ok = p.statisticsAsked(w, r); !ok {
		return a, nil, false
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(statisticsWithin))
	ctx, cancel := context.WithTimeout(r.Context(), statisticsWithin)
	defer cancel()
	report, err := p.Store.Read(ctx, a.columns)
	return a, report, p.Answered(w, r, err)
}

func (p *Pages) showStatistics(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if a, report, ok := p.readStatistics(w, r); ok {
		p.Reply(w, http.StatusOK, p.statistics(a, report, v.User.Locale))
	}
}

func (p *Pages) statistics(a asked, report *statistics.Report, locale string) protocol.Statistics {
	out := protocol.Statistics{
		At: protocol.Millis(report.At), Params: report.Version, Step: string(a.step), Line: a.line, Lines: []protocol.StatisticsLine{}, Columns: []protocol.StatisticsColumn{},
		Figures: []protocol.StatisticsFigure{},
	}
	for _, id := range p.Lines() {
		out.Lines = append(out.Lines, protocol.StatisticsLine{Line: id, Name: p.Line(id, locale)})
	}
	for i, c := range a.columns {
		col := p.statisticsColumn(c, report.At)
		col.Whole = i == len(a.columns)-1 && len(a.columns) > 1
		if c.Line != "" && a.step == "" {
			col.Name = p.Line(c.Line, locale)
		}
		out.Columns = append(out.Columns, col)
	}
	out.From, out.To = out.Columns[0].From, out.Columns[len(out.Columns)-1].To
	for _, f := range statistics.Definitions(report.Params) {
		row := protocol.StatisticsFigure{
			Figure: string(f.ID), Version: f.Version, Group: string(f.Group), Unit: string(f.Unit), Names: f.Names, Definition: f.Definition, Missing: string(report.Missing[f.ID]),
			Records: f.Records, Rows: []protocol.StatisticsRow{},
		}
		parts := report.Parts(f)
		if len(f.Parts) == 0 && !f.Free {
			parts = []string{""}
		}
		for _, part := range parts {
			if row.Missing != "" {
				break
			}
			one := protocol.StatisticsRow{Part: part, Names: p.partNames(f, part)}
			for i := range a.columns {
				one.Values = append(one.Values, protocol.StatisticsValue(report.Value(statistics.Cell{Figure: f.ID, Part: part}, i)))
			}
			row.Rows = append(row.Rows, one)
		}
		out.Figures = append(out.Figures, row)
	}
	return out
}

func (p *Pages) statisticsColumn(c statistics.Column, now time.Time) protocol.StatisticsColumn {
	zone := c.From.Location()
	return protocol.StatisticsColumn{
		From: c.From.Format(time.DateOnly), To: c.To.In(zone).Add(-time.Second).Format(time.DateOnly), Line: c.Line, Open: c.To.After(now),
	}
}

// partNames are those of the definition, else of the form that is filled in now; a choice that is gone from it is called by its id.
func (p *Pages) partNames(f statistics.Figure, part string) map[string]string {
	for _, one := range f.Parts {
		if one.ID == part {
			return one.Names
		}
	}
	question := map[statistics.ID]string{statistics.Problem: "about", statistics.Treatment: "outcome"}[f.ID]
	for _, q := range p.Settings().Disposition {
		for _, c := range q.Choices {
			if q.ID == question && c.ID == part {
				return c.Names
			}
		}
	}
	return map[string]string{"zh-CN": part, "en": part}
}

// statisticsRecords opens the rows behind a figure; without the row of the audit nothing is shown.
func (p *Pages) statisticsRecords(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.AskStatisticsRecords
	if !p.Read(w, r, &body) {
		return
	}
	span, err := p.daySpan(body.From, body.To)
	if err != nil {
		p.Fail(w, http.StatusBadRequest, protocol.BadPeriod, nil)
		return
	}
	span.Line = body.Line
	cell := statistics.Cell{Figure: statistics.ID(body.Figure), Part: body.Part}
	f, known := statistics.Find(cell.Figure)
	if !known || !f.Records || len(body.Part) > 60 {
		p.Fail(w, http.StatusBadRequest, protocol.NoRecords, nil)
		return
	}
	object := strings.TrimSpace(strings.Join([]string{"statistics:" + body.Figure, body.Part, body.From, body.To, body.Line}, " "))
	out := protocol.StatisticsRecords{Records: []protocol.StatisticsRecord{}}
	err = p.Audited(r, v, ActionStatisticsRecords, object, "", func(ctx context.Context) error {
		all, err := p.Store.Records(ctx, cell, span, statistics.MostRecords+1)
		for _, one := range all[:min(len(all), statistics.MostRecords)] {
			out.Records = append(out.Records, protocol.StatisticsRecord{
				Kind: one.Kind, ID: one.ID, Code: one.Code, Line: one.Line, LineName: p.Line(one.Line, v.User.Locale), At: protocol.Millis(one.At),
			})
		}
		out.More = len(all) > statistics.MostRecords
		return err
	})
	if errors.Is(err, statistics.ErrNoRecords) {
		p.Fail(w, http.StatusBadRequest, protocol.NoRecords, nil)
	} else if p.Answered(w, r, err) {
		p.Reply(w, http.StatusOK, out)
	}
}
