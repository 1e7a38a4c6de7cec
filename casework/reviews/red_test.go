package reviews

import (
	"fmt"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// A sweep that closes first knows who had the call last, and nothing of the others: they go to review when the better closing tells of them.
func TestSharesThatComeLater(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.rule(func(sh *Sheet) { sh.Pick.Share = 1000 })
		from := s.clock.Add(-20 * time.Minute)
		p := s.NewPicker(nil, time.UTC)
		must(t, s.ledger.Open(ctx, casework.CallRecord{ID: "c1", Line: "12355", Tier: "red", Agent: "u-1", Arrived: from, Talked: from.Add(time.Minute)}))
		must(t, s.ledger.Close(ctx, "c1", casework.Closing{EndedAt: s.clock, Outcome: casework.Degraded}))
		if n, err := p.Pass(ctx); err != nil || n != 1 {
			t.Fatalf("%d, %v", n, err)
		}
		must(t, s.ledger.Close(ctx, "c1", casework.Closing{EndedAt: s.clock, Outcome: casework.Answered, Shares: []casework.Share{of("u-1", 600), of("u-2", 500), of("u-3", 9)}}))
		if n, err := p.Pass(ctx); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		if got := why(s.list(Filter{})); fmt.Sprint(got) != fmt.Sprint(map[string]Why{"c1/u-1": Red, "c1/u-2": Red}) {
			t.Errorf("%v", got)
		}
		s.nothingMore(p)
	})
}

// nothingMore says that no talk wants a review, and that none comes back.
func (s *scene) nothingMore(p *Picker) {
	s.t.Helper()
	talks, err := p.books.Reds(s.t.Context(), storage.Time(0), time.Minute, 100)
	if err != nil || len(talks) != 0 {
		s.t.Errorf("still wanted: %+v, %v", talks, err)
	}
	if n, err := p.Pass(s.t.Context()); err != nil || n != 0 {
		s.t.Errorf("again: %d, %v", n, err)
	}
}

// Who is killed between two picks of a call goes on with the others; short talks of a call wait for nobody once one of them stands for it.
func TestPicksBrokenOff(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.talk("long", true, of("u-1", 600), of("u-2", 500), of("u-3", 400), of("u-4", 3))
		s.talk("short", true, of("u-1", 5), of("u-2", 9))
		p := s.NewPicker(nil, time.UTC)
		talks, err := p.books.Reds(ctx, storage.Time(0), time.Minute, 100)
		if err != nil || len(talks) != 6 {
			t.Fatalf("%+v, %v", talks, err)
		}
		if n, err := p.reds(ctx, First().Pick, ofRed(talks, time.Minute)[:1]); err != nil || n != 1 { // and here it is killed
			t.Fatalf("%d, %v", n, err)
		}
		if n, err := s.NewPicker(nil, time.UTC).Pass(ctx); err != nil || n != 3 {
			t.Errorf("%d, %v", n, err)
		}
		want := map[string]Why{"long/u-1": Red, "long/u-2": Red, "long/u-3": Red, "short/u-2": Red}
		if got := why(s.list(Filter{})); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v", got)
		}
		s.nothingMore(p)
	})
}

// A supervisor who asks for one talk of a red call before the picker comes leaves it the others.
func TestAskedBeforeThePicker(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.talk("c1", true, of("u-1", 600), of("u-2", 500), of("u-3", 9))
		if r, err := s.Ask(ctx, "c1", "u-3", "u-9", 1); err != nil || r.Why != Red {
			t.Fatalf("%+v, %v", r, err)
		}
		p := s.NewPicker(nil, time.UTC)
		if n, err := p.Pass(ctx); err != nil || n != 2 {
			t.Errorf("%d, %v", n, err)
		}
		s.nothingMore(p)
	})
}

// A worker that was away finds more red talks than one look takes.
func TestMoreRedTalksThanOneLook(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		for i := range pickAtOnce/2 + 1 {
			s.talk(fmt.Sprintf("c%03d", i), true, of("u-1", 600), of("u-2", 500))
		}
		if n, err := s.NewPicker(nil, time.UTC).Pass(t.Context()); err != nil || n != pickAtOnce+2 {
			t.Errorf("%d, %v", n, err)
		}
	})
}

// What was dropped as a sample is open again when its call turns out to be red, and is counted; what a person dropped as a red one stays dropped.
func TestADroppedSampleThatTurnsRed(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.rule(func(sh *Sheet) { sh.Pick.Share = 1000 })
		s.talk("c1", false, of("u-1", 900))
		if _, err := s.NewPicker(nil, time.UTC).Pass(ctx); err != nil {
			t.Fatal(err)
		}
		id := s.list(Filter{})[0].ID
		must(t, s.Drop(ctx, id, "u-9", "没有录音"))
		s.high("c1")
		p := s.NewPicker(incidents{"c1"}, time.UTC)
		if n, err := p.Pass(ctx); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		row, err := s.Get(ctx, id)
		if err != nil || row.State != StateOpen || row.Why != Red || row.Said != "" || !row.Closed.IsZero() || row.ClosedBy != "" || row.Due.After(s.clock.Add(3*24*time.Hour)) {
			t.Errorf("%+v, %v", row, err)
		}
		if c, err := s.Count(ctx, s.clock.Add(-time.Hour), s.clock, ""); err != nil || c.Red != 1 {
			t.Errorf("%+v, %v", c, err)
		}
		must(t, s.Drop(ctx, id, "u-9", "真的没有"))
		s.nothingMore(p)
		if row, err := s.Get(ctx, id); err != nil || row.State != StateDropped || row.Said != "真的没有" {
			t.Errorf("%+v, %v", row, err)
		}
	})
}

// A counsellor whose part is known later is drawn for then; who was drawn for before is not drawn for again, though the share is another one.
func TestALateShareIsDrawnAlone(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.rule(func(sh *Sheet) { sh.Pick.Share = 0 })
		p := s.NewPicker(nil, time.UTC)
		s.talk("c1", false, of("u-1", 600))
		if n, err := p.Pass(ctx); err != nil || n != 0 {
			t.Fatalf("%d, %v", n, err)
		}
		s.rule(func(sh *Sheet) { sh.Pick.Share = 1000 })
		_, err := s.db.Exec(ctx, `INSERT INTO call_shares (call_id, agent, talk_ms) VALUES ('c1', 'u-2', 500000)`)
		must(t, err)
		if n, err := p.Pass(ctx); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		if got := why(s.list(Filter{})); got["c1/u-2"] != Sample {
			t.Errorf("%v", got)
		}
	})
}
