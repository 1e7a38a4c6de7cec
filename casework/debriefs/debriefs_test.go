package debriefs

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func TestStore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		dir := t.TempDir()
		if err := casework.CreateKeys(dir); err != nil {
			t.Fatal(err)
		}
		keys, err := casework.LoadKeys(dir, "CN")
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		s, err := Open(ctx, db, keys)
		if err != nil {
			t.Fatal(err)
		}
		noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		s.now = func() time.Time { return noon }
		first, err := s.Ask(ctx, "u-1", "c1", "")
		if err != nil || first.Agent != "u-1" || first.Words != "" || !first.At.Equal(noon) {
			t.Fatalf("%+v, %v", first, err)
		}
		if again, err := s.Ask(ctx, "u-1", "c1", " 想谈谈这通电话 "); err != nil || again.ID != first.ID || again.Words != "想谈谈这通电话" {
			t.Errorf("%+v, %v", again, err)
		}
		if other, err := s.Ask(ctx, "u-1", "", ""); err != nil || other.ID == first.ID {
			t.Errorf("%+v, %v", other, err)
		}
		if n, err := s.Waiting(ctx); err != nil || n != 2 {
			t.Errorf("%d, %v", n, err)
		}
		if _, err := s.Done(ctx, first.ID, "u-1"); !errors.Is(err, ErrOwn) {
			t.Errorf("%v", err)
		}
		if _, err := s.Done(ctx, "nothing", "u-9"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
		s.now = func() time.Time { return noon.Add(time.Hour) }
		for _, by := range []string{"u-9", "u-8"} { // the second changes nothing
			if d, err := s.Done(ctx, first.ID, by); err != nil || d.DoneBy != "u-9" || !d.Done.Equal(noon.Add(time.Hour)) {
				t.Errorf("%+v, %v", d, err)
			}
		}
		all, err := s.List(ctx, noon, 10)
		if err != nil || len(all) != 2 || all[1].ID != first.ID {
			t.Errorf("%+v, %v", all, err)
		}
		if all, err := s.List(ctx, noon.Add(2*time.Hour), 10); err != nil || len(all) != 1 {
			t.Errorf("%+v, %v", all, err)
		}
		if own, err := s.Of(ctx, "u-1", noon); err != nil || len(own) != 2 {
			t.Errorf("%+v, %v", own, err)
		}
		if next, err := s.Ask(ctx, "u-1", "c1", ""); err != nil || next.ID == first.ID {
			t.Errorf("after it was done: %+v, %v", next, err)
		}
		if _, err := s.Ask(ctx, "u-1", "c2", strings.Repeat("长", MostWords+1)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%v", err)
		}
	})
}
