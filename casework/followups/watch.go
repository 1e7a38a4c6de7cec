package followups

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"hotline/storage"
)

// WatchConfig says how what is owed is looked after. Zero values mean the defaults.
type WatchConfig struct {
	// Climb makes an incident of a follow-up of a person at high risk that nobody did, once: it may be asked again for the same one. nil: nothing does.
	Climb   func(context.Context, FollowUp) error
	Every   time.Duration // between looks at what is due and what came of calls; default 1 s
	CallIns time.Duration // between looks at who called in; default 10 s
	Heard   time.Duration // how long a talk is that counts for a follow-up; default 1 min
	Log     *slog.Logger
}

// Watch looks after what is owed: it takes in what came of calls, writes down what is overdue, lets it climb, and counts calls by the person. It may run
// many times, and be killed at any point.
type Watch struct {
	cfg   WatchConfig
	store *Store
	quiet time.Time // no fault is logged again before
}

// NewWatch returns a watch.
func NewWatch(cfg WatchConfig, store *Store) (*Watch, error) {
	if store == nil {
		return nil, errors.New("followups: watch: a store is needed")
	}
	for d, def := range map[*time.Duration]time.Duration{&cfg.Every: time.Second, &cfg.CallIns: 10 * time.Second, &cfg.Heard: time.Minute} {
		if *d == 0 {
			*d = def
		}
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Watch{cfg: cfg, store: store}, nil
}

// Run watches until ctx ends; it returns nil then.
func (w *Watch) Run(ctx context.Context) error {
	look, calls := time.NewTicker(w.cfg.Every), time.NewTicker(w.cfg.CallIns)
	defer look.Stop()
	defer calls.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			w.complain(ctx, w.Look(ctx))
		case <-calls.C:
			w.complain(ctx, w.LookAtCalls(ctx))
		}
	}
}

func (w *Watch) complain(ctx context.Context, err error) {
	if now := time.Now(); err != nil && ctx.Err() == nil && now.After(w.quiet) {
		w.quiet = now.Add(30 * time.Second)
		w.cfg.Log.Error("follow-ups are not looked after; trying again", "error", err)
	}
}

// batch bounds one look; what is left over is looked at by the next.
const batch = 200

// Look takes in what came of calls, and sees to what is overdue.
func (w *Watch) Look(ctx context.Context) error {
	errs := []error{w.store.CatchUp(ctx)}
	now := storage.Millis(w.store.now())
	late, err := w.store.ids(ctx, `state IN ('planned','calling') AND late_ms <= ? AND told_ms = 0`, now)
	errs = append(errs, err)
	for _, id := range late {
		errs = append(errs, w.store.overdue(ctx, id))
	}
	if w.cfg.Climb == nil {
		return errors.Join(errs...)
	}
	climbing, err := w.store.ids(ctx, `state IN ('planned','calling') AND level = 'high' AND climb_ms > 0 AND climb_ms <= ? AND climbed_ms = 0`, now)
	errs = append(errs, err)
	for _, id := range climbing {
		errs = append(errs, w.climb(ctx, id))
	}
	return errors.Join(errs...)
}

func (s *Store) ids(ctx context.Context, where string, args ...any) ([]string, error) {
	return storage.Select(ctx, s.db, func(r storage.Row) (id string, err error) { return id, r.Scan(&id) },
		`SELECT id FROM followups WHERE `+where+` ORDER BY due_ms, id LIMIT ?`, append(args, batch)...)
}

func (s *Store) overdue(ctx context.Context, id string) error {
	return s.mark(ctx, id, func(tx *storage.Tx, f *row) error {
		if now := s.now(); !f.told.IsZero() || !f.Overdue(now) {
			return nil
		}
		f.told = s.now()
		return s.note(ctx, tx, id, Event{What: "overdue", Due: f.Due})
	})
}

// climb tells first and writes down then: a process that dies in between tells again, which is one incident.
func (w *Watch) climb(ctx context.Context, id string) error {
	f, err := w.store.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := w.cfg.Climb(ctx, f); err != nil {
		return wrap("climb "+id, err)
	}
	return w.store.mark(ctx, id, func(tx *storage.Tx, now *row) error {
		if !now.climbed.IsZero() || !now.Due.Equal(f.Due) || now.State != Planned && now.State != Calling {
			return nil
		}
		now.climbed = w.store.now()
		return w.store.note(ctx, tx, id, Event{What: "climbed", Due: f.Due})
	})
}

