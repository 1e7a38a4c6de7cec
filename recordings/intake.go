package recordings

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"hotline/recordings/vault"
)

// IntakeConfig says from where to where. The zero value of a field means its default.
type IntakeConfig struct {
	Dir     string        // spool folder of the recorders of this host
	Store   vault.Vault   // of the finished parts, by day
	Signer  *Signer       // signs what closes each part; nil: nothing is signed
	Poll    time.Duration // how often the spool is read; default 100 ms
	Orphans time.Duration // how often recordings are looked for whose writer is gone; default 2 s
	Late    time.Duration // how old a finished part in the spool is when it is a fault; default 5 min
	Least   uint64        // bytes that must be free where the spool is; default 1 GiB
	// Erased tells whether what is known of a call was erased already: a part that comes in after that is entered without its key. nil: never.
	Erased  func(ctx context.Context, call string) (bool, error)
	Log     *slog.Logger // default slog.Default()
	Metrics *Metrics     // default: counted nowhere
}

// abandoned is how old a recording without any audio is before it is given up: a younger one may just be beginning.
const abandoned = time.Minute

// atOnce is how many parts are put into the store at the same time: one that is slow to go does not hold up the others.
const atOnce = 4

// Intake moves finished parts from the spool to the store and writes their rows. Every step may be repeated: a worker that is killed anywhere, or two of
// them, store each part once. While the store or the database is away, parts wait in the spool.
type Intake struct {
	cfg   IntakeConfig
	index *Index
	now   func() time.Time
	quiet time.Time // no error is logged again before
	// warned is until when nothing is said of the spool's state.
	warned time.Time

	mu    sync.Mutex
	later map[string]retry // parts that failed
}

// NewIntake makes the folders ready.
func NewIntake(cfg IntakeConfig, index *Index) (*Intake, error) {
	setDefault(&cfg.Poll, 100*time.Millisecond)
	setDefault(&cfg.Orphans, 2*time.Second)
	setDefault(&cfg.Late, 5*time.Minute)
	setDefault(&cfg.Least, 1<<30)
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Metrics == nil {
		cfg.Metrics = newMetrics()
	}
	if cfg.Dir == "" || cfg.Store == nil || cfg.Poll < 0 || cfg.Orphans < 0 || cfg.Late < 0 {
		return nil, errors.New("recordings: intake: Dir and Store are needed, Poll, Orphans and Late must be positive")
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("recordings: intake: %w", err)
	}
	return &Intake{cfg: cfg, index: index, now: time.Now, later: map[string]retry{}}, nil
}

// Run stores recordings until ctx ends; it returns nil then. Faults (database or disk away) are logged, counted and tried again.
func (in *Intake) Run(ctx context.Context) error {
	poll := time.NewTicker(in.cfg.Poll)
	defer poll.Stop()
	var looked time.Time
	for {
		orphans := in.now().Sub(looked) >= in.cfg.Orphans
		if orphans {
			looked = in.now()
		}
		if err := in.pass(ctx, orphans); err != nil && ctx.Err() == nil {
			in.complain(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		}
	}
}

func (in *Intake) complain(err error) {
	in.cfg.Metrics.storeErrors.Inc()
	if now := in.now(); now.After(in.quiet) {
		in.quiet = now.Add(30 * time.Second)
		in.cfg.Log.Error("recordings wait in the spool; trying again", "err", err)
	}
}

// pass looks at everything in the spool once.
func (in *Intake) pass(ctx context.Context, orphans bool) error {
	entries, err := os.ReadDir(in.cfg.Dir)
	if err != nil {
		return err
	}
	var errs []error
	var sealed []string
	for _, e := range entries {
		var err error
		id, suffix := splitName(e.Name())
		switch {
		case validID(id) != nil:
		case suffix == suffixSealed:
			sealed = append(sealed, id)
		case suffix == suffixOpen && orphans:
			var adopted bool
			if adopted, err = in.adopt(id); adopted {
				sealed = append(sealed, id)
			}
		case suffix == suffixNew && orphans:
			err = in.discard(id)
		case suffix == suffixSidecar && orphans:
			err = in.settle(ctx, id)
		case suffix == suffixKey && orphans:
			err = in.bury(id)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("recordings: intake %s: %w", id, err))
		}
	}
	if orphans {
		in.look(entries)
	}
	return errors.Join(append(errs, in.drain(ctx, sealed))...)
}

