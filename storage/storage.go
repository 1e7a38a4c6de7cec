// Package storage opens the database of the hotline and hides which one it is: a SQLite file on one host, PostgreSQL on many.
//
// Each package that keeps something owns its tables: it embeds its migrations, runs them with [DB.Migrate] under its own name and
// keeps a small store beside the types it stores. SQL is written once, for both: placeholders are "?", times are UTC milliseconds
// since 1970 in BIGINT columns (0: never), bytes are BYTEA, truth is BOOLEAN.
package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config says which database to open.
type Config struct {
	// URL is "sqlite:/absolute/path/hotline.db" (a file on a local disk; created, with its folder, when absent) or
	// "postgres://user@host:port/database?sslmode=…" as pgx reads it.
	URL string
	// PasswordFile holds the PostgreSQL password on its first line, so that it is in no process list and no URL. Optional.
	PasswordFile string
	// MaxConns bounds the connections of this process (PostgreSQL: all, SQLite: readers). Default 8.
	MaxConns int
	// BusyTimeout bounds how long a SQLite statement waits for another process's write. Default 5 s.
	BusyTimeout time.Duration
}

// Dialect names the database behind a DB.
type Dialect string

// The two dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// DB is an open database, safe for concurrent use.
type DB struct {
	dialect Dialect
	write   *sql.DB // SQLite: exactly one connection
	read    *sql.DB // SQLite: several, query_only; PostgreSQL: the same pool as write
	file    string  // SQLite: the database file
}

// Open connects to the database and proves that it answers. The schema is not touched: see [DB.Migrate].
//
// SQLite runs in WAL mode with synchronous=FULL. NORMAL would already survive the death of any process (the page cache is the
// kernel's), but after a power cut it may forget commits that were acknowledged, and a risk level that a counsellor saw accepted
// must not be among them. The price is one fsync a commit.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if cfg.MaxConns == 0 {
		cfg.MaxConns = 8
	}
	if cfg.BusyTimeout == 0 {
		cfg.BusyTimeout = 5 * time.Second
	}
	if cfg.MaxConns < 1 || cfg.BusyTimeout < 0 {
		return nil, errors.New("storage: MaxConns and BusyTimeout must be positive")
	}
	switch scheme, rest, _ := strings.Cut(cfg.URL, ":"); scheme {
	case "sqlite":
		return openSQLite(ctx, rest, cfg)
	case "postgres", "postgresql":
		return openPostgres(ctx, cfg)
	}
	return nil, errors.New("storage: the URL must begin with sqlite: or with postgres:, as in sqlite:/var/lib/hotline/hotline.db")
}

// Dialect tells which database this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Close ends every connection.
func (db *DB) Close() error {
	if db.read == db.write {
		return db.write.Close()
	}
	return errors.Join(db.read.Close(), db.write.Close())
}

// Ping proves that the database answers and, for SQLite, that the file can be read.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	if err := db.QueryRow(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("storage: ping: %w", err)
	}
	return nil
}

// Exec runs one statement that writes, in a transaction of its own. A conflict with another writer is retried.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	var res sql.Result
	err := retry(ctx, func() (err error) {
		res, err = db.write.ExecContext(ctx, db.Rebind(query), args...)
		return err
	})
	return res, err
}

// Query runs one statement that only reads. It sees every commit that was acknowledged before it began.
func (db *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return db.read.QueryContext(ctx, db.Rebind(query), args...)
}

// QueryRow is [DB.Query] for at most one row; without one, Scan returns [sql.ErrNoRows].
func (db *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return db.read.QueryRowContext(ctx, db.Rebind(query), args...)
}

// Row is one row of an answer: a [*sql.Row] or the present one of [*sql.Rows].
type Row interface{ Scan(into ...any) error }

// Reader reads a row: the database itself, or a transaction in which the answer stays true until it commits.
type Reader interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
}

// Select runs one statement that only reads and returns every row as scan reads it.
func Select[T any](ctx context.Context, db *DB, scan func(Row) (T, error), query string, args ...any) (all []T, err error) {
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return Collect(rows, scan)
}

// Collect returns every row as scan reads it, and closes the rows: for what is asked within a transaction.
func Collect[T any](rows *sql.Rows, scan func(Row) (T, error)) (all []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// Rebind turns the placeholders "?" into those of the dialect. A "?" inside a quoted text or name stays.
func (db *DB) Rebind(query string) string {
	if db.dialect == SQLite {
		return query
	}
	return rebindDollar(query)
}

func rebindDollar(query string) string {
	var b strings.Builder
	b.Grow(len(query) + 16)
	n, quote := 0, byte(0)
	for i := range len(query) {
		c := query[i]
		switch {
		case quote != 0:
			if c == quote { // a doubled quote closes and opens again, which comes to the same
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '?':
			n++
			fmt.Fprintf(&b, "$%d", n)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Millis is a time as it is stored: UTC milliseconds since 1970; the zero time is 0.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time is the inverse of [Millis], in UTC.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
