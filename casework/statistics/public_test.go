package statistics

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestSuppress(t *testing.T) {
	const h = -1
	for name, c := range map[string]struct {
		counts []int64
		total  bool
		want   []int64 // the total last
	}{
		"nothing small":                  {[]int64{10, 0, 7}, true, []int64{10, 0, 7, 17}},
		"one small":                      {[]int64{10, 3, 7}, true, []int64{10, h, h, 20}},
		"two small":                      {[]int64{10, 3, 2}, true, []int64{10, h, h, 15}},
		"two ones":                       {[]int64{11, 1, 1}, true, []int64{h, h, h, 13}},
		"two fours":                      {[]int64{10, 4, 4}, true, []int64{h, h, h, 18}},
		"one small, nothing beside":      {[]int64{3, 0, 0}, true, []int64{h, 0, 0, h}},
		"two fours, nothing beside":      {[]int64{4, 4, 0}, true, []int64{h, h, 0, h}},
		"without a total only the small": {[]int64{10, 3, 7}, false, []int64{10, h, 7, h}},
		"no calls":                       {[]int64{0, 0}, true, []int64{0, 0, 0}},
	} {
		shown, sum := Suppress(c.counts, 5, c.total)
		var got []int64
		for _, s := range append(shown, sum) {
			if s.Hidden {
				got = append(got, h)
			} else {
				got = append(got, s.N)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// No reader can work a hidden number out: for each there are two values or more with which everything that is shown agrees. The reader knows the counts
// are whole, that zeros are shown, and in the second round takes every hidden count for a small one wherever that can be.
func TestNothingHiddenCanBeWorkedOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 30_000 {
		least := int64(3 + rng.IntN(4))
		counts := make([]int64, 1+rng.IntN(6))
		for i := range counts {
			counts[i] = rng.Int64N(least * (1 + rng.Int64N(3)))
			if rng.IntN(3) == 0 {
				counts[i] = 0
			}
		}
		shown, sum := Suppress(counts, least, true)
		for i, s := range shown {
			if !s.Hidden && (s.N != counts[i] || s.N > 0 && s.N < least) || s.Hidden && (s.N != 0 || counts[i] == 0) {
				t.Fatalf("%v at least %d: %+v", counts, least, shown)
			}
		}
		if !sum.Hidden && sum.N > 0 && sum.N < least {
			t.Fatalf("%v at least %d: a small total %+v", counts, least, sum)
		}
		if sum.Hidden {
			continue // no equation is left: each hidden one may be anything
		}
		rest, hidden := sum.N, 0
		for _, s := range shown {
			rest -= s.N
			if s.Hidden {
				hidden++
			}
		}
		for _, most := range []int64{rest, least - 1} {
			possible := values(hidden, rest, most)
			if hidden > 0 && len(possible) == 1 {
				t.Fatalf("%v at least %d: the %d hidden ones are all %d", counts, least, hidden, possible[0])
			}
		}
	}
}

// values are those that one of n counts of 1 to most each can have when they sum up to rest. By symmetry it is the same for all of them.
func values(n int, rest, most int64) (out []int64) {
	if n == 0 {
		return nil
	}
	reach := map[int64]bool{0: true} // sums of the others
	for range n - 1 {
		next := map[int64]bool{}
		for sum := range reach {
			for v := int64(1); v <= most && sum+v <= rest; v++ {
				next[sum+v] = true
			}
		}
		reach = next
	}
	for v := int64(1); v <= most && v <= rest; v++ {
		if reach[rest-v] {
			out = append(out, v)
		}
	}
	return out
}

// The same for parts of a number that is shown, beside others that never are.
func TestNothingHiddenOfPartsCanBeWorkedOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for range 30_000 {
		least := int64(3 + rng.IntN(4))
		counts := make([]int64, 1+rng.IntN(6))
		for i := range counts {
			if rng.IntN(3) > 0 {
				counts[i] = rng.Int64N(1 + rng.Int64N(3*least))
			}
		}
		unknown := rng.Int64N(3)
		shown := SuppressParts(counts, least, unknown)
		rest, hidden, ones := unknown, 0, true
		for i, s := range shown {
			if !s.Hidden && s.N > 0 && s.N < least {
				t.Fatalf("%v at least %d: %+v", counts, least, shown)
			}
			if s.Hidden {
				rest, hidden, ones = rest+counts[i], hidden+1, ones && counts[i] > 0
			}
		}
		if hidden == 0 || hidden == len(counts) || !ones { // with all of them hidden each may be none, too
			continue
		}
		possible := map[int64]bool{}
		for beside := int64(0); beside <= rest; beside++ {
			for _, v := range values(hidden, rest-beside, rest) {
				possible[v] = true
			}
		}
		if len(possible) < 2 {
			t.Fatalf("%v and %d unknown, at least %d: %+v", counts, unknown, least, shown)
		}
	}
}

// The public view shows periods that are over and settled, no small number, and no share that would tell one.
func TestPublicRead(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s, forms, _ := opened(t, db, nil)
		zone := china(t)
		s.now = func() time.Time { return time.Date(2026, 7, 5, 0, 0, 0, 0, zone) } // the second quarter is over, and not settled
		p := FirstParams()
		p.PublicFrom = 2025
		_, err := s.Params.Save(t.Context(), 0, p, "admin", "")
		must(t, err)
		write := func(at time.Time, n int, c told) {
			for i := range n {
				c.at, c.line, c.ref, c.agent = at, "12355", string(rune('a'+i)), "u-1"
				c.write(t, db, forms, at.Format("0102")+c.form+string(c.outcome)+string(rune('a'+i)))
			}
		}
		jan, may := time.Date(2026, 1, 9, 0, 0, 0, 0, zone), time.Date(2026, 5, 9, 0, 0, 0, 0, zone)
		write(jan, 8, told{talk: time.Minute, outcome: "answered", form: "sleep"})
		write(jan, 2, told{wait: -time.Minute, outcome: "abandoned"})
		write(may, 9, told{talk: time.Minute, outcome: "answered", form: "sleep"})
		v, err := s.PublicRead(t.Context(), zone)
		must(t, err)
		if len(v.Columns) != 5 || !v.Columns[4].To.Equal(time.Date(2026, 4, 1, 0, 0, 0, 0, zone)) || !v.Columns[0].From.Equal(time.Date(2025, 1, 1, 0, 0, 0, 0, zone)) {
			t.Fatalf("%+v", v.Columns)
		}
		got := map[Cell]Shown{}
		for _, table := range v.Tables {
			for _, row := range table.Rows {
				got[Cell{table.Figure.ID, row.Part}] = row.Values[4]
			}
		}
		for c, want := range map[Cell]Shown{
			{Outcome, "within_15"}: {Hidden: true}, {Outcome, "abandoned"}: {Hidden: true}, {Outcome, ""}: {N: 10}, {Outcome, "later"}: {}, {People, ""}: {N: 8},
			{Contacts, ""}: {N: 8}, {Problem, "sleep"}: {N: 8}, {DangerSignals, ""}: {},
		} {
			if got[c] != want {
				t.Errorf("%v: %+v, want %+v", c, got[c], want)
			}
		}
		if v.Connected[4] != -1 || v.Missing[HighRisk] != NotYet || v.Missing[Place] != NoHome {
			t.Errorf("%v %v", v.Connected, v.Missing)
		}
	})
}
