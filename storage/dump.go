package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ErrNotEmpty says that a database that was to be restored has something in it.
var ErrNotEmpty = errors.New("storage: the database is not empty; restore into a new one")

// Dump writes the whole database as it is at one moment to w, while others go on writing: a SQLite file, or the custom form of pg_dump, whose program must
// be there and not older than the server. A copy lies beside the SQLite file while it runs.
func Dump(ctx context.Context, cfg Config, w io.Writer) error {
	db, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if db.dialect == Postgres {
		return postgresTool(ctx, cfg, nil, w, "pg_dump", "--format=custom", "--no-owner", "--no-privileges")
	}
	dir, err := os.MkdirTemp(filepath.Dir(db.file), ".dump-") // 0700
	if err != nil {
		return fmt.Errorf("storage: dump: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	copied := filepath.Join(dir, "hotline.db")
	// https://www.sqlite.org/lang_vacuum.html: "a transactionally consistent copy".
	if _, err := db.write.ExecContext(ctx, "VACUUM INTO ?", copied); err != nil {
		return fmt.Errorf("storage: dump: %w", err)
	}
	f, err := os.Open(copied)
	if err != nil {
		return fmt.Errorf("storage: dump: %w", err)
	}
	defer func() { _ = f.Close() }()
	if _, err := io.Copy(w, f); err != nil {
		return fmt.Errorf("storage: dump: %w", err)
	}
	return nil
}

// Load puts what [Dump] wrote into a database that is not there yet, or has no table: all of it or nothing. ErrNotEmpty.
func Load(ctx context.Context, cfg Config, r io.Reader) error {
	scheme, file, _ := strings.Cut(cfg.URL, ":")
	if scheme == "sqlite" {
		return loadSQLite(ctx, file, cfg, r)
	}
	db, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var tables int
	if err := db.QueryRow(ctx, `SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog','information_schema')`).Scan(&tables); err != nil {
		return fmt.Errorf("storage: load: %w", err)
	}
	if tables > 0 {
		return ErrNotEmpty
	}
	return postgresTool(ctx, cfg, r, io.Discard, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
}

func loadSQLite(ctx context.Context, file string, cfg Config, r io.Reader) (err error) {
	if _, err := os.Stat(file); err == nil {
		return ErrNotEmpty
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("storage: load: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("storage: load: %w", err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(file), ".load-")
	if err != nil {
		return fmt.Errorf("storage: load: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	whole := filepath.Join(dir, "hotline.db")
	f, err := os.OpenFile(whole, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("storage: load: %w", err)
	}
	_, err = io.Copy(f, r)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("storage: load: %w", err)
	}
	// It gets its name only when SQLite itself says that it is whole.
	cfg.URL = "sqlite:" + whole
	if err := sound(ctx, cfg); err != nil {
		return fmt.Errorf("storage: load: %w", err)
	}
	if err := os.Link(whole, file); errors.Is(err, fs.ErrExist) {
		return ErrNotEmpty
	} else if err != nil {
		return fmt.Errorf("storage: load: %w", err)
	}
	return nil
}

// sound checks a SQLite file, and leaves nothing of it in side files.
func sound(ctx context.Context, cfg Config) error {
	db, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	var word string
	err = db.QueryRow(ctx, "PRAGMA integrity_check").Scan(&word)
	if err == nil && word != "ok" {
		err = errors.New("the file is damaged: " + word)
	}
	_, checkpoint := db.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return errors.Join(err, checkpoint, db.Close())
}

// postgresTool runs a program of PostgreSQL. The password goes by the environment: a list of processes must not show it.
func postgresTool(ctx context.Context, cfg Config, in io.Reader, out io.Writer, program string, args ...string) error {
	if _, err := exec.LookPath(program); err != nil {
		return fmt.Errorf("storage: %s is needed: install PostgreSQL's client programs (apt-get install postgresql-client): %w", program, err)
	}
	pc, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return errors.New("storage: postgres: the URL cannot be read; it looks like postgres://user@host:5432/hotline")
	}
	if pc.Password, err = password(cfg, pc.Password); err != nil {
		return err
	}
	where, err := url.Parse(cfg.URL)
	if err != nil {
		return errors.New("storage: postgres: the URL cannot be read; it looks like postgres://user@host:5432/hotline")
	}
	if where.User != nil {
		where.User = url.User(where.User.Username())
	}
	query := where.Query()
	query.Del("password")
	where.RawQuery = query.Encode()
	cmd := exec.CommandContext(ctx, program, append(args, "--dbname="+where.String())...)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+pc.Password)
	var faults bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, &faults
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("storage: %s: %w: %s", program, err, strings.TrimSpace(faults.String()))
	}
	return nil
}
