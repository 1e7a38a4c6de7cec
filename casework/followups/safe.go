package followups

import (
	"fmt"
	"slices"
	"time"

	"hotline/casework"
)

// Consent is what a person said of being called.
type Consent string

// What can be said. Who was not asked is called, and asked first.
const (
	ConsentGiven    Consent = "given"
	ConsentRefused  Consent = "refused"
	ConsentNotAsked Consent = "not_asked"
)

// Window is a time of the week at which it is safe to call: minutes since midnight, From up to To, over midnight when To is not after From.
type Window struct {
	Days []int `json:"days"` // 1 Monday to 7 Sunday, on which it begins; none: every day
	From int   `json:"from"` // 0 to 1439
	To   int   `json:"to"`   // 1 to 1440
}

const (
	mostWindows = 14
	dayMinutes  = 24 * 60
)

func (w Window) check() error {
	if w.From < 0 || w.From >= dayMinutes || w.To < 1 || w.To > dayMinutes || w.From == w.To || len(w.Days) > 7 {
		return fmt.Errorf("%w: a window from %d to %d", ErrInvalid, w.From, w.To)
	}
	for _, d := range w.Days {
		if d < 1 || d > 7 {
			return fmt.Errorf("%w: day %d", ErrInvalid, d)
		}
	}
	return nil
}

// spans are the window's times that begin on a local day.
func (w Window) span(year int, month time.Month, day int, zone *time.Location) (from, to time.Time, ok bool) {
	begin := time.Date(year, month, day, 0, 0, 0, 0, zone)
	weekday := int(begin.Weekday()+6)%7 + 1
	if len(w.Days) > 0 && !slices.Contains(w.Days, weekday) {
		return from, to, false
	}
	if w.To <= w.From {
		day++
	}
	y, m, d := begin.Date()
	from = time.Date(y, m, d, 0, w.From, 0, 0, zone)
	return from, time.Date(year, month, day, 0, w.To, 0, 0, zone), true
}

// times are when a telephone may ring: the line's hours, and within them what is safe for the person.
type times struct {
	hours casework.Hours
	safe  []Window // none: always
	zone  *time.Location
}

// horizon is how far times look ahead: whoever may be called in no week may never be.
const horizon = 15

// after is the earliest time, not before t, at which the telephone may ring; false when there is none.
func (s times) after(t time.Time) (time.Time, bool) {
	end := t.AddDate(0, 0, horizon)
	for at := t; at.Before(end); {
		open := s.hours.After(at)
		next, ok := s.safeAfter(open)
		if !ok {
			return time.Time{}, false
		}
		if next.Equal(open) {
			return open, true
		}
		at = next
	}
	return time.Time{}, false
}

// safeAfter is the same by what is safe alone.
func (s times) safeAfter(t time.Time) (best time.Time, ok bool) {
	if len(s.safe) == 0 {
		return t, true
	}
	y, m, d := t.In(s.zone).Date()
	for day := -1; day <= horizon; day++ { // yesterday's window may run over midnight into today
		for _, w := range s.safe {
			from, to, on := w.span(y, m, d+day, s.zone)
			if !on || !t.Before(to) {
				continue
			}
			if from.Before(t) {
				from = t
			}
			if !ok || from.Before(best) {
				best, ok = from, true
			}
		}
		if ok && day >= 0 {
			return best, true
		}
	}
	return best, ok
}

// mostUntil is how long a wish to call now stands: then nobody knows any more that the person pressed.
const mostUntil = 30 * time.Minute

// until is when a time that began ends, at most mostUntil after t: the first minute at which the telephone must not ring.
func (s times) until(t time.Time) time.Time {
	for at := t.Truncate(time.Minute).Add(time.Minute); at.Before(t.Add(mostUntil)); at = at.Add(time.Minute) {
		if next, ok := s.after(at); !ok || !next.Equal(at) {
			return at
		}
	}
	return t.Add(mostUntil)
}
