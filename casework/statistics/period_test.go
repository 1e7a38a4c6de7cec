package statistics

import (
	"strings"
	"testing"
	"time"
)

func place(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	must(t, err)
	return zone
}

// Days of 23 and 25 hours, days without a midnight, weeks over New Year and months of every length follow each other without a gap, and each is the period in which
// its own moments lie.
func TestPeriodsMeet(t *testing.T) {
	for _, zone := range []string{"Asia/Shanghai", "America/New_York", "America/Santiago", "America/Havana", "Africa/Cairo", "UTC"} {
		zone := place(t, zone)
		for _, step := range []Step{Day, Week, Month, Quarter, Year} {
			first := time.Date(2027, 1, 31, 12, 0, 0, 0, zone)
			for year := range 2 {
				from := first.AddDate(year, 0, 0)
				last := from.AddDate(0, 0, MostPeriods-1)
				all, err := Periods(step, from, last, zone, "")
				if err != nil {
					t.Fatalf("%s in %s: %v", step, zone, err)
				}
				for i, c := range all {
					if i > 0 && !c.From.Equal(all[i-1].To) {
						t.Errorf("%s in %s: %s ends at %s, and the next one begins at %s", step, zone, all[i-1].From, all[i-1].To, c.From)
					}
					for _, at := range []time.Time{c.From, c.From.Add(c.To.Sub(c.From) / 2), c.To.Add(-time.Millisecond)} {
						if begin, err := step.Begin(at, zone); err != nil || !begin.Equal(c.From) {
							t.Errorf("%s in %s: %s lies in the one of %s, not of %s", step, zone, at, begin, c.From)
						}
					}
				}
				if all[0].From.After(from) || !all[len(all)-1].To.After(last) {
					t.Errorf("%s in %s: %s to %s", step, zone, all[0].From, all[len(all)-1].To)
				}
				if step == Day && len(all) != MostPeriods {
					t.Errorf("%d days in %s", len(all), zone)
				}
			}
		}
	}
}

func TestBeginnings(t *testing.T) {
	for _, c := range []struct{ zone, step, at, want string }{
		{"Asia/Shanghai", "day", "2026-12-31T16:02:00Z", "2027-01-01T00:00+08:00"},
		{"Asia/Shanghai", "day", "2026-12-31T15:57:00Z", "2026-12-31T00:00+08:00"},
		{"Asia/Shanghai", "week", "2026-12-31T16:02:00Z", "2026-12-28T00:00+08:00"}, // the week goes on over New Year
		{"Asia/Shanghai", "week", "2027-02-28T16:03:00Z", "2027-03-01T00:00+08:00"}, // a Monday
		{"Asia/Shanghai", "week", "2027-02-28T15:59:59Z", "2027-02-22T00:00+08:00"},
		{"Asia/Shanghai", "month", "2028-02-29T04:00:00Z", "2028-02-01T00:00+08:00"},
		{"Asia/Shanghai", "quarter", "2026-12-31T16:02:00Z", "2027-01-01T00:00+08:00"},
		{"Asia/Shanghai", "quarter", "2026-12-31T15:02:00Z", "2026-10-01T00:00+08:00"},
		{"America/New_York", "day", "2027-11-08T04:30:00Z", "2027-11-07T00:00-04:00"}, // the 25th hour
		{"America/Santiago", "day", "2027-09-05T12:00:00Z", "2027-09-05T01:00-03:00"}, // has no midnight
		{"America/Santiago", "week", "2027-09-05T12:00:00Z", "2027-08-30T00:00-04:00"},
		{"Africa/Cairo", "day", "2027-04-30T12:00:00Z", "2027-04-30T01:00+03:00"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		must(t, err)
		got, err := Step(c.step).Begin(at, place(t, c.zone))
		if text := got.Format("2006-01-02T15:04-07:00"); err != nil || text != c.want {
			t.Errorf("the %s of %s in %s begins %s, want %s; %v", c.step, c.at, c.zone, text, c.want, err)
		}
	}
}

func TestSpanOfDays(t *testing.T) {
	for days, want := range map[string]time.Duration{
		"America/New_York 2027-03-14 2027-03-14": 23 * time.Hour, "America/New_York 2027-11-07 2027-11-07": 25 * time.Hour,
		"America/Santiago 2027-09-04 2027-09-04": 24 * time.Hour, "America/Santiago 2027-09-05 2027-09-05": 23 * time.Hour, "America/Santiago 2027-09-04 2027-09-05": 47 * time.Hour,
		"Asia/Shanghai 2028-02-28 2028-03-01": 72 * time.Hour, "Asia/Shanghai 2026-12-31 2027-01-01": 48 * time.Hour,
	} {
		words := strings.Fields(days)
		first, err := time.Parse(time.DateOnly, words[1])
		must(t, err)
		last, err := time.Parse(time.DateOnly, words[2])
		must(t, err)
		c := Span(first, last, place(t, words[0]))
		if got := c.To.Sub(c.From); got != want || c.From.Format(time.DateOnly) != words[1] || c.To.Add(-time.Second).Format(time.DateOnly) != words[2] {
			t.Errorf("%s: %s to %s, %s", days, c.From, c.To, got)
		}
	}
}
