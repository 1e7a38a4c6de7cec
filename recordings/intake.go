package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hotline/storage"
)

// IntakeConfig says from where to where. The zero value of a field means its default.
type IntakeConfig struct {
	Dir     string        // spool folder of the recorders of this host
	Store   string        // folder of the finished recordings, by day
	Poll    time.Duration // how often the spool is read; default 100 ms
	Orphans time.Duration // how often recordings are looked for whose writer is gone; default 2 s
	Log     *slog.Logger  // default slog.Default()
	Metrics *Metrics      // default: counted nowhere
}

// abandoned is how old a recording without any audio is before it is given up: a younger one may just be beginning.
const abandoned = time.Minute

// Intake moves finished recordings from the spool to the store and writes their rows. Every step may be repeated: a worker that is
// killed anywhere, or two of them, store each recording once.
type Intake struct {
	cfg   IntakeConfig
	index *Index
	now   func() time.Time
	quiet time.Time // no error is logged again before
}

// NewIntake makes the folders ready.
func NewIntake(cfg IntakeConfig, index *Index) (*Intake, error) {
	setDefault(&cfg.Poll, 100*time.Millisecond)
	setDefault(&cfg.Orphans, 2*time.Second)
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Metrics == nil {
		cfg.Metrics = newMetrics()
	}
	if cfg.Dir == "" || cfg.Store == "" || cfg.Poll < 0 || cfg.Orphans < 0 {
		return nil, errors.New("recordings: intake: Dir and Store are needed, Poll and Orphans must be positive")
	}
	for _, dir := range []string{cfg.Dir, cfg.Store} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("recordings: intake: %w", err)
		}
	}
	return &Intake{cfg: cfg, index: index, now: time.Now}, nil
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
	for _, e := range entries {
		var err error
		id, suffix := splitName(e.Name())
		switch {
		case validID(id) != nil:
		case suffix == suffixSealed:
			err = in.store(ctx, id)
		case suffix == suffixOpen && orphans:
			err = in.adopt(ctx, id)
		case suffix == suffixNew && orphans:
			err = in.discard(id)
		case suffix == suffixSidecar && orphans:
			err = in.settle(ctx, id)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("recordings: intake %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

func splitName(name string) (id, suffix string) {
	id, _, _ = strings.Cut(name, ".")
	return id, name[len(id):]
}

// adopt seals a recording whose writer is gone: the frame that was cut off goes, what is whole becomes a recording.
func (in *Intake) adopt(ctx context.Context, id string) error {
	path := filepath.Join(in.cfg.Dir, id+suffixOpen)
	f, ok, err := lockOrphan(path)
	if err != nil || !ok {
		return err
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	l, err := scan(f, st.Size())
	if _, disk := errors.AsType[*fs.PathError](err); err != nil && !disk {
		in.cfg.Metrics.broken.Inc()
		in.cfg.Log.Error("a recording cannot be read; it was put aside", "recording", id, "file", id+suffixBroken, "err", err)
		return os.Rename(path, filepath.Join(in.cfg.Dir, id+suffixBroken))
	}
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(l.size), f.Sync()); err != nil {
		return err
	}
	side, err := readSidecar(in.cfg.Dir, id)
	if err != nil {
		side = in.guess(id, st.ModTime())
	}
	side.Chunks, side.DurationMS, side.Complete = len(l.audio()), timeOf(l.span()).Milliseconds(), false
	if err := writeSidecar(in.cfg.Dir, side); err != nil {
		return err
	}
	if err := os.Rename(path, filepath.Join(in.cfg.Dir, id+suffixSealed)); err != nil {
		return err
	}
	in.cfg.Log.Warn("a recording lost its writer; its last second may be missing", "recording", id, "call_id", side.Call)
	return in.store(ctx, id)
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

// settle ends with a sidecar that stands alone: its recording was moved by a worker that died before writing the row, or never began.
func (in *Intake) settle(ctx context.Context, id string) error {
	for _, suffix := range []string{suffixSealed, suffixOpen, suffixNew, suffixBroken} {
		if _, err := os.Lstat(filepath.Join(in.cfg.Dir, id+suffix)); err == nil {
			return nil
		}
	}
	side, err := readSidecar(in.cfg.Dir, id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(in.place(side)); err == nil {
		return in.enter(ctx, side)
	}
	if _, err := in.index.Get(ctx, id); err == nil {
		return removeIfThere(sidecarPath(in.cfg.Dir, id))
	}
	if st, err := os.Stat(sidecarPath(in.cfg.Dir, id)); err != nil || in.now().Sub(st.ModTime()) < abandoned {
		return err
	}
	in.cfg.Log.Error("a recording has no audio", "recording", id, "call_id", side.Call)
	return removeIfThere(sidecarPath(in.cfg.Dir, id))
}

// store moves a sealed recording to its place and writes its row.
func (in *Intake) store(ctx context.Context, id string) error {
	from := filepath.Join(in.cfg.Dir, id+suffixSealed)
	side, err := readSidecar(in.cfg.Dir, id)
	if err != nil {
		st, statErr := os.Stat(from)
		if errors.Is(statErr, fs.ErrNotExist) {
			return nil // another worker was faster
		}
		if statErr != nil {
			return statErr
		}
		side = in.guess(id, st.ModTime())
		if err := writeSidecar(in.cfg.Dir, side); err != nil {
			return err
		}
	}
	// A row says that the recording is in the store. What still lies here is a copy left behind, or the second sealing of a message.
	if r, err := in.index.row(ctx, id); err == nil {
		if _, err := os.Stat(filepath.Join(in.cfg.Store, r.path)); err == nil {
			return errors.Join(removeIfThere(from), removeIfThere(sidecarPath(in.cfg.Dir, id)))
		}
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	to := in.place(side)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := move(from, to); errors.Is(err, fs.ErrNotExist) {
		return nil // another worker was faster
	} else if err != nil {
		return err
	}
	if err := in.enter(ctx, side); err != nil {
		return err
	}
	return removeIfThere(from) // when it was copied
}

// place is where the recording of a sidecar belongs.
func (in *Intake) place(s sidecar) string {
	return filepath.Join(in.cfg.Store, in.relative(s))
}

func (in *Intake) relative(s sidecar) string {
	return filepath.Join(time.UnixMilli(s.StartedMS).UTC().Format("2006/01/02"), s.ID+suffixSealed)
}

// enter writes the row of a recording that is in its place, and removes the sidecar.
func (in *Intake) enter(ctx context.Context, s sidecar) error {
	st, err := os.Stat(in.place(s))
	if err != nil {
		return err
	}
	err = in.index.add(ctx, row{path: in.relative(s), Recording: Recording{
		ID: s.ID, Meta: Meta{Call: s.Call, Line: s.Line, Agent: s.Agent, Kind: s.Kind, Started: storage.Time(s.StartedMS)},
		Duration: time.Duration(s.DurationMS) * time.Millisecond, Chunks: s.Chunks, Gaps: s.Gaps,
		GapTime: time.Duration(s.GapMS) * time.Millisecond, Complete: s.Complete, Bytes: st.Size(), Stored: in.now(),
	}})
	if err != nil {
		return err
	}
	in.cfg.Metrics.stored.WithLabelValues(map[bool]string{true: "yes", false: "no"}[s.Complete]).Inc()
	in.cfg.Log.Info("recording stored", "recording", s.ID, "call_id", s.Call, "complete", s.Complete, "duration_ms", s.DurationMS)
	return removeIfThere(sidecarPath(in.cfg.Dir, s.ID))
}

// move renames, or copies where the store is another file system; the source of a copy stays. Either way the file is on disk as a
// whole before it has its name.
func move(from, to string) error {
	err := os.Rename(from, to)
	if errors.Is(err, unix.EXDEV) {
		if err = copyFile(from, to+".part"); err == nil {
			err = os.Rename(to+".part", to)
		}
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Sync(), dst.Close())
}
