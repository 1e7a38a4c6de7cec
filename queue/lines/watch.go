package lines

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

const (
	lookEvery  = 500 * time.Millisecond
	lookWithin = 2 * time.Second // a database that does not answer is away
)

// Watcher tells what is in force, from the first moment on and after every change. A caller must be served while the database is away, so it also
// remembers in a file what it saw last, and begins with that when the database does not answer.
type Watcher struct {
	// Open gives the store; it is asked again until it succeeds.
	Open func(context.Context) (*Store, error)
	// File is where the last state is remembered; empty: nowhere. It holds no secret and nothing of callers.
	File string
	Log  *slog.Logger

	store *Store
	last  *state
}

// state is what a file remembers.
type state struct {
	Version int             `json:"version"`
	At      time.Time       `json:"at"`
	By      string          `json:"by"`
	Policy  json.RawMessage `json:"policy"`
	Retired []Line          `json:"retired"`
	Mode    Mode            `json:"mode"`
}

// Watch is [Watcher.Run] for a store that is open.
func (s *Store) Watch(ctx context.Context, tell func(Version, Mode)) error {
	w := Watcher{Open: func(context.Context) (*Store, error) { return s, nil }, Log: slog.New(slog.DiscardHandler)}
	return w.Run(ctx, tell)
}

// Run calls tell with what is in force, and again within a second after each change, until ctx ends; tell is never called twice at once. A
// database that is away changes nothing: what was told stays in force. It returns nil.
func (w *Watcher) Run(ctx context.Context, tell func(Version, Mode)) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	away := false
	for {
		err := w.look(ctx, tell)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil || errors.Is(err, ErrNone):
			if away {
				w.Log.Info("the lines can be read again")
			}
			away = false
		case !away:
			away = true
			w.Log.Warn("the lines cannot be read; what was in force stays", "error", err)
			if w.last == nil {
				w.recall(tell)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look asks for the two numbers first: nearly always nothing changed.
func (w *Watcher) look(ctx context.Context, tell func(Version, Mode)) error {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	if w.store == nil {
		s, err := w.Open(ctx)
		if err != nil {
			return err
		}
		w.store = s
	}
	var n, mode int
	err := w.store.db.QueryRow(ctx, `SELECT COALESCE((SELECT MAX(n) FROM policy_versions), 0), COALESCE((SELECT MAX(n) FROM emergency_log), 0)`).Scan(&n, &mode)
	if err != nil {
		return wrap("look", err)
	}
	if w.last != nil && w.last.Version == n && w.last.Mode.N == mode {
		return nil
	}
	v, m, err := w.store.inForce(ctx)
	if err != nil {
		return err
	}
	w.last = &state{Version: v.N, Mode: m}
	if w.File != "" {
		if err := w.remember(v, m); err != nil {
			w.Log.Warn("the lines were not remembered for a start without the database", "error", err)
		}
	}
	tell(v, m)
	return nil
}

// retiredFrom is how many versions back a line is still known.
const retiredFrom = 20

func (s *Store) inForce(ctx context.Context) (Version, Mode, error) {
	past, err := s.History(ctx, 0, retiredFrom)
	if err != nil {
		return Version{}, Mode{}, err
	}
	if len(past) == 0 {
		return Version{}, Mode{}, ErrNone
	}
	v := past[0]
	known := map[string]bool{}
	for i, old := range past {
		for _, l := range old.Policy.Lines {
			if !known[l.ID] && i > 0 {
				v.Retired = append(v.Retired, l)
			}
			known[l.ID] = true
		}
	}
	m, err := s.Emergency(ctx)
	return v, m, err
}

// Remember writes the file from the store, before anybody watches.
func (w *Watcher) Remember(ctx context.Context, s *Store) error {
	v, m, err := s.inForce(ctx)
	if err != nil {
		return err
	}
	return w.remember(v, m)
}

func (w *Watcher) remember(v Version, m Mode) error {
	doc, err := Encode(v.Policy)
	if err != nil {
		return err
	}
	kept := state{Version: v.N, At: v.At, By: v.By, Policy: doc, Retired: v.Retired, Mode: m}
	raw, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(w.File), 0o700); err != nil {
		return err
	}
	// Written whole before it has its name: several processes of a host remember the same.
	tmp := w.File + "." + rand.Text()
	if err := os.WriteFile(tmp, raw, 0o600); err != nil {
		return err
	}
	if err := os.Rename(tmp, w.File); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return nil
}

// recall tells what an earlier life of this host remembered.
func (w *Watcher) recall(tell func(Version, Mode)) {
	v, m, err := Recall(w.File)
	if err != nil {
		w.Log.Error("nothing is remembered of the lines; waiting for the database", "error", err)
		return
	}
	w.last = &state{Version: v.N, Mode: m}
	w.Log.Warn("the lines are those that were remembered", "version", v.N)
	tell(v, m)
}

// Recall reads what a Watcher remembered in a file.
func Recall(file string) (Version, Mode, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return Version{}, Mode{}, fmt.Errorf("lines: recall: %w", err)
	}
	var s state
	if err := json.Unmarshal(raw, &s); err != nil {
		return Version{}, Mode{}, fmt.Errorf("lines: recall: %w", err)
	}
	p, err := Decode(s.Policy)
	if err != nil {
		return Version{}, Mode{}, err
	}
	return Version{N: s.Version, At: s.At, By: s.By, Policy: p, Retired: s.Retired}, s.Mode, nil
}
