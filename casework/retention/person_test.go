package retention

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"hotline/casework/files"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// filedWorld is a world whose people have files, each one a name.
func filedWorld(t *testing.T, db *storage.DB) (world, *files.Store) {
	t.Helper()
	w := newWorld(t, db)
	people, err := files.Open(t.Context(), db, w.keys)
	must(t, err)
	w.Store.people = filed{people}
	return w, people
}

// person writes a call of a number, and tells whose file it is of, with a name.
func (w world) person(people *files.Store, call, number string) string {
	w.t.Helper()
	w.call(call, number, "normal", "", begin)
	f, err := people.Ensure(w.t.Context(), call, "u-1")
	must(w.t, err)
	_, err = w.db.Exec(w.t.Context(), `INSERT INTO known_people VALUES (?, ?) ON CONFLICT (file) DO NOTHING`, f.ID, []byte("name"))
	must(w.t, err)
	return f.ID
}

// named tells whether the name of a file's person is still known.
func (w world) named(file string) bool {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM known_people WHERE file = ? AND name IS NOT NULL`, file) == 1
}

func (w world) stoned(object string) bool {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM retention_stones WHERE object = ?`, object) == 1
}

// stone puts one as it was when its contact had gone and whoever took out the person died before.
func (w world) stone(st Stone) {
	w.t.Helper()
	must(w.t, w.db.InTx(w.t.Context(), func(tx *storage.Tx) error { return put(w.t.Context(), tx, st) }))
}

func (w world) lift(hold Hold) {
	w.t.Helper()
	for _, by := range []string{"u-7", "u-8"} {
		_, err := w.Lift(w.t.Context(), hold.ID, by)
		must(w.t, err)
	}
}

// The last contact and what is known of the person go together or not at all: nobody can die between.
func TestPersonGoesWithTheLastContact(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		w.call("c1", "13800138001", "normal", "f1", begin.AddDate(-leastYears, 0, 0).Add(-time.Hour))
		whole := w.all
		w.all = append(slices.Clone(whole), storage.Private{Places: []storage.Place{{Table: "known_people", Of: storage.OfFile, Where: "file = ?", Clear: "file = file"}}})
		if p, err := w.Pass(ctx, rules()); err == nil || p.Erased != 0 {
			t.Errorf("%+v, %v", p, err)
		}
		if !w.named("f1") || w.count(`SELECT count(*) FROM notes`) != 1 || w.count(`SELECT count(*) FROM retention_stones`) != 0 {
			t.Error("half of a person is gone")
		}
		w.all = whole
		if p, err := w.Pass(ctx, rules()); err != nil || p.Erased != 1 {
			t.Errorf("%+v, %v", p, err)
		}
		if w.named("f1") || !w.stoned("file:f1") || !w.stoned("call:c1") {
			t.Error("something is left")
		}
	})
}

// Of whom no contact is left, such as when they went to another file, a hold on their file keeps what is known.
func TestFileOnHoldKeepsThePerson(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, people := filedWorld(t, db)
		ctx := t.Context()
		held, other := w.person(people, "c1", "13800138001"), w.person(people, "c2", "13800138002")
		_, err := people.Move(ctx, held, []string{"c1"}, other, "u-1", "was another's")
		must(t, err)
		hold, err := w.Put(ctx, storage.OfFile, held, "u-9", "a court asks")
		must(t, err)
		q, err := w.Ask(ctx, storage.OfFile, held, "u-1", "the person's wish")
		must(t, err)
		if _, err := w.Grant(ctx, q.ID, "u-2"); !errors.Is(err, ErrHeld) || !w.named(held) || w.stoned("file:"+held) {
			t.Errorf("erased what is on hold: %v", err)
		}
		if n, err := w.Finish(ctx); err != nil || n != 0 || !w.named(held) {
			t.Errorf("%d, %v", n, err)
		}
		w.stone(Stone{Object: "call:c1", Class: HighRisk, Why: "retention", At: begin, By: system})
		_, err = people.Move(ctx, other, []string{"c1"}, held, "u-1", "was not")
		must(t, err)
		if p, err := w.Pass(ctx, rules()); err != nil || p.People != 0 || !w.named(held) {
			t.Errorf("swept what is on hold: %+v, %v", p, err)
		}
		w.lift(hold)
		if n, err := w.Finish(ctx); err != nil || n != 1 || w.named(held) || !w.named(other) {
			t.Errorf("%d, %v", n, err)
		}
	})
}

