package casework

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hotline/storage"
)

// spool is a folder of notes that can die at any step.
type spool struct {
	dir    string
	notes  map[string]FallbackNote
	sealed map[string]int // by recording id
	dieAt  int            // the step, from 1, that does not return
	step   int
}

var errDied = errors.New("died")

// dies tells whether the process dies at this step.
func (s *spool) dies() bool {
	s.step++
	return s.step == s.dieAt
}

func newSpool(t *testing.T, notes ...FallbackNote) *spool {
	s := &spool{dir: t.TempDir(), notes: map[string]FallbackNote{}, sealed: map[string]int{}}
	for _, n := range notes {
		if n.Message != "" {
			n.Message = filepath.Join(s.dir, n.Message)
			must(t, os.WriteFile(n.Message, []byte("speech"), 0o600))
		}
		s.notes[n.ID] = n
	}
	return s
}

func (s *spool) config() FallbackConfig {
	return FallbackConfig{
		Node: "node-1", Log: slog.New(slog.DiscardHandler), Poll: time.Millisecond,
		Notes: func() ([]FallbackNote, error) {
			var out []FallbackNote
			for _, n := range s.notes {
				if _, err := os.Stat(n.Message); err != nil {
					n.Message = ""
				}
				out = append(out, n)
			}
			return out, nil
		},
		Seal: func(id, path, _, _ string, _ time.Time) error {
			if s.dies() {
				return errDied
			}
			s.sealed[id]++
			if s.dies() {
				return errDied
			}
			if err := os.Remove(path); err != nil {
				return err
			}
			if s.dies() {
				return errDied
			}
			return nil
		},
		Remove: func(n FallbackNote) error {
			if s.dies() {
				return errDied
			}
			delete(s.notes, n.ID)
			if s.dies() {
				return errDied
			}
			return nil
		},
	}
}

func fallback(t *testing.T, s *spool, db *storage.DB, k *Keys) *Fallback {
	t.Helper()
	f, err := NewFallback(s.config(), db, k)
	must(t, err)
	return f
}

func message(id string) FallbackNote {
	return FallbackNote{
		ID: id, Call: "01" + id, Line: "12355", Dialled: "12355", Caller: "13800138000", Arrived: at(0), Began: at(2), Ended: at(60), Left: true, Message: id + ".alaw",
	}
}

func TestFallbackMessage(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, k := t.Context(), testKeys(t)
		s := newSpool(t, message("1700.1"))
		must(t, fallback(t, s, db, k).pass(ctx))
		calls, err := NewLedger(db).Since(ctx, at(0), 10)
		must(t, err)
		if len(calls) != 1 {
			t.Fatalf("calls %+v", calls)
		}
		c := calls[0]
		if c.Outcome != Degraded || c.Line != "12355" || !c.Ended.Equal(at(60)) || c.CallerRef != k.CallerRef("13800138000") || c.ID != "011700.1" {
			t.Errorf("call %+v", c)
		}
		if number, err := k.Open(c.CallerSealed, CallerContext(c.ID)); err != nil || number != "13800138000" {
			t.Errorf("sealed number %q, %v", number, err)
		}
		tasks, err := NewTasks(db).List(ctx, 10)
		must(t, err)
		if len(tasks) != 1 || tasks[0].Call != c.ID || !tasks[0].Due.Equal(at(60).Add(15*time.Minute)) || s.sealed[tasks[0].Recording] != 1 {
			t.Errorf("tasks %+v, sealed %v", tasks, s.sealed)
		}
		if number, err := k.Open(tasks[0].CallerSealed, CallerContext(tasks[0].Call)); err != nil || number != "13800138000" {
			t.Errorf("the task's number %q, %v", number, err)
		}
		if left, err := os.ReadDir(s.dir); err != nil || len(left) != 0 || len(s.notes) != 0 {
			t.Errorf("plaintext left: %v %v %v", left, s.notes, err)
		}
	})
}

