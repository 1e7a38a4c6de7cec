package figures

import (
	"math"
	"slices"
	"time"
)

// Goal is one promise: at least Share of the callers are so served.
type Goal struct {
	ID     GoalID
	Line   string        // of a line's own target, else empty: all lines
	Within time.Duration // of the two that have a time
	Share  float64       // percent of Offered
	Above  bool          // more than Share is asked for, not just as much
}

// GoalID names a goal.
type GoalID string

// The goals. Those of the 12345 standard (GB/T 33358) and of the 988 lifeline hold for the whole site; see docs/operations.md.
const (
	Goal12345    GoalID = "12345_within"  // at least 95 % connected within 15 s
	GoalAnswered GoalID = "988_answered"  // at least 90 % answered
	Goal15       GoalID = "988_within_15" // at least 90 % answered within 15 s
	Goal20       GoalID = "988_within_20" // at least 95 % answered within 20 s
	GoalStayed   GoalID = "988_stayed"    // less than 5 % disconnected before an answer
	GoalLine     GoalID = "line"          // a line's own target
	GoalSite     GoalID = "site"          // the site's own target
)

// Standards are the goals that every site is measured against.
func Standards() []Goal {
	return []Goal{
		{ID: Goal12345, Within: 15 * time.Second, Share: 95},
		{ID: GoalAnswered, Share: 90},
		{ID: Goal15, Within: 15 * time.Second, Share: 90},
		{ID: Goal20, Within: 20 * time.Second, Share: 95},
		{ID: GoalStayed, Share: 95, Above: true},
	}
}

// SpansOf are the times that goals ask for, each once, shortest first.
func SpansOf(goals []Goal) (spans []time.Duration) {
	for _, g := range goals {
		if g.Within > 0 {
			spans = append(spans, g.Within)
		}
	}
	slices.Sort(spans)
	return slices.Compact(spans)
}

// Health says how a goal stands.
type Health string

// How a goal stands.
const (
	Quiet   Health = "quiet"   // nobody called: nothing to say
	Kept    Health = "kept"    // and nothing points to a breach
	Warning Health = "warning" // kept, and broken within the hour when the next one is as the last one was
	Broken  Health = "broken"
)

// Standing is how far a goal is from its breach over the last [Window].
type Standing struct {
	Goal   Goal
	Health Health
	Good   int     // served as promised
	Of     int     // of so many
	Share  float64 // percent; 100 when nobody called
	// Left is how many callers in a row may still be served worse before the goal breaks; of a broken goal 0.
	Left int
	// Needed is how many callers in a row must be served as promised until a broken goal is kept again; of a kept one 0.
	Needed int
	// Ahead is the share in an hour when the next hour is as the last one was: that hour's callers come in, those of the hour that is then older
	// than the window go out. Without callers in the last hour it is Share.
	Ahead    float64
	LastLate int // of the last hour
}

// Judge says how goals stand at a time, from slices of the last [Window] in steps of at most some minutes, counted with the spans of [SpansOf].
func Judge(goals []Goal, all []Slice, now time.Time) []Standing {
	spans := SpansOf(goals)
	out := make([]Standing, 0, len(goals))
	for _, g := range goals {
		var whole, last, first Span
		for _, s := range all {
			if g.Line != "" && s.Line != g.Line {
				continue
			}
			one := g.of(s.Counts, spans)
			whole = plus(whole, one)
			if !s.At.Before(now.Add(-time.Hour)) {
				last = plus(last, one)
			}
			if s.At.Before(now.Add(-Window + time.Hour)) {
				first = plus(first, one)
			}
		}
		out = append(out, g.judge(whole, first, last))
	}
	return out
}

func plus(a, b Span) Span { return Span{a.InTime + b.InTime, a.Late + b.Late} }

// of is how many callers were served as the goal asks, and how many were not.
func (g Goal) of(c Counts, spans []time.Duration) Span {
	switch {
	case g.Within > 0:
		return c.Spans[slices.Index(spans, g.Within)]
	case g.ID == GoalStayed:
		return Span{c.Offered - c.Abandoned, c.Abandoned}
	}
	return Span{c.Answered, c.Offered - c.Answered}
}

// judge weighs the whole window, of which first goes out and last comes in again within the next hour.
func (g Goal) judge(whole, first, last Span) Standing {
	s := Standing{Goal: g, Good: whole.InTime, Of: whole.InTime + whole.Late, LastLate: last.Late, Health: Quiet}
	s.Share = share(whole)
	s.Ahead = s.Share
	if s.Of == 0 {
		return s
	}
	if !g.keeps(whole) {
		s.Health, s.Needed = Broken, g.needed(whole)
	} else {
		s.Health, s.Left = Kept, g.left(whole)
	}
	if last.InTime+last.Late == 0 {
		return s
	}
	next := Span{whole.InTime - first.InTime + last.InTime, whole.Late - first.Late + last.Late}
	s.Ahead = share(next)
	// Room for no more late answers than the last hour had is a warning, too: those who go out of the window come too late to help.
	if s.Health == Kept && last.Late > 0 && (!g.keeps(next) || s.Left < last.Late) {
		s.Health = Warning
	}
	return s
}

func share(s Span) float64 {
	if s.InTime+s.Late == 0 {
		return 100
	}
	return 100 * float64(s.InTime) / float64(s.InTime+s.Late)
}

// keeps compares without dividing: 19 of 20 are 95 %.
func (g Goal) keeps(s Span) bool {
	good, asked := 100*float64(s.InTime), g.Share*float64(s.InTime+s.Late)
	return good > asked || good == asked && !g.Above
}

// left is the greatest k with which so many more late ones keep the goal.
func (g Goal) left(s Span) int {
	k := int(100*float64(s.InTime)/g.Share) - s.InTime - s.Late + 1
	for k > 0 && !g.keeps(Span{s.InTime, s.Late + k}) {
		k--
	}
	return k
}

// needed is the smallest k with which so many more good ones keep the goal; a share of 100 % cannot be reached again and gives the late ones.
func (g Goal) needed(s Span) int {
	if g.Share >= 100 {
		return s.Late
	}
	k := int(math.Floor((g.Share*float64(s.InTime+s.Late) - 100*float64(s.InTime)) / (100 - g.Share)))
	for k = max(k, 0); !g.keeps(Span{s.InTime + k, s.Late}); {
		k++
	}
	return k
}
