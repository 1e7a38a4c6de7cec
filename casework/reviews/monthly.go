package reviews

import (
	"cmp"
	"context"
	"slices"
	"time"

	"hotline/storage"
)

const (
	monthForm = "2006-01"
	// monthRests is how long after its end a month is filled up: ends, levels and who else talked may be written late.
	monthRests = 48 * time.Hour
)

// fill draws more talks of each month that is over, for whom fewer went to review than are wanted of everybody. What is drawn is what a larger share
// would have drawn of this person: always the same, whoever draws and however often. A month that was filled is not looked at again, so a number that
// is raised later holds for the months that follow.
func (p *Picker) fill(ctx context.Context, pick Pick, seed, filled string, began time.Time) (picked int, err error) {
	s := p.store
	over := monthOf(s.now().Add(-monthRests).In(p.zone)).AddDate(0, -1, 0)
	month := monthOf(began.In(p.zone))
	if filled != "" {
		if month, err = time.ParseInLocation(monthForm, filled, p.zone); err != nil {
			return 0, wrap("fill", err)
		}
		month = month.AddDate(0, 1, 0)
	}
	for ; !month.After(over); month = month.AddDate(0, 1, 0) {
		if pick.Monthly > 0 {
			n, err := p.fillMonth(ctx, pick, seed, month, began)
			picked += n
			if err != nil {
				return picked, err
			}
		}
		name := month.Format(monthForm)
		if _, err := s.db.Exec(ctx, `UPDATE review_place SET filled = ? WHERE id = 1 AND filled < ?`, name, name); err != nil {
			return picked, wrap("fill", err)
		}
	}
	return picked, nil
}

func monthOf(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, at.Location())
}

func (p *Picker) fillMonth(ctx context.Context, pick Pick, seed string, month, began time.Time) (picked int, err error) {
	s, to := p.store, month.AddDate(0, 1, 0)
	have, err := s.reviewed(ctx, month, to)
	if err != nil {
		return 0, err
	}
	talks, err := p.books.Unreviewed(ctx, month, to, began, time.Duration(pick.Least)*time.Second)
	if err != nil {
		return 0, err
	}
	slices.SortFunc(talks, func(a, b Talk) int {
		x, y := lot(seed, a.Call, a.Agent), lot(seed, b.Call, b.Agent)
		return cmp.Or(cmp.Compare(x%1000, y%1000), cmp.Compare(x, y), cmp.Compare(a.Call, b.Call))
	})
	due := s.now().Add(time.Duration(pick.Days) * 24 * time.Hour)
	for _, t := range talks {
		if have[t.Agent] >= pick.Monthly {
			continue
		}
		made, err := s.pick(ctx, t, Sample, "", due, 1)
		if err != nil {
			return picked, wrap("fill", err)
		}
		have[t.Agent]++ // also when another worker was first
		if made {
			picked++
		}
	}
	return picked, nil
}

// reviewed counts the talks of each counsellor of calls that arrived in a span and went to review. One that was dropped is none.
func (s *Store) reviewed(ctx context.Context, from, to time.Time) (map[string]int, error) {
	type counted struct {
		agent string
		n     int
	}
	all, err := storage.Select(ctx, s.db, func(r storage.Row) (c counted, err error) { return c, r.Scan(&c.agent, &c.n) },
		`SELECT agent, COUNT(*) FROM reviews WHERE called_ms >= ? AND called_ms < ? AND state <> 'dropped' GROUP BY agent`, storage.Millis(from), storage.Millis(to))
	out := make(map[string]int, len(all))
	for _, c := range all {
		out[c.agent] = c.n
	}
	return out, wrap("count what is reviewed", err)
}
