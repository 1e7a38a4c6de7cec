package lines

import (
	"slices"
	"strconv"
	"time"
	_ "time/tzdata" // a slim host may have no time zones of its own, and a line would then never open
)

// Hours are when a line is open. Without Weekly it always is, but on holidays.
type Hours struct {
	Zone     string    `json:"zone,omitempty" yaml:"zone,omitempty"` // such as Asia/Shanghai, the default
	Weekly   []Opening `json:"weekly,omitempty" yaml:"weekly,omitempty"`
	Holidays []Holiday `json:"holidays,omitempty" yaml:"holidays,omitempty"`
}

// Opening is a span of the clock on some days of the week. An end that is not after the beginning is on the next day.
type Opening struct {
	Days []Day  `json:"days" yaml:"days"`
	From string `json:"from" yaml:"from"` // "09:00"
	To   string `json:"to" yaml:"to"`     // "17:30", "24:00", "02:00" of the next day
}

// Day is a day of the week.
type Day string

// The days.
const (
	Monday    Day = "mon"
	Tuesday   Day = "tue"
	Wednesday Day = "wed"
	Thursday  Day = "thu"
	Friday    Day = "fri"
	Saturday  Day = "sat"
	Sunday    Day = "sun"
)

// Days are the days of the week, as time.Weekday counts them.
func Days() []Day { return []Day{Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday} }

// Holiday replaces the weekly spans of a date. Without From and To the line is closed on it.
type Holiday struct {
	Date string `json:"date" yaml:"date"` // "2026-10-01"
	From string `json:"from,omitempty" yaml:"from,omitempty"`
	To   string `json:"to,omitempty" yaml:"to,omitempty"`
	Name string `json:"name,omitempty" yaml:"name,omitempty"`
}

// DefaultZone is the time zone of hours that name none.
const DefaultZone = "Asia/Shanghai"

const dateForm = "2006-01-02"

// IsZero tells whether nothing is said of hours; empty lists say nothing. Documents leave it out then.
func (h Hours) IsZero() bool { return h.Zone == "" && h.Always() }

// Always tells whether the line is never closed.
func (h Hours) Always() bool { return len(h.Weekly) == 0 && len(h.Holidays) == 0 }

// Place is the time zone of the site, which is that of its first line: days, weeks and months of the whole site are counted in it.
func (p Policy) Place() *time.Location {
	hours := Hours{}
	if len(p.Lines) > 0 {
		hours = p.Lines[0].Hours
	}
	zone, err := hours.location()
	if err != nil { // checked when the lines were saved
		return time.Local
	}
	return zone
}

func (h Hours) location() (*time.Location, error) {
	if h.Zone == "" {
		return time.LoadLocation(DefaultZone)
	}
	return time.LoadLocation(h.Zone)
}

// Open tells whether the line is open at t. Hours that Validate refuses are taken as open: a fault of ours must not turn a caller away.
func (h Hours) Open(t time.Time) bool {
	if h.Always() {
		return true
	}
	zone, err := h.location()
	return err != nil || h.openIn(t.In(zone))
}

func (h Hours) openIn(t time.Time) bool {
	zone := t.Location()
	// A span of yesterday may reach over midnight.
	for _, back := range []int{1, 0} {
		day := time.Date(t.Year(), t.Month(), t.Day()-back, 12, 0, 0, 0, zone)
		for _, s := range h.spans(day) {
			// By the clock on the wall: time.Date moves a time that daylight saving skips, and the end of a span is what a person reads on the clock.
			begin := time.Date(day.Year(), day.Month(), day.Day(), 0, s.from, 0, 0, zone)
			end := time.Date(day.Year(), day.Month(), day.Day(), 0, s.to, 0, 0, zone)
			if !t.Before(begin) && t.Before(end) {
				return true
			}
		}
	}
	return false
}

// Next is the time of the next change between open and closed after t, on a whole minute; zero when there is none within ten days.
func (h Hours) Next(t time.Time) time.Time {
	if h.Always() {
		return time.Time{}
	}
	zone, err := h.location()
	if err != nil {
		return time.Time{}
	}
	now := h.openIn(t.In(zone))
	for m := t.Truncate(time.Minute).Add(time.Minute); m.Before(t.Add(10 * 24 * time.Hour)); m = m.Add(time.Minute) {
		if h.openIn(m.In(zone)) != now {
			return m
		}
	}
	return time.Time{}
}

// minutes of a day from midnight; to is above 1440 when the span ends on the next day.
type minutes struct{ from, to int }

func (h Hours) spans(day time.Time) []minutes {
	date := day.Format(dateForm)
	var out []minutes
	if slices.ContainsFunc(h.Holidays, func(d Holiday) bool { return d.Date == date }) {
		for _, d := range h.Holidays {
			if s, ok := span(d.From, d.To); ok && d.Date == date {
				out = append(out, s)
			}
		}
		return out
	}
	if len(h.Weekly) == 0 {
		return []minutes{{0, 24 * 60}}
	}
	for _, o := range h.Weekly {
		if s, ok := span(o.From, o.To); ok && slices.Contains(o.Days, Days()[day.Weekday()]) {
			out = append(out, s)
		}
	}
	return out
}

func span(from, to string) (minutes, bool) {
	f, ok1 := clock(from)
	t, ok2 := clock(to)
	if !ok1 || !ok2 || f == 24*60 {
		return minutes{}, false
	}
	if t <= f {
		t += 24 * 60
	}
	return minutes{f, t}, true
}

// clock reads "HH:MM" up to "24:00".
func clock(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	h, err1 := strconv.ParseUint(s[:2], 10, 8)
	m, err2 := strconv.ParseUint(s[3:], 10, 8)
	if err1 != nil || err2 != nil || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, false
	}
	return int(h)*60 + int(m), true
}
