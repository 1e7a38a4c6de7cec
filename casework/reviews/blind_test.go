package reviews

import (
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// A talk is blind from when several are to score it until the last has, or it is dropped.
func TestBlind(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s, ctx := begin(t, db), t.Context()
		s.talk("c1", false, casework.Share{Agent: "a-1", Talk: 10 * time.Minute})
		is := func(call string, want bool) {
			t.Helper()
			if got, err := s.Blind(ctx, call); err != nil || got != want {
				t.Errorf("%s: %v, %v", call, got, err)
			}
		}
		is("c1", false)
		s.clock = s.clock.Add(time.Minute)
		r, err := s.Ask(ctx, "c1", "a-1", "boss", 2)
		must(t, err)
		is("c1", true)
		is("c2", false)
		_, err = s.Want(ctx, r.ID, "boss", 1)
		must(t, err)
		is("c1", false)
		_, err = s.Want(ctx, r.ID, "boss", 3)
		must(t, err)
		is("c1", true)
		must(t, s.Drop(ctx, r.ID, "boss", "no recording"))
		is("c1", false)
	})
}
