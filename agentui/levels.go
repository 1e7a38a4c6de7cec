package agentui

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework/figures"
	"hotline/queue"
	"hotline/queue/lines"
)

const (
	levelsEvery  = 3 * time.Second  // the figures of the day are counted at most this often, for everybody together
	monthEvery   = 10 * time.Minute // those of the month
	levelsWithin = 8 * time.Second
	dayStep      = 5 * time.Minute
	monthStep    = time.Hour
	monthSpan    = 30 * 24 * time.Hour
	chartWithin  = 15 * time.Second // of a chart, where no target says otherwise
)

// counts is what the console asks of the ledger's figures.
type counts interface {
	Slices(ctx context.Context, from, now time.Time, step time.Duration, spans []time.Duration) ([]figures.Slice, error)
	Levels(ctx context.Context, from, now time.Time, step time.Duration) ([]figures.Level, error)
}

var _ counts = (*figures.Store)(nil)

// counted is what was read of the ledger at once.
type counted struct {
	at, from time.Time
	step     time.Duration
	goals    []figures.Goal
	spans    []time.Duration
	slices   []figures.Slice
	levels   []figures.Level
}

// levels counts when somebody asks and what is known is too old, once for all who ask meanwhile: a hundred open boards cost the database as
// much as one, and none costs it nothing.
type levels struct {
	store counts
	goals func() []figures.Goal

	day, month reading
}

// reading is one span of the ledger.
type reading struct {
	turn chan struct{} // holds one: who counts
	mu   sync.Mutex
	last *counted
}

func newLevels(store counts, goals func() []figures.Goal) *levels {
	l := &levels{store: store, goals: goals}
	l.day.turn, l.month.turn = make(chan struct{}, 1), make(chan struct{}, 1)
	return l
}

func (l *levels) ofDay(ctx context.Context) (*counted, error) {
	return l.read(ctx, &l.day, figures.Window, dayStep, levelsEvery)
}

func (l *levels) ofMonth(ctx context.Context) (*counted, error) {
	return l.read(ctx, &l.month, monthSpan, monthStep, monthEvery)
}

// read returns what is known, counted again when it is older than every.
func (l *levels) read(ctx context.Context, r *reading, span, step, every time.Duration) (*counted, error) {
	ctx, cancel := context.WithTimeout(ctx, levelsWithin)
	defer cancel()
	fresh := func() *counted {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.last != nil && time.Since(r.last.at) < every {
			return r.last
		}
		return nil
	}
	if c := fresh(); c != nil {
		return c, nil
	}
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c := fresh(); c != nil {
		return c, nil // somebody counted while we waited for our turn
	}
	now := time.Now()
	c := &counted{at: now, from: now.Add(-span), step: step, goals: l.goals()}
	c.spans = figures.SpansOf(append([]figures.Goal{{Within: chartWithin}}, c.goals...))
	var err error
	if c.slices, err = l.store.Slices(ctx, c.from, now, step, c.spans); err != nil {
		return nil, err
	}
	if c.levels, err = l.store.Levels(ctx, c.from, now, step); err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.last = c
	r.mu.Unlock()
	return c, nil
}

// goalsOf are the standards, the site's own targets and those of its lines.
func goalsOf(p lines.Policy) []figures.Goal {
	goals := figures.Standards()
	for _, t := range p.Targets {
		goals = append(goals, figures.Goal{ID: figures.GoalSite, Within: time.Duration(t.Within), Share: t.Share})
	}
	for _, l := range p.Lines {
		if l.Target != (lines.Target{}) {
			goals = append(goals, figures.Goal{ID: figures.GoalLine, Line: l.ID, Within: time.Duration(l.Target.Within), Share: l.Target.Share})
		}
	}
	return goals
}

// within is what a chart calls in time: the line's own target, the site's first, or that of both standards.
func (c *counted) within(line string) time.Duration {
	for _, kind := range []figures.Goal{{ID: figures.GoalLine, Line: line}, {ID: figures.GoalSite}} {
		i := slices.IndexFunc(c.goals, func(g figures.Goal) bool { return g.ID == kind.ID && g.Line == kind.Line && g.Within > 0 })
		if i >= 0 {
			return c.goals[i].Within
		}
	}
	return chartWithin
}

