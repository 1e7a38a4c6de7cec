package recordings

import (
	"errors"
	"slices"
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
