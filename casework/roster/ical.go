package roster

import (
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// CalendarWords are what a calendar says, in the reader's language.
type CalendarWords struct {
	Title                  string
	Counsellor, Supervisor string
	Name                   func(person string) string // nil: the calendar is one person's own
}

// Calendar writes times of work as a calendar (RFC 5545). Times are UTC: every program shows them in its own zone, and no table of zones can be out of
// date. The same work keeps its id, so that a program which reads the calendar again changes what it has.
func Calendar(work []Occurrence, words CalendarWords, now time.Time) string {
	cal := ics.NewCalendarFor("hotline")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName(words.Title)
	cal.SetRefreshInterval("PT1H", ics.WithValue("DURATION"))
	for _, o := range work {
		e := cal.AddEvent(o.ID + "-" + o.Date + "@roster.hotline")
		e.SetDtStampTime(now)
		e.SetStartAt(o.Start)
		e.SetEndAt(o.End)
		role := words.Counsellor
		if o.Role == Supervisor {
			role = words.Supervisor
		}
		summary := []string{role}
		if words.Name != nil {
			summary = []string{words.Name(o.Person), role}
		}
		for _, more := range []string{o.Line, o.Skill} {
			if more != "" {
				summary = append(summary, more)
			}
		}
		e.SetSummary(strings.Join(summary, " · "))
		if o.Note != "" {
			e.SetDescription(o.Note)
		}
		e.SetStatus(ics.ObjectStatusConfirmed)
		e.SetTimeTransparency(ics.TransparencyOpaque)
	}
	return cal.Serialize(ics.WithNewLine("\r\n"))
}
