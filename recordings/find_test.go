package recordings

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestRecordingsAreFoundByCall(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		x, err := NewIndex(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		noon := time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)
		for _, p := range []struct {
			id, call, line, agent string
			after                 time.Duration
		}{
			{"p1", "c1", "12355", "u-1", 0},
			{"p2", "c2", "12356", "u-2", time.Minute},
			{"p3", "c1", "12355", "u-2", 2 * time.Minute}, // handed over
			{"p4", "", "12355", "u-1", 3 * time.Minute},   // its sidecar was lost
			{"p5", "c3", "12355", "u-3", 4 * time.Minute},
			{"p6", "c4", "12355", "u-3", 4 * time.Minute}, // at the same moment
		} {
			key := []byte("sealed")
			if p.id == "p2" {
				key = []byte{} // erased
			}
			_, err := db.Exec(ctx, `INSERT INTO recordings (`+rowColumns+`) VALUES (?,?,?,?,?,?,60000,120,0,0,?,1,1,?)`,
				p.id, p.call, p.line, p.agent, string(KindCall), storage.Millis(noon.Add(p.after)), true, p.id)
			if err == nil {
				_, err = db.Exec(ctx, `INSERT INTO recording_keys (part, key_sealed, at_ms) VALUES (?,?,1)`, p.id, key)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		find := func(q Query) (ids []string) {
			t.Helper()
			if q.Limit == 0 {
				q.Limit = 10
			}
			all, err := x.Find(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range all {
				ids = append(ids, w.ID)
			}
			return ids
		}
		for name, c := range map[string]struct {
			q    Query
			want []string
		}{
			"all":             {Query{}, []string{"c4", "c3", "p4", "c2", "c1"}},
			"of a line":       {Query{Line: "12356"}, []string{"c2"}},
			"of a person":     {Query{Agent: "u-2"}, []string{"c2", "c1"}},
			"from":            {Query{From: noon.Add(2 * time.Minute)}, []string{"c4", "c3", "p4"}}, // c1 began before, though a part of it did not
			"to":              {Query{To: noon.Add(3 * time.Minute)}, []string{"c2", "c1"}},
			"two":             {Query{Limit: 2}, []string{"c4", "c3"}},
			"after the first": {Query{Before: Place{noon.Add(4 * time.Minute), "p6"}}, []string{"c3", "p4", "c2", "c1"}},
			"nobody's":        {Query{Agent: "u-9"}, nil},
			"as others know":  {Query{Call: "? = 'c2' OR ? = ''", Line: "12355"}, []string{"p4"}},
		} {
			if got := find(c.q); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
		w, err := x.Whole(ctx, "c1")
		if err != nil || len(w.Parts) != 2 || w.Parts[0].ID != "p1" || w.Parts[1].ID != "p3" || w.Place() != (Place{noon, "p1"}) {
			t.Errorf("%+v, %v", w, err)
		}
		if w, err := x.Whole(ctx, "p4"); err != nil || len(w.Parts) != 1 {
			t.Errorf("%+v, %v", w, err)
		}
		if w, err := x.Whole(ctx, "c2"); err != nil || !w.Erased {
			t.Errorf("erased: %+v, %v", w, err)
		}
		for _, id := range []string{"p1", "c9", "", "../x"} {
			if _, err := x.Whole(ctx, id); !errors.Is(err, ErrNotFound) {
				t.Errorf("%q: %v", id, err)
			}
		}
	})
}

// What is found does not depend on how it is looked for: through few calls, or through the list; and it is what a look at every recording finds.
func TestFoundEitherWay(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		x, err := NewIndex(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 1))
		noon := time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)
		some := func(prefix string, n int) string { return fmt.Sprintf("%s%d", prefix, r.IntN(n)) }
		at := func() time.Time { return noon.Add(time.Duration(r.IntN(40)) * time.Second) }
		for i := range 120 {
			call := some("c", 50)
			if r.IntN(10) == 0 {
				call = ""
			}
			if _, err := db.Exec(ctx, `INSERT INTO recordings (`+rowColumns+`) VALUES (?,?,?,?,?,?,60000,120,0,0,?,1,1,?)`, fmt.Sprintf("p%03d", i), call, some("l", 3),
				some("u", 4), string(KindCall), storage.Millis(at()), true, "path"); err != nil {
				t.Fatal(err)
			}
		}
		every := everyWhole(t, x)
		for range 150 {
			q := Query{Limit: 1 + r.IntN(60)}
			var calls []string
			for _, set := range []func(){
				func() { q.From = at() }, func() { q.To = at() }, func() { q.Line = some("l", 3) }, func() { q.Agent = some("u", 5) }, func() { q.Before = every[r.IntN(len(every))].Place() },
				func() {
					calls = []string{some("c", 50), some("c", 50), some("c", 50)}
					q.Call, q.Among = storage.Condition("? IN ('"+strings.Join(calls, "','")+"')"), []storage.Set{"SELECT call_id FROM recordings", storage.Set("SELECT DISTINCT call_id FROM recordings WHERE call_id IN ('" + strings.Join(calls, "','") + "')")}
				},
			} {
				if r.IntN(3) == 0 {
					set()
				}
			}
			want := wanted(every, q, calls)
			for _, most := range []int{0, 2, fewMost} {
				found, err := x.find(ctx, q, most)
				if err != nil || !slices.EqualFunc(found, want, func(a, b Whole) bool { return a.ID == b.ID && len(a.Parts) == len(b.Parts) }) {
					t.Fatalf("%+v, few are %d: %d found, want %d, %v", q, most, len(found), len(want), err)
				}
			}
		}
	})
}

// everyWhole are all recordings as the list has them, put together from their parts.
func everyWhole(t *testing.T, x *Index) (out []Whole) {
	t.Helper()
	all, err := x.list(t.Context(), `ORDER BY started_ms, id`)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range all {
		i := slices.IndexFunc(out, func(w Whole) bool { return part.Call != "" && w.ID == part.Call })
		if i < 0 {
			out = append(out, Whole{ID: cmp.Or(part.Call, part.ID)})
			i = len(out) - 1
		}
		out[i].Parts = append(out[i].Parts, part)
	}
	slices.Reverse(out)
	return out
}

// wanted are those of all recordings that a query asks for; calls: those of which its condition is so.
func wanted(all []Whole, q Query, calls []string) (out []Whole) {
	for _, w := range all {
		first, place := w.Parts[0], w.Place()
		if (q.From.IsZero() || !place.Started.Before(q.From)) && (q.To.IsZero() || place.Started.Before(q.To)) && (q.Line == "" || first.Line == q.Line) &&
			(q.Agent == "" || slices.ContainsFunc(w.Parts, func(p Recording) bool { return p.Agent == q.Agent })) && (q.Call == "" || slices.Contains(calls, first.Call)) &&
			(q.Before.Started.IsZero() || place.Started.Before(q.Before.Started) || place.Started.Equal(q.Before.Started) && place.Part < q.Before.Part) && len(out) < q.Limit {
			out = append(out, w)
		}
	}
	return out
}
