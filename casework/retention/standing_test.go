package retention

import (
	"errors"
	"testing"

	"hotline/storage"
	"hotline/storage/storagetest"
)

// What is kept beside a contact asks first: of which class it is, what keeps it, and again in the transaction in which it goes.
func TestStanding(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		w.call("quiet", "13800138001", "normal", "f1", begin)
		w.call("red", "13800138002", "red", "f2", begin)
		went := 0
		do := func(*storage.Tx, Class) error { went++; return nil }
		for call, want := range map[string]Standing{"quiet": {Class: Ordinary}, "red": {Class: HighRisk}, "unknown": {Class: Ordinary}} {
			if st, err := w.Standing(ctx, call); err != nil || st != want {
				t.Errorf("%s: %+v, %v", call, st, err)
			}
		}
		must(t, w.Release(ctx, "quiet", do))
		_, err := w.Put(ctx, storage.OfFile, "f1", "u-1", "asked for by a court")
		must(t, err)
		if st, err := w.Standing(ctx, "quiet"); err != nil || !st.Held {
			t.Errorf("on hold by its file: %+v, %v", st, err)
		}
		if err := w.Release(ctx, "quiet", do); !errors.Is(err, ErrHeld) {
			t.Errorf("released what is on hold: %v", err)
		}
		_, err = db.Exec(ctx, `UPDATE calls SET ended_ms = 0 WHERE id = 'red'`)
		must(t, err)
		if st, err := w.Standing(ctx, "red"); err != nil || !st.Live {
			t.Errorf("a call that goes on: %+v, %v", st, err)
		}
		if err := w.Release(ctx, "red", do); !errors.Is(err, ErrLive) || went != 1 {
			t.Errorf("released a call that goes on: %v, %d", err, went)
		}
		w.call("third", "13800138003", "normal", "f3", begin)
		if gone, err := w.Erased(ctx, "third"); err != nil || gone {
			t.Errorf("before: %v, %v", gone, err)
		}
		_, err = w.Erase(ctx, Contact{Call: "third", Class: Ordinary}, "retention", system)
		must(t, err)
		if gone, err := w.Erased(ctx, "third"); err != nil || !gone {
			t.Errorf("after: %v, %v", gone, err)
		}
	})
}
