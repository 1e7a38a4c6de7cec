// Package walls keeps which big displays may show the wallboard. A display is no person: it has a link of its own, which shows figures and can do
// nothing else, and which a person can take back.
package walls

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	nameMost  = 60 // characters
	most      = 50 // links in force
	seenEvery = time.Minute
)

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("no such display")
	ErrName     = errors.New("a display's name has 1 to 60 characters")
	ErrTooMany  = errors.New("too many displays")
)

// Display is one link.
type Display struct {
	ID        string // ULID
	Name      string // where it hangs
	Made      time.Time
	By        string // user id
	Revoked   time.Time
	RevokedBy string
	Seen      time.Time // last used, to the minute
}

// Store is the table of displays.
type Store struct{ db *storage.DB }

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB) (*Store, error) {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "walls", sub); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db}, nil
}

// Make makes a link and returns its secret: 256 random bits, told this once.
func (s *Store) Make(ctx context.Context, now time.Time, name, by string) (Display, string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > nameMost || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return Display{}, "", ErrName
	}
	var bits [32]byte
	if _, err := rand.Read(bits[:]); err != nil {
		return Display{}, "", wrap("make", err)
	}
	secret := base64.RawURLEncoding.EncodeToString(bits[:])
	d := Display{ID: ulid.MustNew(ulid.Timestamp(now), rand.Reader).String(), Name: name, Made: now.UTC().Truncate(time.Millisecond), By: by}
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM walls WHERE revoked_ms = 0`).Scan(&n); err != nil {
			return err
		}
		if n >= most {
			return ErrTooMany
		}
		_, err := tx.Exec(ctx, `INSERT INTO walls (id, name, secret, made_ms, made_by, revoked_ms, revoked_by, seen_ms) VALUES (?,?,?,?,?,0,'',0)`,
			d.ID, d.Name, hashed(secret), storage.Millis(d.Made), by)
		return err
	})
	if err != nil {
		return Display{}, "", wrap("make", err)
	}
	return d, secret, nil
}

func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Known returns the display whose secret it is, or ErrNotFound, also when the link was taken back. That it was used is noted.
func (s *Store) Known(ctx context.Context, now time.Time, secret string) (Display, error) {
	d, err := scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM walls WHERE secret = ? AND revoked_ms = 0`, hashed(secret)))
	if errors.Is(err, sql.ErrNoRows) {
		return Display{}, ErrNotFound
	}
	if err == nil && now.Sub(d.Seen) >= seenEvery {
		_, err = s.db.Exec(ctx, `UPDATE walls SET seen_ms = ? WHERE id = ?`, storage.Millis(now), d.ID)
	}
	return d, wrap("known", err)
}

// Revoke takes a link back. The first to do so stays the one who did. ErrNotFound when there is none.
func (s *Store) Revoke(ctx context.Context, now time.Time, id, by string) error {
	res, err := s.db.Exec(ctx, `UPDATE walls SET revoked_ms = CASE WHEN revoked_ms = 0 THEN CAST(? AS BIGINT) ELSE revoked_ms END,
		revoked_by = CASE WHEN revoked_ms = 0 THEN CAST(? AS TEXT) ELSE revoked_by END WHERE id = ?`, storage.Millis(now), by, id)
	if err != nil {
		return wrap("revoke", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotFound)
	}
	return nil
}

// List returns every link, those in force first, then by the time they were made.
func (s *Store) List(ctx context.Context) ([]Display, error) {
	all, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM walls ORDER BY CASE WHEN revoked_ms = 0 THEN 0 ELSE 1 END, made_ms DESC, id`)
	return all, wrap("list", err)
}

const columns = `id, name, made_ms, made_by, revoked_ms, revoked_by, seen_ms`

func scan(r storage.Row) (d Display, err error) {
	var made, revoked, seen int64
	err = r.Scan(&d.ID, &d.Name, &made, &d.By, &revoked, &d.RevokedBy, &seen)
	d.Made, d.Revoked, d.Seen = storage.Time(made), storage.Time(revoked), storage.Time(seen)
	return d, err
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("walls: %s: %w", op, err)
}
