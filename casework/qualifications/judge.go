package qualifications

import (
	"cmp"
	"slices"
)

// Standing is how a person stands to one rule on a day.
type Standing struct {
	Rule  Rule
	Valid bool
	// Until is the last day on which the rule holds without a new record; [Always] when it does not end, 0 when it does not hold.
	Until Day
	// Last is the day of the newest record that the rule looked at; 0: there is none.
	Last Day
}

// Judge says how a person stands to a rule on a day: by their records that are not void, and by the day on which they began. Pure.
func (r Rule) Judge(records []Record, began, today Day) Standing {
	s := Standing{Rule: r}
	var counted []Record
	for _, one := range records {
		if one.Kind == r.Kind && one.Void.IsZero() && (len(r.Topics) == 0 || slices.Contains(r.Topics, one.Topic)) {
			counted = append(counted, one)
			if one.Day <= today {
				s.Last = max(s.Last, one.Day)
			}
		}
	}
	if r.Grace > 0 && began > 0 {
		s.Until = began + Day(r.Grace) - 1
	}
	switch r.Kind {
	case Supervision:
		if s.Last > 0 {
			s.Until = max(s.Until, s.Last+Day(r.Days))
		}
	case Training:
		s.Until = max(s.Until, r.trained(counted, today))
	case Qualification:
		s.Until = max(s.Until, covered(counted, max(today, s.Until+1)))
		if s.Until < today {
			s.Until = covered(counted, today)
		}
	}
	s.Valid = s.Until >= today
	if !s.Valid {
		s.Until = 0
	}
	return s
}

// trained is the last day on which enough hours lie within the last Days days.
func (r Rule) trained(records []Record, today Day) Day {
	slices.SortFunc(records, func(a, b Record) int { return cmp.Compare(b.Day, a.Day) })
	minutes := 0
	for _, one := range records {
		if one.Day > today {
			continue
		}
		if minutes += one.Minutes; minutes >= 60*r.Hours {
			return one.Day + Day(r.Days)
		}
	}
	return 0
}

// covered is the last day of an unbroken validity that includes a day; 0: the day is not covered. One that begins on the morning after another ended
// goes on with it.
func covered(records []Record, from Day) Day {
	until := Day(0)
	for next := from; ; {
		best := until
		for _, one := range records {
			ends := one.Expires
			if ends == 0 {
				ends = Always
			}
			if one.Day <= next && ends >= next {
				best = max(best, ends)
			}
		}
		if best == until || best >= Always {
			return best
		}
		until, next = best, best+1
	}
}

// Entry is how a person stands to a line: whether its calls may come to them.
type Entry struct {
	Line   string
	In     bool
	Waived bool // a requirement lapsed, and somebody opened the line all the same for a time
	// Lapsed are the rules that do not hold, Due those that end within the time of warning, the next one first.
	Lapsed, Due []Standing
}

// Enter says how a person stands to a line on a day.
func (q Requirements) Enter(line string, records []Record, began, today Day, waived bool) Entry {
	e := Entry{Line: line}
	for _, r := range q.Rules {
		if !r.Guards(line) {
			continue
		}
		switch s := r.Judge(records, began, today); {
		case !s.Valid:
			e.Lapsed = append(e.Lapsed, s)
		case s.Until < today+Day(q.WarnDays):
			e.Due = append(e.Due, s)
		}
	}
	slices.SortStableFunc(e.Due, func(a, b Standing) int { return cmp.Compare(a.Until, b.Until) })
	e.Waived = waived && len(e.Lapsed) > 0
	e.In = len(e.Lapsed) == 0 || e.Waived
	return e
}
