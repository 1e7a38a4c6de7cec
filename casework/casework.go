// Package casework keeps what came of each contact: the ledger of calls, the tasks that follow from them, and the audit of who did and
// saw what. Numbers of callers are private: they are stored as a keyed pseudonym, for counting, and sealed, for calling back.
package casework

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("casework: there is no such row")
	ErrClosed   = errors.New("casework: the task is closed")
	// ErrBusy says that somebody is calling at this moment.
	ErrBusy = errors.New("casework: the task is being worked on")
	// ErrLost says that the claim ran out or belongs to another: nothing was changed, and nothing may be dialled.
	ErrLost = errors.New("casework: the claim is another's")
	// ErrUnusable says that a caller cannot be called back: the number is withheld, no telephone number, or never to be called.
	ErrUnusable = errors.New("casework: the number cannot be called back")
)

// Migrate brings the tables of this package to their newest form. Run it before any store of this package is used; several processes
// may run it at once.
func Migrate(ctx context.Context, db *storage.DB) error {
	if err := db.MigrateEmbedded(ctx, "casework", migrations); err != nil {
		return err
	}
	return wrap("chain the audit", NewAudit(db).linkOld(ctx))
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("casework: %s: %w", op, err)
}
