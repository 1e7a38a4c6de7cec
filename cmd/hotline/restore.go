package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"hotline/casework"
	"hotline/recordings"
	"hotline/storage"
	"hotline/storage/archive"
)

func restoreCommand(f *flags) *cobra.Command {
	var identity string
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup into a folder in which no hotline has run, and prove that it is whole", Args: cobra.ExactArgs(1),
		Long: `Opens a backup with its secret key, checks every part, and puts database, recordings, prompts and, when they are in it, keys into --dir (and the
database that the configuration names). What is there already is never written over: an existing database ends it. Run again after it was interrupted, it goes on.

Keys that are not in the backup must be copied into secrets/ first, from where you keep them.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			if identity == "" {
				return errors.New("--identity is needed: the secret key that opens the backup")
			}
			return restore{c, cmd.OutOrStdout()}.run(cmd.Context(), args[0], identity)
		},
	}
	cmd.Flags().StringVar(&identity, "identity", "", "file of the secret key, as `hotline backup key` made it")
	return cmd
}

// restore is one run of `hotline restore`.
type restore struct {
	c   Config
	out io.Writer
}

func (r restore) run(ctx context.Context, file, identity string) error {
	ids, err := recordings.LoadIdentities(identity)
	if err != nil {
		return err
	}
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	lock, err := r.alone()
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	tmp := r.c.path("restoring")
	if err := os.RemoveAll(tmp); err != nil { // of a run that was interrupted
		return err
	}
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	m, err := archive.Extract(in, tmp, ids...)
	if err != nil {
		return err
	}
	for part, dir := range map[string]string{partSecrets: r.c.path("secrets"), partStore: r.c.store(), partPrompts: r.c.path("recorded-prompts")} {
		if err := moveInto(filepath.Join(tmp, filepath.FromSlash(part)), dir); err != nil {
			return err
		}
	}
	if err := r.fit(m); err != nil {
		return err
	}
	// The database last: without it the folder is none in which a hotline has run, and the command can be run again.
	if err := r.database(ctx, m, filepath.Join(tmp, partDatabase)); err != nil {
		return err
	}
	return r.report(ctx, m, tmp)
}

// alone makes sure that no hotline runs in the folder.
func (r restore) alone() (*os.File, error) {
	if err := os.MkdirAll(r.c.path("run"), 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(r.c.path("run", "up.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("a hotline runs in %s: restore into another folder", r.c.Dir), lock.Close())
	}
	return lock, nil
}

// moveInto moves a folder's files to where they belong. One that is there with the same content stays; with another it is a fault.
func moveInto(from, to string) error {
	return filepath.WalkDir(from, func(file string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // not in this backup
		}
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(from, file)
		if err != nil {
			return err
		}
		goal := filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(goal), 0o700); err != nil {
			return err
		}
		err = os.Link(file, goal)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		same, err := equalFiles(file, goal)
		if err == nil && !same {
			err = fmt.Errorf("%s is there, and is another one than in the backup: restore into another folder", goal)
		}
		return err
	})
}

func equalFiles(a, b string) (bool, error) {
	x, err := os.ReadFile(a)
	if err != nil {
		return false, err
	}
	y, err := os.ReadFile(b)
	return string(x) == string(y), err
}

// fit proves that the keys of the folder open what the backup holds.
func (r restore) fit(m archive.Manifest) error {
	missing := fmt.Errorf("the keys of this backup are needed in %s first: %v", r.c.path("secrets"), m.Keys)
	if _, err := os.Stat(r.c.path("secrets")); err != nil {
		return missing
	}
	keys, err := r.c.callerKeys()
	if err != nil {
		return errors.Join(missing, err)
	}
	if word, err := keys.Open(m.Probe, probeContext); err != nil || word != probeWord {
		return fmt.Errorf("the keys in %s are others than those of the backup (%v): its private columns would stay shut", r.c.path("secrets"), m.Keys)
	}
	return nil
}

func (r restore) database(ctx context.Context, m archive.Manifest, file string) error {
	cfg := r.c.databaseConfig()
	if dialect := dialectOf(cfg); dialect != storage.Dialect(m.Database) {
		return fmt.Errorf("the backup is of %s, and the configuration names %s: set `database` accordingly", m.Database, dialect)
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return storage.Load(ctx, cfg, f)
}

// report looks into what was restored.
func (r restore) report(ctx context.Context, m archive.Manifest, tmp string) error {
	db, err := r.c.database(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	fmt.Fprintf(r.out, "restored the backup of %s (site %s): %d parts\n", m.Made.Format(time.RFC3339), m.Site, len(m.Parts))
	if len(m.Audit) > 0 {
		var kept casework.Checkpoint
		if err := json.Unmarshal(m.Audit, &kept); err != nil {
			return err
		}
		end, err := casework.NewAudit(db).Verify(ctx, []casework.Digest{casework.SHA256{}}, kept)
		if err != nil {
			return fmt.Errorf("the audit trail is not what it was when the backup was made: %w", err)
		}
		fmt.Fprintf(r.out, "the audit trail is in order: %d rows\n", end.Seq)
	}
	if err := r.speech(ctx, db); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(tmp, partConfig)); err == nil {
		goal := r.c.path("restored-" + partConfig)
		if err := os.Rename(filepath.Join(tmp, partConfig), goal); err != nil {
			return err
		}
		fmt.Fprintf(r.out, "its configuration file lies in %s; look at it before you use it\n", goal)
	}
	fmt.Fprintln(r.out, "calls that were on the line then are over: start with `hotline up`, then look at `hotline tasks` and `hotline doctor`")
	return nil
}

// speech says whether the key at hand opens the newest recording, and whether its file is there.
func (r restore) speech(ctx context.Context, db *storage.DB) error {
	index, err := recordings.NewIndex(ctx, db)
	if err != nil {
		return err
	}
	var newest *recordings.Recording
	all, err := index.List(ctx, time.Time{}, 100)
	if err != nil {
		return err
	}
	for _, part := range all {
		if !part.Erased {
			newest = &part
			break
		}
	}
	if newest == nil {
		return nil
	}
	store, err := r.c.vault()
	if err != nil {
		return err
	}
	keys, err := recordings.LoadSecretKeys(r.c.path("secrets", recordings.IdentityFile))
	if err == nil {
		var p *recordings.Playback
		if p, err = recordings.NewLibrary(index, store).Open(ctx, newest.ID, keys...); err == nil {
			err = p.Close()
		}
	}
	if err != nil {
		fmt.Fprintf(r.out, "the newest recording does not open: %v\nput %s of that site into %s; until then the rest works\n", err, recordings.IdentityFile, r.c.path("secrets"))
		return nil
	}
	fmt.Fprintln(r.out, "the newest recording opens; `hotline recordings verify` proves all of them")
	return nil
}
