package roster

import (
	"cmp"
	"slices"
	"time"
)

// Why a person on a shift does not count for it.
const (
	UnfitUnknown  = "unknown"        // nobody has that id
	UnfitDisabled = "disabled"       // may not sign in
	UnfitRole     = "not_supervisor" // rostered as a supervisor, and is none
)

// Span is a time from its beginning to before its end.
type Span struct{ From, To time.Time }

// Clash is a person who is rostered twice at a time, or with little rest between.
type Clash struct {
	Person        string
	First, Second Occurrence
	Rest          time.Duration // between them; of an overlap negative
}

// Unfit is a time of work that does not count.
type Unfit struct {
	Occurrence
	Why string
}

// Review is what is to be known of a roster before it is published.
type Review struct {
	Work     []Occurrence // in the span
	Gaps     []Span       // without a supervisor who must be there: it cannot be published
	Deserted []Span       // without a counsellor at a site that never closes
	Overlaps []Clash
	Rests    []Clash // shorter than the document asks for
	Unfit    []Unfit
}

// Review looks at a span. fit says why a person does not count in a role ("": counts).
func (r Roster) Review(from, to time.Time, fit func(person string, role Role) string) Review {
	out := Review{Work: r.Between(from, to)}
	var supervised, served []Span
	for _, o := range out.Work {
		if why := fit(o.Person, o.Role); why != "" {
			out.Unfit = append(out.Unfit, Unfit{o, why})
			continue
		}
		if o.Role == Supervisor {
			supervised = append(supervised, Span{o.Start, o.End})
		} else {
			served = append(served, Span{o.Start, o.End})
		}
	}
	whole := []Span{{from, to}}
	supervised, served = joined(supervised), joined(served)
	if r.Cover == CoverAlways {
		out.Gaps, out.Deserted = without(whole, supervised), without(whole, served)
	} else {
		out.Gaps = without(within(served, from, to), supervised)
	}
	r.clashes(&out, from, to)
	return out
}

// clashes looks at neighbours of each person; a day more on both sides, for the rest before and after.
func (r Roster) clashes(out *Review, from, to time.Time) {
	byPerson := map[string][]Occurrence{}
	for _, o := range r.Between(from.AddDate(0, 0, -2), to.AddDate(0, 0, 2)) {
		byPerson[o.Person] = append(byPerson[o.Person], o)
	}
	inside := func(o Occurrence) bool { return o.Start.Before(to) && o.End.After(from) }
	for person, work := range byPerson {
		for i, second := range work {
			if i == 0 {
				continue
			}
			// The one that ends last of those before: a long shift may swallow a short one.
			first := slices.MaxFunc(work[:i], func(a, b Occurrence) int { return a.End.Compare(b.End) })
			if !inside(first) && !inside(second) {
				continue
			}
			c := Clash{person, first, second, second.Start.Sub(first.End)}
			switch {
			case c.Rest < 0:
				out.Overlaps = append(out.Overlaps, c)
			case c.Rest > 0 && c.Rest < time.Duration(r.Rest)*time.Minute: // what meets is one time of work
				out.Rests = append(out.Rests, c)
			}
		}
	}
	order := func(a, b Clash) int {
		return cmp.Or(a.Second.Start.Compare(b.Second.Start), cmp.Compare(a.Person, b.Person))
	}
	slices.SortFunc(out.Overlaps, order)
	slices.SortFunc(out.Rests, order)
}

// joined is a set of spans in order, those that touch as one.
func joined(all []Span) []Span {
	slices.SortFunc(all, func(a, b Span) int { return a.From.Compare(b.From) })
	var out []Span
	for _, s := range all {
		if n := len(out); n > 0 && !s.From.After(out[n-1].To) {
			if s.To.After(out[n-1].To) {
				out[n-1].To = s.To
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// within cuts spans to a time.
func within(all []Span, from, to time.Time) []Span {
	var out []Span
	for _, s := range all {
		if s.From.Before(from) {
			s.From = from
		}
		if s.To.After(to) {
			s.To = to
		}
		if s.From.Before(s.To) {
			out = append(out, s)
		}
	}
	return out
}

// without takes spans (joined) out of others.
func without(all, cut []Span) []Span {
	var out []Span
	for _, s := range all {
		for _, c := range cut {
			if !c.To.After(s.From) {
				continue
			}
			if !c.From.Before(s.To) {
				break
			}
			if c.From.After(s.From) {
				out = append(out, Span{s.From, c.From})
			}
			s.From = c.To
		}
		if s.From.Before(s.To) {
			out = append(out, s)
		}
	}
	return out
}
