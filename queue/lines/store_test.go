package lines

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"log/slog"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func each(t *testing.T, suite func(*testing.T, *Store, *storage.DB)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s, err := Open(t.Context(), db, Site{Trunks: []string{"province"}})
		must(t, err)
		suite(t, s, db)
	})
}

func TestVersions(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *storage.DB) {
		ctx := t.Context()
		if _, err := s.Current(ctx); !errors.Is(err, ErrNone) {
			t.Fatalf("before the first: %v", err)
		}
		first, err := s.Save(ctx, 0, full(), "u-1", " the first ")
		must(t, err)
		if first.N != 1 || first.Note != "the first" || first.Origin != OriginSaved || first.By != "u-1" {
			t.Errorf("saved %+v", first)
		}
		changed := full()
		changed.Lines[0].Numbers = append(changed.Lines[0].Numbers, "12399")
		second, err := s.Save(ctx, 1, changed, "u-2", "one number more")
		must(t, err)
		_, err = s.Save(ctx, 1, full(), "u-3", "")
		stale, ok := errors.AsType[*Stale](err)
		if !ok || !errors.Is(err, ErrStale) || stale.Current.N != 2 || stale.Current.By != "u-2" {
			t.Errorf("on an old base: %v", err)
		}
		if now, err := s.Current(ctx); err != nil || !reflect.DeepEqual(now, second) {
			t.Errorf("current %+v, %v", now, err)
		}
		back, err := s.Restore(ctx, 2, 1, "u-1", "too early")
		must(t, err)
		if back.N != 3 || back.Restored != 1 || back.Origin != OriginRestore || !reflect.DeepEqual(back.Policy, full()) {
			t.Errorf("restored %+v", back)
		}
		all, err := s.History(ctx, 0, 10)
		must(t, err)
		if len(all) != 3 || all[0].N != 3 || all[2].N != 1 {
			t.Errorf("history %+v", all)
		}
		if some, err := s.History(ctx, 3, 1); err != nil || len(some) != 1 || some[0].N != 2 {
			t.Errorf("part of the history %+v, %v", some, err)
		}
		if v, err := s.Get(ctx, 2); err != nil || !reflect.DeepEqual(v, second) {
			t.Errorf("version 2 %+v, %v", v, err)
		}
		if _, err := s.Get(ctx, 9); !errors.Is(err, ErrNone) {
			t.Errorf("version 9: %v", err)
		}
		broken := full()
		broken.Lines[0].ID = ""
		if _, err := s.Save(ctx, 3, broken, "u-1", ""); err == nil {
			t.Error("a broken policy was saved")
		} else if _, ok := errors.AsType[Faults](err); !ok {
			t.Errorf("a broken policy: %v", err)
		}
		if _, err := s.Save(ctx, 3, full(), "", ""); !errors.Is(err, ErrNobody) {
			t.Errorf("by nobody: %v", err)
		}
	})
}

func TestTablesOnlyGrow(t *testing.T) {
	each(t, func(t *testing.T, s *Store, db *storage.DB) {
		ctx := t.Context()
		_, err := s.Save(ctx, 0, full(), "u-1", "")
		must(t, err)
		_, err = s.SetEmergency(ctx, true, "u-1", "flood")
		must(t, err)
		for _, q := range []string{"UPDATE policy_versions SET note = 'x'", "DELETE FROM policy_versions", "UPDATE emergency_log SET reason = 'x'", "DELETE FROM emergency_log"} {
			if _, err := db.Exec(ctx, q); err == nil {
				t.Errorf("%s was done", q)
			}
		}
	})
}

