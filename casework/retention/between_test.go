package retention

import (
	"context"
	"errors"
	"testing"
	"time"

	"hotline/casework/files"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// after lets something happen when the files of a call were just read.
type after struct {
	world
	happens func(call string)
}

func (a after) FilesOf(ctx context.Context, call string) ([]string, error) {
	out, err := a.world.FilesOf(ctx, call)
	a.happens(call)
	return out, err
}

// Whose files a call is of is asked in the transaction in which it goes: one that comes to a file on hold a moment before stays.
func TestFileOnHoldMeanwhileStays(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		w.call("c1", "13800138001", "normal", "f1", begin)
		w.call("c2", "13800138002", "normal", "f2", begin)
		_, err := w.Put(ctx, storage.OfFile, "f2", "u-9", "a court asks")
		must(t, err)
		w.Store.people = after{w, func(string) { w.files["f2"] = append(w.files["f2"], "c1") }}
		if _, err := w.Erase(ctx, Contact{Call: "c1", Class: Ordinary}, "retention", system); !errors.Is(err, ErrHeld) {
			t.Errorf("erased what is on hold by a file: %v", err)
		}
		if err := w.Release(ctx, "c1", func(*storage.Tx, Class) error { return nil }); !errors.Is(err, ErrHeld) {
			t.Errorf("released what is on hold by a file: %v", err)
		}
	})
}

// A hold that is put while something goes waits until it is gone: nobody is told that something is on hold which is erased afterwards. And the class is the one
// of that moment.
func TestHoldWaitsForWhatGoes(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		w.call("c1", "13800138001", "normal", "f1", begin)
		if st, err := w.Standing(ctx, "c1"); err != nil || st.Class != Ordinary {
			t.Fatalf("%+v, %v", st, err)
		}
		_, err := db.Exec(ctx, `UPDATE calls SET danger = TRUE WHERE id = 'c1'`)
		must(t, err)
		put := make(chan error, 1)
		must(t, w.Release(ctx, "c1", func(_ *storage.Tx, class Class) error {
			if class != HighRisk {
				t.Errorf("it is %s", class)
			}
			go func() {
				_, err := w.Put(ctx, storage.OfCall, "c1", "u-9", "a court asks")
				put <- err
			}()
			select {
			case err := <-put:
				t.Errorf("put on hold while it goes: %v", err)
				put <- err
			case <-time.After(50 * time.Millisecond): // that nothing happens is no event
			}
			return nil
		}))
		must(t, <-put)
		if err := w.Release(ctx, "c1", func(*storage.Tx, Class) error { return nil }); !errors.Is(err, ErrHeld) {
			t.Errorf("%v", err)
		}
	})
}

// A hold on a file is one on its contacts also after the file was merged into another.
func TestHoldOutlivesAMerge(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		w.call("c1", "13800138001", "normal", "f1", begin)
		w.call("c2", "13800138002", "normal", "f2", begin)
		people, err := files.Open(ctx, db, w.keys)
		must(t, err)
		held, err := people.Ensure(ctx, "c1", "u-1")
		must(t, err)
		other, err := people.Ensure(ctx, "c2", "u-1")
		must(t, err)
		w.Store.people = filed{people}
		_, err = w.Put(ctx, storage.OfFile, held.ID, "u-9", "a court asks")
		must(t, err)
		_, err = people.Merge(ctx, held.ID, other.ID, "u-1", "the same person")
		must(t, err)
		for _, call := range []string{"c1", "c2"} {
			if st, err := w.Standing(ctx, call); err != nil || !st.Held {
				t.Errorf("%s: %+v, %v", call, st, err)
			}
			if _, err := w.Erase(ctx, Contact{Call: call, Class: Ordinary}, "retention", system); !errors.Is(err, ErrHeld) {
				t.Errorf("%s: %v", call, err)
			}
		}
	})
}
