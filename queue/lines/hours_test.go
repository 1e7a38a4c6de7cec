package lines

import (
	"testing"
	"time"
)

func TestOpen(t *testing.T) {
	work := Opening{Days: []Day{Monday, Tuesday, Wednesday, Thursday, Friday}, From: "09:00", To: "17:30"}
	night := Opening{Days: []Day{Friday, Saturday}, From: "20:00", To: "02:00"}
	everyDay := Opening{Days: Days(), From: "00:00", To: "24:00"}
	for _, c := range []struct {
		name  string
		hours Hours
		zone  string
		at    string // by the clock of the zone; with an offset where it comes twice
		want  bool
	}{
		{"no hours at all", Hours{}, DefaultZone, "2026-10-01 03:00", true},
		{"before the beginning", Hours{Weekly: []Opening{work}}, DefaultZone, "2026-09-30 08:59", false},
		{"at the beginning", Hours{Weekly: []Opening{work}}, DefaultZone, "2026-09-30 09:00", true},
		{"last minute", Hours{Weekly: []Opening{work}}, DefaultZone, "2026-09-30 17:29", true},
		{"at the end", Hours{Weekly: []Opening{work}}, DefaultZone, "2026-09-30 17:30", false},
		{"another day", Hours{Weekly: []Opening{work}}, DefaultZone, "2026-09-27 10:00", false},
		{"the zone counts, not ours", Hours{Zone: "Europe/Berlin", Weekly: []Opening{work}}, DefaultZone, "2026-09-30 09:30", false},
		{"over midnight, the evening", Hours{Weekly: []Opening{night}}, DefaultZone, "2026-10-02 23:59", true},
		{"over midnight, the morning after", Hours{Weekly: []Opening{night}}, DefaultZone, "2026-10-04 01:59", true},
		{"over midnight, its end", Hours{Weekly: []Opening{night}}, DefaultZone, "2026-10-04 02:00", false},
		{"over midnight, not the day before", Hours{Weekly: []Opening{night}}, DefaultZone, "2026-10-02 01:00", false},
		{"the whole day", Hours{Weekly: []Opening{everyDay}}, DefaultZone, "2026-10-02 00:00", true},
		{"holiday closes", Hours{Weekly: []Opening{work}, Holidays: []Holiday{{Date: "2026-10-01"}}}, DefaultZone, "2026-10-01 10:00", false},
		{"holiday with hours of its own", Hours{Weekly: []Opening{work}, Holidays: []Holiday{{Date: "2026-10-01", From: "10:00", To: "12:00"}}}, DefaultZone, "2026-10-01 11:59", true},
		{"and not those of the week", Hours{Weekly: []Opening{work}, Holidays: []Holiday{{Date: "2026-10-01", From: "10:00", To: "12:00"}}}, DefaultZone, "2026-10-01 13:00", false},
		{"always but a holiday", Hours{Holidays: []Holiday{{Date: "2026-10-01"}}}, DefaultZone, "2026-10-02 04:00", true},
		{"always, on the holiday", Hours{Holidays: []Holiday{{Date: "2026-10-01"}}}, DefaultZone, "2026-10-01 23:59", false},
		{"the night before a holiday runs on", Hours{Weekly: []Opening{night}, Holidays: []Holiday{{Date: "2026-10-03"}}}, DefaultZone, "2026-10-03 01:00", true},
		{"but does not begin on it", Hours{Weekly: []Opening{night}, Holidays: []Holiday{{Date: "2026-10-03"}}}, DefaultZone, "2026-10-03 21:00", false},
		// Berlin: 2026-03-29 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00.
		{"spring, the day is an hour shorter", Hours{Zone: "Europe/Berlin", Weekly: []Opening{{Days: Days(), From: "08:00", To: "16:00"}}}, "Europe/Berlin", "2026-03-29 15:59", true},
		{"spring, its end by the clock", Hours{Zone: "Europe/Berlin", Weekly: []Opening{{Days: Days(), From: "08:00", To: "16:00"}}}, "Europe/Berlin", "2026-03-29 16:00", false},
		{"spring, a beginning that the clock skips", Hours{Zone: "Europe/Berlin", Weekly: []Opening{{Days: Days(), From: "02:30", To: "05:00"}}}, "Europe/Berlin", "2026-03-29 03:30", true},
		{"autumn, over midnight, the end by the clock", Hours{Zone: "Europe/Berlin", Weekly: []Opening{{Days: Days(), From: "22:00", To: "06:00"}}}, "Europe/Berlin", "2026-10-25 05:59", true},
		{"autumn, and not later", Hours{Zone: "Europe/Berlin", Weekly: []Opening{{Days: Days(), From: "22:00", To: "06:00"}}}, "Europe/Berlin", "2026-10-25 06:00", false},
		{"a zone that nobody knows turns no caller away", Hours{Zone: "Nowhere/Land", Weekly: []Opening{work}}, DefaultZone, "2026-09-27 10:00", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.ParseInLocation("2006-01-02 15:04", c.at, zone)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.hours.Open(at.UTC()); got != c.want {
				t.Errorf("open %v at %s", got, at)
			}
		})
	}
}

func TestNextChange(t *testing.T) {
	zone, err := time.LoadLocation(DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	h := Hours{Weekly: []Opening{{Days: []Day{Monday}, From: "09:00", To: "17:30"}}}
	monday := time.Date(2026, 9, 28, 0, 0, 0, 0, zone)
	for _, c := range []struct{ from, want time.Time }{
		{monday.Add(-13 * time.Hour), monday.Add(9 * time.Hour)},
		{monday.Add(9 * time.Hour), monday.Add(17*time.Hour + 30*time.Minute)},
		{monday.Add(17*time.Hour + 30*time.Minute), monday.Add((7*24 + 9) * time.Hour)},
	} {
		if got := h.Next(c.from); !got.Equal(c.want) {
			t.Errorf("after %s: %s, want %s", c.from, got, c.want)
		}
	}
	if got := (Hours{}).Next(monday); !got.IsZero() {
		t.Errorf("a line that is always open changes at %s", got)
	}
	if got := (Hours{Weekly: []Opening{{Days: Days(), From: "00:00", To: "24:00"}}}).Next(monday); !got.IsZero() {
		t.Errorf("a line that is open all day changes at %s", got)
	}
}

func TestPlaceIsThatOfTheFirstLine(t *testing.T) {
	line := func(zone string) Line { return Line{Hours: Hours{Zone: zone}} }
	for want, all := range map[string][]Line{
		DefaultZone: nil, "America/New_York": {line("America/New_York"), line("Asia/Shanghai")}, "Asia/Urumqi": {line("Asia/Urumqi")},
	} {
		if got := (Policy{Lines: all}).Place().String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := (Policy{Lines: []Line{line(""), line("Europe/Berlin")}}).Place().String(); got != DefaultZone {
		t.Errorf("a line that names none is in %s", got)
	}
}
