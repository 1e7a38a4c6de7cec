package reviews

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

// Whoever the share left out has so many talks of each month reviewed, drawn as a larger share would have: once, whoever does it and however often.
func TestEverybodyIsHeardEachMonth(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.rule(func(sh *Sheet) { sh.Pick.Share, sh.Pick.Monthly = 0, 2 })
		next := monthOf(s.clock.In(zone)).AddDate(0, 1, 0)
		s.clock = next.AddDate(0, 0, 9)
		for i := range 6 {
			s.talk(fmt.Sprintf("much-%d", i), false, of("u-1", 100+i))
		}
		s.talk("little", false, of("u-2", 200), of("u-3", 300))
		s.talk("red", true, of("u-3", 200))
		s.talk("short", false, of("u-2", 20))
		pass := func(at time.Time, want int) {
			t.Helper()
			s.clock = at
			if n, err := s.NewPicker(nil, zone).Pass(ctx); err != nil || n != want {
				t.Fatalf("at %s: %d went to review, want %d; %v", at, n, want, err)
			}
		}
		over := next.AddDate(0, 1, 0)
		pass(next.AddDate(0, 0, 10), 1) // the red one
		pass(over.Add(47*time.Hour), 0)
		s.clock = over.Add(49 * time.Hour)
		var wg sync.WaitGroup
		sums := make([]int, 3)
		for i := range sums {
			wg.Go(func() {
				n, err := s.NewPicker(nil, zone).Pass(ctx)
				if err != nil {
					t.Error(err)
				}
				sums[i] = n
			})
		}
		wg.Wait()
		if n := sums[0] + sums[1] + sums[2]; n != 4 {
			t.Errorf("%v went to review", sums)
		}
		by := map[string]int{}
		for _, r := range s.list(Filter{Why: Sample}) {
			by[r.Agent]++
			if r.Call == "short" || !r.Due.Equal(s.clock.Add(14*24*time.Hour)) {
				t.Errorf("%+v", r)
			}
		}
		if fmt.Sprint(by) != "map[u-1:2 u-2:1 u-3:1]" {
			t.Errorf("%v", by)
		}
		_, err := db.Exec(ctx, `UPDATE review_place SET filled = ''`) // killed before it was noted
		must(t, err)
		pass(s.clock, 0)
		s.rule(func(sh *Sheet) { sh.Pick.Monthly = 3 }) // holds for what comes
		pass(s.clock.AddDate(0, 0, 1), 0)
	})
}

// However old the talks are that a worker goes by, and however many do it at once, so many are there and no more; of who was erased nothing is drawn.
func TestAMonthIsFilledOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		for i := range 6 {
			s.talk(fmt.Sprintf("c%d", i), false, of("u-1", 100))
		}
		s.stones["c0"] = always
		from, to := s.clock.Add(-time.Hour), s.clock.Add(time.Hour)
		talks, err := NewBooks(db).Unreviewed(ctx, from, to, from, 0)
		must(t, err)
		slices.SortFunc(talks, func(a, b Talk) int { return cmp.Compare(a.Call, b.Call) })
		var wg sync.WaitGroup
		made := make([]int, 5)
		for i := range made {
			late := append(slices.Clone(talks[i:]), talks[:i]...) // each read at another time
			wg.Go(func() {
				n, err := s.fillOf(ctx, "u-1", late, from, to, 2, to)
				if err != nil {
					t.Error(err)
				}
				made[i] = n
			})
		}
		wg.Wait()
		if all := s.list(Filter{}); len(all) != 2 || made[0]+made[1]+made[2]+made[3]+made[4] != 2 {
			t.Fatalf("%d are there, %v were made", len(all), made)
		}
		must(t, s.Drop(ctx, s.list(Filter{})[0].ID, "u-8", "没有录音")) // none any more, and its talk is not drawn again
		for _, want := range []int{1, 0} {
			if n, err := s.fillOf(ctx, "u-1", talks, from, to, 2, to); err != nil || n != want {
				t.Errorf("%d, want %d; %v", n, want, err)
			}
		}
		if n, err := s.fillOf(ctx, "u-1", talks, from, to, 9, to); err != nil || n != 2 || len(s.list(Filter{Call: "c0"})) != 0 {
			t.Errorf("%d of the rest: %v, %+v", n, err, s.list(Filter{Call: "c0"}))
		}
	})
}

// What is drawn later is what a larger share would have drawn.
func TestTheMonthsDrawIsThatOfALargerShare(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.rule(func(sh *Sheet) { sh.Pick.Share, sh.Pick.Monthly = 0, 3 })
		for i := range 12 {
			s.talk(fmt.Sprintf("c%02d", i), false, of("u-1", 100))
		}
		s.clock = monthOf(s.clock.UTC()).AddDate(0, 2, 2)
		if n, err := s.NewPicker(nil, time.UTC).Pass(ctx); err != nil || n != 3 {
			t.Fatalf("%d, %v", n, err)
		}
		var seed string
		must(t, db.QueryRow(ctx, `SELECT seed FROM review_place`).Scan(&seed))
		drawn := why(s.list(Filter{}))
		highest := uint64(0)
		for _, r := range s.list(Filter{}) {
			highest = max(highest, lot(seed, r.Call, r.Agent)%1000)
		}
		for i := range 12 {
			call := fmt.Sprintf("c%02d", i)
			_, got := drawn[call+"/u-1"]
			if lot(seed, call, "u-1")%1000 < highest && !got {
				t.Errorf("%s was passed over", call)
			}
		}
	})
}

// What a badge says is what each person may do.
func TestOwedIsWhatEachMayScore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		var ids []string
		for i, who := range []string{"u-1", "u-2", "boss", "u-1"} {
			call := fmt.Sprintf("c%d", i)
			s.talk(call, i == 0, of(who, 100))
			r, err := s.Ask(ctx, call, "", "u-9", 1+i%2)
			must(t, err)
			ids = append(ids, r.ID)
		}
		people := []string{"boss", "other", "third", "u-1"}
		same := func() {
			t.Helper()
			got, err := s.Owed(ctx)
			must(t, err)
			for _, user := range people {
				open, late := 0, 0
				for _, r := range s.list(Filter{State: StateOpen}) {
					if r.MayScore(user) {
						open++
						if r.Due.Before(s.clock) {
							late++
						}
					}
				}
				if own := got.Own[user]; got.Open+own.Open != open || got.Late+own.Late != late {
					t.Errorf("%s may score %d, %d of them late; told %+v", user, open, late, got)
				}
			}
		}
		same()
		take := func(id, user string) {
			t.Helper()
			_, err := s.Take(ctx, id, user)
			must(t, err)
			same()
		}
		take(ids[0], "boss")
		take(ids[1], "other")
		take(ids[1], "boss")
		v, err := s.Sheets.Current(ctx)
		must(t, err)
		_, err = s.Save(ctx, ids[0], "boss", marks(v.Doc, 2), "", true)
		must(t, err)
		_, err = s.Save(ctx, ids[1], "other", marks(v.Doc, 2), "", true)
		must(t, err)
		same()
		s.clock = s.clock.AddDate(0, 1, 0) // late, and what was begun holds no place any more
		same()
		if got, err := s.Owed(ctx); err != nil || got.Own["u-1"].Unread != 1 {
			t.Errorf("%+v %v", got, err)
		}
		must(t, s.Read(ctx, ids[0], "u-1"))
		if got, err := s.Owed(ctx); err != nil || got.Own["u-1"].Unread != 0 {
			t.Errorf("%+v %v", got, err)
		}
	})
}
