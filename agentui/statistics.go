package agentui

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/versions"
	"hotline/casework/qualifications"
	"hotline/casework/statistics"
	"hotline/queue"
)

// Actions of the audit trail about the statistics.
const (
	ActionStatisticsRecords = "statistics.records" // the rows behind a figure
	ActionStatisticsExport  = "statistics.export"
)

type (
	requirementsStore = versions.Store[qualifications.Requirements]
	parametersStore   = versions.Store[statistics.Params]

	// countings is what the console asks of the statistics.
	countings interface {
		Read(ctx context.Context, columns []statistics.Column) (*statistics.Report, error)
		PublicRead(ctx context.Context, zone *time.Location) (*statistics.Public, error)
		Records(ctx context.Context, cell statistics.Cell, column statistics.Column, limit int) ([]statistics.Record, error)
	}
)

var _ countings = (*statistics.Store)(nil)

const statisticsWithin = 90 * time.Second // a year of a busy site on a slow disk

func (s *Server) statisticsEndpoints() []page.Endpoint {
	return slices.Concat([]page.Endpoint{
		{Pattern: "GET /api/statistics", Access: page.Leading, Serve: s.showStatistics},
		{Pattern: "GET /api/statistics/export", Access: page.Leading, Serve: s.exportStatistics},
		{Pattern: "POST /api/statistics/records", Access: page.Supervisor, Serve: s.statisticsRecords},
		{Pattern: "GET /api/statistics/public", Access: page.Leading, Serve: s.publicStatistics},
		{Pattern: "GET /api/wall/statistics", Access: page.Display, Serve: s.publicStatistics},
	}, versions.Endpoints[statistics.Params](s.versions(), "statistics", s.deps.Staff.Parameters))
}

// asked is what a request for statistics is about.
type asked struct {
	step    statistics.Step // empty: by line
	line    string
	columns []statistics.Column // the last one is the whole
}

// statisticsAsked reads ?step=day|week|month|quarter|year|line&from=&to=&line=; it has answered when it returns false.
func (s *Server) statisticsAsked(w http.ResponseWriter, r *http.Request) (a asked, ok bool) {
	q := r.URL.Query()
	from, err := s.daySpan(q.Get("from"), q.Get("to"))
	if err == nil {
		a.line, a.step = q.Get("line"), statistics.Step(q.Get("step"))
		if a.step == "line" {
			a.step = ""
			for _, line := range s.site.lineIDs() {
				a.columns = append(a.columns, statistics.Column{From: from.From, To: from.To, Line: line})
			}
			a.columns = append(a.columns, from)
		} else if a.columns, err = statistics.Periods(a.step, from.From, from.To.Add(-time.Second), s.zone, a.line); err == nil && len(a.columns) > 1 {
			a.columns = append(a.columns, statistics.Whole(a.columns))
		}
	}
	if err != nil || len(a.columns) > statistics.MostPeriods+1 {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadPeriod, nil)
		return a, false
	}
	return a, true
}

// daySpan is the time from the beginning of one day to the end of another, where the site is.
func (s *Server) daySpan(first, last string) (c statistics.Column, err error) {
	from, errFrom := time.ParseInLocation(time.DateOnly, first, s.zone)
	to, errTo := time.ParseInLocation(time.DateOnly, last, s.zone)
	if err := errors.Join(errFrom, errTo); err != nil || to.Before(from) {
		return c, statistics.ErrRange
	}
	return statistics.Column{From: from, To: to.AddDate(0, 0, 1)}, nil
}

func (s *Server) readStatistics(w http.ResponseWriter, r *http.Request) (a asked, report *statistics.Report, ok bool) {
	if a, ok = s.statisticsAsked(w, r); !ok {
		return a, nil, false
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(statisticsWithin))
	ctx, cancel := context.WithTimeout(r.Context(), statisticsWithin)
	defer cancel()
	report, err := s.deps.Staff.Statistics.Read(ctx, a.columns)
	return a, report, s.answered(w, r, err)
}

func (s *Server) showStatistics(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if a, report, ok := s.readStatistics(w, r); ok {
		s.clerk.Reply(w, http.StatusOK, s.statistics(a, report, v.User.Locale))
	}
}

func (s *Server) statistics(a asked, report *statistics.Report, locale string) protocol.Statistics {
	out := protocol.Statistics{
		At: protocol.Millis(report.At), Params: report.Version, Step: string(a.step), Line: a.line, Lines: []protocol.StatisticsLine{}, Columns: []protocol.StatisticsColumn{},
		Figures: []protocol.StatisticsFigure{},
	}
	for _, id := range s.site.lineIDs() {
		out.Lines = append(out.Lines, protocol.StatisticsLine{Line: id, Name: s.lineName(queue.LineID(id), locale)})
	}
	for i, c := range a.columns {
		col := s.statisticsColumn(c, report.At)
		col.Whole = i == len(a.columns)-1 && len(a.columns) > 1
		if c.Line != "" && a.step == "" {
			col.Name = s.lineName(queue.LineID(c.Line), locale)
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
			one := protocol.StatisticsRow{Part: part, Names: s.partNames(f, part)}
			for i := range a.columns {
				one.Values = append(one.Values, protocol.StatisticsValue(report.Value(statistics.Cell{Figure: f.ID, Part: part}, i)))
			}
			row.Rows = append(row.Rows, one)
		}
		out.Figures = append(out.Figures, row)
	}
	return out
}