// standings are how the goals stand; of the site's only, or also of its lines.
func (s *Server) standings(c *counted, locale string, withLines bool) []protocol.Standing {
	out := []protocol.Standing{}
	all := figures.Judge(c.goals, c.slices, c.at)
	for _, st := range all {
		if st.Goal.Line != "" && !withLines {
			continue
		}
		row := protocol.Standing{
			Goal: string(st.Goal.ID), Line: st.Goal.Line, WithinMs: st.Goal.Within.Milliseconds(), Share: st.Goal.Share, Above: st.Goal.Above,
			Health: string(st.Health), Good: st.Good, Of: st.Of, Reached: st.Share, Left: st.Left, Needed: st.Needed, Ahead: st.Ahead, LastLate: st.LastLate,
		}
		if row.Line != "" {
			row.LineName = s.lineName(queue.LineID(row.Line), locale)
		}
		out = append(out, row)
	}
	return out
}

func served(c figures.Counts) protocol.Served {
	out := protocol.Served{
		Offered: c.Offered, Answered: c.Answered, Abandoned: c.Abandoned, Short: c.Short, Overflowed: c.Overflowed, Callbacks: c.Callbacks,
		Degraded: c.Degraded, Waiting: c.Waiting, TalkMs: c.Talk.Milliseconds(), LongestWaitMs: c.Most.Milliseconds(),
	}
	if here := c.Answered - c.Overflowed; here > 0 {
		out.AverageWaitMs = c.Waits.Milliseconds() / int64(here)
	}
	return out
}

// today adds up what arrived since midnight where the site is.
func (c *counted) today(zone *time.Location) figures.Counts {
	y, m, d := c.at.In(zone).Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, zone)
	return figures.Total(slices.DeleteFunc(slices.Clone(c.slices), func(s figures.Slice) bool { return s.At.Before(midnight) }))
}

// showFigures answers GET /api/figures.
func (s *Server) showFigures(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	c, err := s.levels.ofDay(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	out := protocol.Figures{
		At: protocol.Millis(c.at), Since: protocol.Millis(c.from), ShortMs: figures.Short.Milliseconds(), Standings: s.standings(c, v.User.Locale, true),
		Whole: served(figures.Total(c.slices)), Today: served(c.today(s.zone)), Lines: []protocol.LineServed{},
	}
	byLine, order := map[string]figures.Counts{}, s.site.lineIDs()
	for _, one := range c.slices {
		if _, had := byLine[one.Line]; !had && !slices.Contains(order, one.Line) {
			order = append(order, one.Line)
		}
		byLine[one.Line] = byLine[one.Line].Add(one.Counts)
	}
	for _, id := range order {
		out.Lines = append(out.Lines, protocol.LineServed{Line: id, LineName: s.lineName(queue.LineID(id), v.User.Locale), Served: served(byLine[id])})
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// showTrend answers GET /api/figures/trend?span=day|month&line=<id>.
func (s *Server) showTrend(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	read := map[string]func(context.Context) (*counted, error){"day": s.levels.ofDay, "month": s.levels.ofMonth}[r.URL.Query().Get("span")]
	if read == nil {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	c, err := read(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	line := r.URL.Query().Get("line")
	within := c.within(line)
	at := slices.Index(c.spans, within)
	out := protocol.Trend{Line: line, StepMs: c.step.Milliseconds(), WithinMs: within.Milliseconds(), Points: []protocol.TrendPoint{}}
	for _, p := range figures.Trend(c.slices, c.levels, line, c.from, c.at, c.step) {
		point := protocol.TrendPoint{At: protocol.Millis(p.At), Offered: p.Offered, Answered: p.Answered, Abandoned: p.Abandoned, Peak: p.Peak, TalkMs: p.Talk.Milliseconds()}
		if len(p.Spans) > 0 {
			point.InTime = p.Spans[at].InTime
		}
		out.Points = append(out.Points, point)
	}
	s.clerk.Reply(w, http.StatusOK, out)
}
