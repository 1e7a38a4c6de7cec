package reviews

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

// A calibration whose last reviewer is gone ends with the sheets that are in, once nobody holds a place; who it is about has no say in it.
func TestACalibrationThatIsCutShort(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.talk("c1", false, of("u-1", 900))
		r, err := s.Ask(ctx, "c1", "", "u-9", 3)
		must(t, err)
		want := func(by string, n int, fault error, state State) {
			t.Helper()
			got, err := s.Want(ctx, r.ID, by, n)
			row, err2 := s.Get(ctx, r.ID)
			must(t, err2)
			if !errors.Is(err, fault) || row.State != state || err == nil && (got.State != state || row.Wanted != n) {
				t.Errorf("%s wants %d: %v, %+v", by, n, err, row)
			}
		}
		want("u-1", 5, ErrOwn, StateOpen)
		want("", 5, ErrOwn, StateOpen)
		for _, who := range []string{"u-7", "u-8", "u-9"} {
			_, err = s.Take(ctx, r.ID, who)
			must(t, err)
			if who != "u-9" {
				_, err = s.Save(ctx, r.ID, who, marks(First(), 2), "", true)
				must(t, err)
			}
		}
		want("u-8", 1, ErrTaken, StateOpen)
		want("u-8", 2, ErrTaken, StateOpen) // u-9 is at it
		s.clock = s.clock.Add(HeldFor + time.Minute)
		want("u-1", 2, ErrOwn, StateOpen)
		want("u-8", 1, ErrTaken, StateOpen)
		want("u-8", 2, nil, StateDone)
		row, err := s.Get(ctx, r.ID)
		if err != nil || row.ClosedBy != "u-8" || !row.Closed.Equal(s.clock) || fmt.Sprint(row.Final) != "[u-7 u-8]" || row.Total != 667 {
			t.Errorf("%+v, %v", row, err)
		}
		if _, err := s.Save(ctx, r.ID, "u-9", marks(First(), 1), "", true); !errors.Is(err, ErrClosed) {
			t.Errorf("after its end: %v", err)
		}
		want("u-8", 3, ErrClosed, StateDone)
	})
}
