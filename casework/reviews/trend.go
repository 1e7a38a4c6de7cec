package reviews

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"hotline/storage"
)

// Month is what the reviews of a counsellor's talks of a month came to, by when the talks were.
type Month struct {
	Month    string         // 2006-01, in the zone that was asked for
	Reviews  int            // done
	Total    int            // thousandths, the mean of the reviews
	Sections map[string]int // likewise, by section
	Missed   int            // reviews in which a sheet found a critical item missed
	Least    int            // the lowest total
	Most     int            // the highest
}

// sheetOf is one sheet that was handed in of a review that is done.
type sheetOf struct {
	Score
	review Review
}

// handed reads the sheets of what is done, without their words.
func (s *Store) handed(ctx context.Context, where string, args ...any) ([]sheetOf, error) {
	scores, err := storage.Select(ctx, s.db, s.scanScore, `SELECT review_scores.review, review_scores.reviewer, taken_ms, saved_ms, final_ms, total, missed, sections, marks, NULL
		FROM review_scores JOIN reviews ON reviews.id = review_scores.review WHERE reviews.state = 'done' AND final_ms > 0 AND total >= 0`+where+`
		ORDER BY reviews.called_ms, reviews.id, review_scores.reviewer LIMIT 20000`, args...)
	if err != nil || len(scores) == 0 {
		return nil, err
	}
	all, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM reviews WHERE state = 'done'`+where, args...)
	if err != nil {
		return nil, err
	}
	by := map[string]Review{}
	for _, r := range all {
		by[r.ID] = r
	}
	out := make([]sheetOf, 0, len(scores))
	for _, sc := range scores {
		out = append(out, sheetOf{sc, by[sc.Review]})
	}
	return out, nil
}

// Trend tells how a counsellor's talks were scored, month by month, since a time.
func (s *Store) Trend(ctx context.Context, agent string, since time.Time, zone *time.Location) ([]Month, error) {
	sheets, err := s.handed(ctx, ` AND reviews.agent = ? AND reviews.called_ms >= ?`, agent, storage.Millis(since))
	if err != nil {
		return nil, wrap("trend", err)
	}
	return months(sheets, zone), nil
}

// Standing is what the reviews of one counsellor came to.
type Standing struct {
	Agent string
	Month
	Unread int // reviews that are done and not read
}

// Standings are those of every counsellor with a review that is done, of talks since a time.
func (s *Store) Standings(ctx context.Context, since time.Time) ([]Standing, error) {
	sheets, err := s.handed(ctx, ` AND reviews.called_ms >= ?`, storage.Millis(since))
	if err != nil {
		return nil, wrap("standings", err)
	}
	by := map[string][]sheetOf{}
	for _, sh := range sheets {
		by[sh.review.Agent] = append(by[sh.review.Agent], sh)
	}
	var out []Standing
	for _, agent := range slices.Sorted(maps.Keys(by)) {
		all := merged(by[agent])
		st := Standing{Agent: agent, Month: together("", all)}
		for _, one := range all {
			if one.review.Read.IsZero() {
				st.Unread++
			}
		}
		out = append(out, st)
	}
	return out, nil
}

// merged makes one of the sheets of each review: their means.
func merged(sheets []sheetOf) (out []sheetOf) {
	var order []string
	by := map[string][]sheetOf{}
	for _, sh := range sheets {
		if len(by[sh.review.ID]) == 0 {
			order = append(order, sh.review.ID)
		}
		by[sh.review.ID] = append(by[sh.review.ID], sh)
	}
	for _, id := range order {
		m := together("", by[id])
		one := sheetOf{review: by[id][0].review}
		one.Result = Result{Total: m.Total, Sections: m.Sections, Missed: m.Missed}
		out = append(out, one)
	}
	return out
}

func months(sheets []sheetOf, zone *time.Location) (out []Month) {
	by := map[string][]sheetOf{}
	for _, one := range merged(sheets) {
		month := one.review.Called.In(zone).Format("2006-01")
		by[month] = append(by[month], one)
	}
	for _, month := range slices.Sorted(maps.Keys(by)) {
		out = append(out, together(month, by[month]))
	}
	return out
}

// together takes the means.
func together(month string, all []sheetOf) Month {
	m := Month{Month: month, Reviews: len(all), Sections: map[string]int{}, Least: 1000}
	sum, sections, counted := 0, map[string]int{}, map[string]int{}
	for _, one := range all {
		sum += one.Total
		m.Least, m.Most = min(m.Least, one.Total), max(m.Most, one.Total)
		if one.Missed > 0 {
			m.Missed++
		}
		for id, v := range one.Sections {
			sections[id] += v
			counted[id]++
		}
	}
	for id, v := range sections {
		m.Sections[id] = rounded(v, counted[id])
	}
	m.Total = rounded(sum, len(all))
	return m
}

// rounded is the mean of n values that are not below 0.
func rounded(sum, n int) int { return (2*sum + n) / (2 * n) }

// Calibration is how far reviewers agreed who scored the same talks without each other.
type Calibration struct {
	Talks     int
	Totals    Agreement            // of totals, in percent
	Items     map[string]Agreement // of marks, by item
	All       Agreement            // of marks, all items of all talks together
	Reviewers []Bias               // the mildest first
}

// Bias is how much higher a reviewer's totals are than the mean of the others of the same talks, in percent; below 0: stricter.
type Bias struct {
	Reviewer string
	Talks    int
	Mean     float64
}

// Calibration measures the calibrations that were done since a time.
func (s *Store) Calibration(ctx context.Context, since time.Time) (Calibration, error) {
	sheets, err := s.handed(ctx, ` AND reviews.wanted > 1 AND reviews.closed_ms >= ?`, storage.Millis(since))
	if err != nil {
		return Calibration{}, wrap("calibration", err)
	}
	return calibrate(sheets), nil
}

func calibrate(sheets []sheetOf) Calibration {
	c := Calibration{Items: map[string]Agreement{}}
	var totals, all []Rating
	items := map[string][]Rating{}
	for _, sh := range sheets {
		totals = append(totals, Rating{sh.review.ID, sh.Reviewer, float64(sh.Total) / 10})
		for _, id := range slices.Sorted(maps.Keys(sh.Marks)) {
			if m := sh.Marks[id]; !m.None {
				items[id] = append(items[id], Rating{sh.review.ID, sh.Reviewer, float64(m.Points)})
				all = append(all, Rating{sh.review.ID + " " + id, sh.Reviewer, float64(m.Points)})
			}
		}
	}
	c.Totals, c.All = Agree(totals), Agree(all)
	c.Talks = c.Totals.Units
	for id, ratings := range items {
		if a := Agree(ratings); a.Pairs > 0 {
			c.Items[id] = a
		}
	}
	c.Reviewers = biases(totals)
	return c
}

func biases(totals []Rating) (out []Bias) {
	sums, counts := map[string]float64{}, map[string]int{}
	units := byUnit(totals)
	for _, unit := range slices.Sorted(maps.Keys(units)) {
		list := units[unit]
		if len(list) < 2 {
			continue
		}
		sum := 0.0
		for _, r := range list {
			sum += r.Value
		}
		for _, r := range list {
			sums[r.Judge] += r.Value - (sum-r.Value)/float64(len(list)-1)
			counts[r.Judge]++
		}
	}
	for _, judge := range slices.Sorted(maps.Keys(sums)) {
		out = append(out, Bias{judge, counts[judge], sums[judge] / float64(counts[judge])})
	}
	slices.SortStableFunc(out, func(a, b Bias) int { return cmp.Compare(b.Mean, a.Mean) })
	return out
}

func byUnit(ratings []Rating) map[string][]Rating {
	out := map[string][]Rating{}
	for _, r := range ratings {
		out[r.Unit] = append(out[r.Unit], r)
	}
	return out
}
