// Package roster keeps who works when: single shifts and weekly patterns in one document with versions, in the local time of the site, over midnight and
// over the change of the clocks. A version holds for the days for which it was published; what would leave a published hour without a supervisor is not
// published.
package roster

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"hotline/storage/documents"
)

// Role is what a person is there for.
type Role string

// The roles on a shift.
const (
	Counsellor Role = "counsellor"
	Supervisor Role = "supervisor"
)

// Cover says at which times a supervisor must be there.
type Cover string

// The rules: at every hour of the day, for a site that never closes, or whenever a counsellor is rostered.
const (
	CoverAlways   Cover = "always"
	CoverRostered Cover = "rostered"
)

// Work is what a shift and a pattern have in common.
type Work struct {
	ID     string `json:"id"`
	Person string `json:"person"` // user id
	Role   Role   `json:"role"`
	From   string `json:"from"` // "22:00", local time
	To     string `json:"to"`   // not later than From: on the next day
	Line   string `json:"line"` // for which line; empty: any
	Skill  string `json:"skill"`
	Note   string `json:"note"` // at most 200 characters
}

// Shift is one time of work.
type Shift struct {
	Work
	Date string `json:"date"` // "2026-11-30", on which it begins
}

// Pattern is a time of work that comes again every week.
type Pattern struct {
	Work
	Days   []string `json:"days"`   // mon to sun
	Start  string   `json:"start"`  // the first day on which it may begin
	Until  string   `json:"until"`  // the first day on which it no longer begins; empty: goes on
	Except []string `json:"except"` // days on which it does not begin
}

// Roster is the document.
type Roster struct {
	Zone     string    `json:"zone"` // of every time in it
	Cover    Cover     `json:"cover"`
	Rest     int       `json:"rest"` // minutes between two shifts of a person, below which it is pointed out; 0: never
	Shifts   []Shift   `json:"shifts"`
	Patterns []Pattern `json:"patterns"`
}

// First is an empty roster of a site that never closes.
func First() Roster {
	return Roster{Zone: "Asia/Shanghai", Cover: CoverAlways, Rest: 11 * 60, Shifts: []Shift{}, Patterns: []Pattern{}}
}

// Bounds of a document.
const (
	MostShifts   = 5000
	MostPatterns = 1000
	MostDocument = 2 << 20 // bytes
)

// Validate tells everything that is wrong, as documents.Faults. Whether persons exist is not asked here; see [Roster.Review].
func (r Roster) Validate() error {
	var fs documents.Faults
	if _, err := time.LoadLocation(r.Zone); err != nil || r.Zone == "" || r.Zone == "Local" {
		fs.Add("zone", documents.BadZone, "value", r.Zone)
	}
	documents.Choice(&fs, "cover", r.Cover, CoverAlways, CoverRostered)
	fs.Range("rest", r.Rest, 0, 48*60)
	if !fs.Count("shifts", len(r.Shifts), MostShifts) || !fs.Count("patterns", len(r.Patterns), MostPatterns) {
		return fs
	}
	var ids []string
	for i, s := range r.Shifts {
		field := fmt.Sprintf("shifts[%d]", i)
		s.check(&fs, field)
		checkDate(&fs, field+".date", s.Date)
		ids = append(ids, s.ID)
	}
	for i, p := range r.Patterns {
		field := fmt.Sprintf("patterns[%d]", i)
		p.check(&fs, field)
		p.checkDays(&fs, field)
		ids = append(ids, p.ID)
	}
	fs.IDs(ids, func(i int) string {
		if i < len(r.Shifts) {
			return fmt.Sprintf("shifts[%d].id", i)
		}
		return fmt.Sprintf("patterns[%d].id", i-len(r.Shifts))
	})
	return fs.Err()
}

func (w Work) check(fs *documents.Faults, field string) {
	fs.Text(field+".person", w.Person, 60, true)
	documents.Choice(fs, field+".role", w.Role, Counsellor, Supervisor)
	for name, clock := range map[string]string{"from": w.From, "to": w.To} {
		if _, _, ok := readClock(clock); !ok {
			fs.Add(field+"."+name, documents.BadClock, "value", clock)
		}
	}
	fs.Text(field+".line", w.Line, 40, false)
	fs.Text(field+".skill", w.Skill, 64, false)
	fs.Text(field+".note", w.Note, 200, false)
}