func TestOfManyWhoSaveOneWins(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *storage.DB) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for i := range 8 {
			wg.Go(func() {
				_, err := s.Save(t.Context(), 0, full(), fmt.Sprintf("u-%d", i), "")
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errors.Is(err, ErrStale) {
					t.Errorf("refused with %v", err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d won", won)
		}
	})
}

func TestImport(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *storage.DB) {
		ctx := t.Context()
		var wg sync.WaitGroup
		for range 4 { // processes that start at once
			wg.Go(func() {
				if _, _, err := s.Import(ctx, full()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		v, changed, err := s.Import(ctx, full())
		if err != nil || changed || v.N != 1 || v.Origin != OriginFile {
			t.Fatalf("%+v, %v, %v", v, changed, err)
		}
		mine := full()
		mine.Lines[0].Needs["youth"] = 5
		_, err = s.Save(ctx, 1, mine, "u-1", "on the screen")
		must(t, err)
		if v, changed, err := s.Import(ctx, full()); err != nil || changed || v.N != 2 {
			t.Errorf("a restart took the change back: %+v, %v, %v", v, changed, err)
		}
		file := full()
		file.Lines[0].Numbers = []string{"12356"}
		if v, changed, err := s.Import(ctx, file); err != nil || !changed || v.N != 3 {
			t.Errorf("the file changed: %+v, %v, %v", v, changed, err)
		}
	})
}

func TestEmergency(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *storage.DB) {
		ctx := t.Context()
		if m, err := s.Emergency(ctx); err != nil || m != (Mode{}) {
			t.Fatalf("%+v, %v", m, err)
		}
		if _, err := s.SetEmergency(ctx, true, "u-1", " x "); !errors.Is(err, ErrReason) {
			t.Errorf("without a reason: %v", err)
		}
		on, err := s.SetEmergency(ctx, true, "u-1", "earthquake")
		must(t, err)
		again, err := s.SetEmergency(ctx, true, "u-2", "me too")
		must(t, err)
		if again != on || on.N != 1 || !on.On || on.By != "u-1" {
			t.Errorf("on %+v, again %+v", on, again)
		}
		off, err := s.SetEmergency(ctx, false, "u-2", "all is over")
		must(t, err)
		if m, err := s.Emergency(ctx); err != nil || m != off || m.On || m.N != 2 {
			t.Errorf("%+v, %v", m, err)
		}
		if all, err := s.Emergencies(ctx, 10); err != nil || len(all) != 2 || all[1] != on {
			t.Errorf("log %+v, %v", all, err)
		}
	})
}

// watched is what a Watcher told.
type watched struct {
	version, mode int
	at            time.Time
}

func TestWatch(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *storage.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		told := make(chan watched, 10)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = s.Watch(ctx, func(v Version, m Mode) { told <- watched{v.N, m.N, time.Now()} })
		}()
		await := func(version, mode int) {
			t.Helper()
			began := time.Now()
			select {
			case w := <-told:
				if w.version != version || w.mode != mode {
					t.Fatalf("told %+v", w)
				}
				if took := w.at.Sub(began); took > time.Second {
					t.Errorf("noticed after %s", took)
				}
			case <-time.After(5 * time.Second):
				t.Fatal("nothing was told")
			}
		}
		_, err := s.Save(ctx, 0, full(), "u-1", "")
		must(t, err)
		await(1, 0)
		_, err = s.SetEmergency(ctx, true, "u-1", "storm")
		must(t, err)
		await(1, 1)
		_, err = s.Save(ctx, 1, full(), "u-1", "")
		must(t, err)
		await(2, 1)
		cancel()
		<-done
		if len(told) > 0 {
			t.Errorf("told %d times more", len(told))
		}
	})
}

// TestWatchRemembers: the database is away when a controller starts, and comes back later.
func TestWatchRemembers(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	db := storagetest.Open(t, storagetest.SQLiteURL(t))
	s, err := Open(ctx, db, Site{})
	must(t, err)
	_, err = s.Save(ctx, 0, full(), "u-1", "")
	must(t, err)
	_, err = s.SetEmergency(ctx, true, "u-1", "storm")
	must(t, err)
	file := filepath.Join(dir, "data", "lines.json")
	away := errors.New("away")
	var there sync.Mutex
	var fault error
	open := func(context.Context) (*Store, error) {
		there.Lock()
		defer there.Unlock()
		return s, fault
	}
	run := func() (told chan Version, modes chan Mode, stop func()) {
		ctx, cancel := context.WithCancel(ctx)
		told, modes = make(chan Version, 10), make(chan Mode, 10)
		done := make(chan struct{})
		go func() {
			defer close(done)
			w := Watcher{Open: open, File: file, Log: slog.New(slog.DiscardHandler)}
			_ = w.Run(ctx, func(v Version, m Mode) { told <- v; modes <- m })
		}()
		return told, modes, func() { cancel(); <-done }
	}
	told, modes, stop := run()
	if v, m := <-told, <-modes; v.N != 1 || !m.On {
		t.Fatalf("told %+v, %+v", v, m)
	}
	stop()

	fault = away
	told, modes, stop = run()
	defer stop()
	v, m := <-told, <-modes
	if v.N != 1 || !m.On || m.Reason != "storm" || !reflect.DeepEqual(v.Policy, full()) {
		t.Fatalf("remembered %+v, %+v", v, m)
	}
	there.Lock()
	fault = nil
	there.Unlock()
	_, err = s.SetEmergency(ctx, false, "u-1", "over")
	must(t, err)
	if v, m := <-told, <-modes; v.N != 1 || m.On {
		t.Fatalf("told %+v, %+v", v, m)
	}
}
