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