func (s *Server) statisticsColumn(c statistics.Column, now time.Time) protocol.StatisticsColumn {
	return protocol.StatisticsColumn{
		From: c.From.In(s.zone).Format(time.DateOnly), To: c.To.In(s.zone).AddDate(0, 0, -1).Format(time.DateOnly), Line: c.Line, Open: c.To.After(now),
	}
}

// partNames are those of the definition, else of the form that is filled in now; a choice that is gone from it is called by its id.
func (s *Server) partNames(f statistics.Figure, part string) map[string]string {
	for _, p := range f.Parts {
		if p.ID == part {
			return p.Names
		}
	}
	question := map[statistics.ID]string{statistics.Problem: "about", statistics.Treatment: "outcome"}[f.ID]
	for _, q := range s.settings.get().Doc.Disposition {
		for _, c := range q.Choices {
			if q.ID == question && c.ID == part {
				return c.Names
			}
		}
	}
	return map[string]string{"zh-CN": part, "en": part}
}

// statisticsRecords opens the rows behind a figure; without the row of the audit nothing is shown.
func (s *Server) statisticsRecords(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.AskStatisticsRecords
	if !s.clerk.Read(w, r, &body) {
		return
	}
	span, err := s.daySpan(body.From, body.To)
	if err != nil {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadPeriod, nil)
		return
	}
	span.Line = body.Line
	cell := statistics.Cell{Figure: statistics.ID(body.Figure), Part: body.Part}
	f, known := statistics.Find(cell.Figure)
	if !known || !f.Records || len(body.Part) > 60 {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.NoRecords, nil)
		return
	}
	object := strings.TrimSpace(strings.Join([]string{"statistics:" + body.Figure, body.Part, body.From, body.To, body.Line}, " "))
	out := protocol.StatisticsRecords{Records: []protocol.StatisticsRecord{}}
	err = s.clerk.Audited(r, v, ActionStatisticsRecords, object, "", func(ctx context.Context) error {
		all, err := s.deps.Staff.Statistics.Records(ctx, cell, span, statistics.MostRecords+1)
		for _, one := range all[:min(len(all), statistics.MostRecords)] {
			out.Records = append(out.Records, protocol.StatisticsRecord{
				Kind: one.Kind, ID: one.ID, Code: one.Code, Line: one.Line, LineName: s.lineName(queue.LineID(one.Line), v.User.Locale), At: protocol.Millis(one.At),
			})
		}
		out.More = len(all) > statistics.MostRecords
		return err
	})
	if errors.Is(err, statistics.ErrNoRecords) {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.NoRecords, nil)
	} else if s.answered(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// publicStatistics answers with what the public may see; v is nil for a display.
func (s *Server) publicStatistics(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(statisticsWithin))
	p, err := s.deps.Staff.Statistics.PublicRead(r.Context(), s.zone)
	if !s.answered(w, r, err) {
		return
	}
	out := protocol.PublicStatistics{
		At: protocol.Millis(p.At), Locale: s.cfg.Locale, Small: p.Small, Step: string(p.Step), Columns: []protocol.StatisticsColumn{}, Tables: []protocol.PublicTable{},
		Missing: []protocol.PublicMissing{}, Connected: append([]float64{}, p.Connected...), Within15: append([]float64{}, p.Within15...),
	}
	for _, c := range p.Columns {
		out.Columns = append(out.Columns, s.statisticsColumn(c, p.At))
	}
	for _, t := range p.Tables {
		table := protocol.PublicTable{Figure: string(t.Figure.ID), Version: t.Figure.Version, Names: t.Figure.Names, Definition: t.Figure.Definition, Rows: []protocol.PublicRow{}}
		for _, row := range t.Rows {
			one := protocol.PublicRow{Part: row.Part, Names: t.Figure.Names, Values: []protocol.PublicValue{}}
			if row.Part != "" {
				one.Names = s.partNames(t.Figure, row.Part)
			}
			for _, n := range row.Values {
				one.Values = append(one.Values, protocol.PublicValue(n))
			}
			table.Rows = append(table.Rows, one)
		}
		out.Tables = append(out.Tables, table)
	}
	for _, f := range statistics.All() {
		if why := p.Missing[f.ID]; why != "" {
			out.Missing = append(out.Missing, protocol.PublicMissing{Figure: string(f.ID), Names: f.Names, Why: string(why)})
		}
	}
	s.clerk.Reply(w, http.StatusOK, out)
}
