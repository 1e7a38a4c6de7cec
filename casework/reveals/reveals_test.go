package reveals

import (
	"errors"
	"os"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func TestTwoPeople(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		dir, ctx := t.TempDir(), t.Context()
		if err := casework.CreateKeys(dir); err != nil {
			t.Fatal(err)
		}
		keys, err := casework.LoadKeys(dir, "CN")
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(ctx, db, keys)
		if err != nil {
			t.Fatal(err)
		}
		now := time.UnixMilli(1_790_000_000_000)
		s.now = func() time.Time { return now }

		if _, err := s.Ask(ctx, "c1", "  ", "u-1"); !errors.Is(err, ErrInvalid) {
			t.Errorf("without a reason: %v", err)
		}
		r, err := s.Ask(ctx, "c1", "家属来问，要核对", "u-1")
		if err != nil || r.State != Asked {
			t.Fatalf("%+v, %v", r, err)
		}
		if again, err := s.Ask(ctx, "c1", "再问一次", "u-1"); err != nil || again.ID != r.ID {
			t.Errorf("%+v, %v", again, err)
		}
		if _, err := s.Look(ctx, r.ID, "u-1"); !errors.Is(err, ErrOver) {
			t.Errorf("looked at before anybody allowed it: %v", err)
		}
		if _, err := s.Approve(ctx, r.ID, "u-1"); !errors.Is(err, ErrSame) {
			t.Errorf("by the same person: %v", err)
		}
		if n, err := s.Waiting(ctx); err != nil || n != 1 {
			t.Error(n, err)
		}
		if r, err = s.Approve(ctx, r.ID, "u-2"); err != nil || !r.Open(now) {
			t.Fatalf("%+v, %v", r, err)
		}
		if _, err := s.Look(ctx, r.ID, "u-3"); !errors.Is(err, ErrOver) {
			t.Errorf("by somebody else: %v", err)
		}
		for i := range 2 {
			if r, err = s.Look(ctx, r.ID, "u-1"); err != nil || r.Looks != int64(i+1) {
				t.Errorf("%+v, %v", r, err)
			}
		}
		if own, err := s.List(ctx, "u-1"); err != nil || len(own) != 1 {
			t.Errorf("%+v, %v", own, err)
		}
		if all, err := s.List(ctx, ""); err != nil || len(all) != 0 {
			t.Errorf("%+v, %v", all, err)
		}
		now = now.Add(Looking)
		if _, err := s.Look(ctx, r.ID, "u-1"); !errors.Is(err, ErrOver) {
			t.Errorf("after its time: %v", err)
		}

		// Refused, and forgotten.
		if r, err = s.Ask(ctx, "c1", "又要核对", "u-1"); err != nil {
			t.Fatal(err)
		}
		if r, err = s.Refuse(ctx, r.ID, "没有必要", "u-2"); err != nil || r.State != Refused || r.Answer != "没有必要" {
			t.Errorf("%+v, %v", r, err)
		}
		if _, err := s.Approve(ctx, r.ID, "u-3"); !errors.Is(err, ErrOver) {
			t.Errorf("%v", err)
		}
		if r, err = s.Ask(ctx, "c2", "要核对号码", "u-1"); err != nil {
			t.Fatal(err)
		}
		now = now.Add(Asking)
		if _, err := s.Approve(ctx, r.ID, "u-2"); !errors.Is(err, ErrOver) {
			t.Errorf("too late: %v", err)
		}

		// In an emergency one person looks at once, and another looks at that.
		e, err := s.Now(ctx, "c3", "告知110定位", "u-1")
		if err != nil || !e.Open(now) || !e.Waits(now) {
			t.Fatalf("%+v, %v", e, err)
		}
		if _, err := s.Look(ctx, e.ID, "u-1"); err != nil {
			t.Error(err)
		}
		if _, err := s.Review(ctx, e.ID, true, "属实的", "u-1"); !errors.Is(err, ErrSame) {
			t.Errorf("reviewed by the same person: %v", err)
		}
		now = now.Add(48 * time.Hour)
		if n, err := s.Waiting(ctx); err != nil || n != 1 {
			t.Errorf("forgotten: %d, %v", n, err)
		}
		if e, err = s.Review(ctx, e.ID, true, "属实，有录音", "u-2"); err != nil || !e.Justified || e.Answer != "属实，有录音" || e.Waits(now) {
			t.Errorf("%+v, %v", e, err)
		}
		if n, err := s.Waiting(ctx); err != nil || n != 0 {
			t.Error(n, err)
		}
	})
}
