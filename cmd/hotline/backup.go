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
	"strings"
	"time"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/archive"
)

// Names of the parts of a backup.
const (
	partDatabase = "database"
	partStore    = "recordings/store"
	partPrompts  = "recorded-prompts"
	partSecrets  = "secrets"
	partConfig   = "hotline.yaml"
)

// probeWord is sealed into each backup: who restores it finds out at once whether the keys fit.
const (
	probeWord    = "hotline"
	probeContext = "backup"
)

func backupCommand(f *flags) *cobra.Command {
	var to, recipients string
	var keys bool
	cmd := &cobra.Command{
		Use: "backup", Short: "Write database, recordings and prompts into one encrypted file, while everything runs", Args: cobra.NoArgs,
		Long: `Writes one file that only the owner of a secret key can open: the database as it is at one moment, the finished recordings (sealed as they are), your own
prompts and the configuration file. Nothing stops meanwhile.

The keys in secrets/ are left out, because a backup and the keys to what it holds do not belong in one place: copy them elsewhere, or add them
with --keys. "hotline backup key FILE" makes the key pair of the backup.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.existing()
			if err != nil {
				return err
			}
			for name, flag := range map[string]string{"--to": to, "--recipients": recipients} {
				if flag == "" {
					return fmt.Errorf("%s is needed; see hotline backup --help", name)
				}
			}
			b := backup{c: c, config: f.config, keys: keys, out: cmd.OutOrStdout()}
			return b.run(cmd.Context(), to, recipients)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the file to write; it must not exist")
	cmd.Flags().StringVar(&recipients, "recipients", "", "file of public keys (age1…), one a line")
	cmd.Flags().BoolVar(&keys, "keys", false, "with everything in secrets/")
	cmd.AddCommand(backupKeyCommand())
	return cmd
}

func backupKeyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "key FILE", Short: "Make a key pair for backups: FILE, to be kept away from this machine, and FILE.pub", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := age.GenerateX25519Identity()
			if err != nil {
				return err
			}
			for file, text := range map[string]string{args[0]: id.String(), args[0] + ".pub": id.Recipient().String()} {
				if err := writeOnce(file, []byte(text+"\n")); err != nil {
					return err
				}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s opens backups: keep it away from this machine, in two places\n%s makes them: hotline backup --recipients %s --to …\n",
				args[0], args[0]+".pub", args[0]+".pub")
			return nil
		},
	}
}

func writeOnce(file string, b []byte) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// backup is one run of `hotline backup`.
type backup struct {
	c      Config
	config string // file of the configuration; empty: there is none
	keys   bool
	out    io.Writer
}

func (b backup) run(ctx context.Context, to, recipients string) (err error) {
	public, err := readRecipients(recipients)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			_ = os.Remove(to) // half a backup is none
		}
	}()
	m, broken, err := b.manifest(ctx)
	if err != nil {
		return err
	}
	w, err := archive.NewWriter(file, public...)
	if err != nil {
		return err
	}
	if err := b.parts(ctx, w); err != nil {
		return err
	}
	if m, err = w.Close(m); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	var bytes int64
	for _, p := range m.Parts {
		bytes += p.Size
	}
	fmt.Fprintf(b.out, "%s: %d parts, %d MB, made %s\n", to, len(m.Parts), bytes>>20, m.Made.Format(time.RFC3339))
	if !b.keys {
		fmt.Fprintf(b.out, "without these keys its private columns stay shut: %s\n", strings.Join(m.Keys, ", "))
	}
	if broken != nil {
		fmt.Fprintf(b.out, "the backup is whole, but the audit trail in it is not what was written: %v\n", broken)
	}
	return nil
}

// manifest says what the parts alone do not. broken is a fault of the audit trail, which is no reason to have no backup.
func (b backup) manifest(ctx context.Context) (m archive.Manifest, broken, err error) {
	db, err := b.c.database(ctx)
	if err != nil {
		return m, nil, err
	}
	defer db.Close()
	m = archive.Manifest{Made: time.Now().UTC().Truncate(time.Second), Site: b.c.Site, Database: string(db.Dialect())}
	end, err := casework.NewAudit(db).Verify(ctx, []casework.Digest{casework.SHA256{}})
	if wrong, ok := errors.AsType[*casework.Broken](err); ok {
		broken, err = wrong, nil
	}
	if err != nil {
		return m, nil, err
	}
	if broken == nil {
		if m.Audit, err = json.Marshal(end); err != nil {
			return m, nil, err
		}
	}
	names, err := casework.ListKeys(b.c.path("secrets"))
	if err != nil {
		return m, nil, err
	}
	for _, k := range names {
		m.Keys = append(m.Keys, k.Name())
	}
	keys, err := b.c.callerKeys()
	if err != nil {
		return m, nil, err
	}
	m.Probe, err = keys.Seal(probeWord, probeContext)
	return m, broken, err
}

// parts writes them. The database first: a recording that is finished meanwhile is one too many in the archive, and none is missing.
func (b backup) parts(ctx context.Context, w *archive.Writer) error {
	tmp, err := os.MkdirTemp(b.c.path("run"), ".backup-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	dump := filepath.Join(tmp, "database")
	f, err := os.OpenFile(dump, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(storage.Dump(ctx, b.c.databaseConfig(), f), f.Close()); err != nil {
		return err
	}
	if err := w.AddFile(partDatabase, dump); err != nil {
		return err
	}
	folders := map[string]string{partPrompts: b.c.path("recorded-prompts")}
	if b.c.Recordings.S3.Endpoint == "" {
		folders[partStore] = b.c.store()
	} else {
		fmt.Fprintf(b.out, "finished recordings stay in the bucket %s: it is kept safe there\n", b.c.Recordings.S3.Bucket)
	}
	if b.keys {
		folders[partSecrets] = b.c.path("secrets")
	}
	for name, dir := range folders {
		if err := addFolder(ctx, w, name, dir); err != nil {
			return err
		}
	}
	if b.config == "" {
		return nil
	}
	return w.AddFile(partConfig, b.config)
}

func addFolder(ctx context.Context, w *archive.Writer, name, dir string) error {
	return filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // no such folder, or a file that was taken out meanwhile
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !d.Type().IsRegular() || strings.HasPrefix(d.Name(), "."):
			return nil
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		if err := w.AddFile(name+"/"+filepath.ToSlash(rel), file); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

func readRecipients(file string) ([]age.Recipient, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	all, err := age.ParseRecipients(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; `hotline backup key FILE` makes one", file, err)
	}
	return all, nil
}
