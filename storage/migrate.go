package storage

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"io/fs"
	"regexp"
	"strings"

	"github.com/pressly/goose/v3"
)

var validName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Migrate brings the tables of one package to their newest form. name is that of the package ([a-z][a-z0-9_]*, at most 40 letters);
// its history is in the table schema_<name>. fsys holds goose files "00001_what.sql" in its root; where the dialects differ, one
// version comes as "00002_what.sqlite.sql" and "00002_what.postgres.sql". Any number of processes may call it at once: one migrates,
// the others wait. A file that was released is never changed.
func (db *DB) Migrate(ctx context.Context, name string, fsys fs.FS) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("storage: migrate: %q is not a name", name)
	}
	other := Postgres
	opts := []goose.ProviderOption{goose.WithTableName("schema_" + name), goose.WithDisableGlobalRegistry(true)}
	dialect := goose.DialectSQLite3
	if db.dialect == Postgres {
		other, dialect = SQLite, goose.DialectPostgres
		opts = append(opts, goose.WithSessionLocker(advisoryLock(name)))
	} else {
		unlock, err := db.lockFile(ctx)
		if err != nil {
			return err
		}
		defer unlock()
	}
	exclude, err := fs.Glob(fsys, "*."+string(other)+".sql")
	if err != nil {
		return fmt.Errorf("storage: migrate %s: %w", name, err)
	}
	p, err := goose.NewProvider(dialect, db.write, fsys, append(opts, goose.WithExcludeNames(exclude))...)
	if err != nil {
		return fmt.Errorf("storage: migrate %s: %w", name, err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("storage: migrate %s: %w", name, err)
	}
	return nil
}

// MigrateEmbedded is Migrate with the folder "migrations" that a package embeds.
func (db *DB) MigrateEmbedded(ctx context.Context, name string, embedded fs.FS) error {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return fmt.Errorf("storage: migrate %s: %w", name, err)
	}
	return db.Migrate(ctx, name, sub)
}

// advisoryLock is goose's lock for PostgreSQL by the name of the package. goose's own locker asks again once a second at best, which
// makes every start of several processes take a second longer for each package; this one waits in the server and goes on at once.
type advisoryLock string

func (l advisoryLock) key() int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("hotline schema " + strings.ToLower(string(l))))
	return int64(h.Sum64())
}

func (l advisoryLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", l.key())
	return err
}

func (l advisoryLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", l.key())
	return err
}
