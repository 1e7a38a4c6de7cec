package reviews

import (
	"cmp"
	"context"
	"maps"
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
	talks, err := p.books.Unreviewed(ctx, month, to, began, time.Duration(pick.Least)*time.Second)
	if err != nil {
		return 0, err
	}
	slices.SortFunc(talks, func(a, b Talk) int {
		x, y := lot(seed, a.Call, a.Agent), lot(seed, b.Call, b.Agent)
		return cmp.Or(cmp.Compare(x%1000, y%1000), cmp.Compare(x, y), cmp.Compare(a.Call, b.Call))
	})
	by := map[string][]Talk{}
	for _, t := range talks {
		by[t.Agent] = append(by[t.Agent], t)
	}
	due := s.now().Add(time.Duration(pick.Days) * 24 * time.Hour)
	for _, agent := range slices.Sorted(maps.Keys(by)) {
		n, err := s.fillOf(ctx, agent, by[agent], month, to, pick.Monthly, due)
		picked += n
		if err != nil {
			return picked, err
		}
	}
	return picked, nil
}

// fillOf sends talks of one counsellor to review, in the order in which they are given, until so many of the calls of a span are there; a review that was
// dropped is none. What is there is counted in the transaction that adds to it: workers that do it at once come one after the other, each with all that was
// there before it, and who dies leaves nothing or all of it. So the talks may have been read before: one that went to review since is counted and not made again.
func (s *Store) fillOf(ctx context.Context, agent string, talks []Talk, from, to time.Time, wanted int, due time.Time) (made int, err error) {
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		made = 0 // a transaction that was refused begins again
		var have int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM reviews WHERE agent = ? AND called_ms >= ? AND called_ms < ? AND state <> 'dropped'`,
			agent, storage.Millis(from), storage.Millis(to)).Scan(&have); err != nil {
			return err
		}
		for _, t := range talks {
			if have+made >= wanted {
				return nil
			}
			// There is nothing to hear of who was erased.
			if s.stones != nil {
				if gone, err := s.stones.ErasedIn(ctx, tx, t.Call); err != nil {
					return err
				} else if gone {
					continue
				}
			}
			yes, err := s.pickIn(ctx, tx, t, Sample, "", due, 1)
			if err != nil {
				return err
			}
			if yes {
				made++
			}
		}
		return nil
	})
	if err != nil {
		return 0, wrap("fill", err)
	}
	return made, nil
}
