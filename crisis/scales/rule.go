// Package scales scores the answers of a scale by a rule that is data: a sum with bands, or findings that are looked for in their order. It is pure. Rules
// have a version of their own, and each record keeps it: bands and definitions differ by year and place.
//
// A score may raise a level, it never lowers one, and it rules nothing out: answers that are missing can add to what is found, never take from it.
package scales

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"hotline/crisis"
	"hotline/storage/documents"
)

// Kind says how a rule scores.
type Kind string

// The kinds.
const (
	Sum      Kind = "sum"      // numbers added up; a band says what the total means
	Findings Kind = "findings" // the first finding that an answer shows
)

// Raise says what a level that a rule finds does to the level of the call, when it is more.
type Raise string

// How a rule raises a level.
const (
	Propose Raise = "propose" // the counsellor is asked
	AtOnce  Raise = "at_once" // it is raised, and the counsellor sees it
)

// Rule scores one scale.
type Rule struct {
	ID      string `json:"id"`
	Version int    `json:"version"` // from 1; raise it with every change of what is scored
	Kind    Kind   `json:"kind"`
	Raise   Raise  `json:"raise"`
	// Items are the answers that count. Others of the form are kept and not scored.
	Items []Item `json:"items"`
	// Skips are items that are not asked after some answer (findings only).
	Skips []Skip `json:"skips,omitempty"`
	// Bands of a sum: rising, without a gap, from the least total to the most.
	Bands []Band `json:"bands,omitempty"`
	// Findings in order, the worst first; the last has no condition and holds when everything was answered.
	Findings []Finding `json:"findings,omitempty"`
	// Opens are answers after which another scale is to be asked.
	Opens []Open `json:"opens"`
}

// Item is one answer that counts.
type Item struct {
	Name string `json:"name"`
	// Least and Most bound a number, which counts as it is.
	Least int `json:"least"`
	Most  int `json:"most"`
	// Values are the answers of an item that is no number.
	Values []string `json:"values,omitempty"`
	// Points give each value of Values its number in a sum; from the manual that a site uses, never made up here.
	Points []int `json:"points,omitempty"`
}

// Case is an item with one of some answers.
type Case struct {
	Item string   `json:"item"`
	Is   []string `json:"is"`
}

// Skip says which items are not asked.
type Skip struct {
	When  Case     `json:"when"`
	Items []string `json:"items"`
}

// Band is what a total means; From and To are in it.
type Band struct {
	From  int             `json:"from"`
	To    int             `json:"to"`
	Band  string          `json:"band"`
	Names documents.Words `json:"names"`
	Level crisis.Level    `json:"level"` // empty: a severity that says nothing about danger
}

// Finding holds when one of its cases does.
type Finding struct {
	Band  string          `json:"band"`
	Names documents.Words `json:"names"`
	Level crisis.Level    `json:"level"`
	Any   []Case          `json:"any"`
}

// Open says that a form is to be asked when an answer is a number of at least so much. It need not be an item that counts.
type Open struct {
	Item  string `json:"item"`
	Least int    `json:"least"`
	Form  string `json:"form"`
}