func (p Pattern) checkDays(fs *documents.Faults, field string) {
	if len(p.Days) == 0 {
		fs.Add(field+".days", documents.Missing)
	}
	for i, d := range p.Days {
		at := fmt.Sprintf("%s.days[%d]", field, i)
		if documents.Choice(fs, at, d, days()...); slices.Contains(p.Days[:i], d) {
			fs.Add(at, documents.Twice, "value", d)
		}
	}
	checkDate(fs, field+".start", p.Start)
	if p.Until != "" {
		if checkDate(fs, field+".until", p.Until); p.Until <= p.Start {
			fs.Add(field+".until", documents.OutOfOrder)
		}
	}
	if fs.Count(field+".except", len(p.Except), 366) {
		for i, d := range p.Except {
			checkDate(fs, fmt.Sprintf("%s.except[%d]", field, i), d)
		}
	}
}

func days() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

func checkDate(fs *documents.Faults, field, date string) {
	if t, err := time.Parse(time.DateOnly, date); err != nil || t.Year() < 2000 || t.Year() > 2200 {
		fs.Add(field, documents.BadDate, "value", date)
	}
}

// Occurrence is one time of work as it comes: a shift, or one of a pattern.
type Occurrence struct {
	Work
	Date    string    // local, on which it begins
	Pattern bool      // the id is a pattern's
	Start   time.Time // UTC
	End     time.Time
}

// Between are the times of work that overlap a span, by their beginning. The roster must be valid.
func (r Roster) Between(from, to time.Time) []Occurrence {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return nil
	}
	var out []Occurrence
	take := func(w Work, date time.Time, pattern bool) {
		start, end := w.times(date, zone)
		if start.Before(to) && end.After(from) && end.After(start) {
			out = append(out, Occurrence{Work: w, Date: date.Format(time.DateOnly), Pattern: pattern, Start: start, End: end})
		}
	}
	for _, s := range r.Shifts {
		if date, err := time.Parse(time.DateOnly, s.Date); err == nil {
			take(s.Work, date, false)
		}
	}
	// A day before, for what goes over midnight; days are counted in UTC, so that none is longer than another.
	first := dayOf(from.In(zone)).AddDate(0, 0, -1)
	for _, p := range r.Patterns {
		for date := first; date.Before(to.Add(48 * time.Hour)); date = date.AddDate(0, 0, 1) {
			if p.comes(date) {
				take(p.Work, date, true)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Occurrence) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(a.Person, b.Person), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func dayOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// comes tells whether the pattern begins on a day.
func (p Pattern) comes(date time.Time) bool {
	day := date.Format(time.DateOnly)
	return slices.Contains(p.Days, days()[(int(date.Weekday())+6)%7]) && day >= p.Start && (p.Until == "" || day < p.Until) && !slices.Contains(p.Except, day)
}

// times are the beginning and the end of work that begins on a day.
func (w Work) times(date time.Time, zone *time.Location) (start, end time.Time) {
	h1, m1, _ := readClock(w.From)
	h2, m2, _ := readClock(w.To)
	last := date
	if h2*60+m2 <= h1*60+m1 {
		last = date.AddDate(0, 0, 1)
	}
	return at(date, h1, m1, zone), at(last, h2, m2, zone)
}

// at is a local clock time on a day. A time that the clocks pass over when they are put forward is as much later, one that comes twice is the first of
// both: so a shift that ends and one that begins at the same clock time always meet.
func at(date time.Time, hour, minute int, zone *time.Location) time.Time {
	wall := time.Date(date.Year(), date.Month(), date.Day(), hour, minute, 0, 0, time.UTC)
	reads := func(t time.Time) bool {
		l := t.In(zone)
		return l.Day() == wall.Day() && l.Hour() == wall.Hour() && l.Minute() == wall.Minute()
	}
	_, before := wall.Add(-24 * time.Hour).In(zone).Zone()
	_, after := wall.Add(24 * time.Hour).In(zone).Zone()
	early, late := wall.Add(-time.Duration(before)*time.Second), wall.Add(-time.Duration(after)*time.Second)
	if late.Before(early) {
		early, late = late, early
	}
	switch {
	case reads(early):
		return early
	case reads(late):
		return late
	}
	return wall.Add(-time.Duration(before) * time.Second)
}

func readClock(text string) (hour, minute int, ok bool) {
	t, err := time.Parse("15:04", text)
	return t.Hour(), t.Minute(), err == nil && len(text) == 5
}
