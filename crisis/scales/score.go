package scales

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"hotline/crisis"
	"hotline/storage/documents"
)

// ErrAnswer says that an answer is none that the rule knows.
var ErrAnswer = errors.New("scales: an answer is none of its item")

// Result is what a rule makes of answers.
type Result struct {
	Rule    string
	Version int
	// Total of a sum; nil for findings. Without all answers it is what was added so far.
	Total *int
	// Complete: everything that is asked was answered. Without it there is no band of a sum, and a finding is what is known so far.
	Complete bool
	Band     string // empty: nothing can be said yet
	Names    documents.Words
	// Level that the band stands for; empty: none. It may raise the level of a call and never lowers it.
	Level crisis.Level
	Raise Raise
	// Opens are the forms that are to be asked next.
	Opens []string
	// Missing are the items that are asked and not answered.
	Missing []string
}

// Raises tells whether the result is more than the level that a call has.
func (r Result) Raises(now crisis.Level) bool {
	return r.Level.Over(now) && r.Level != crisis.LevelNone
}

// Score applies a rule to answers (a JSON object, by item). Answers to what is not asked after a skip do not count. ErrAnswer.
func (r Rule) Score(answers json.RawMessage) (Result, error) {
	given := map[string]any{}
	if err := json.Unmarshal(answers, &given); err != nil {
		return Result{}, fmt.Errorf("%w: no object", ErrAnswer)
	}
	out := Result{Rule: r.ID, Version: r.Version, Raise: r.Raise}
	skipped := r.skipped(given)
	words, points := map[string]string{}, map[string]int{}
	for _, it := range r.Items {
		v, there := given[it.Name]
		switch {
		case slices.Contains(skipped, it.Name):
			continue
		case !there || v == nil:
			out.Missing = append(out.Missing, it.Name)
			continue
		}
		word, n, err := it.read(v)
		if err != nil {
			return Result{}, err
		}
		words[it.Name], points[it.Name] = word, n
	}
	out.Complete = len(out.Missing) == 0
	for _, o := range r.Opens {
		n, there := points[o.Item]
		if plain, ok := given[o.Item].(float64); ok && !there {
			n, there = int(plain), true
		}
		if there && n >= o.Least && !slices.Contains(out.Opens, o.Form) {
			out.Opens = append(out.Opens, o.Form)
		}
	}
	if r.Kind == Sum {
		r.sum(&out, points)
	} else {
		r.find(&out, words)
	}
	return out, nil
}

// read is an answer as a word and as points. A value of Values without points has none.
func (it Item) read(v any) (word string, points int, err error) {
	if len(it.Values) > 0 {
		s, ok := v.(string)
		i := slices.Index(it.Values, s)
		if !ok || i < 0 {
			return "", 0, fmt.Errorf("%w: %s", ErrAnswer, it.Name)
		}
		if len(it.Points) > 0 {
			points = it.Points[i]
		}
		return s, points, nil
	}
	n, ok := v.(float64)
	if !ok || n != math.Trunc(n) || n < float64(it.Least) || n > float64(it.Most) {
		return "", 0, fmt.Errorf("%w: %s", ErrAnswer, it.Name)
	}
	return "", int(n), nil
}

// skipped are the items that are not asked, given the answers.
func (r Rule) skipped(given map[string]any) (out []string) {
	for _, s := range r.Skips {
		if v, ok := given[s.When.Item].(string); ok && slices.Contains(s.When.Is, v) {
			out = append(out, s.Items...)
		}
	}
	return out
}

func (r Rule) sum(out *Result, points map[string]int) {
	total := 0
	for _, n := range points {
		total += n
	}
	out.Total = &total
	if !out.Complete {
		return
	}
	for _, b := range r.Bands {
		if total >= b.From && total <= b.To {
			out.Band, out.Names, out.Level = b.Band, b.Names, b.Level
		}
	}
}

// find takes the first finding that an answer shows; the last one, which has no condition, only when nothing is missing.
func (r Rule) find(out *Result, words map[string]string) {
	for _, f := range r.Findings {
		holds := len(f.Any) == 0 && out.Complete
		for _, c := range f.Any {
			word, there := words[c.Item]
			holds = holds || there && slices.Contains(c.Is, word)
		}
		if holds {
			out.Band, out.Names, out.Level = f.Band, f.Names, f.Level
			return
		}
	}
}
