package files

import (
	"slices"
	"testing"

	"hotline/storage"
	"hotline/storage/storagetest"
)

// The files of many calls are those of each of them, also of more calls than one statement asks about.
func TestFilesOfCalls(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		o, ctx := newOffice(t, db), t.Context()
		first, second, third, none := o.call(mother), o.call(son), o.call(mother), o.call("")
		o.ensure(first)
		o.ensure(second)
		if _, err := o.ThirdParty(ctx, third, o.ensure(second).ID, "u-1"); err != nil {
			t.Fatal(err)
		}
		calls := []string{first, second, third, none}
		for range askedMost {
			calls = append(calls, newID())
		}
		slices.Reverse(calls)
		all := must[map[string][]string](t)(o.OfCalls(ctx, calls))
		for _, call := range []string{first, second, third, none} {
			var want []string
			for _, l := range must[[]Link](t)(o.Links(ctx, call)) {
				want = append(want, l.File)
			}
			got := slices.Clone(all[call])
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%v together, %v alone", got, want)
			}
		}
		if len(all) != 3 {
			t.Errorf("%d calls have files", len(all))
		}
	})
}

// What others keep under a file that was merged into another is found by the calls of both, until that is undone.
func TestFilesOfCallsOverAMerge(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		o, ctx := newOffice(t, db), t.Context()
		first, second := o.call(mother), o.call(son)
		a, b := o.ensure(first).ID, o.ensure(second).ID
		found := func(file string) (calls []string) {
			t.Helper()
			calls = must[[]string](t)(storage.Select(ctx, db, scanID, `SELECT asked.id FROM calls asked WHERE `+OfCall(storage.Condition("? = '"+file+"'")).On("asked.id")+` ORDER BY asked.id`))
			all := must[[]string](t)(storage.Select(ctx, db, scanID, string(AllOfCalls(storage.Set("SELECT '"+file+"'")))))
			if slices.Sort(all); !slices.Equal(all, calls) {
				t.Errorf("%v in the set, %v by the condition", all, calls)
			}
			return calls
		}
		both := []string{first, second}
		slices.Sort(both)
		act, err := o.Merge(ctx, a, b, "u-1", "the same person")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{a, b} {
			if got := found(file); !slices.Equal(got, both) {
				t.Errorf("%v by the condition on %s", got, file)
			}
		}
		for call, files := range must[map[string][]string](t)(o.OfCalls(ctx, both)) {
			if len(files) != 2 || !slices.Contains(files, a) || !slices.Contains(files, b) {
				t.Errorf("%s is of %v", call, files)
			}
		}
		if _, err := o.Undo(ctx, act.ID, "u-1"); err != nil {
			t.Fatal(err)
		}
		if got := found(a); !slices.Equal(got, []string{first}) {
			t.Errorf("%v after the undoing", got)
		}
	})
}
