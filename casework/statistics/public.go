package statistics

import (
	"context"
	"slices"
	"time"
)

// settled is how long after the end of a period the public view shows it: forms are filled in later, and what was shown once stays shown.
const settled = 7 * 24 * time.Hour

// publicFigures are those of the public view: numbers of calls and of people. There are three equations between them, and no others: the outcomes are
// all calls; the calls answered here are contacts; ages, sexes and places are parts of the contacts. Who adds a figure adds its equations to publish.
func publicFigures() []ID {
	return []ID{Outcome, Contacts, People, Problem, Age, Sex, Place, DangerSignals, HighRisk, Incidents, Resolved, Rescues, FollowUps}
}

// unseen is the part of a figure that the public view leaves out, so that nobody can tell what is missing from what was never known.
const unseen = "unknown"

// answeredHere are the outcomes that are contacts.
func answeredHere() []string { return []string{"within_15", "within_20", "later"} }

// Shown is one number of the public view. Hidden: it is small, or would tell a small one.
type Shown struct {
	N      int64
	Hidden bool
}

// PublicRow is a figure, or one part of it, over the periods.
type PublicRow struct {
	Part   string // empty: the figure itself, of a figure with parts their sum
	Values []Shown
}

// PublicTable is one figure of the public view.
type PublicTable struct {
	Figure Figure
	Rows   []PublicRow
}

// Public is the public view.
type Public struct {
	At      time.Time
	Small   int // counts below it, but 0, are hidden
	Step    Step
	Columns []Column
	Tables  []PublicTable
	Missing map[ID]Why
	// Connected and Within15 are percent of what came of the calls, by period; -1: it would tell a hidden number, or there were none.
	Connected, Within15 []float64
}

// PublicRead counts the public view: the periods that are over and settled, all lines together, the newest last. At most 16 periods.
func (s *Store) PublicRead(ctx context.Context, zone *time.Location) (*Public, error) {
	params, err := s.Params.Current(ctx)
	if err != nil {
		return nil, err
	}
	p, now := params.Doc, s.now()
	out := &Public{At: now, Small: p.Small, Step: p.PublicStep, Missing: map[ID]Why{}}
	at, err := p.PublicStep.Begin(now.Add(-settled), zone)
	if err != nil {
		return nil, err
	}
	first := time.Date(p.PublicFrom, 1, 1, 0, 0, 0, 0, zone)
	for range 16 { // at is the beginning of the oldest that is taken
		before, err := p.PublicStep.Begin(at.Add(-time.Hour), zone)
		if err != nil || before.Before(first) {
			break
		}
		out.Columns = append(out.Columns, Column{From: before, To: at})
		at = before
	}
	slices.Reverse(out.Columns)
	if len(out.Columns) == 0 {
		return out, nil
	}
	r, err := s.Read(ctx, out.Columns)
	if err != nil {
		return nil, err
	}
	out.publish(r)
	return out, nil
}

// publish makes the tables. Pure.
func (p *Public) publish(r *Report) {
	for _, id := range publicFigures() {
		f, _ := Find(id)
		if why := r.Missing[id]; why != "" {
			p.Missing[id] = why
			continue
		}
		t := PublicTable{Figure: f}
		parts := slices.DeleteFunc(r.Parts(f), func(part string) bool { return part == unseen })
		if len(parts) == 0 && !f.Free {
			parts = []string{""}
		}
		for _, one := range parts {
			t.Rows = append(t.Rows, PublicRow{Part: one, Values: make([]Shown, len(r.Columns))})
		}
		total := PublicRow{Values: make([]Shown, len(r.Columns))}
		for c := range r.Columns {
			counts := make([]int64, len(parts))
			for i, one := range parts {
				counts[i] = r.Value(Cell{id, one}, c).N
			}
			var shown []Shown
			shown, total.Values[c] = p.hide(r, id, counts, c)
			for i := range parts {
				t.Rows[i].Values[c] = shown[i]
			}
		}
		if id == Outcome {
			t.Rows = append(t.Rows, total)
			p.shares(t)
		}
		p.Tables = append(p.Tables, t)
	}
}

