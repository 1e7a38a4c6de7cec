package reviews

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Mark is what a reviewer says of one item.
type Mark struct {
	Points int  `json:"points"` // place in the sheet's levels; -1: not marked yet, with moments or words already
	None   bool `json:"none"`   // it does not apply
	// Moments of the recording that show it, in milliseconds from its beginning, in order.
	Moments []int64 `json:"moments"`
	Words   string  `json:"-"` // sealed
}

// Marks are those of a sheet by item. What was not marked is not there.
type Marks map[string]Mark

const mostMoments = 20 // of an item

// Wrong is one item that cannot be taken as it is.
type Wrong struct {
	Item string `json:"item"` // empty: the whole
	Code string `json:"code"` // missing, unknown, range, moment, long, words
}

// Invalid is everything that is wrong; it is ErrInvalid.
type Invalid []Wrong

func (w Invalid) Error() string {
	texts := make([]string, len(w))
	for i, one := range w {
		texts[i] = one.Item + " " + one.Code // never what was said
	}
	return ErrInvalid.Error() + ": " + strings.Join(texts, ", ")
}

// Is makes errors.Is(err, ErrInvalid) true.
func (w Invalid) Is(target error) bool { return target == ErrInvalid }

// Fit returns the marks as they are kept: moments in order and once each, words trimmed. A sheet that is not handed in may lack marks; whole is for one
// that is: each item has its mark, and who gives a critical item the lowest one says why.
func (s Sheet) Fit(marks Marks, whole bool) (Marks, error) {
	out, wrong := Marks{}, Invalid(nil)
	say := func(item, code string) { wrong = append(wrong, Wrong{item, code}) }
	for _, sec := range s.Sections {
		for _, it := range sec.Items {
			m, there := marks[it.ID]
			if !there {
				if whole {
					say(it.ID, "missing")
				}
				continue
			}
			m.Words = strings.TrimSpace(m.Words)
			m.Moments = slices.Compact(slices.Sorted(slices.Values(m.Moments)))
			if m.None {
				m.Points = 0
			}
			if code := it.wrong(m, s.top(), whole); code != "" {
				say(it.ID, code)
				continue
			}
			out[it.ID] = m
		}
	}
	for id := range marks {
		if !slices.ContainsFunc(s.Sections, func(sec Section) bool {
			return slices.ContainsFunc(sec.Items, func(i Item) bool { return i.ID == id })
		}) {
			say(id, "unknown")
		}
	}
	if len(wrong) > 0 {
		slices.SortStableFunc(wrong, func(a, b Wrong) int { return strings.Compare(a.Item, b.Item) })
		return nil, wrong
	}
	return out, nil
}

func (i Item) wrong(m Mark, top int, whole bool) string {
	const day = int64(24 * time.Hour / time.Millisecond)
	switch {
	case whole && m.Points == -1:
		return "missing"
	case m.None && !i.Optional, m.Points < -1, m.Points > top:
		return "range"
	case len(m.Moments) > mostMoments, len(m.Moments) > 0 && (m.Moments[0] < 0 || m.Moments[len(m.Moments)-1] > day):
		return "moment"
	case !fits(m.Words):
		return "long"
	case whole && i.Critical && !m.None && m.Points == 0 && m.Words == "":
		return "words"
	}
	return ""
}

func fits(text string) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= MostWords
}

// Result is what marks come to.
type Result struct {
	Total    int            // thousandths; the mean of the sections by their weights
	Sections map[string]int // thousandths; one of which nothing applies is not there
	Missed   int            // critical items with the lowest mark
}

// Result adds up a whole sheet. A sheet on which nothing applies has a total of -1.
func (s Sheet) Result(marks Marks) Result {
	r := Result{Total: -1, Sections: map[string]int{}}
	sum, weights := 0.0, 0.0
	for _, sec := range s.Sections {
		points, of := 0, 0
		for _, it := range sec.Items {
			m, there := marks[it.ID]
			if !there || m.None {
				continue
			}
			points, of = points+m.Points, of+s.top()
			if it.Critical && m.Points == 0 {
				r.Missed++
			}
		}
		if of == 0 {
			continue
		}
		share := float64(points) / float64(of)
		r.Sections[sec.ID] = int(share*1000 + 0.5)
		sum, weights = sum+share*float64(sec.Weight), weights+float64(sec.Weight)
	}
	if weights > 0 {
		r.Total = int(sum/weights*1000 + 0.5)
	}
	return r
}