// Parse reads a rule strictly, and refuses one that could not score.
func Parse(raw json.RawMessage) (Rule, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var r Rule
	if err := dec.Decode(&r); err != nil {
		return Rule{}, fmt.Errorf("scales: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Rule{}, errors.New("scales: something follows the rule")
	}
	return r, r.validate()
}

// Check refuses a rule that could not score a form of these fields. It says one thing that is wrong, in words for whoever writes rules.
func Check(raw json.RawMessage, fields []string) error {
	r, err := Parse(raw)
	if err != nil {
		return err
	}
	for _, it := range r.Items {
		if !slices.Contains(fields, it.Name) {
			return fmt.Errorf("items: the form has no field %q", it.Name)
		}
	}
	for _, o := range r.Opens {
		if !slices.Contains(fields, o.Item) {
			return fmt.Errorf("opens: the form has no field %q", o.Item)
		}
	}
	return nil
}

// mostTotal bounds a total, so that a rule can be checked number by number.
const mostTotal = 1000

func (r Rule) validate() error {
	switch {
	case r.ID == "":
		return errors.New("id: needed")
	case r.Version < 1:
		return errors.New("version: 1 or more")
	case r.Raise != Propose && r.Raise != AtOnce:
		return errors.New("raise: propose or at_once")
	case len(r.Items) == 0:
		return errors.New("items: one is needed")
	}
	seen := map[string]bool{}
	for _, it := range r.Items {
		if seen[it.Name] || it.Name == "" {
			return fmt.Errorf("items: %q is there twice, or has no name", it.Name)
		}
		seen[it.Name] = true
		if len(it.Points) > 0 && len(it.Points) != len(it.Values) {
			return fmt.Errorf("items: %s: as many points as values", it.Name)
		}
		if len(it.Values) == 0 && it.Least > it.Most {
			return fmt.Errorf("items: %s: least is more than most", it.Name)
		}
	}
	for _, o := range r.Opens {
		if o.Item == "" || o.Form == "" {
			return errors.New("opens: an item and a form are named")
		}
	}
	switch r.Kind {
	case Sum:
		return r.validateSum()
	case Findings:
		return r.validateFindings()
	}
	return errors.New("kind: sum or findings")
}

func (r Rule) validateSum() error {
	if len(r.Skips)+len(r.Findings) > 0 {
		return errors.New("a sum has neither skips nor findings")
	}
	least, most := 0, 0
	for _, it := range r.Items {
		lo, hi, err := it.bounds()
		if err != nil {
			return err
		}
		least, most = least+lo, most+hi
	}
	if least < -mostTotal || most > mostTotal {
		return fmt.Errorf("items: totals between -%d and %d", mostTotal, mostTotal)
	}
	next := least
	for _, b := range r.Bands {
		if b.From != next || b.To < b.From {
			return fmt.Errorf("bands: %s: from %d was expected: the bands leave no gap and do not overlap", b.Band, next)
		}
		if err := named(b.Band, b.Names, b.Level); err != nil {
			return fmt.Errorf("bands: %w", err)
		}
		next = b.To + 1
	}
	if next != most+1 {
		return fmt.Errorf("bands: they end at %d, the highest total is %d", next-1, most)
	}
	return nil
}

// bounds are the least and the most that an item adds.
func (it Item) bounds() (least, most int, err error) {
	if len(it.Values) == 0 {
		return it.Least, it.Most, nil
	}
	if len(it.Points) == 0 {
		return 0, 0, fmt.Errorf("items: %s: a sum needs points for its values", it.Name)
	}
	return slices.Min(it.Points), slices.Max(it.Points), nil
}

func (r Rule) validateFindings() error {
	if len(r.Bands) > 0 {
		return errors.New("findings have no bands")
	}
	last := len(r.Findings) - 1
	if last < 0 || len(r.Findings[last].Any) > 0 {
		return errors.New("findings: the last one has no condition")
	}
	for i, f := range r.Findings {
		if err := named(f.Band, f.Names, f.Level); err != nil {
			return fmt.Errorf("findings: %w", err)
		}
		if i < last && len(f.Any) == 0 {
			return fmt.Errorf("findings: %s: only the last one has no condition", f.Band)
		}
		if i > 0 && f.Level.Over(r.Findings[i-1].Level) {
			return fmt.Errorf("findings: %s: the worst comes first", f.Band)
		}
		for _, c := range f.Any {
			if err := r.known(c); err != nil {
				return fmt.Errorf("findings: %w", err)
			}
		}
	}
	for _, s := range r.Skips {
		if err := r.known(s.When); err != nil {
			return fmt.Errorf("skips: %w", err)
		}
		for _, name := range s.Items {
			if _, ok := r.item(name); !ok || name == s.When.Item {
				return fmt.Errorf("skips: %q is no other item", name)
			}
		}
	}
	return nil
}

func named(band string, names documents.Words, level crisis.Level) error {
	switch {
	case band == "":
		return errors.New("one has no band")
	case names.In("zh-CN") == "":
		return fmt.Errorf("%s: it has no name", band)
	case level != crisis.Unassessed && !level.Valid():
		return fmt.Errorf("%s: %q is no level", band, level)
	}
	return nil
}

func (r Rule) known(c Case) error {
	it, ok := r.item(c.Item)
	if !ok || len(c.Is) == 0 {
		return fmt.Errorf("%q is no item, or no answer is named", c.Item)
	}
	for _, v := range c.Is {
		if !slices.Contains(it.Values, v) {
			return fmt.Errorf("%s: %q is no answer of it", c.Item, v)
		}
	}
	return nil
}

func (r Rule) item(name string) (Item, bool) {
	i := slices.IndexFunc(r.Items, func(it Item) bool { return it.Name == name })
	if i < 0 {
		return Item{}, false
	}
	return r.Items[i], true
}

// NamesOf are the words of a band; nil: the rule has no such band.
func (r Rule) NamesOf(band string) documents.Words {
	for _, b := range r.Bands {
		if b.Band == band {
			return b.Names
		}
	}
	for _, f := range r.Findings {
		if f.Band == band {
			return f.Names
		}
	}
	return nil
}
