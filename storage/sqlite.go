package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
)

func openSQLite(ctx context.Context, file string, cfg Config) (*DB, error) {
	if !filepath.IsAbs(file) {
		return nil, errors.New("storage: sqlite: the path must be absolute, as in sqlite:/var/lib/hotline/hotline.db")
	}
	file = filepath.Clean(file)
	if err := prepareFile(file); err != nil {
		return nil, err
	}
	db := &DB{dialect: SQLite, file: file}
	// Turning a new file to WAL needs it exclusively and does not wait for others who try the same: one process at a time.
	unlock, err := db.lockFile(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()

	if db.write, err = openPool(file, cfg.BusyTimeout, url.Values{
		"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"},
		"_pragma": {"secure_delete(1)"}, // what was erased is overwritten, not only let go of
	}); err != nil {
		return nil, err
	}
	// One connection: writers of this process queue in Go, where a context can cancel them, instead of in the busy handler.
	db.write.SetMaxOpenConns(1)
	if err := db.write.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("storage: sqlite: open %s: %w", file, err), db.write.Close())
	}
	if db.read, err = openPool(file, cfg.BusyTimeout, url.Values{"_query_only": {"1"}}); err != nil {
		return nil, errors.Join(err, db.write.Close())
	}
	db.read.SetMaxOpenConns(cfg.MaxConns)
	db.read.SetMaxIdleConns(cfg.MaxConns)
	if err := db.Ping(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func openPool(file string, busy time.Duration, params url.Values) (*sql.DB, error) {
	params.Set("_busy_timeout", strconv.FormatInt(busy.Milliseconds(), 10))
	params.Set("_foreign_keys", "1")
	params.Set("_dqs", "0") // "name" is an identifier here as in PostgreSQL, never a string
	dsn := url.URL{Scheme: "file", Path: file, RawQuery: params.Encode()}
	conn, err := sqlite.NewConnector(dsn.String())
	if err != nil {
		return nil, fmt.Errorf("storage: sqlite: %w", err)
	}
	return sql.OpenDB(conn), nil
}

// prepareFile creates the database file with rights for its owner only (SQLite gives its side files the same rights) and refuses a
// network file system, whose locks SQLite cannot trust (https://www.sqlite.org/wal.html: "does not work over a network filesystem").
func prepareFile(file string) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("storage: sqlite: %w", err)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("storage: sqlite: statfs %s: %w", dir, err)
	}
	switch uint32(fs.Type) {
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.CODA_SUPER_MAGIC, unix.AFS_SUPER_MAGIC:
		return fmt.Errorf("storage: sqlite: %s is on a network file system; use a local disk, or PostgreSQL", dir)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("storage: sqlite: %w", err)
	}
	return f.Close()
}

// lockFile serialises what only one process may do at a time (turning on WAL, migrating) by flock on a side file. The kernel frees
// the lock when its process dies.
func (db *DB) lockFile(ctx context.Context) (unlock func(), err error) {
	f, err := os.OpenFile(db.file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("storage: sqlite: %w", err)
	}
	wait := time.NewTicker(10 * time.Millisecond)
	defer wait.Stop()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return nil, errors.Join(fmt.Errorf("storage: sqlite: lock %s: %w", f.Name(), err), f.Close())
		}
		select {
		case <-wait.C:
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("storage: sqlite: another process holds %s: %w", f.Name(), ctx.Err()), f.Close())
		}
	}
}
