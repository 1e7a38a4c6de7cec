// Package walls keeps the links by which figures are shown without a sign-in: on a big display in the house, or to the public. Who opens one is no person:
// a link shows what it was made for and nothing else, and a person can take it back.
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

const most = 50 // links in force, of both purposes

// What a link opens.
const (
	Wall   passes.Purpose = "wall"   // the floor as it is now, for a display in the house
	Public passes.Purpose = "public" // the statistics that anybody may see
)

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("no such link")
	ErrName     = errors.New("a link's name has 1 to 60 characters")
	ErrPurpose  = errors.New("a link opens the wall display or the public statistics")
	ErrOther    = errors.New("the link opens something else")
	ErrTooMany  = errors.New("too many links")
)

// Display is one link; its name says where it hangs, or for whom it is.
type Display = passes.Pass

// Store is the table of links.
type Store = passes.Store

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB) (*Store, error) {
	kind := passes.Kind{
		Name: "walls", Most: most, Purposes: []passes.Purpose{Wall, Public},
		NotFound: ErrNotFound, BadName: ErrName, TooMany: ErrTooMany, BadPurpose: ErrPurpose, Other: ErrOther,
	}
	return passes.Open(ctx, db, kind, migrations)
}
