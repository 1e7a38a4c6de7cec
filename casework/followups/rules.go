package followups

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Span is a length of time as people count it: hours by the clock, days and months by the calendar.
type Span struct {
	Months, Days int
	Hours        time.Duration
}

// ParseSpan reads "24h", "7d", "2w", "3mo", and combinations such as "1mo 2d".
func ParseSpan(text string) (s Span, err error) {
	parts := strings.Fields(text)
	if len(parts) == 0 {
		return s, fmt.Errorf("%w: a span such as 24h, 1w or 3mo is needed", ErrInvalid)
	}
	for _, part := range parts {
		unit := strings.TrimLeft(part, "0123456789")
		n, err := strconv.Atoi(strings.TrimSuffix(part, unit))
		if err != nil || n > 1000 {
			return s, fmt.Errorf("%w: %q is no span such as 24h, 1w or 3mo", ErrInvalid, text)
		}
		switch unit {
		case "s": // for trials
			s.Hours += time.Duration(n) * time.Second
		case "m":
			s.Hours += time.Duration(n) * time.Minute
		case "h":
			s.Hours += time.Duration(n) * time.Hour
		case "d":
			s.Days += n
		case "w":
			s.Days += 7 * n
		case "mo":
			s.Months += n
		default:
			return s, fmt.Errorf("%w: %q is no span such as 24h, 1w or 3mo", ErrInvalid, text)
		}
	}
	return s, nil
}

// After is the time so long after another, as people of a zone count: a month after 31 January is the last day of February, a week keeps the hour on
// the wall also when the clocks were changed, and 24 hours are 24 hours.
func (s Span) After(t time.Time, zone *time.Location) time.Time {
	if s.Months != 0 || s.Days != 0 {
		local := t.In(zone)
		y, m, d := local.Date()
		first := time.Date(y, m+time.Month(s.Months), 1, 0, 0, 0, 0, zone)
		last := time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, zone).Day()
		t = time.Date(first.Year(), first.Month(), min(d, last)+s.Days, local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), zone)
	}
	return t.Add(s.Hours).UTC()
}

// about is how long a span is, more or less: for what grows with it.
func (s Span) about() time.Duration {
	return time.Duration(s.Months*30+s.Days)*24*time.Hour + s.Hours
}

// CallIn says what a call by the person means for what is due.
type CallIn string

// The meanings.
const (
	CallInSettles CallIn = "settle" // close enough to the due time it counts as the follow-up; default
	CallInShifts  CallIn = "shift"  // close enough to the due time it puts the follow-up off, by as much
	CallInNothing CallIn = "keep"
)

// Rule says when a follow-up is due, and what becomes of it.
type Rule struct {
	Name   string // unique within a plan, such as "24h"
	After  Span
	Near   time.Duration // how long before the due time a call by the person is close enough; default half of After, at most 14 days
	CallIn CallIn
	Grace  time.Duration // from the time at which the telephone may ring until it is overdue; default 4 h within two days, else 24 h
	Climb  time.Duration // from overdue to an incident, if the person was at high risk; default as Grace; below 0: never
}

// DefaultRules are those after a call at high risk: 24 hours, a week, one, three and six months.
func DefaultRules() []Rule {
	return []Rule{
		{Name: "24h", After: Span{Hours: 24 * time.Hour}}, {Name: "1w", After: Span{Days: 7}}, {Name: "1mo", After: Span{Months: 1}},
		{Name: "3mo", After: Span{Months: 3}}, {Name: "6mo", After: Span{Months: 6}},
	}
}

// RulesOf reads rules as a document keeps them: "24h", "1w", "3mo", each its own name.
func RulesOf(spans []string) ([]Rule, error) {
	rules := make([]Rule, 0, len(spans))
	for _, text := range spans {
		after, err := ParseSpan(text)
		if err != nil {
			return nil, err
		}
		rules = append(rules, Rule{Name: text, After: after})
	}
	return rules, nil
}

func (r Rule) withDefaults() Rule {
	about := r.After.about()
	if r.Near == 0 {
		r.Near = min(about/2, 14*24*time.Hour)
	}
	if r.CallIn == "" {
		r.CallIn = CallInSettles
	}
	if r.Grace == 0 {
		r.Grace = 24 * time.Hour
		if about <= 48*time.Hour {
			r.Grace = 4 * time.Hour
		}
	}
	if r.Climb == 0 {
		r.Climb = r.Grace
	}
	return r
}

func (r Rule) check() error {
	if r.Name == "" || len(r.Name) > 40 || r.After.about() <= 0 || r.Near < 0 || r.Grace < 0 {
		return fmt.Errorf("%w: rule %q", ErrInvalid, r.Name)
	}
	return nil
}
