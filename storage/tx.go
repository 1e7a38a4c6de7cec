package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Tx is a transaction that may write. It speaks like [DB]: placeholders are "?".
type Tx struct {
	db *DB
	tx *sql.Tx
}

// Exec runs one statement.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return tx.tx.ExecContext(ctx, tx.db.Rebind(query), args...)
}

// Query reads rows; they must be closed before the next statement of the transaction.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.tx.QueryContext(ctx, tx.db.Rebind(query), args...)
}

// QueryRow reads at most one row; without one, Scan returns [sql.ErrNoRows].
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return tx.tx.QueryRowContext(ctx, tx.db.Rebind(query), args...)
}

// InTx runs fn in one transaction and commits it when fn returns nil. Transactions are serializable: what fn read is still true when
// it commits, on both databases (SQLite admits one writer at a time, PostgreSQL refuses a commit that would not fit). A refused
// attempt is run again, so fn must have no effect outside the transaction; it ends with ctx, or after about 10 s of refusals.
func (db *DB) InTx(ctx context.Context, fn func(*Tx) error) error {
	return db.inTx(ctx, sql.LevelSerializable, fn)
}

// InRowTx is [DB.InTx] for a hot row that everyone changes first (a counter, a chain's head): each waits for the row in turn instead
// of running into refusals. Only what is read after that first change is sure to be true at the commit (READ COMMITTED).
func (db *DB) InRowTx(ctx context.Context, fn func(*Tx) error) error {
	return db.inTx(ctx, sql.LevelReadCommitted, fn)
}

func (db *DB) inTx(ctx context.Context, level sql.IsolationLevel, fn func(*Tx) error) error {
	opts := &sql.TxOptions{Isolation: level}
	if db.dialect == SQLite {
		opts = nil // always serializable; the driver refuses to be told
	}
	return retry(ctx, func() error {
		tx, err := db.write.BeginTx(ctx, opts)
		if err != nil {
			return fmt.Errorf("storage: begin: %w", err)
		}
		done := false
		defer func() {
			if !done { // fn failed or panicked
				_ = tx.Rollback()
			}
		}()
		if err := fn(&Tx{db: db, tx: tx}); err != nil {
			return err
		}
		done = true
		if err := tx.Commit(); err != nil {
			_ = tx.Rollback() // a refused SQLite commit leaves the transaction open
			return fmt.Errorf("storage: commit: %w", err)
		}
		return nil
	})
}

// retry runs fn until it succeeds, fails for a reason that another try will not mend, or ctx ends. Pauses grow from 1 ms to 100 ms
// with jitter, so that those who collided do not collide again in step.
func retry(ctx context.Context, fn func() error) error {
	const tries = 120
	pause := time.Millisecond
	for try := 1; ; try++ {
		err := fn()
		if err == nil || !IsConflict(err) || try == tries {
			return err
		}
		wait := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return errors.Join(err, ctx.Err())
		}
		pause = min(2*pause, 100*time.Millisecond)
	}
}

// IsConflict tells whether the statement was refused because of another transaction, and may succeed when run again.
func IsConflict(err error) bool {
	if le, ok := errors.AsType[*sqlite.Error](err); ok {
		switch le.Code() & 0xff { // extended codes carry the primary one in the low byte
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return true
		}
	}
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pe.Code { // https://www.postgresql.org/docs/current/errcodes-appendix.html
		case "40001", "40P01": // serialization_failure, deadlock_detected
			return true
		}
	}
	return false
}

// IsUnique tells whether the statement was refused because a row with that key exists.
func IsUnique(err error) bool {
	if le, ok := errors.AsType[*sqlite.Error](err); ok {
		return le.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || le.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pe.Code == "23505" // unique_violation
	}
	return false
}