// Who was left over is found, once; not who has a contact, who is on hold, or who never had an erased one.
func TestSweep(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, people := filedWorld(t, db)
		ctx := t.Context()
		left, merged := w.person(people, "c1", "13800138001"), w.person(people, "c2", "13800138002")
		_, err := people.Merge(ctx, merged, left, "u-1", "one person")
		must(t, err)
		lives, held := w.person(people, "c3", "13800138003"), w.person(people, "c5", "13800138005")
		w.person(people, "c4", "13800138003")
		empty := w.person(people, "c6", "13800138006")
		_, err = people.Move(ctx, empty, []string{"c6"}, lives, "u-1", "")
		must(t, err)
		hold, err := w.Put(ctx, storage.OfFile, held, "u-9", "a court asks")
		must(t, err)
		for _, c := range []string{"c1", "c2", "c3", "c5"} { // c4 stays
			w.stone(Stone{Object: "call:" + c, Class: HighRisk, Why: "request:q", At: begin, By: "u-2"})
		}
		p, err := w.Pass(ctx, rules())
		if err != nil || p.People != 1 || w.named(left) || w.named(merged) || !w.named(lives) || !w.named(held) || !w.named(empty) {
			t.Errorf("%+v, %v", p, err)
		}
		if n := w.count(`SELECT count(*) FROM retention_stones WHERE object = ? AND class = 'high_risk' AND why = 'request:q' AND by_who = 'u-2' AND found = 2`, "file:"+left); n != 1 {
			t.Error("no stone, or another one")
		}
		if p, err := w.Pass(ctx, rules()); err != nil || p.People != 0 {
			t.Errorf("again: %+v, %v", p, err)
		}
		w.lift(hold)
		if p, err := w.Pass(ctx, rules()); err != nil || p.People != 1 || w.named(held) {
			t.Errorf("lifted: %+v, %v", p, err)
		}
	})
}

// within lets something happen in the transaction in which people go.
type within struct {
	filed
	happens func()
}

func (i within) CallsOf(ctx context.Context, in storage.Reader, file string) (calls, parts []string, err error) {
	if _, goes := in.(*storage.Tx); goes {
		i.happens()
	}
	return i.filed.CallsOf(ctx, in, file)
}

// putMeanwhile begins to put a hold when it is called first, and sees that it waits; result is what came of it.
func (w world) putMeanwhile(kind storage.Subject, object string) (begins func(), result chan error) {
	result = make(chan error, 1)
	begun := false
	return func() {
		if begun {
			return // tried again
		}
		begun = true
		done := make(chan error, 1)
		go func() {
			_, err := w.Put(w.t.Context(), kind, object, "u-9", "a court asks")
			done <- err
			result <- err
		}()
		select {
		case err := <-done:
			w.t.Errorf("put on hold meanwhile: %v", err)
		case <-time.After(50 * time.Millisecond): // that nothing happens is no event
		}
	}, result
}

// Who puts a hold on what is erased while they wait for it is told that it is not there, and there is no hold on nothing.
func TestNoHoldOnWhatWent(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, people := filedWorld(t, db)
		ctx := t.Context()
		first, second := w.person(people, "c1", "13800138001"), w.person(people, "c2", "13800138002")
		ask, err := w.Ask(ctx, storage.OfFile, second, "u-1", "the person's wish")
		must(t, err)
		for _, one := range []struct {
			kind   storage.Subject
			object string
			erase  func() error
		}{
			{storage.OfCall, "c1", func() error {
				_, err := w.Erase(ctx, Contact{Call: "c1", Class: Ordinary}, "retention", system)
				return err
			}},
			{storage.OfFile, second, func() error {
				_, err := w.Grant(ctx, ask.ID, "u-2")
				return err
			}},
		} {
			begins, result := w.putMeanwhile(one.kind, one.object)
			w.Store.people = within{filed{people}, begins}
			must(t, one.erase())
			if err := <-result; !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: a hold on what went: %v", one.kind, err)
			}
		}
		if n := w.count(`SELECT count(*) FROM retention_holds`); n != 0 || w.named(first) || w.named(second) {
			t.Errorf("%d holds", n)
		}
		if _, err := w.Put(ctx, storage.OfFile, first, "u-9", "later"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
	})
}
