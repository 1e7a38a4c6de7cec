package files

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMergeAndSplit(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		o, ctx := newOffice(t, db), t.Context()
		one, two := o.call(mother), o.call(mother)
		f, g := o.ensure(one), o.ensure(o.call(""))
		o.ensure(two)
		a := must[Act](t)(o.Merge(ctx, g.ID, f.ID, "u-1", "声音一样"))
		if h, err := o.History(ctx, f.ID, 1); err != nil || h[0].Reason != "声音一样" || !h[0].Undoable() {
			t.Errorf("%+v, %v", h, err)
		}
		if got := must[File](t)(o.Get(ctx, g.ID)); got.ID != f.ID {
			t.Errorf("the merged file leads to %+v", got)
		}
		if got := must[File](t)(o.ByCode(ctx, g.Code)); got.ID != f.ID {
			t.Errorf("its code leads to %+v", got)
		}
		if _, err := o.Merge(ctx, f.ID, g.ID, "u-1", ""); !errors.Is(err, ErrSame) {
			t.Errorf("%v", err)
		}
		// People who share a telephone: the second call was the daughter's. Her number leads to both from then on, hers first.
		h, split, err := o.Split(ctx, f.ID, []string{two}, "u-1", "是她女儿")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := o.OfRefs(ctx, o.keys.CallerRefs(mother)); err != nil || len(got) != 2 || got[0].ID != h.ID {
			t.Errorf("of the number: %+v, %v", got, err)
		}
		if _, err := o.Undo(ctx, a.ID, "u-2"); err != nil { // beside the split: they do not touch each other
			t.Fatal(err)
		}
		if _, err := o.Undo(ctx, a.ID, "u-2"); !errors.Is(err, ErrUndone) {
			t.Errorf("%v", err)
		}
		// Moved on, the split cannot be undone before that.
		k := o.ensure(o.call(son))
		move := must[Act](t)(o.Move(ctx, h.ID, []string{two}, k.ID, "u-1", ""))
		if _, err := o.Undo(ctx, split.ID, "u-1"); !errors.Is(err, ErrLater) {
			t.Errorf("%v", err)
		}
		must[Act](t)(o.Undo(ctx, move.ID, "u-1"))
		must[Act](t)(o.Undo(ctx, split.ID, "u-1"))
		if got, err := o.OfRefs(ctx, o.keys.CallerRefs(mother)); err != nil || len(got) != 1 || got[0].ID != f.ID {
			t.Errorf("of the number: %+v, %v", got, err)
		}
		if _, _, err := o.Split(ctx, f.ID, []string{newID()}, "u-1", ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("a call that is not the file's: %v", err)
		}
	})
}

// TestUndoneNothingIsLost does merges, splits, moves and third parties at random, undoes all in any order that goes, and looks whether every link and
// every pseudonym is where it was; at each step, whether anything disappeared.
func TestUndoneNothingIsLost(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		o, ctx := newOffice(t, db), t.Context()
		for seed := range uint64(12) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			var files, calls []string
			for i := range 8 {
				number := ""
				if i%3 > 0 {
					number = fmt.Sprintf("1380013%02d%02d", seed, i/2)
				}
				call := o.call(number)
				calls, files = append(calls, call), append(files, o.ensure(call).ID)
			}
			before, refs := o.links(calls), o.refs()
			var acts []string
			for range 14 {
				a, err := o.anything(rnd, files, calls)
				switch {
				case errors.Is(err, ErrSame), errors.Is(err, ErrRole), errors.Is(err, ErrNotFound), errors.Is(err, ErrInvalid):
					continue
				case err != nil:
					t.Fatalf("seed %d: %v", seed, err)
				}
				if a.ID != "" && !slices.Contains(acts, a.ID) {
					acts = append(acts, a.ID)
				}
				if !slices.Contains(files, a.Other) && a.Other != "" {
					files = append(files, a.Other)
				}
				if n := strings.Count(o.links(calls), "\n"); n < len(calls) {
					t.Fatalf("seed %d: after %+v, %d links are left", seed, a, n)
				}
				if len(acts) > 2 && rnd.IntN(4) == 0 { // one in between
					i := rnd.IntN(len(acts))
					if _, err := o.Undo(ctx, acts[i], "u-2"); err == nil {
						acts = slices.Delete(acts, i, i+1)
					} else if !errors.Is(err, ErrLater) {
						t.Fatalf("seed %d: undo: %v", seed, err)
					}
				}
			}
			done := len(acts)
			for len(acts) > 0 {
				i := rnd.IntN(len(acts))
				switch _, err := o.Undo(ctx, acts[i], "u-2"); {
				case err == nil:
					acts = slices.Delete(acts, i, i+1)
				case errors.Is(err, ErrLater): // another first
				default:
					t.Fatalf("seed %d: undo: %v", seed, err)
				}
			}
			if after := o.links(calls); after != before {
				t.Errorf("seed %d, %d acts: links were\n%sand are\n%s", seed, done, before, after)
			}
			if after := o.refs(); after != refs {
				t.Errorf("seed %d: pseudonyms were\n%s\nand are\n%s", seed, refs, after)
			}
		}
	})
}

// anything does one thing at random.
func (o *office) anything(rnd *rand.Rand, files, calls []string) (Act, error) {
	ctx := o.t.Context()
	file, other, call := files[rnd.IntN(len(files))], files[rnd.IntN(len(files))], calls[rnd.IntN(len(calls))]
	switch rnd.IntN(4) {
	case 0:
		return o.Merge(ctx, file, other, "u-1", "")
	case 1:
		_, a, err := o.Split(ctx, file, []string{call}, "u-1", "")
		return a, err
	case 2:
		return o.Move(ctx, file, []string{call}, other, "u-1", "")
	}
	f, err := o.ThirdParty(ctx, call, []string{"", other}[rnd.IntN(2)], "u-1")
	if err != nil {
		return Act{}, err
	}
	h, err := o.History(ctx, f.ID, 1)
	if err != nil || len(h) == 0 || h[0].Kind != ActThirdParty || h[0].Call != call || !h[0].Undone.IsZero() {
		return Act{}, err // said before
	}
	return h[0], nil
}

// links writes down who is what in some calls.
func (o *office) links(calls []string) string {
	o.t.Helper()
	var b strings.Builder
	for _, c := range calls {
		for _, l := range must[[]Link](o.t)(o.Links(o.t.Context(), c)) {
			fmt.Fprintf(&b, "%s %s %s %s\n", l.Call, l.Role, l.File, l.Part)
		}
	}
	return b.String()
}

// refs writes down which pseudonyms lead to which file, how often.
func (o *office) refs() string {
	o.t.Helper()
	all, err := storage.Select(o.t.Context(), o.db, func(r storage.Row) (s string, err error) {
		var ref, file string
		var own bool
		var links int
		err = r.Scan(&ref, &file, &own, &links)
		return fmt.Sprint(ref, " ", file, own, links), err
	}, `SELECT ref, file_id, own, links FROM file_refs ORDER BY ref, file_id, own`)
	if err != nil {
		o.t.Fatal(err)
	}
	return strings.Join(all, "\n")
}
