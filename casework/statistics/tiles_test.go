package statistics

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Whatever columns are asked for: what is counted for the least of them and spread is what counting each by itself gives.
func TestTiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	at := func(day int) time.Time { return time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC) }
	count := func(columns []Column) []Counted {
		var out []Counted
		for i, c := range columns {
			n := int64(0)
			for day := c.From; day.Before(c.To); day = day.AddDate(0, 0, 1) {
				n += int64(day.YearDay() * day.YearDay())
			}
			out = append(out, Counted{Column: i, N: n})
		}
		return out
	}
	fewer := 0
	for range 5000 {
		var columns []Column
		for range 1 + rng.IntN(7) {
			from := 1 + rng.IntN(5)
			columns = append(columns, Column{at(from), at(from + 1 + rng.IntN(4)), []string{"", "12355"}[rng.IntN(2)]})
		}
		least, into := tiles(columns)
		if len(least) < len(columns) {
			fewer++
		}
		got := make([]int64, len(columns))
		for _, c := range spread(count(least), into) {
			got[c.Column] += c.N
		}
		for _, want := range count(columns) {
			if got[want.Column] != want.N {
				t.Fatalf("%v: column %d is %d, want %d", columns, want.Column, got[want.Column], want.N)
			}
		}
	}
	if fewer < 100 {
		t.Errorf("only %d of 5000 had anything to join", fewer)
	}
}
