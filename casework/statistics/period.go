package statistics

import (
	"errors"
	"time"
)

// Step is how long a period is.
type Step string

// The steps. Weeks begin on Monday.
const (
	Day     Step = "day"
	Week    Step = "week"
	Month   Step = "month"
	Quarter Step = "quarter"
	Year    Step = "year"
)

// MostPeriods bounds what is asked for at once.
const MostPeriods = 100

// Errors a caller branches on.
var (
	ErrStep  = errors.New("statistics: a step is day, week, month, quarter or year")
	ErrRange = errors.New("statistics: from is not after to, and there are at most 100 periods between them")
)

// Begin is the first moment of the period in which a time lies, where the site is.
func (s Step) Begin(t time.Time, zone *time.Location) (time.Time, error) {
	t = t.In(zone)
	y, m, d := t.Date()
	switch s {
	case Day:
	case Week:
		d -= (int(t.Weekday()) + 6) % 7
	case Month:
		d = 1
	case Quarter:
		m, d = (m-1)/3*3+1, 1
	case Year:
		m, d = 1, 1
	default:
		return time.Time{}, ErrStep
	}
	return beginning(y, m, d, zone), nil
}

// beginning is the first moment of a day, which is not midnight where the clocks are put forward at midnight: time.Date then may give the last hour of the day before.
func beginning(y int, m time.Month, d int, zone *time.Location) time.Time {
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	if t.Day() != time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Day() {
		_, t = t.ZoneBounds()
	}
	return t
}

// Span is the time from the beginning of one day to the end of another, of which only the dates count, in a zone.
func Span(first, last time.Time, zone *time.Location) Column {
	y1, m1, d1 := first.Date()
	y2, m2, d2 := last.Date()
	return Column{From: beginning(y1, m1, d1, zone), To: beginning(y2, m2, d2+1, zone)}
}

// next is the beginning of the period after one that begins at a time. Days are counted, not hours: some have 23 of them.
func (s Step) next(begin time.Time) time.Time {
	y, m, d := begin.Date()
	switch s {
	case Day:
		d++
	case Week:
		d += 7
	case Month:
		m++
	case Quarter:
		m += 3
	case Year:
		y++
	}
	return beginning(y, m, d, begin.Location())
}

// Periods are those in which the time from one day to another lies, both included, as columns of a line (empty: all); whole ones, so that they can be
// compared. ErrStep, ErrRange.
func Periods(step Step, from, to time.Time, zone *time.Location, line string) ([]Column, error) {
	at, err := step.Begin(from, zone)
	if err != nil {
		return nil, err
	}
	var out []Column
	for !at.After(to) {
		if len(out) == MostPeriods {
			return nil, ErrRange
		}
		next := step.next(at)
		out = append(out, Column{From: at, To: next, Line: line})
		at = next
	}
	if len(out) == 0 {
		return nil, ErrRange
	}
	return out, nil
}

// Whole is the column from the beginning of the first to the end of the last.
func Whole(columns []Column) Column {
	return Column{From: columns[0].From, To: columns[len(columns)-1].To, Line: columns[0].Line}
}
