package qualifications

import (
	"encoding/json"
	"errors"
	"math"
	"time"
)

// Day is a date as the site counts it: days since 1970-01-01. Zero: none.
type Day int

// Always is after every day: what holds until then does not end.
const Always Day = math.MaxInt32

const dayLayout = "2006-01-02"

// ErrDay is the error of a text that is no date.
var ErrDay = errors.New("qualifications: a date is written 2026-03-01")

// DayOf is the date of a time where the site is.
func DayOf(t time.Time, zone *time.Location) Day {
	y, m, d := t.In(zone).Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDay reads "2026-03-01"; an empty text is no day.
func ParseDay(text string) (Day, error) {
	if text == "" {
		return 0, nil
	}
	t, err := time.Parse(dayLayout, text)
	if err != nil || t.Year() < 1971 || t.Year() > 2999 {
		return 0, ErrDay
	}
	return Day(t.Unix() / 86400), nil
}

// String is "2026-03-01"; empty without a day, and for [Always].
func (d Day) String() string {
	if d <= 0 || d >= Always {
		return ""
	}
	return time.Unix(int64(d)*86400, 0).UTC().Format(dayLayout)
}

// MarshalJSON writes what String says.
func (d Day) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads what ParseDay does.
func (d *Day) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	day, err := ParseDay(text)
	*d = day
	return err
}
