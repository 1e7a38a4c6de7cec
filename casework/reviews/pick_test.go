package reviews

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func why(rows []Row) map[string]Why {
	out := map[string]Why{}
	for _, r := range rows {
		out[r.Call+"/"+r.Agent] = r.Why
	}
	return out
}

func TestRedTalksAlwaysGo(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.rule(func(sh *Sheet) { sh.Pick.Share = 0 })
		p := s.NewPicker(nil, time.UTC)
		s.talk("red", true, of("u-1", 600), of("u-2", 300), of("u-3", 20))
		s.talk("short", true, of("u-1", 5), of("u-2", 9))
		s.talk("quiet", false, of("u-1", 900))
		s.talk("swept", false, of("u-7", 900)) // a level is said after its end
		if n, err := p.Pass(ctx); err != nil || n != 3 {
			t.Fatalf("%d, %v", n, err)
		}
		s.high("swept")
		s.clock = s.clock.Add(2 * time.Hour) // the long look, as after an hour
		if n, err := p.Pass(ctx); err != nil || n != 1 {
			t.Fatalf("%d, %v", n, err)
		}
		want := map[string]Why{"red/u-1": Red, "red/u-2": Red, "short/u-2": Red, "swept/u-7": Red}
		got := why(s.list(Filter{}))
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v", got)
		}
		if n, err := p.Pass(ctx); err != nil || n != 0 {
			t.Errorf("again: %d, %v", n, err)
		}
		all, red, late, err := s.Waiting(ctx)
		if err != nil || all != 4 || red != 4 || late != 0 {
			t.Errorf("%d %d %d %v", all, red, late, err)
		}
		s.clock = s.clock.Add(4 * 24 * time.Hour)
		if _, _, late, err := s.Waiting(ctx); err != nil || late != 4 {
			t.Errorf("%d %v", late, err)
		}
	})
}

type incidents []string

func (i incidents) RedCalls(context.Context, time.Time) ([]string, error) { return i, nil }

// A talk that was drawn and turns out to have been in danger is due sooner, and stays one review.
func TestWhatAnIncidentSaysLater(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.rule(func(sh *Sheet) { sh.Pick.Share = 1000 })
		s.talk("c1", false, of("u-1", 900))
		if n, err := s.NewPicker(nil, time.UTC).Pass(ctx); err != nil || n != 1 {
			t.Fatalf("%d, %v", n, err)
		}
		before := s.list(Filter{})[0]
		if _, err := s.NewPicker(incidents{"c1", "never"}, time.UTC).Pass(ctx); err != nil {
			t.Fatal(err)
		}
		after := s.list(Filter{})
		if len(after) != 1 || after[0].ID != before.ID || before.Why != Sample || after[0].Why != Red || !after[0].Due.Before(before.Due) {
			t.Errorf("%+v, %+v", before, after)
		}
	})
}

// Whatever the share, whoever picks, and how often: a talk is drawn for once.
func TestDrawnOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.rule(func(sh *Sheet) { sh.Pick.Share = 300 })
		for i := range 80 {
			s.talk(fmt.Sprintf("c%03d", i), false, of(fmt.Sprintf("u-%d", i%5), 30+2*i))
		}
		var wg sync.WaitGroup
		sums := make([]int, 4)
		for i := range sums {
			wg.Go(func() {
				n, err := s.NewPicker(nil, time.UTC).Pass(ctx)
				if err != nil {
					t.Error(err)
				}
				sums[i] = n
			})
		}
		wg.Wait()
		first := s.list(Filter{Limit: 500})
		if n := sums[0] + sums[1] + sums[2] + sums[3]; n != len(first) || n < 8 || n > 45 {
			t.Errorf("%v picked, %d there", sums, len(first))
		}
		for _, r := range first {
			if r.Talk < time.Minute {
				t.Errorf("too short: %+v", r)
			}
		}
		s.rule(func(sh *Sheet) { sh.Pick.Share, sh.Pick.Least = 1000, 0 }) // holds for what comes
		if n, err := s.NewPicker(nil, time.UTC).Pass(ctx); err != nil || n != 0 {
			t.Errorf("%d more, %v", n, err)
		}
		s.talk("new", false, of("u-1", 5))
		if n, err := s.NewPicker(nil, time.UTC).Pass(ctx); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
	})
}

