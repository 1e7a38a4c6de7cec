package exports

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

var noon = time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, db *storage.DB) (*Store, *time.Time) {
	t.Helper()
	dir := t.TempDir()
	if err := casework.CreateKeys(dir); err != nil {
		t.Fatal(err)
	}
	keys, err := casework.LoadKeys(dir, "CN")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), db, keys)
	if err != nil {
		t.Fatal(err)
	}
	now := noon
	s.now = func() time.Time { return now }
	return s, &now
}

func ask(t *testing.T, s *Store) Export {
	t.Helper()
	e, err := s.Ask(t.Context(), "c1", time.Second, 20*time.Second, time.Minute, "u-1", " 法院调取 ")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestTwoPeopleAndOneFetching(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s, now := open(t, db)
		e := ask(t, s)
		if e.Reason != "法院调取" || e.State(noon) != Asked || e.Mark == [32]byte{} || !e.Until.Equal(noon.Add(DecideWithin)) {
			t.Errorf("%+v", e)
		}
		var sealed []byte
		if err := db.QueryRow(ctx, `SELECT reason FROM recording_exports WHERE id = ?`, e.ID).Scan(&sealed); err != nil || bytes.Contains(sealed, []byte("法院")) {
			t.Errorf("the reason rests open: %v", err)
		}
		if _, err := s.Fetch(ctx, e.ID, "u-1"); !errors.Is(err, ErrOver) {
			t.Errorf("before it was granted: %v", err)
		}
		if _, err := s.Decide(ctx, e.ID, "u-1", true, ""); !errors.Is(err, ErrOwn) {
			t.Errorf("one person alone: %v", err)
		}
		if _, err := s.Decide(ctx, "none", "u-2", true, ""); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if got, err := s.Decide(ctx, e.ID, "u-2", true, ""); err != nil || got.State(*now) != Granted || !got.Until.Equal(noon.Add(FetchWithin)) {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := s.Decide(ctx, e.ID, "u-3", false, "不需要"); !errors.Is(err, ErrOver) {
			t.Errorf("decided twice: %v", err)
		}
		if marks, err := s.Marks(ctx); err != nil || len(marks) != 0 {
			t.Errorf("a mark before the copy: %+v, %v", marks, err)
		}
		if _, err := s.Fetch(ctx, e.ID, "u-2"); !errors.Is(err, ErrNotYours) {
			t.Errorf("another fetches it: %v", err)
		}
		*now = noon.Add(time.Hour)
		var won, lost int
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, err := s.Fetch(ctx, e.ID, "u-1")
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won++
				case errors.Is(err, ErrOver):
					lost++
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won != 1 || lost != 7 {
			t.Errorf("fetched %d times", won)
		}
		got, err := s.Get(ctx, e.ID)
		if err != nil || got.State(*now) != Fetched || got.DecidedBy != "u-2" || !got.Fetched.Equal(*now) || got.From != time.Second || got.Reason != "法院调取" {
			t.Errorf("%+v, %v", got, err)
		}
		if marks, err := s.Marks(ctx); err != nil || len(marks) != 1 || marks[0] != (Marked{e.ID, e.Mark}) {
			t.Errorf("%+v, %v", marks, err)
		}
	})
}

func TestWishesEnd(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s, now := open(t, db)
		old, refused, unfetched := ask(t, s), ask(t, s), ask(t, s)
		if _, err := s.Decide(ctx, refused.ID, "u-2", false, "  "); !errors.Is(err, ErrReason) {
			t.Errorf("refused for no reason: %v", err)
		}
		if got, err := s.Decide(ctx, refused.ID, "u-2", false, "依据不足"); err != nil || got.State(*now) != Refused || got.Why != "依据不足" {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := s.Decide(ctx, unfetched.ID, "u-2", true, ""); err != nil {
			t.Fatal(err)
		}
		*now = noon.Add(FetchWithin)
		if _, err := s.Fetch(ctx, unfetched.ID, "u-1"); !errors.Is(err, ErrOver) {
			t.Errorf("fetched too late: %v", err)
		}
		*now = noon.Add(DecideWithin)
		if _, err := s.Decide(ctx, old.ID, "u-2", true, ""); !errors.Is(err, ErrOver) {
			t.Errorf("decided too late: %v", err)
		}
		states := map[string]State{}
		all, err := s.List(ctx, noon, 10)
		for _, e := range all {
			states[e.ID] = e.State(*now)
		}
		if err != nil || states[old.ID] != Expired || states[refused.ID] != Refused || states[unfetched.ID] != Expired {
			t.Errorf("%v, %v", states, err)
		}
		if all, err := s.List(ctx, noon.Add(time.Second), 10); err != nil || len(all) != 0 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

func TestWhatIsNoWish(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s, _ := open(t, db)
		for _, reason := range []string{"", "ab", strings.Repeat("字", 501), "a\x00bcd", "\xff\xff\xff"} {
			if _, err := s.Ask(ctx, "c1", 0, time.Minute, time.Minute, "u-1", reason); !errors.Is(err, ErrReason) {
				t.Errorf("%q: %v", reason, err)
			}
		}
		for _, span := range [][2]time.Duration{{-1, time.Second}, {0, time.Second - 1}, {0, time.Minute + 1}, {time.Minute, time.Second}} {
			if _, err := s.Ask(ctx, "c1", span[0], span[1], time.Minute, "u-1", "法院调取"); !errors.Is(err, ErrSpan) {
				t.Errorf("%v: %v", span, err)
			}
		}
	})
}