func (s *Store) mark(ctx context.Context, id string, fn func(*storage.Tx, *row) error) error {
	return wrap("mark "+id, s.db.InTx(ctx, func(tx *storage.Tx) error {
		f, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := fn(tx, &f); err != nil {
			return err
		}
		return save(ctx, tx, f)
	}))
}

// LookAtCalls counts calls by people for whom something is due soon.
func (w *Watch) LookAtCalls(ctx context.Context) error {
	s := w.store
	found, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM followups WHERE state = 'planned' AND settle_ms > 0 AND settle_ms <= ? ORDER BY due_ms, id`,
		storage.Millis(s.now()))
	errs := []error{wrap("look for calls", err)}
	for _, f := range found {
		if ctx.Err() != nil {
			break
		}
		errs = append(errs, s.calledIn(ctx, f, w.cfg.Heard))
	}
	return errors.Join(errs...)
}

// calledIn settles or shifts a follow-up by the first talk that counts for it. A call of ours in which somebody else answered is none.
func (s *Store) calledIn(ctx context.Context, seen row, heard time.Duration) error {
	files, refs, err := s.same(ctx, seen.Who())
	if err != nil {
		return err
	}
	in, args := storage.In(refs)
	args = append(args, seen.Call, storage.Millis(seen.Settle), heard.Milliseconds())
	talks, err := storage.Select(ctx, s.db, func(r storage.Row) (c talk, err error) {
		var at int64
		err = r.Scan(&c.call, &at, &c.agent)
		c.at = storage.Time(at)
		return c, err
	}, `SELECT id, talked_ms, agent FROM calls WHERE caller_ref IN `+in+` AND caller_ref <> '' AND id <> ? AND ended_ms > 0 AND outcome = 'answered' AND talked_ms >= ? AND talk_ms >= ?
		AND NOT EXISTS (SELECT 1 FROM task_attempts a WHERE a.entry = calls.id AND a.result IN ('wrong_person','no_answer','refused')) ORDER BY talked_ms LIMIT 20`, args...)
	if err != nil {
		return wrap("calls of a person", err)
	}
	one, ok, err := s.theirs(ctx, files, talks)
	if err != nil || !ok {
		return wrap("files of calls", err)
	}
	return s.mark(ctx, seen.ID, func(tx *storage.Tx, f *row) error {
		wish, err := s.wishIn(ctx, tx, files, refs, f.Call)
		if err != nil {
			return err
		}
		return s.count(ctx, tx, f, wish, one)
	})
}

// theirs is the first talk that was not with somebody else who uses the same telephone.
func (s *Store) theirs(ctx context.Context, files []string, talks []talk) (talk, bool, error) {
	for _, c := range talks {
		if s.cfg.Files == nil {
			return c, true, nil
		}
		file, err := s.cfg.Files.OnLine(ctx, c.call)
		if err != nil {
			return talk{}, false, err
		}
		if file == "" || !slices.ContainsFunc(files, func(f string) bool { return f != "" }) || slices.Contains(files, file) {
			return c, true, nil
		}
	}
	return talk{}, false, nil
}

type talk struct {
	call  string
	at    time.Time
	agent string
}

func (s *Store) count(ctx context.Context, tx *storage.Tx, f *row, wish Wish, c talk) error {
	if f.State != Planned || f.Settle.IsZero() || c.at.Before(f.Settle) {
		return nil
	}
	if f.callIn == CallInShifts {
		due := c.at.Add(f.near)
		if !due.After(f.Due) {
			return nil
		}
		f.Due, f.told, f.climbed = due, time.Time{}, time.Time{}
		s.time(f, wish)
		return s.note(ctx, tx, f.ID, Event{What: "shifted", Ref: c.call, Due: due})
	}
	f.State, f.Closed, f.By, f.Why = Done, s.now(), c.agent, CalledIn
	return s.note(ctx, tx, f.ID, Event{What: "settled", Ref: c.call})
}
