// Package passes keeps secrets that let in what is no person: a display, a program outside. Each is good for one thing and nothing else, only its hash
// is kept, and a person can take it back.
package passes

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

const (
	nameMost  = 60 // characters
	seenEvery = time.Minute
)

// Purpose is what a pass opens, and nothing else; in tables of kinds that have several.
type Purpose string

// Only is the purpose of the passes of a kind that has one.
const Only Purpose = ""

// Kind is one sort of passes, in a table of its own.
type Kind struct {
	Name                       string    // of the table, and of its migrations
	Most                       int       // in force
	Purposes                   []Purpose // none: its passes have [Only], and its table no column for it
	NotFound, BadName, TooMany error
	BadPurpose, Other          error // only with Purposes: none of them is wished; a pass in force opens something else
}

// Pass is what lets one of them in.
type Pass struct {
	ID        string // ULID
	Name      string // what it is, and where: 1 to 60 characters
	Purpose   Purpose
	Made      time.Time
	By        string // user id
	Revoked   time.Time
	RevokedBy string
	Seen      time.Time // last used, to the minute
}

// Store is the table of a kind.
type Store struct {
	db   *storage.DB
	kind Kind
}

// Open brings the table to its newest form; several processes may do it at once. migrations holds the folder "migrations" of who owns the table.
func Open(ctx context.Context, db *storage.DB, kind Kind, migrations fs.FS) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, kind.Name, migrations); err != nil {
		return nil, kind.wrap("tables", err)
	}
	return &Store{db, kind}, nil
}

// Make makes a pass and returns its secret: 256 random bits, told this once. BadName, BadPurpose, TooMany.
func (s *Store) Make(ctx context.Context, now time.Time, name string, purpose Purpose, by string) (Pass, string, error) {
	if !slices.Contains(s.kind.purposes(), purpose) {
		return Pass{}, "", s.kind.BadPurpose
	}
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > nameMost || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return Pass{}, "", s.kind.BadName
	}
	var bits [32]byte
	if _, err := rand.Read(bits[:]); err != nil {
		return Pass{}, "", s.kind.wrap("make", err)
	}
	secret := base64.RawURLEncoding.EncodeToString(bits[:])
	d := Pass{ID: ulid.MustNew(ulid.Timestamp(now), rand.Reader).String(), Name: name, Purpose: purpose, Made: now.UTC().Truncate(time.Millisecond), By: by}
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM `+s.kind.Name+` WHERE revoked_ms = 0`).Scan(&n); err != nil {
			return err
		}
		if n >= s.kind.Most {
			return s.kind.TooMany
		}
		return s.insert(ctx, tx, d, Hashed(secret))
	})
	if err != nil {
		return Pass{}, "", s.kind.wrap("make", err)
	}
	return d, secret, nil
}

func (s *Store) insert(ctx context.Context, tx *storage.Tx, d Pass, hashed string) error {
	column, mark, args := "", "", []any{d.ID, d.Name, hashed, storage.Millis(d.Made), d.By}
	if len(s.kind.Purposes) > 0 {
		column, mark, args = ", purpose", ",?", append(args, d.Purpose)
	}
	_, err := tx.Exec(ctx, `INSERT INTO `+s.kind.Name+` (id, name, secret, made_ms, made_by, revoked_ms, revoked_by, seen_ms`+column+`) VALUES (?,?,?,?,?,0,'',0`+mark+`)`, args...)
	return err
}

// Hashed is a secret as it is kept: SHA-256, hexadecimal.
func Hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Known returns the pass whose secret it is and that opens what is asked for. NotFound, also when it was taken back; Other when it opens something else.
// That it was used is noted.
func (s *Store) Known(ctx context.Context, now time.Time, secret string, purpose Purpose) (Pass, error) {
	d, err := scan(s.db.QueryRow(ctx, `SELECT `+s.kind.columns()+` FROM `+s.kind.Name+` WHERE secret = ? AND revoked_ms = 0`, Hashed(secret)))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Pass{}, s.kind.NotFound
	case err == nil && d.Purpose != purpose:
		return Pass{}, s.kind.Other
	}
	if err == nil && now.Sub(d.Seen) >= seenEvery {
		_, err = s.db.Exec(ctx, `UPDATE `+s.kind.Name+` SET seen_ms = ? WHERE id = ?`, storage.Millis(now), d.ID)
	}
	return d, s.kind.wrap("known", err)
}

// Revoke takes a pass back. The first to do so stays the one who did. NotFound when there is none.
func (s *Store) Revoke(ctx context.Context, now time.Time, id, by string) error {
	res, err := s.db.Exec(ctx, `UPDATE `+s.kind.Name+` SET revoked_ms = CASE WHEN revoked_ms = 0 THEN CAST(? AS BIGINT) ELSE revoked_ms END,
		revoked_by = CASE WHEN revoked_ms = 0 THEN CAST(? AS TEXT) ELSE revoked_by END WHERE id = ?`, storage.Millis(now), by, id)
	if err != nil {
		return s.kind.wrap("revoke", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, s.kind.NotFound)
	}
	return nil
}

// List returns every pass, those in force first, then by the time they were made.
func (s *Store) List(ctx context.Context) ([]Pass, error) {
	all, err := storage.Select(ctx, s.db, scan, `SELECT `+s.kind.columns()+` FROM `+s.kind.Name+` ORDER BY CASE WHEN revoked_ms = 0 THEN 0 ELSE 1 END, made_ms DESC, id`)
	return all, s.kind.wrap("list", err)
}

func (k Kind) purposes() []Purpose {
	if len(k.Purposes) == 0 {
		return []Purpose{Only}
	}
	return k.Purposes
}

func (k Kind) columns() string {
	purpose := `''`
	if len(k.Purposes) > 0 {
		purpose = `purpose`
	}
	return `id, name, made_ms, made_by, revoked_ms, revoked_by, seen_ms, ` + purpose
}

func scan(r storage.Row) (d Pass, err error) {
	var made, revoked, seen int64
	err = r.Scan(&d.ID, &d.Name, &made, &d.By, &revoked, &d.RevokedBy, &seen, &d.Purpose)
	d.Made, d.Revoked, d.Seen = storage.Time(made), storage.Time(revoked), storage.Time(seen)
	return d, err
}

func (k Kind) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %w", k.Name, op, err)
}
