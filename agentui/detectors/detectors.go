// Package detectors keeps which programs outside may say that a call looks dangerous. A detector is no person: it has a secret of its own, which is good
// for that and nothing else, and which an administrator can take back.
package detectors

import (
	"context"
	"embed"
	"errors"

	"hotline/agentui/passes"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

const most = 20 // in force

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("no such detector")
	ErrName     = errors.New("a detector's name has 1 to 60 characters")
	ErrTooMany  = errors.New("too many detectors")
)

// Detector is one program; its name says what it is, and where it runs.
type Detector = passes.Pass

// Store is the table of detectors.
type Store = passes.Store

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB) (*Store, error) {
	kind := passes.Kind{Name: "detectors", Most: most, NotFound: ErrNotFound, BadName: ErrName, TooMany: ErrTooMany}
	return passes.Open(ctx, db, kind, migrations)
}
