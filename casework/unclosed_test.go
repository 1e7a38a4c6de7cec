package casework

import (
	"context"
	"errors"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestUnclosedEndsOnlyWhatIsNowhere(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		if err := Migrate(ctx, db); err != nil {
			t.Fatal(err)
		}
		l := NewLedger(db)
		now := time.Now().UTC().Truncate(time.Millisecond)
		old := now.Add(-time.Hour)
		for id, c := range map[string]CallRecord{
			"live": {Arrived: old}, "young": {Arrived: now.Add(-time.Minute)}, "lost": {Arrived: old}, "talked": {Arrived: old, Talked: old.Add(time.Minute)},
			"relayed": {Arrived: old, Relayed: true},
		} {
			c.ID, c.Line = id, "12355"
			if err := l.Open(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		var away error
		u, err := NewUnclosed(UnclosedConfig{Live: func(context.Context) (map[string]bool, error) { return map[string]bool{"live": true}, away }}, l)
		if err != nil {
			t.Fatal(err)
		}
		outcomes := func() map[string]Outcome {
			m := map[string]Outcome{}
			for _, id := range []string{"live", "young", "lost", "talked", "relayed"} {
				c, err := l.Get(ctx, id)
				if err != nil {
					t.Fatal(err)
				}
				m[id] = c.Outcome
			}
			return m
		}
		if err := u.look(ctx, now); err != nil {
			t.Fatal(err)
		}
		if m := outcomes(); m["lost"] != Open || m["talked"] != Open {
			t.Errorf("closed after one look: %v", m)
		}
		away = errors.New("the index is away")
		if err := u.look(ctx, now); !errors.Is(err, away) || outcomes()["lost"] != Open {
			t.Errorf("closed without knowing who is on the line (%v)", err)
		}
		away = nil
		if err := u.look(ctx, now); err != nil {
			t.Fatal(err)
		}
		want := map[string]Outcome{"live": Open, "young": Open, "lost": Abandoned, "talked": Answered, "relayed": Withdrawn}
		for id, o := range outcomes() {
			if o != want[id] {
				t.Errorf("%s is %s, want %s", id, o, want[id])
			}
		}
		if c, _ := l.Get(ctx, "lost"); c.Cause.By != ByFault {
			t.Errorf("cause %+v", c.Cause)
		}
	})
}
