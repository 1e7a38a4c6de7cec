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

	"hotline/recordings/vault"
)

// IntakeConfig says from where to where. The zero value of a field means its default.
type IntakeConfig struct {
	Dir    string      // spool folder of the recorders of this host
	Store  vault.Vault // of the finished parts, by day
	Signer *Signer     // signs what closes each part; nil: nothing is signed
	// Unsigned is a folder of this host, beside the spool, in which is remembered what was not signed, so that [Notary] can sign it; empty: nothing is.
	Unsigned string
	Poll     time.Duration // how often the spool is read; default 100 ms
	Orphans  time.Duration // how often recordings are looked for whose writer is gone; default 2 s
	Late     time.Duration // how old a finished part in the spool is when it is a fault; default 5 min
	Least    uint64        // bytes that must be free where the spool is; default 1 GiB
	Erased   Erased        // of the contact; nil: never. What comes in after it, or after a recording was erased alone, is entered without its key
	Log      *slog.Logger  // default slog.Default()
	Metrics  *Metrics      // default: counted nowhere
}

// abandoned is how old a recording without any audio is before it is given up: a younger one may just be beginning.
const abandoned = time.Minute

// Intake moves finished parts from the spool to the store and writes their rows. Every step may be repeated: a worker that is killed anywhere, or two of
// them, store each part once. While the store or the database is away, parts wait in the spool.
type Intake struct {
	cfg   IntakeConfig
	index *Index
	now   func() time.Time
	// warned is until when nothing is said of the spool's state.
	warned time.Time

	slots  chan struct{} // one for each part that is being stored
	freed  chan struct{} // a slot is free again
	flying sync.WaitGroup

	mu    sync.Mutex
	quiet time.Time        // no error is logged again before
	later map[string]retry // parts that failed
	under map[string]bool  // parts that are being stored
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
	return &Intake{cfg: cfg, index: index, now: time.Now, later: map[string]retry{}, under: map[string]bool{}, slots: make(chan struct{}, atOnce), freed: make(chan struct{}, 1)}, nil
}

// Run stores recordings until ctx ends; it returns nil then. Faults (database or disk away) are logged, counted and tried again.
func (in *Intake) Run(ctx context.Context) error {
	poll := time.NewTicker(in.cfg.Poll)
	defer poll.Stop()
	defer in.flying.Wait()
	var looked time.Time
	for {
		orphans := in.now().Sub(looked) >= in.cfg.Orphans
		if orphans {
			looked = in.now()
		}
		sealed, err := in.look(ctx, orphans)
		in.complain(ctx, err)
		if !in.drain(ctx, sealed, poll.C) {
			return nil
		}
	}
}

func (in *Intake) complain(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	in.cfg.Metrics.storeErrors.Inc()
	in.mu.Lock()
	defer in.mu.Unlock()
	if now := in.now(); now.After(in.quiet) {
		in.quiet = now.Add(30 * time.Second)
		in.cfg.Log.Error("recordings wait in the spool; trying again", "err", err)
	}
}

// look goes through the spool once, and returns the parts that are to be stored.
func (in *Intake) look(ctx context.Context, orphans bool) ([]string, error) {
	entries, err := os.ReadDir(in.cfg.Dir)
	if err != nil {
		return nil, err
	}
	var errs []error
	var sealed, keys []string
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
			keys = append(keys, id)
			err = in.bury(id)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("recordings: intake %s: %w", id, err))
		}
	}
	if orphans {
		errs = append(errs, in.forsake(ctx, keys))
		in.measured(entries)
	}
	return sealed, errors.Join(errs...)
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
	side, err := in.about(id, f, st)
	if err != nil {
		return false, err
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
	return in.has(id, append([]string{suffixSealed, suffixOpen, suffixNew, suffixBroken}, also...)...)
}
