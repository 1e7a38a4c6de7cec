// Package detectors keeps which programs outside may say that a call looks dangerous. A detector is no person: it has a secret of its own, which is good
// for that and nothing else, and which an administrator can take back.
package detectors

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
	most      = 20 // in force
	usedEvery = time.Minute
)

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("no such detector")
	ErrName     = errors.New("a detector's name has 1 to 60 characters")
	ErrTooMany  = errors.New("too many detectors")
)

// Detector is one program.
type Detector struct {
	ID        string // ULID
	Name      string // what it is, and where it runs
	Made      time.Time
	By        string // user id
	Revoked   time.Time
	RevokedBy string
	Used      time.Time // last, to the minute
}

// Store is the table of detectors.
type Store struct{ db *storage.DB }

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB) (*Store, error) {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "detectors", sub); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db}, nil
}

// Make admits a detector and returns its secret: 256 random bits, told this once. ErrName, ErrTooMany.
func (s *Store) Make(ctx context.Context, now time.Time, name, by string) (Detector, string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > nameMost || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return Detector{}, "", ErrName
	}
	var bits [32]byte
	if _, err := rand.Read(bits[:]); err != nil {
		return Detector{}, "", wrap("make", err)
	}
	secret := base64.RawURLEncoding.EncodeToString(bits[:])
	d := Detector{ID: ulid.MustNew(ulid.Timestamp(now), rand.Reader).String(), Name: name, Made: now.UTC().Truncate(time.Millisecond), By: by}
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM detectors WHERE revoked_ms = 0`).Scan(&n); err != nil {
			return err
		}
		if n >= most {
			return ErrTooMany
		}
		_, err := tx.Exec(ctx, `INSERT INTO detectors (id, name, secret, made_ms, made_by, revoked_ms, revoked_by, used_ms) VALUES (?,?,?,?,?,0,'',0)`,
			d.ID, d.Name, hashed(secret), storage.Millis(d.Made), by)
		return err
	})
	if err != nil {
		return Detector{}, "", wrap("make", err)
	}
	return d, secret, nil
}

func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Known returns the detector whose secret it is, or ErrNotFound, also when it was taken back. That it was used is noted.
func (s *Store) Known(ctx context.Context, now time.Time, secret string) (Detector, error) {
	d, err := scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM detectors WHERE secret = ? AND revoked_ms = 0`, hashed(secret)))
	if errors.Is(err, sql.ErrNoRows) {
		return Detector{}, ErrNotFound
	}
	if err == nil && now.Sub(d.Used) >= usedEvery {
		_, err = s.db.Exec(ctx, `UPDATE detectors SET used_ms = ? WHERE id = ?`, storage.Millis(now), d.ID)
	}
	return d, wrap("known", err)
}

// Revoke takes a secret back. The first to do so stays the one who did. ErrNotFound when there is no such detector.
func (s *Store) Revoke(ctx context.Context, now time.Time, id, by string) error {
	res, err := s.db.Exec(ctx, `UPDATE detectors SET revoked_ms = CASE WHEN revoked_ms = 0 THEN CAST(? AS BIGINT) ELSE revoked_ms END,
		revoked_by = CASE WHEN revoked_ms = 0 THEN CAST(? AS TEXT) ELSE revoked_by END WHERE id = ?`, storage.Millis(now), by, id)
	if err != nil {
		return wrap("revoke", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotFound)
	}
	return nil
}

// List returns every detector, those in force first, then by the time they were made.
func (s *Store) List(ctx context.Context) ([]Detector, error) {
	all, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM detectors ORDER BY CASE WHEN revoked_ms = 0 THEN 0 ELSE 1 END, made_ms DESC, id`)
	return all, wrap("list", err)
}

const columns = `id, name, made_ms, made_by, revoked_ms, revoked_by, used_ms`

func scan(r storage.Row) (d Detector, err error) {
	var made, revoked, used int64
	err = r.Scan(&d.ID, &d.Name, &made, &d.By, &revoked, &d.RevokedBy, &used)
	d.Made, d.Revoked, d.Used = storage.Time(made), storage.Time(revoked), storage.Time(used)
	return d, err
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("detectors: %s: %w", op, err)
}
