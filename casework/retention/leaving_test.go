package retention

import (
	"context"
	"errors"
	"testing"

	"hotline/casework/files"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// Nothing leaves a person who is on hold, whatever it is called, until two people lift the hold.
func TestNothingLeavesAHeldPerson(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, store := filedWorld(t, db)
		ctx, people := t.Context(), store.Heeding(w.Store)
		held, part := w.person(store, "c1", "13800138001"), w.person(store, "c2", "13800138002")
		w.person(store, "c3", "13800138001")
		other, from := w.person(store, "c4", "13800138004"), w.person(store, "c5", "13800138005")
		w.person(store, "c6", "13800138005")
		merge, err := people.Merge(ctx, part, held, "u-1", "one person")
		must(t, err)
		move, err := people.Move(ctx, from, []string{"c5"}, held, "u-1", "hers")
		must(t, err)
		inside, err := people.Move(ctx, held, []string{"c3"}, other, "u-1", "for now")
		must(t, err)
		_, err = people.Merge(ctx, other, held, "u-1", "one person, too")
		must(t, err)
		_, err = people.ThirdParty(ctx, "c6", held, "u-1")
		must(t, err)
		hold, err := w.Put(ctx, storage.OfFile, part, "u-9", "a court asks") // on a part: it is the whole person's
		must(t, err)
		leaving := map[string]func() error{
			"a merge undone": func() error { _, err := people.Undo(ctx, merge.ID, "u-1"); return err },
			"a move undone":  func() error { _, err := people.Undo(ctx, move.ID, "u-1"); return err },
			"a split":        func() error { _, _, err := people.Split(ctx, held, []string{"c1"}, "u-1", "another"); return err },
			"a move":         func() error { _, err := people.Move(ctx, held, []string{"c1"}, from, "u-1", "another"); return err },
			"a new person":   func() error { _, err := people.NewPerson(ctx, "c1", "u-1"); return err },
			"another person": func() error { _, err := people.Link(ctx, "c1", from, files.RoleCaller, "u-1"); return err },
			"nobody at risk": func() error { return people.NoThirdParty(ctx, "c6", "u-1") },
		}
		whole := func() string { // who is of the person
			calls, _, err := files.WholeIn(ctx, db, held)
			must(t, err)
			out := ""
			for _, c := range calls {
				out += c
			}
			return out
		}
		for what, try := range leaving {
			if err := try(); !errors.Is(err, files.ErrHeld) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if got := whole(); got != "c1c2c3c4c5c6" {
			t.Errorf("of the person on hold are %s", got)
		}
		if _, err := people.Undo(ctx, inside.ID, "u-1"); err != nil { // from a part to another
			t.Errorf("nothing left the person: %v", err)
		}
		w.lift(hold)
		for _, what := range []string{"nobody at risk", "a move undone", "a merge undone", "a split"} {
			if err := leaving[what](); err != nil {
				t.Errorf("%s, lifted: %v", what, err)
			}
		}
		if got := whole(); got != "c3c4" {
			t.Errorf("of the person are %s", got)
		}
	})
}

// asked lets something happen when it is asked in a transaction whether a file is on hold.
type asked struct {
	*Store
	happens func()
}

func (a asked) FileHeldIn(ctx context.Context, in storage.Reader, file string) (bool, error) {
	a.happens()
	return a.Store.FileHeldIn(ctx, in, file)
}

// A hold that is put while a call leaves waits until it left: nobody is told that it is kept with what moves away afterwards.
func TestHoldWaitsForWhatLeaves(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, store := filedWorld(t, db)
		file := w.person(store, "c1", "13800138001")
		w.person(store, "c2", "13800138001")
		begins, result := w.putMeanwhile(storage.OfFile, file)
		people := store.Heeding(asked{w.Store, begins})
		_, _, err := people.Split(t.Context(), file, []string{"c1"}, "u-1", "another")
		must(t, err)
		must(t, <-result)
		if _, _, err := people.Split(t.Context(), file, []string{"c2"}, "u-1", "another"); !errors.Is(err, files.ErrHeld) {
			t.Errorf("%v", err)
		}
	})
}
