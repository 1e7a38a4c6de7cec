package figures

import (
	"math"
	"testing"
	"time"
)

var noon = time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)

// hours are slices of one line: good and late answers of the hours before noon, the last hour last.
func hours(spans int, pairs ...[2]int) (all []Slice) {
	for i, p := range pairs {
		c := Counts{Offered: p[0] + p[1], Answered: p[0] + p[1], Spans: make([]Span, spans)}
		for j := range c.Spans {
			c.Spans[j] = Span{p[0], p[1]}
		}
		all = append(all, Slice{Line: "12355", At: noon.Add(time.Duration(i-len(pairs)) * time.Hour), Counts: c})
	}
	return all
}

func TestJudge(t *testing.T) {
	within := Goal{ID: Goal12345, Within: 15 * time.Second, Share: 95}
	day := func(first [2]int, between [2]int, last [2]int) []Slice {
		pairs := [][2]int{first}
		for range 22 {
			pairs = append(pairs, between)
		}
		return hours(1, append(pairs, last)...)
	}
	for name, c := range map[string]struct {
		goal   Goal
		slices []Slice
		want   Standing
	}{
		"nobody called":                  {within, nil, Standing{Health: Quiet, Share: 100, Ahead: 100}},
		"all in time":                    {within, hours(1, [2]int{40, 0}), Standing{Health: Kept, Good: 40, Of: 40, Share: 100, Left: 2, Ahead: 100}},
		"exactly as promised":            {within, hours(1, [2]int{19, 1}, [2]int{0, 0}), Standing{Health: Kept, Good: 19, Of: 20, Share: 95, Ahead: 95}},
		"one too many":                   {within, hours(1, [2]int{18, 1}, [2]int{0, 0}), Standing{Health: Broken, Good: 18, Of: 19, Share: 100 * 18. / 19, Needed: 1, Ahead: 100 * 18. / 19}},
		"far below":                      {within, hours(1, [2]int{50, 50}, [2]int{0, 0}), Standing{Health: Broken, Good: 50, Of: 100, Share: 50, Needed: 900, Ahead: 50}},
		"more is asked for":              {Goal{ID: Goal12345, Within: time.Second, Share: 95, Above: true}, hours(1, [2]int{19, 1}, [2]int{0, 0}), Standing{Health: Broken, Good: 19, Of: 20, Share: 95, Needed: 1, Ahead: 95}},
		"a bad hour, much room":          {within, day([2]int{100, 0}, [2]int{100, 0}, [2]int{90, 10}), Standing{Health: Kept, Good: 2390, Of: 2400, Share: 100 * 2390. / 2400, Left: 115, Ahead: 100 * 2380. / 2400, LastLate: 10}},
		"a bad hour, and no room":        {within, day([2]int{96, 4}, [2]int{96, 4}, [2]int{80, 20}), Standing{Health: Warning, Good: 2288, Of: 2400, Share: 100 * 2288. / 2400, Left: 8, Ahead: 100 * 2272. / 2400, LastLate: 20}},
		"a bad hour goes out":            {within, day([2]int{50, 50}, [2]int{99, 1}, [2]int{97, 3}), Standing{Health: Kept, Good: 2325, Of: 2400, Share: 100 * 2325. / 2400, Left: 47, Ahead: 100 * 2372. / 2400, LastLate: 3}},
		"broken, and mends by itself":    {within, day([2]int{0, 100}, [2]int{96, 4}, [2]int{96, 4}), Standing{Health: Broken, Good: 2208, Of: 2400, Share: 92, Needed: 1440, Ahead: 96, LastLate: 4}},
		"few calls, the next one breaks": {within, hours(1, [2]int{10, 0}), Standing{Health: Kept, Good: 10, Of: 10, Share: 100, Ahead: 100}},
		"as many late again would break": {within, hours(1, [2]int{60, 0}, [2]int{37, 3}), Standing{Health: Warning, Good: 97, Of: 100, Share: 97, Left: 2, Ahead: 100 * 134. / 140, LastLate: 3}},
		"all are promised":               {Goal{ID: Goal12345, Within: time.Second, Share: 100}, hours(1, [2]int{9, 1}, [2]int{0, 0}), Standing{Health: Broken, Good: 9, Of: 10, Share: 90, Needed: 1, Ahead: 90}},
		"another line's":                 {Goal{ID: GoalLine, Line: "12345", Within: 15 * time.Second, Share: 95}, hours(1, [2]int{1, 9}), Standing{Health: Quiet, Share: 100, Ahead: 100}},
	} {
		t.Run(name, func(t *testing.T) {
			now := noon
			if len(c.slices) == 1 { // the only hour is the last one
				c.slices[0].At = noon.Add(-30 * time.Minute)
			}
			got := Judge([]Goal{c.goal}, c.slices, now)[0]
			c.want.Goal = c.goal
			if math.Abs(got.Share-c.want.Share) < 1e-9 && math.Abs(got.Ahead-c.want.Ahead) < 1e-9 {
				got.Share, got.Ahead = c.want.Share, c.want.Ahead
			}
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// What Left and Needed say is so: one more breaks, one fewer does not mend.
func TestRoomIsExact(t *testing.T) {
	for _, g := range []Goal{{Share: 95}, {Share: 90}, {Share: 95, Above: true}, {Share: 33.3}, {Share: 80, Above: true}} {
		for good := range 120 {
			for late := range 30 {
				if good+late == 0 {
					continue
				}
				s := Span{good, late}
				if !g.keeps(s) {
					k := g.needed(s)
					if !g.keeps(Span{good + k, late}) || k > 0 && g.keeps(Span{good + k - 1, late}) {
						t.Fatalf("%+v %+v: needed %d", g, s, k)
					}
					continue
				}
				if k := g.left(s); !g.keeps(Span{good, late + k}) || g.keeps(Span{good, late + k + 1}) {
					t.Fatalf("%+v %+v: left %d", g, s, k)
				}
			}
		}
	}
}

func TestGoalsOfOtherKinds(t *testing.T) {
	all := []Slice{{Line: "12355", At: noon.Add(-5 * time.Hour), Counts: Counts{
		Offered: 100, Answered: 92, Abandoned: 5, Callbacks: 3, Spans: []Span{{90, 10}, {92, 8}},
	}}}
	want := map[GoalID][3]int{Goal12345: {90, 100, 0}, GoalAnswered: {92, 100, 2}, Goal15: {90, 100, 0}, Goal20: {92, 100, 0}, GoalStayed: {95, 100, 0}}
	broken := map[GoalID]bool{Goal12345: true, Goal20: true, GoalStayed: true}
	for _, s := range Judge(Standards(), all, noon) {
		if got := [3]int{s.Good, s.Of, s.Left}; got != want[s.Goal.ID] || (s.Health == Broken) != broken[s.Goal.ID] {
			t.Errorf("%s: %+v", s.Goal.ID, s)
		}
	}
}

func TestTrendHasNoHoles(t *testing.T) {
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	all := []Slice{
		{Line: "a", At: at(-10), Counts: Counts{Offered: 2}}, {Line: "b", At: at(-10), Counts: Counts{Offered: 3, Most: time.Second}},
		{Line: "a", At: at(0), Counts: Counts{Offered: 1}}, {Line: "a", At: at(-20), Counts: Counts{Offered: 9}},
	}
	levels := []Level{{at(-60), 4, 3}, {at(-10), 5, -1}, {at(0), 2, -2}}
	got := Trend(all, levels, "", at(-12), at(2), 5*time.Minute)
	want := []struct{ minute, offered, peak int }{{-15, 0, 3}, {-10, 5, 5}, {-5, 0, 2}, {0, 1, 2}}
	if len(got) != len(want) {
		t.Fatalf("%d points", len(got))
	}
	for i, w := range want {
		if !got[i].At.Equal(at(w.minute)) || got[i].Offered != w.offered || got[i].Peak != w.peak {
			t.Errorf("point %d: %+v, want %+v", i, got[i], w)
		}
	}
	if one := Trend(all, nil, "b", at(-12), at(2), 5*time.Minute); one[1].Offered != 3 || one[3].Offered != 0 {
		t.Errorf("one line: %+v", one)
	}
}
