package figures

import (
	"context"
	"net/http"
	"slices"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework/figures"
)

// Pages are those of the figures of service.
type Pages struct {
	*page.Clerk
	Counter *Counter
	Lines   func() []string                // ids of the lines in force
	Line    func(id, locale string) string // the name of a line
}

// Endpoints are what can be asked of them.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/figures", Access: page.Leading, Serve: p.showFigures},
		{Pattern: "GET /api/figures/trend", Access: page.Leading, Serve: p.showTrend},
	}
}

// showFigures answers GET /api/figures.
func (p *Pages) showFigures(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	c, err := p.Counter.OfDay(r.Context())
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	out := protocol.Figures{
		At: protocol.Millis(c.at), Since: protocol.Millis(c.from), ShortMs: figures.Short.Milliseconds(), Standings: c.Standings(func(id string) string { return p.Line(id, v.User.Locale) }),
		Whole: Served(figures.Total(c.slices)), Today: Served(c.Today()), Lines: []protocol.LineServed{},
	}
	byLine, order := map[string]figures.Counts{}, p.Lines()
	for _, one := range c.slices {
		if _, had := byLine[one.Line]; !had && !slices.Contains(order, one.Line) {
			order = append(order, one.Line)
		}
		byLine[one.Line] = byLine[one.Line].Add(one.Counts)
	}
	for _, id := range order {
		out.Lines = append(out.Lines, protocol.LineServed{Line: id, LineName: p.Line(id, v.User.Locale), Served: Served(byLine[id])})
	}
	p.Reply(w, http.StatusOK, out)
}

// showTrend answers GET /api/figures/trend?span=day|month&line=<id>.
func (p *Pages) showTrend(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	read := map[string]func(context.Context) (*Counted, error){"day": p.Counter.OfDay, "month": p.Counter.OfMonth}[r.URL.Query().Get("span")]
	if read == nil {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	c, err := read(r.Context())
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	line := r.URL.Query().Get("line")
	within := c.within(line)
	at := slices.Index(c.spans, within)
	out := protocol.Trend{Line: line, StepMs: c.step.Milliseconds(), WithinMs: within.Milliseconds(), Points: []protocol.TrendPoint{}}
	for _, one := range figures.Trend(c.slices, c.levels, line, c.from, c.at, c.step) {
		point := protocol.TrendPoint{At: protocol.Millis(one.At), Offered: one.Offered, Answered: one.Answered, Abandoned: one.Abandoned, Peak: one.Peak, TalkMs: one.Talk.Milliseconds()}
		if len(one.Spans) > 0 {
			point.InTime = one.Spans[at].InTime
		}
		out.Points = append(out.Points, point)
	}
	p.Reply(w, http.StatusOK, out)
}
