// Package plans keeps one plan for each caller who calls again and again, so that the caller need not tell the whole story again and hears the
// same from every counsellor. A plan belongs to a pseudonym of the caller's number; its text is sealed; every version stays, and an older one
// can be put back.
package plans

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hotline/casework"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// MostText is how many characters a plan has at most: who reads it has a caller on the line.
	MostText = 4000
	// MostVersions is how many versions a history shows, the newest ones.
	MostVersions = 50
)

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("plans: there is no such plan")
	// ErrStale says that somebody else changed the plan in between: read it again.
	ErrStale = errors.New("plans: the plan was changed in between")
	// ErrNoCaller says that the caller is not known: the number was withheld.
	ErrNoCaller = errors.New("plans: the caller is not known")
	ErrInvalid  = errors.New("plans: a plan has 1 to 4000 characters")
)

// Plan is one version of a caller's plan. An empty text says that the plan was taken back.
type Plan struct {
	Version  int64 // from 1; 0: there is none
	At       time.Time
	Author   string // user id
	Restored int64  // the version whose text this is again; 0: none
	Text     string
}

// Store is the table of plans.
type Store struct {
	db   *storage.DB
	keys casework.Sealer
	now  func() time.Time
}

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB, keys casework.Sealer) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "plans", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, keys, time.Now}, nil
}

// Of returns the newest plan of a caller; without one, a plan of version 0. refs are the caller's pseudonyms, newest key first
// ([casework.Keys.CallerRefs]): a plan that was written under an older key is found.
func (s *Store) Of(ctx context.Context, refs []string) (Plan, error) {
	all, err := s.list(ctx, refs, 1)
	if err != nil || len(all) == 0 {
		return Plan{}, err
	}
	return all[0], nil
}

// History returns the versions of a plan, newest first, at most [MostVersions].
func (s *Store) History(ctx context.Context, refs []string) ([]Plan, error) {
	return s.list(ctx, refs, MostVersions)
}

func (s *Store) list(ctx context.Context, refs []string, limit int) ([]Plan, error) {
	list, args := storage.In(refs)
	out, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM plans WHERE caller_ref IN `+list+` ORDER BY version DESC LIMIT ?`, append(args, limit)...)
	return out, wrap("read", err)
}

// Save writes the next version. base is the version that the author saw, 0 for none; ErrStale when it is not the newest any more.
func (s *Store) Save(ctx context.Context, refs []string, base int64, text, author string) (Plan, error) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n > MostText || !utf8.ValidString(text) {
		return Plan{}, ErrInvalid
	}
	return s.add(ctx, refs, base, Plan{Author: author, Text: text})
}

// Restore writes the text of an older version as the next one.
func (s *Store) Restore(ctx context.Context, refs []string, base, version int64, author string) (Plan, error) {
	list, args := storage.In(refs)
	old, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM plans WHERE caller_ref IN `+list+` AND version = ?`, append(args, version)...)
	if err != nil {
		return Plan{}, wrap("restore", err)
	}
	if len(old) == 0 {
		return Plan{}, ErrNotFound
	}
	return s.add(ctx, refs, base, Plan{Author: author, Text: old[0].Text, Restored: version})
}

func (s *Store) add(ctx context.Context, refs []string, base int64, p Plan) (Plan, error) {
	if len(refs) == 0 {
		return Plan{}, ErrNoCaller
	}
	if p.Author == "" {
		return Plan{}, errors.New("plans: save: the author is needed")
	}
	p.Version, p.At = base+1, storage.Time(storage.Millis(s.now()))
	sealed, err := s.keys.Seal(p.Text, sealedAs(refs[0], p.Version))
	if err != nil {
		return Plan{}, wrap("save", err)
	}
	list, args := storage.In(refs)
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		var newest int64
		if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(version), 0) FROM plans WHERE caller_ref IN `+list, args...).Scan(&newest); err != nil {
			return err
		}
		if newest != base {
			return ErrStale
		}
		_, err := tx.Exec(ctx, `INSERT INTO plans (`+columns+`) VALUES (?,?,?,?,?,?)`, refs[0], p.Version, storage.Millis(p.At), p.Author, p.Restored, sealed)
		if storage.IsUnique(err) {
			return ErrStale
		}
		return err
	})
	return p, wrap("save", err)
}

const columns = `caller_ref, version, at_ms, author, restored, sealed`

func (s *Store) scan(r storage.Row) (p Plan, err error) {
	var ref string
	var at int64
	var sealed []byte
	if err := r.Scan(&ref, &p.Version, &at, &p.Author, &p.Restored, &sealed); err != nil {
		return p, err
	}
	p.At = storage.Time(at)
	p.Text, err = s.keys.Open(sealed, sealedAs(ref, p.Version))
	return p, err
}

func sealedAs(ref string, version int64) string { return fmt.Sprintf("plan:%s:%d", ref, version) }

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("plans: %s: %w", op, err)
}
