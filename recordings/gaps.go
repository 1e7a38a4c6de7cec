package recordings

import (
	"cmp"
	"slices"
)

// What is marked of what is missing: less is in the list of gaps only.
const (
	markBothFrom = Rate / 5 // both sides: the line was dead
	markSideFrom = Rate / 2 // one side: it may have had nothing to send
)

// gapCount adds up what is missing, side by side, and lists it. A gap that goes over the border of pieces is one gap. A pause is none.
// It is pure.
type gapCount struct {
	at      int64 // up to where it was counted
	paused  []span
	last    [sides]gapRun // n is 0 before the first
	list    []gapRun
	runs    int
	samples int64
}

func (g *gapCount) add(side Side, from, to int64) {
	for _, p := range g.paused {
		if p.from < to && p.to > from {
			g.add(side, from, p.from)
			g.add(side, p.to, to)
			return
		}
	}
	if from >= to {
		return
	}
	g.samples += to - from
	last := &g.last[side]
	if last[2] > 0 && last.to() == from {
		last[2] += to - from
		return
	}
	g.flush(side)
	*last = gapRun{int64(side), from, to - from}
	g.runs++
}

func (g *gapCount) flush(side Side) {
	if g.last[side][2] > 0 && len(g.list) < maxRuns {
		g.list = append(g.list, g.last[side])
	}
	g.last[side] = gapRun{}
}

// chunk counts the gaps of a chunk and of the missing slots before it.
func (g *gapCount) chunk(c chunk, samples int64) {
	start := int64(c.slot) * samples
	g.end(start)
	for _, h := range c.gaps {
		g.add(h.side, start+int64(h.from), start+int64(h.from)+int64(h.n))
	}
	g.at = start + int64(c.samples())
}

// end counts up to the end: no slots came any more.
func (g *gapCount) end(samples int64) {
	for side := range Side(sides) {
		g.add(side, g.at, samples)
	}
	g.at = max(g.at, samples)
}

// close lists what is left, in order.
func (g *gapCount) close() {
	for side := range Side(sides) {
		g.flush(side)
	}
	slices.SortStableFunc(g.list, func(a, b gapRun) int { return cmp.Compare(a[1], b[1]) })
}

// lostMarks are the marks of listed gaps that are long enough, but for what a mark explains already.
func lostMarks(list []gapRun, marks []markAt) (out []markAt) {
	var left, right []span
	for _, g := range list {
		s := span{g.from(), g.to()}
		if g.side() == Left {
			left = addSpan(left, s)
		} else {
			right = addSpan(right, s)
		}
	}
	both := overlap(left, right)
	for code, spans := range map[string][]span{GapLost: both, GapLeft: without(left, both), GapRight: without(right, both)} {
		least := int64(markSideFrom)
		if code == GapLost {
			least = markBothFrom
		}
		for _, s := range spans {
			explained := slices.ContainsFunc(marks, func(m markAt) bool {
				return m.Kind == MarkGap && m.From <= s.from+gapMerge && m.To+gapMerge >= s.to && m.Code != GapClock
			})
			if s.to-s.from >= least && !explained {
				out = append(out, markAt{Kind: MarkGap, From: s.from, To: s.to, Code: code})
			}
		}
	}
	slices.SortFunc(out, func(a, b markAt) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Code, b.Code))
	})
	return out
}

// overlap is where both have something. Both are sorted and apart.
func overlap(a, b []span) (out []span) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if from, to := max(a[i].from, b[j].from), min(a[i].to, b[j].to); from < to {
			out = append(out, span{from, to})
		}
		if a[i].to < b[j].to {
			i++
		} else {
			j++
		}
	}
	return out
}

// without is a less b. Both are sorted and apart.
func without(a, b []span) (out []span) {
	for _, s := range a {
		for _, cut := range b {
			if cut.to <= s.from || cut.from >= s.to {
				continue
			}
			if cut.from > s.from {
				out = append(out, span{s.from, cut.from})
			}
			s.from = cut.to
		}
		if s.from < s.to {
			out = append(out, s)
		}
	}
	return out
}
