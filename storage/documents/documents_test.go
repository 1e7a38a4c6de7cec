package documents

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

type colours struct {
	Names []string `json:"names"`
}

func open(t *testing.T, db *storage.DB, name string) *Store[colours] {
	t.Helper()
	s, err := Open(t.Context(), db, Kind[colours]{Name: name, Most: 200, First: func() colours { return colours{[]string{"red"}} }, Check: func(c colours) error {
		var fs Faults
		if len(c.Names) == 0 {
			fs.Add("names", Missing)
		}
		return fs.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVersions(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, s, other := t.Context(), open(t, db, "colours"), open(t, db, "others")
		if v, err := s.Current(ctx); err != nil || v.N != 0 || v.Origin != OriginFirst || v.Doc.Names[0] != "red" {
			t.Fatalf("%+v, %v", v, err)
		}
		if _, err := s.Save(ctx, 0, colours{[]string{"blue"}}, "u-1", " why "); err != nil {
			t.Fatal(err)
		}
		_, err := s.Save(ctx, 0, colours{[]string{"green"}}, "u-2", "")
		if stale, ok := errors.AsType[*Stale](err); !ok || !errors.Is(err, ErrStale) || stale.N != 1 || stale.By != "u-1" {
			t.Errorf("on an old base: %v", err)
		}
		if _, err := s.Save(ctx, 1, colours{}, "u-2", ""); err == nil || !strings.Contains(err.Error(), "names: missing") {
			t.Errorf("a faulty one: %v", err)
		}
		if _, err := s.Save(ctx, 1, colours{[]string{"x"}}, "", ""); !errors.Is(err, ErrNobody) {
			t.Errorf("by nobody: %v", err)
		}
		if _, err := s.Save(ctx, 1, colours{[]string{"x"}}, "u-1", strings.Repeat("字", 501)); !errors.Is(err, ErrNote) {
			t.Errorf("a long note: %v", err)
		}
		if _, err := s.Save(ctx, 1, colours{[]string{strings.Repeat("x", 200)}}, "u-1", ""); !errors.Is(err, ErrDocument) {
			t.Errorf("a long one: %v", err)
		}
		v, err := s.Restore(ctx, 1, 0, "u-3", "back")
		if err != nil || v.N != 2 || v.Doc.Names[0] != "red" || v.Origin != OriginRestore {
			t.Errorf("%+v, %v", v, err)
		}
		if _, err := s.Restore(ctx, 2, 9, "u-3", ""); !errors.Is(err, ErrNone) {
			t.Errorf("what never was: %v", err)
		}
		all, err := s.History(ctx, 0, 10)
		if err != nil || len(all) != 3 || all[0].N != 2 || all[1].Note != "why" || all[2].N != 0 {
			t.Errorf("%+v, %v", all, err)
		}
		if all, err := s.History(ctx, 2, 1); err != nil || len(all) != 1 || all[0].N != 1 {
			t.Errorf("%+v, %v", all, err)
		}
		if v, err := other.Current(ctx); err != nil || v.N != 0 {
			t.Errorf("another kind: %+v, %v", v, err)
		}
		for _, change := range []string{`UPDATE documents SET note = 'x'`, `DELETE FROM documents`} {
			if _, err := db.Exec(ctx, change); err == nil {
				t.Errorf("%s was taken", change)
			}
		}
	})
}

// TestOnlyOneOfTwoIsSaved: two people who changed the same version are not both right.
func TestOnlyOneOfTwoIsSaved(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := open(t, db, "colours")
		var wg sync.WaitGroup
		results := make([]error, 8)
		for i := range results {
			wg.Go(func() { _, results[i] = s.Save(t.Context(), 0, colours{[]string{"x"}}, "u-1", "") })
		}
		wg.Wait()
		saved := 0
		for _, err := range results {
			switch {
			case err == nil:
				saved++
			case !errors.Is(err, ErrStale):
				t.Error(err)
			}
		}
		if saved != 1 {
			t.Errorf("%d saved", saved)
		}
	})
}

func TestWatch(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := open(t, db, "colours")
		ctx, cancel := context.WithCancel(t.Context())
		told, ended := make(chan Version[colours], 4), make(chan struct{})
		go func() {
			defer close(ended)
			s.Watch(ctx, func(v Version[colours]) { told <- v }, func(err error) { t.Error(err) })
		}()
		for n := range 2 {
			select {
			case v := <-told:
				if v.N != n {
					t.Errorf("version %d, want %d", v.N, n)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("not told")
			}
			if n == 0 {
				if _, err := s.Save(ctx, 0, colours{[]string{"blue"}}, "u-1", ""); err != nil {
					t.Fatal(err)
				}
			}
		}
		cancel()
		<-ended
	})
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"names":["a"]}`, `{}`, `{"names":null}x`, `{"other":1}`, ``, `[]`} {
		f.Add([]byte(seed))
	}
	s := &Store[colours]{kind: Kind[colours]{Most: 200}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := s.Decode(raw); err != nil && !errors.Is(err, ErrDocument) {
			t.Error(err)
		}
	})
}
