// Package figures is how the console shows how well callers are served (casework/figures): counted once for all who look.
package figures

import (
	"context"
	"slices"
	"sync"
	"time"

	"hotline/agentui/protocol"
	"hotline/casework/figures"
	"hotline/casework/statistics"
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

// Store is what the console asks of the ledger's figures; *figures.Store is one.
type Store interface {
	Slices(ctx context.Context, from, now time.Time, step time.Duration, spans []time.Duration) ([]figures.Slice, error)
	Levels(ctx context.Context, from, now time.Time, step time.Duration) ([]figures.Level, error)
}

var _ Store = (*figures.Store)(nil)

// Counted is what was read of the ledger at once.
type Counted struct {
	at, from time.Time
	step     time.Duration
	goals    []figures.Goal
	spans    []time.Duration
	slices   []figures.Slice
	levels   []figures.Level
	today    figures.Counts // of who arrived since midnight where the site is
}

// Counter counts when somebody asks and what is known is too old, once for all who ask meanwhile: a hundred open boards cost the database as
// much as one, and none costs it nothing.
type Counter struct {
	store Store
	goals func() []figures.Goal
	zone  func() *time.Location

	day, month reading
}

// reading is one span of the ledger.
type reading struct {
	turn chan struct{} // holds one: who counts
	mu   sync.Mutex
	last *Counted
}

// NewCounter counts by a store; goals are those of service in force, and zone is that of the site.
func NewCounter(store Store, goals func() []figures.Goal, zone func() *time.Location) *Counter {
	l := &Counter{store: store, goals: goals, zone: zone}
	l.day.turn, l.month.turn = make(chan struct{}, 1), make(chan struct{}, 1)
	return l
}

// OfDay is what the last day came to.
func (l *Counter) OfDay(ctx context.Context) (*Counted, error) {
	return l.read(ctx, &l.day, figures.Window, dayStep, levelsEvery)
}

// OfMonth is what the last month came to.
func (l *Counter) OfMonth(ctx context.Context) (*Counted, error) {
	return l.read(ctx, &l.month, monthSpan, monthStep, monthEvery)
}

// read returns what is known, counted again when it is older than every.
func (l *Counter) read(ctx context.Context, r *reading, span, step, every time.Duration) (*Counted, error) {
	ctx, cancel := context.WithTimeout(ctx, levelsWithin)
	defer cancel()
	fresh := func() *Counted {
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
	c := &Counted{at: now, from: now.Add(-span), step: step, goals: l.goals()}
	c.spans = figures.SpansOf(append([]figures.Goal{{Within: chartWithin}}, c.goals...))
	var err error
	if c.slices, err = l.store.Slices(ctx, c.from, now, step, c.spans); err != nil {
		return nil, err
	}
	if c.levels, err = l.store.Levels(ctx, c.from, now, step); err != nil {
		return nil, err
	}
	if c.today, err = l.sinceMidnight(ctx, c); err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.last = c
	r.mu.Unlock()
	return c, nil
}

// within is what a chart calls in time: the line's own target, the site's first, or that of both standards.
func (c *Counted) within(line string) time.Duration {
	for _, kind := range []figures.Goal{{ID: figures.GoalLine, Line: line}, {ID: figures.GoalSite}} {
		i := slices.IndexFunc(c.goals, func(g figures.Goal) bool { return g.ID == kind.ID && g.Line == kind.Line && g.Within > 0 })
		if i >= 0 {
			return c.goals[i].Within
		}
	}
	return chartWithin
}

// Standings are how the goals stand: of the site's alone when line is nil, else also of its lines, whose names it gives.
func (c *Counted) Standings(line func(id string) string) []protocol.Standing {
	out := []protocol.Standing{}
	all := figures.Judge(c.goals, c.slices, c.at)
	for _, st := range all {
		if st.Goal.Line != "" && line == nil {
			continue
		}
		row := protocol.Standing{
			Goal: string(st.Goal.ID), Line: st.Goal.Line, WithinMs: st.Goal.Within.Milliseconds(), Share: st.Goal.Share, Above: st.Goal.Above,
			Health: string(st.Health), Good: st.Good, Of: st.Of, Reached: st.Share, Left: st.Left, Needed: st.Needed, Ahead: st.Ahead, LastLate: st.LastLate,
		}
		if row.Line != "" {
			row.LineName = line(row.Line)
		}
		out = append(out, row)
	}
	return out
}

// Served are counts as a browser gets them.
func Served(c figures.Counts) protocol.Served {
	out := protocol.Served{
		Offered: c.Offered, Answered: c.Answered, Abandoned: c.Abandoned, Short: c.Short, Overflowed: c.Overflowed, Callbacks: c.Callbacks,
		Degraded: c.Degraded, Waiting: c.Waiting, TalkMs: c.Talk.Milliseconds(), LongestWaitMs: c.Most.Milliseconds(),
	}
	if here := c.Answered - c.Overflowed; here > 0 {
		out.AverageWaitMs = c.Waits.Milliseconds() / int64(here)
	}
	return out
}

// sinceMidnight adds up what arrived since midnight where the site is. The day on which the clocks are put back is longer than the span that was read.
func (l *Counter) sinceMidnight(ctx context.Context, c *Counted) (figures.Counts, error) {
	midnight, err := statistics.Day.Begin(c.at, l.zone())
	if err != nil {
		return figures.Counts{}, err
	}
	if midnight.Before(c.from) {
		all, err := l.store.Slices(ctx, midnight, c.at, c.step, c.spans)
		return figures.Total(all), err
	}
	return figures.Total(slices.DeleteFunc(slices.Clone(c.slices), func(s figures.Slice) bool { return s.At.Before(midnight) })), nil
}

// Today is what came of who arrived since midnight where the site is.
func (c *Counted) Today() figures.Counts { return c.today }