// drain stores parts, some at once; a part that failed waits longer each time before it is tried again.
func (in *Intake) drain(ctx context.Context, parts []string) error {
	var mu sync.Mutex
	var errs []error
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, id := range parts {
		if ctx.Err() != nil {
			break
		}
		if !in.due(id) {
			continue
		}
		g.Go(func() error {
			err := in.store(ctx, id)
			in.tried(id, err)
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, fmt.Errorf("recordings: intake %s: %w", id, err))
			}
			return nil
		})
	}
	_ = g.Wait() // the errors are in errs: one part does not stop another
	return errors.Join(errs...)
}

func splitName(name string) (id, suffix string) {
	id, _, _ = strings.Cut(name, ".")
	return id, name[len(id):]
}

// adopt seals a recording whose writer is gone: the frame that was cut off goes, what is whole becomes a recording.
func (in *Intake) adopt(id string) (bool, error) {
	path := filepath.Join(in.cfg.Dir, id+suffixOpen)
	f, ok, err := lockOrphan(path)
	if err != nil || !ok {
		return false, err
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return false, err
	}
	side, err := readSidecar(in.cfg.Dir, id)
	if err != nil {
		side = in.guess(id, st.ModTime())
	}
	side, err = adoptFile(f, st.Size(), side)
	if _, disk := errors.AsType[*fs.PathError](err); err != nil && !disk {
		in.cfg.Metrics.broken.Inc()
		in.cfg.Log.Error("a recording cannot be read; it was put aside", "recording", id, "file", id+suffixBroken, "err", err)
		return false, os.Rename(path, filepath.Join(in.cfg.Dir, id+suffixBroken))
	}
	if err != nil {
		return false, err
	}
	if err := writeSidecar(in.cfg.Dir, side); err != nil {
		return false, err
	}
	if err := os.Rename(path, filepath.Join(in.cfg.Dir, id+suffixSealed)); err != nil {
		return false, err
	}
	in.cfg.Log.Warn("a recording lost its writer; its last second may be missing", "recording", id, "call_id", side.Call)
	return true, nil
}

// guess is the sidecar of a recording that lost it.
func (in *Intake) guess(id string, at time.Time) sidecar {
	return sidecar{ID: id, Kind: KindCall, StartedMS: at.UnixMilli()}
}

// discard removes a beginning that never held audio.
func (in *Intake) discard(id string) error {
	path := filepath.Join(in.cfg.Dir, id+suffixNew)
	f, ok, err := lockOrphan(path)
	if err != nil || !ok {
		return err
	}
	defer func() { _ = f.Close() }()
	if st, err := f.Stat(); err != nil || in.now().Sub(st.ModTime()) < abandoned {
		return err
	}
	return os.Remove(path)
}

// bury destroys a key whose part never was: its recorder died between the two.
func (in *Intake) bury(id string) error {
	st, err := os.Stat(keyPath(in.cfg.Dir, id))
	if err != nil || in.now().Sub(st.ModTime()) < abandoned || in.spooled(id, suffixSidecar) {
		return ignoreMissing(err)
	}
	return destroy(keyPath(in.cfg.Dir, id))
}

// spooled tells whether the spool holds anything of a part under its usual names, or under one of these.
func (in *Intake) spooled(id string, also ...string) bool {
	for _, suffix := range append([]string{suffixSealed, suffixOpen, suffixNew, suffixBroken}, also...) {
		if _, err := os.Lstat(filepath.Join(in.cfg.Dir, id+suffix)); err == nil {
			return true
		}
	}
	return false
}
