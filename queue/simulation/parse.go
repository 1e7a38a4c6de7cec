package simulation

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"hotline/queue"
)

// Clock is a time of day, "22:00".
func Clock(text string) (time.Duration, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time of day such as 22:00", text)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

// after is how long after the beginning a time of day comes; at the beginning itself 0.
func after(clock, begin time.Duration) time.Duration {
	return (clock - begin + 24*time.Hour) % (24 * time.Hour)
}

// columns reads a CSV file with a head of known names, in any order.
func columns(in io.Reader, needed, known []string, row func(get func(string) string) error) error {
	r := csv.NewReader(in)
	r.TrimLeadingSpace = true
	all, err := r.ReadAll()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("the file is empty; its first line names the columns: %s", strings.Join(known, ","))
	}
	at := map[string]int{}
	for i, name := range all[0] {
		if !slices.Contains(known, name) {
			return fmt.Errorf("column %q is not known; there are %s", name, strings.Join(known, ", "))
		}
		at[name] = i
	}
	for _, name := range needed {
		if _, ok := at[name]; !ok {
			return fmt.Errorf("column %q is missing", name)
		}
	}
	for n, line := range all[1:] {
		get := func(name string) string {
			if i, ok := at[name]; ok {
				return line[i]
			}
			return ""
		}
		if err := row(get); err != nil {
			return fmt.Errorf("line %d: %w", n+2, err)
		}
	}
	return nil
}

// ReadProfile reads callers per hour of the day: a CSV file with the columns hour (0 to 23) and calls. Hours that are missing have none.
func ReadProfile(in io.Reader) ([]float64, error) {
	out := make([]float64, 24)
	err := columns(in, []string{"hour", "calls"}, []string{"hour", "calls"}, func(get func(string) string) error {
		h, err := strconv.Atoi(get("hour"))
		if err != nil || h < 0 || h > 23 {
			return fmt.Errorf("hour %q is not between 0 and 23", get("hour"))
		}
		n, err := strconv.ParseFloat(get("calls"), 64)
		if err != nil || n < 0 {
			return fmt.Errorf("calls %q is not a number", get("calls"))
		}
		out[h] += n
		return nil
	})
	return out, err
}

// ReadSeats reads who is at work: a CSV file with the columns from and to (times of day) and, if wanted, agent, skills ("crisis:3 youth:2") and group. A shift
// may pass midnight; the run begins at a time of day.
func ReadSeats(in io.Reader, begin, span time.Duration) ([]Seat, error) {
	var out []Seat
	err := columns(in, []string{"from", "to"}, []string{"agent", "from", "to", "skills", "group"}, func(get func(string) string) error {
		from, err := Clock(get("from"))
		if err != nil {
			return err
		}
		to, err := Clock(get("to"))
		if err != nil {
			return err
		}
		s := Seat{}
		if s.Skills, err = readSkills(get("skills")); err != nil {
			return err
		}
		if g := get("group"); g != "" {
			if s.Group, err = strconv.Atoi(g); err != nil {
				return fmt.Errorf("group %q is not a number", g)
			}
		}
		out = append(out, s.days(from, to, begin, span)...)
		return nil
	})
	return out, err
}

// days are the parts of a daily shift within a run.
func (s Seat) days(from, to, begin, span time.Duration) []Seat {
	length := after(to, from)
	if length == 0 {
		length = 24 * time.Hour
	}
	var out []Seat
	for at := after(from, begin) - 24*time.Hour; at < span; at += 24 * time.Hour {
		if end := at + length; end > 0 {
			part := s
			part.From, part.To = max(0, at), min(end, span)
			out = append(out, part)
		}
	}
	return out
}

// Always is a number of seats that are taken the whole time.
func Always(n int, span time.Duration) []Seat {
	out := make([]Seat, n)
	for i := range out {
		out[i].To = span
	}
	return out
}

// Change reads what another plan has more or less of: "22:00=+2" from then to the end, "22:00-02:00=-1" for a while, several with commas between. The seats that are
// added can do what the first of the others can; those taken away are the last ones that are there at that time.
func Change(text string, seats []Seat, begin, span time.Duration) ([]Seat, error) {
	out := slices.Clone(seats)
	for part := range strings.SplitSeq(text, ",") {
		when, count, ok := strings.Cut(strings.TrimSpace(part), "=")
		n, err := strconv.Atoi(count)
		if !ok || err != nil {
			return nil, fmt.Errorf("seats %q: write it like 22:00=+2 or 22:00-02:00=-1", part)
		}
		first, last, ends := strings.Cut(when, "-")
		from, err := Clock(first)
		if err != nil {
			return nil, err
		}
		at, till := after(from, begin), span
		if ends {
			to, err := Clock(last)
			if err != nil {
				return nil, err
			}
			till = min(span, at+after(to, from))
		}
		if at >= span {
			return nil, fmt.Errorf("seats %q: that is after the end", part)
		}
		if n < 0 {
			if out, err = without(out, -n, at, till); err != nil {
				return nil, fmt.Errorf("seats %q: %w", part, err)
			}
		}
		for range n {
			s := Seat{}
			if len(seats) > 0 {
				s = seats[0]
			}
			s.From, s.To = at, till
			out = append(out, s)
		}
	}
	return out, nil
}

// without takes seats away for a while: what they were before and after stays.
func without(seats []Seat, n int, from, to time.Duration) ([]Seat, error) {
	for i := len(seats) - 1; i >= 0 && n > 0; i-- {
		s := seats[i]
		if s.From > from || s.To <= from {
			continue
		}
		rest := s
		seats[i].To, rest.From = from, to
		if rest.From < rest.To {
			seats = append(seats, rest)
		}
		n--
	}
	if n > 0 {
		return nil, fmt.Errorf("there are %d seats too few to take away", n)
	}
	return slices.DeleteFunc(seats, func(s Seat) bool { return s.From >= s.To }), nil
}

func readSkills(text string) (queue.Skills, error) {
	if text == "" {
		return nil, nil
	}
	out := queue.Skills{}
	for part := range strings.FieldsSeq(text) {
		name, level, _ := strings.Cut(part, ":")
		n, err := strconv.Atoi(level)
		if err != nil || name == "" || n < 1 || n > 10 {
			return nil, fmt.Errorf("skills %q: write them like crisis:3 youth:2, levels 1 to 10", text)
		}
		out[name] = n
	}
	return out, nil
}

// ReadShares reads "red=0.05,followup=0.1": the share of the callers who have a tier; the rest is normal.
func ReadShares(text string) ([]Share, error) {
	var out []Share
	sum := 0.0
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		tier, share, _ := strings.Cut(strings.TrimSpace(part), "=")
		known := []queue.Tier{queue.TierRed, queue.TierReturning, queue.TierFollowUp, queue.TierNormal, queue.TierNuisance}
		of, err := strconv.ParseFloat(share, 64)
		if sum += of; err != nil || of < 0 || sum > 1 || !slices.Contains(known, queue.Tier(tier)) {
			return nil, fmt.Errorf("tiers %q: write them like red=0.05,followup=0.1; together at most 1", text)
		}
		out = append(out, Share{Tier: queue.Tier(tier), Of: of})
	}
	return out, nil
}