// A worker that was away for months looks at everything since; what ended before the first start of this part is not looked at.
func TestNothingIsForgottenWhileAway(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.rule(func(sh *Sheet) { sh.Pick.Share = 1000 })
		now := s.clock
		s.clock = now.Add(-400 * 24 * time.Hour)
		s.talk("long-ago", true, of("u-1", 900))
		s.clock = now
		s.talk("before", false, of("u-1", 900))
		s.clock = now.Add(100 * 24 * time.Hour)
		s.talk("away", true, of("u-1", 900))
		s.clock = now.Add(200 * 24 * time.Hour)
		if _, err := s.NewPicker(nil, time.UTC).Pass(ctx); err != nil {
			t.Fatal(err)
		}
		got := why(s.list(Filter{}))
		if len(got) != 2 || got["before/u-1"] != Sample || got["away/u-1"] != Red {
			t.Errorf("%v", got)
		}
		var looked int64
		must(t, db.QueryRow(ctx, `SELECT looked_ms FROM review_place`).Scan(&looked))
		if looked != storage.Millis(s.clock) {
			t.Errorf("looked at %v", storage.Time(looked))
		}
	})
}

func TestAsk(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.talk("c1", false, of("u-1", 100), of("u-2", 200))
		r, err := s.Ask(ctx, "c1", "", "u-9", 2)
		if err != nil || r.Agent != "u-2" || r.Why != Asked || r.Wanted != 2 || r.PickedBy != "u-9" || !r.Calibration() {
			t.Errorf("%+v, %v", r, err)
		}
		if again, err := s.Ask(ctx, "c1", "u-2", "u-8", 1); err != nil || again.ID != r.ID || again.Wanted != 2 {
			t.Errorf("%+v, %v", again, err)
		}
		if other, err := s.Ask(ctx, "c1", "u-1", "u-9", 1); err != nil || other.ID == r.ID {
			t.Errorf("%+v, %v", other, err)
		}
		if _, err := s.Ask(ctx, "none", "", "u-9", 1); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if _, err := s.Ask(ctx, "c1", "u-3", "u-9", 1); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if _, err := s.Ask(ctx, "c1", "u-1", "u-9", 6); !errors.Is(err, ErrInvalid) {
			t.Error(err)
		}
	})
}

// The sample is as large as was asked for, whoever talked.
func TestDraw(t *testing.T) {
	for _, share := range []int{0, 20, 500, 1000} {
		n := 0
		for i := range 20_000 {
			if Drawn("seed", fmt.Sprintf("call-%d", i), "u-1", share) {
				n++
			}
		}
		want := 20 * share
		if math.Abs(float64(n-want)) > 4*math.Sqrt(float64(want)+1) {
			t.Errorf("%d of 1000: %d, want about %d", share, n, want)
		}
	}
	same := 0
	for i := range 1000 {
		if Drawn("a", fmt.Sprint(i), "u-1", 500) == Drawn("b", fmt.Sprint(i), "u-1", 500) {
			same++
		}
	}
	if same < 400 || same > 600 {
		t.Errorf("another seed draws the same %d times of 1000", same)
	}
}

func TestOfRed(t *testing.T) {
	talks := []Talk{{Call: "a", Agent: "1", Length: 50}, {Call: "a", Agent: "2", Length: 70}, {Call: "b", Agent: "1", Length: 3}, {Call: "b", Agent: "2", Length: 2}, {Call: "a", Agent: "3", Length: 4}}
	got := ofRed(talks, 10)
	if len(got) != 3 || got[0].Agent != "1" || got[1].Agent != "2" || got[2].Call != "b" || got[2].Agent != "1" {
		t.Errorf("%+v", got)
	}
}
