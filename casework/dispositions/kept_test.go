package dispositions

import (
	"errors"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// TestKept: what a browser kept is written by the questions of its time, once, and not over what its author said later.
func TestKept(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		dir := t.TempDir()
		if err := casework.CreateKeys(dir); err != nil {
			t.Fatal(err)
		}
		keys, err := casework.LoadKeys(dir, "CN")
		if err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), db, keys)
		if err != nil {
			t.Fatal(err)
		}
		clock := time.Date(2026, 3, 1, 3, 12, 0, 0, time.UTC)
		s.now = func() time.Time { return clock }
		f := form()
		f.Version = 4
		if _, _, err := s.Keep(f, "c1", "u-1", Answers{}); !errors.Is(err, ErrInvalid) {
			t.Errorf("without an answer: %v", err)
		}
		sealed, at, err := s.Keep(f, "c1", "u-1", Answers{Danger: {DangerNotPossible}, WhyNot: {"沉默"}})
		if err != nil || !at.Equal(clock) {
			t.Fatalf("%v, %v", at, err)
		}
		clock = clock.Add(time.Hour)
		for _, of := range [][2]string{{"c2", "u-1"}, {"c1", "u-2"}} {
			if _, _, err := s.SaveKept(t.Context(), sealed, of[0], of[1]); !errors.Is(err, casework.ErrSealed) {
				t.Errorf("as of %v: %v", of, err)
			}
		}
		first, filled, err := s.SaveKept(t.Context(), sealed, "c1", "u-1")
		if err != nil || !filled.Equal(at) || !first.At.Equal(clock) || first.Form != 4 || first.Answers[WhyNot][0] != "沉默" {
			t.Fatalf("%+v, %v, %v", first, filled, err)
		}
		if _, err := s.Save(t.Context(), f, "c1", "u-1", Answers{Danger: {DangerDenied}}); err != nil {
			t.Fatal(err)
		}
		if r, _, err := s.SaveKept(t.Context(), sealed, "c1", "u-1"); err != nil || r.Answers[Danger][0] != DangerDenied {
			t.Errorf("again, after another answer: %+v, %v", r, err)
		}
	})
}