// hide hides what is small of a figure in a period, by the equations in which it stands.
func (p *Public) hide(r *Report, id ID, counts []int64, c int) ([]Shown, Shown) {
	least := int64(p.Small)
	switch id {
	case Outcome:
		return Suppress(counts, least, true)
	case Contacts:
		shown, sum := Suppress(counts, least, false)
		var rest, hidden int64 // of the calls answered here; what of the contacts is none of them are callbacks, which are not shown
		for _, part := range answeredHere() {
			if p.shown(Outcome, part, c).Hidden {
				rest, hidden = rest+r.Value(Cell{Outcome, part}, c).N, hidden+1
			}
		}
		if rest += r.Value(Cell{Figure: CalledBack}, c).N; hidden > 0 && rest <= hidden {
			shown[0] = Shown{Hidden: true}
		}
		return shown, sum
	case Age, Sex, Place:
		if !p.shown(Contacts, "", c).Hidden {
			return SuppressParts(counts, least, r.Value(Cell{id, unseen}, c).N), Shown{Hidden: true}
		}
	}
	return Suppress(counts, least, false)
}

// shown is what a table before shows; hidden without such a table.
func (p *Public) shown(id ID, part string, c int) Shown {
	for _, t := range p.Tables {
		for _, row := range t.Rows {
			if t.Figure.ID == id && row.Part == part {
				return row.Values[c]
			}
		}
	}
	return Shown{Hidden: true}
}

// shares are worked out from what is shown, and from nothing else.
func (p *Public) shares(t PublicTable) {
	connected := append(answeredHere(), "elsewhere")
	share := func(c int, parts ...string) float64 {
		var n, of int64
		for _, row := range t.Rows {
			v := row.Values[c]
			switch {
			case row.Part != "" && !slices.Contains(parts, row.Part):
			case v.Hidden:
				return -1
			case row.Part == "":
				of = v.N
			default:
				n += v.N
			}
		}
		if of == 0 {
			return -1
		}
		return 100 * float64(n) / float64(of)
	}
	for c := range p.Columns {
		p.Connected = append(p.Connected, share(c, connected...))
		p.Within15 = append(p.Within15, share(c, "within_15"))
	}
}

// Suppress hides what is small: counts of 1 to least-1. With a total, of which the counts are all parts, also so many others that no hidden one can be
// worked out, not by a reader who knows that hidden counts are no zeros either, nor by one who takes all of them for small; and the total, when nothing
// else helps. Zeros are shown. Pure.
func Suppress(counts []int64, least int64, total bool) (shown []Shown, sum Shown) {
	h := hiding{counts: counts, shown: make([]Shown, len(counts))}
	h.small(least)
	for _, n := range counts {
		sum.N += n
	}
	sum.Hidden = !total || sum.N > 0 && sum.N < least
	// Two hidden counts of a known sum tell nothing exactly, unless the sum is the least or the most that they can be.
	for !sum.Hidden && h.n > 0 && (h.n == 1 || h.sum <= h.n || h.sum == h.n*(least-1)) {
		sum.Hidden = !h.another()
	}
	if sum.Hidden {
		sum.N = 0
	}
	return h.shown, sum
}

// SuppressParts is Suppress for counts that, with others that are never shown, make a number that is shown. When all that is left are ones, and nothing is
// unknown beside them, the zeros are hidden with them. Pure.
func SuppressParts(counts []int64, least, unknown int64) []Shown {
	h := hiding{counts: counts, shown: make([]Shown, len(counts))}
	h.small(least)
	for h.n > 0 && h.sum+unknown <= h.n {
		if !h.another() {
			for i := range h.shown {
				h.shown[i].Hidden = true
			}
			break
		}
	}
	return h.shown
}

// hiding is counts of which some are hidden.
type hiding struct {
	counts []int64
	shown  []Shown
	n, sum int64 // of the hidden ones
}

func (h *hiding) hide(i int) {
	h.shown[i] = Shown{Hidden: true}
	h.n, h.sum = h.n+1, h.sum+h.counts[i]
}

func (h *hiding) small(least int64) {
	for i, n := range h.counts {
		h.shown[i].N = n
		if n > 0 && n < least {
			h.hide(i)
		}
	}
}

// another hides the smallest of the others that are not 0: the least is lost with it. False: there is none.
func (h *hiding) another() bool {
	next := -1
	for i, n := range h.counts {
		if !h.shown[i].Hidden && n > 0 && (next < 0 || n < h.counts[next]) {
			next = i
		}
	}
	if next >= 0 {
		h.hide(next)
	}
	return next >= 0
}
