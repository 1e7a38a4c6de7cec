// Package walls keeps which big displays may show the wallboard. A display is no person: it has a link of its own, which shows figures and can do
// nothing else, and which a person can take back.
package walls

import (
	"context"
	"embed"
	"errors"

	"hotline/agentui/passes"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

const most = 50 // links in force

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("no such display")
	ErrName     = errors.New("a display's name has 1 to 60 characters")
	ErrTooMany  = errors.New("too many displays")
)

// Display is one link; its name says where it hangs.
type Display = passes.Pass

// Store is the table of displays.
type Store = passes.Store

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB) (*Store, error) {
	kind := passes.Kind{Name: "walls", Most: most, NotFound: ErrNotFound, BadName: ErrName, TooMany: ErrTooMany}
	return passes.Open(ctx, db, kind, migrations)
}