func TestFallbackOutcomes(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, k := t.Context(), testKeys(t)
		l := NewLedger(db)
		must(t, l.Open(ctx, CallRecord{ID: "01OPEN", Line: "12355", Arrived: at(0).Add(123 * time.Millisecond), Queued: at(3), Tier: "normal"}))
		s := newSpool(t,
			FallbackNote{ID: "open", Call: "01OPEN", Line: "12355", Arrived: at(0), Began: at(9), Ended: at(30), Answered: true},
			FallbackNote{ID: "left", Call: "01LEFT", Line: "12355", Arrived: at(0), Ended: at(1)},
			FallbackNote{ID: "red", Call: "01RED", Line: "12355", Arrived: at(0), Began: at(1), Ended: at(20), Danger: true},
			FallbackNote{ID: "number", Call: "01NUMBER", Line: "12355", Caller: mobile, Arrived: at(0), Began: at(1), Ended: at(20)},
		)
		must(t, fallback(t, s, db, k).pass(ctx))
		want := map[string]CallRecord{
			"01OPEN":   {Outcome: Degraded, Arrived: at(0).Add(123 * time.Millisecond), Wait: 27 * time.Second, Tier: "normal"},
			"01LEFT":   {Outcome: Abandoned, Arrived: at(0), Wait: time.Second},
			"01NUMBER": {Outcome: Degraded, Arrived: at(0), Wait: 20 * time.Second},
			"01RED":    {Outcome: Degraded, Arrived: at(0), Wait: 20 * time.Second, Danger: true, Tier: "red"},
		}
		for id, w := range want {
			c, err := l.Get(ctx, id)
			must(t, err)
			if c.Outcome != w.Outcome || !c.Arrived.Equal(w.Arrived) || c.Wait != w.Wait || c.Danger != w.Danger || c.Tier != w.Tier {
				t.Errorf("%s: %+v", id, c)
			}
		}
		tasks, err := NewTasks(db).List(ctx, 10)
		must(t, err)
		if len(tasks) != 2 || tasks[0].Call != "01RED" || tasks[0].Reason != ReasonAbandoned || !tasks[0].Due.Equal(at(20)) ||
			tasks[1].Call != "01NUMBER" || tasks[1].Reason != ReasonLeft || !tasks[1].Due.Equal(at(20+900)) || !tasks[1].Place.Equal(at(0)) {
			t.Errorf("tasks %+v", tasks)
		}
	})
}

// The process dies before or after each step in turn; the next one finishes what is left, once.
func TestFallbackDiesAnywhere(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		k := testKeys(t)
		for die := 1; ; die++ {
			id := "1700." + string(rune('a'+die))
			s := newSpool(t, message(id))
			s.dieAt = die
			f := fallback(t, s, db, k)
			first := f.pass(t.Context())
			if first == nil {
				if die < 6 {
					t.Fatalf("only %d steps", die)
				}
				return
			}
			must(t, f.pass(t.Context()))
			must(t, f.pass(t.Context()))
			n := FallbackNote{ID: id, Arrived: at(0)}
			c, err := NewLedger(db).Get(t.Context(), "01"+id)
			must(t, err)
			task, err := NewTasks(db).Get(t.Context(), f.derive("task", n))
			must(t, err)
			rec := f.derive("recording", n)
			if c.Outcome != Degraded || task.Recording != rec || s.sealed[rec] == 0 || len(s.sealed) != 1 || len(s.notes) != 0 {
				t.Errorf("died at %d: call %+v, task %+v, sealed %v, notes %v", die, c, task, s.sealed, s.notes)
			}
			if left, err := os.ReadDir(s.dir); err != nil || len(left) != 0 {
				t.Errorf("died at %d: plaintext left: %v %v", die, left, err)
			}
		}
	})
}

func TestFallbackRunStops(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		s := newSpool(t, message("1"))
		cfg := s.config()
		ctx, cancel := context.WithCancel(t.Context())
		remove := cfg.Remove
		cfg.Remove = func(n FallbackNote) error {
			defer cancel()
			return remove(n)
		}
		f, err := NewFallback(cfg, db, testKeys(t))
		must(t, err)
		must(t, f.Run(ctx))
		if len(s.notes) != 0 {
			t.Error("the note is still there")
		}
	})
}
