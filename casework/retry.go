package casework

import (
	"errors"
	"time"
)

// Retry says when a caller who was not reached is called again.
type Retry struct {
	Attempts int           // in all, then a person decides; default 3
	Every    time.Duration // pause after the first attempt; each further one is twice as long; default 15 min
	Most     time.Duration // no pause is longer; default 4 h
	Hours    Hours         // in which somebody who is not at risk may be called
}

// Hours are the hours of a day in which telephones may ring: [From, To) of the local day. Equal times mean always; To before From runs
// over midnight.
type Hours struct {
	From, To time.Duration // since midnight, 0 to 24 h
	Zone     *time.Location
}

// DefaultHours are those of a considerate caller, 08:00 to 22:00.
func DefaultHours(zone *time.Location) Hours {
	return Hours{From: 8 * time.Hour, To: 22 * time.Hour, Zone: zone}
}

func (r Retry) withDefaults() Retry {
	if r.Attempts == 0 {
		r.Attempts = 3
	}
	if r.Every == 0 {
		r.Every = 15 * time.Minute
	}
	if r.Most == 0 {
		r.Most = 4 * time.Hour
	}
	if r.Hours.Zone == nil {
		r.Hours.Zone = time.Local
	}
	return r
}

// Validate says everything that is wrong.
func (r Retry) Validate() error {
	r = r.withDefaults()
	var errs []error
	if r.Attempts < 1 || r.Attempts > 20 {
		errs = append(errs, errors.New("attempts: give 1 to 20"))
	}
	if r.Every < time.Minute || r.Every > 24*time.Hour || r.Most < r.Every || r.Most > 24*time.Hour {
		errs = append(errs, errors.New("pause: give 1 min to 24 h, and a longest one that is not shorter"))
	}
	if day := 24 * time.Hour; r.Hours.From < 0 || r.Hours.To < 0 || r.Hours.From > day || r.Hours.To > day {
		errs = append(errs, errors.New("hours: give times of a day, 00:00 to 24:00"))
	}
	return errors.Join(errs...)
}

// Next says when to call again after so many attempts (at least 1), the last of which ended at the time; false when it is for a person
// to decide. Somebody at risk (urgent) is called at any hour and without growing pauses.
func (r Retry) Next(attempts int, last time.Time, urgent bool) (time.Time, bool) {
	r = r.withDefaults()
	if attempts >= r.Attempts {
		return time.Time{}, false
	}
	if urgent {
		return last.Add(r.Every), true
	}
	pause := r.Every
	for i := 1; i < attempts && pause < r.Most; i++ {
		pause *= 2
	}
	return r.Hours.After(last.Add(min(pause, r.Most))), true
}

// First says when to call for the first time.
func (r Retry) First(at time.Time, urgent bool) time.Time {
	if urgent {
		return at
	}
	return r.withDefaults().Hours.After(at)
}

// Allow tells whether a telephone may ring at the time.
func (h Hours) Allow(t time.Time) bool { return h.After(t).Equal(t) }

// After is the earliest time, not before t, at which a telephone may ring. Times of day are those on the wall, also on a day on which the
// clocks are changed.
func (h Hours) After(t time.Time) time.Time {
	if h.From == h.To || h.To-h.From == 24*time.Hour {
		return t
	}
	if h.Zone == nil {
		h.Zone = time.Local
	}
	local := t.In(h.Zone)
	y, m, d := local.Date()
	at := func(day int, since time.Duration) time.Time {
		return time.Date(y, m, d+day, int(since/time.Hour), int(since/time.Minute%60), int(since/time.Second%60), 0, h.Zone)
	}
	// Yesterday's span may run over midnight into today.
	for day := -1; day <= 1; day++ {
		from, to := at(day, h.From), at(day, h.To)
		if h.To < h.From {
			to = at(day+1, h.To)
		}
		switch {
		case t.Before(from):
			return from
		case t.Before(to):
			return t
		}
	}
	return at(2, h.From) // only where a day was left out by a change of zone
}
