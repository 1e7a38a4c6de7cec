package decisions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

var noon = time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)

func decision(n int, call string) Decision {
	return Decision{
		Offer: fmt.Sprintf("o%03d", n), Call: call, Agent: "u-1", At: noon.Add(time.Duration(n) * time.Second), Body: json.RawMessage(fmt.Sprintf(`{"n":%d}`, n)),
	}
}

func open(t *testing.T, db *storage.DB) *Store {
	t.Helper()
	s, err := Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, s := t.Context(), open(t, db)
		changed := decision(1, "c1")
		changed.Agent = "u-9"
		for i, batch := range [][]Decision{{decision(2, "c1"), decision(1, "c1"), decision(3, "c2")}, {changed}, nil} {
			if err := s.Keep(ctx, fmt.Sprint("place", i), batch); err != nil {
				t.Fatal(err)
			}
		}
		if p, err := s.Place(ctx); p != "place2" || err != nil {
			t.Errorf("%q, %v", p, err)
		}
		all, err := s.Of(ctx, "c1")
		if err != nil || len(all) != 2 || all[0].Offer != "o001" || all[0].Agent != "u-1" || !all[1].At.Equal(noon.Add(2*time.Second)) || string(all[1].Body) != `{"n":2}` {
			t.Errorf("%+v, %v", all, err)
		}
		if all, err := s.Of(ctx, "none"); len(all) != 0 || err != nil {
			t.Errorf("%+v, %v", all, err)
		}
		if n, err := s.Forget(ctx, noon.Add(2*time.Second)); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		var many []Decision
		for i := range Most + 10 {
			many = append(many, decision(100+i, "often"))
		}
		if err := s.Keep(ctx, "", many); err != nil {
			t.Fatal(err)
		}
		if all, err := s.Of(ctx, "often"); err != nil || len(all) != Most || all[0].Offer != "o110" {
			t.Errorf("%d, %v", len(all), err)
		}
	})
}

// TestKeeper: what a stream tells is in the database; a keeper that comes back goes on from its place; a database that fails loses nothing.
func TestKeeper(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := open(t, db)
		if err := s.Keep(t.Context(), "", []Decision{decision(0, "old")}); err != nil {
			t.Fatal(err)
		}
		run := func(want string, last int) {
			t.Helper()
			ctx, cancel := context.WithCancel(t.Context())
			fails := 1
			k, err := NewKeeper(KeeperConfig{Flush: 10 * time.Millisecond, Kept: func() time.Duration { return time.Hour }}, s, func(ctx context.Context, after string, fn func(News) error) error {
				if fails > 0 {
					fails--
					return errors.New("the stream broke")
				}
				if after != want {
					t.Errorf("went on from %q, want %q", after, want)
				}
				for i := last - 2; i <= last; i++ {
					d := decision(i, "c1")
					if err := fn(News{Place: fmt.Sprint("p", i), Decision: &d}); err != nil {
						return err
					}
				}
				<-ctx.Done()
				return ctx.Err()
			})
			if err != nil {
				t.Fatal(err)
			}
			k.now = func() time.Time { return noon.Add(time.Hour + time.Second) }
			done := make(chan error, 1)
			go func() { done <- k.Run(ctx) }()
			for end := time.Now().Add(10 * time.Second); ; {
				all, err := s.Of(t.Context(), "c1")
				if err != nil || time.Now().After(end) {
					t.Fatalf("%+v, %v", all, err)
				}
				if len(all) > 0 && all[len(all)-1].Offer == fmt.Sprintf("o%03d", last) {
					break
				}
			}
			cancel()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		run("", 3)
		run("p3", 6)
		if all, err := s.Of(t.Context(), "c1"); len(all) != 6 || err != nil {
			t.Errorf("%d, %v", len(all), err)
		}
		if all, err := s.Of(t.Context(), "old"); len(all) != 0 || err != nil {
			t.Errorf("kept for longer than asked: %+v, %v", all, err)
		}
	})
}
