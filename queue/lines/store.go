package lines

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hotline/storage"
)

// Errors a caller branches on. A policy that makes no sense is refused with Faults.
var (
	ErrStale   = errors.New("lines: somebody else changed them in between")
	ErrNone    = errors.New("lines: there is no such version")
	ErrNote    = errors.New("lines: a note has at most 500 characters")
	ErrReason  = errors.New("lines: a reason of 3 to 500 characters is needed")
	ErrNobody  = errors.New("lines: who does it is needed")
	errNoBytes = errors.New("lines: the document could not be read")
)

// Origin says how a version came to be.
type Origin string

// How a version came to be.
const (
	OriginFile    Origin = "file"    // the configuration file's section was imported
	OriginSaved   Origin = "saved"   // by a person, on the screen or the command line
	OriginRestore Origin = "restore" // an earlier version again
)

// Version is one state of the policy. Versions are numbered from 1 without holes and never change.
type Version struct {
	N        int
	Policy   Policy
	At       time.Time
	By       string // user id, "cli:<user>" or "file"
	Note     string
	Origin   Origin
	Restored int // which one was restored; 0: none

	// Retired are the lines that the last versions had and this one has not: somebody may still be on them. Only what is watched has them.
	Retired []Line

	section string
}

// Stale is the error of a change whose base is no longer the newest version; it is ErrStale.
type Stale struct{ Current Version }

func (s *Stale) Error() string {
	return fmt.Sprintf("%v: version %d is the newest", ErrStale, s.Current.N)
}

// Is makes errors.Is(err, ErrStale) true.
func (s *Stale) Is(target error) bool { return target == ErrStale }

// Mode is whether emergency mode is on, since when, by whom and why.
type Mode struct {
	N      int // number of the switch in the log; 0: never switched
	On     bool
	Since  time.Time
	By     string
	Reason string
}

//go:embed migrations/*.sql
var migrations embed.FS

// Store keeps the versions and the log of emergencies.
type Store struct {
	db   *storage.DB
	site Site
	now  func() time.Time
}

// Open brings the tables to their newest form and returns the store. What is saved is checked against the site.
func Open(ctx context.Context, db *storage.DB, site Site) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "lines", migrations); err != nil {
		return nil, fmt.Errorf("lines: %w", err)
	}
	return &Store{db, site.withDefaults(), time.Now}, nil
}

// Site is what saved policies are checked against.
func (s *Store) Site() Site { return s.site }

const columns = `n, document, saved_ms, saved_by, note, origin, restored, section`

// Current is the newest version; ErrNone before the first.
func (s *Store) Current(ctx context.Context) (Version, error) {
	return s.one(s.db.QueryRow(ctx, `SELECT `+columns+` FROM policy_versions ORDER BY n DESC LIMIT 1`))
}

// Get is one version; ErrNone.
func (s *Store) Get(ctx context.Context, n int) (Version, error) {
	return s.one(s.db.QueryRow(ctx, `SELECT `+columns+` FROM policy_versions WHERE n = ?`, n))
}

// History is at most limit versions before the number (0: the newest), newest first, with their policies.
func (s *Store) History(ctx context.Context, before, limit int) ([]Version, error) {
	if before <= 0 {
		before = 1 << 40
	}
	all, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM policy_versions WHERE n < ? ORDER BY n DESC LIMIT ?`, before, min(max(limit, 1), 200))
	return all, wrap("history", err)
}

// Save makes the policy the newest version, if base still is. Errors: *Stale, Faults, ErrNote, ErrNobody.
func (s *Store) Save(ctx context.Context, base int, p Policy, by, note string) (Version, error) {
	return s.append(ctx, base, Version{Policy: p, By: by, Note: note, Origin: OriginSaved})
}

// Restore makes an earlier version the newest one again, as a version of its own: so an undo can be undone. It is refused as Save is; an old version
// may no longer fit the site.
func (s *Store) Restore(ctx context.Context, base, n int, by, note string) (Version, error) {
	old, err := s.Get(ctx, n)
	if err != nil {
		return Version{}, err
	}
	return s.append(ctx, base, Version{Policy: old.Policy, By: by, Note: note, Origin: OriginRestore, Restored: n})
}

// Import takes in what the configuration file says, as a new version, unless the file said the same at the last import: a change on the screen is
// not undone by a restart. The first import makes version 1.
func (s *Store) Import(ctx context.Context, p Policy) (v Version, changed bool, err error) {
	doc, err := Encode(p)
	if err != nil {
		return Version{}, false, err
	}
	sum := sha256.Sum256(doc)
	section := hex.EncodeToString(sum[:])
	if err := p.ValidateFor(s.site); err != nil {
		return Version{}, false, err
	}
	for {
		base := 0
		if v, err = s.Current(ctx); err == nil {
			base = v.N
		} else if !errors.Is(err, ErrNone) {
			return Version{}, false, err
		}
		var last string
		err = s.db.QueryRow(ctx, `SELECT section FROM policy_versions WHERE origin = ? ORDER BY n DESC LIMIT 1`, string(OriginFile)).Scan(&last)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return Version{}, false, wrap("import", err)
		}
		if last == section {
			return v, false, nil
		}
		v, err = s.append(ctx, base, Version{Policy: p, By: "file", Origin: OriginFile, section: section})
		if errors.Is(err, ErrStale) {
			continue // another process was faster; look again
		}
		return v, err == nil, err
	}
}

func (s *Store) append(ctx context.Context, base int, v Version) (made Version, err error) {
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		made, err = s.appendIn(ctx, tx, base, v)
		return err
	})
	if storage.IsUnique(err) { // somebody took the number between the look and the commit
		if current, err := s.Current(ctx); err == nil {
			return Version{}, &Stale{current}
		}
	}
	return made, wrap("save", err)
}

// SaveIn is Save within a transaction, for what must be saved together with something else.
func (s *Store) SaveIn(ctx context.Context, tx *storage.Tx, base int, p Policy, by, note string) (Version, error) {
	return s.appendIn(ctx, tx, base, Version{Policy: p, By: by, Note: note, Origin: OriginSaved})
}

func (s *Store) appendIn(ctx context.Context, tx *storage.Tx, base int, v Version) (Version, error) {
	v.Note = strings.TrimSpace(v.Note)
	switch {
	case v.By == "":
		return Version{}, ErrNobody
	case utf8.RuneCountInString(v.Note) > 500:
		return Version{}, ErrNote
	}
	if err := v.Policy.ValidateFor(s.site); err != nil {
		return Version{}, err
	}
	doc, err := Encode(v.Policy)
	if err != nil {
		return Version{}, err
	}
	v.N, v.At = base+1, storage.Time(storage.Millis(s.now()))
	current, err := s.one(tx.QueryRow(ctx, `SELECT `+columns+` FROM policy_versions ORDER BY n DESC LIMIT 1`))
	if err != nil && !errors.Is(err, ErrNone) {
		return Version{}, err
	}
	if current.N != base {
		return Version{}, &Stale{current}
	}
	_, err = tx.Exec(ctx, `INSERT INTO policy_versions (`+columns+`) VALUES (?,?,?,?,?,?,?,?)`, v.N, string(doc), storage.Millis(v.At), v.By, v.Note,
		string(v.Origin), v.Restored, v.section)
	return v, err
}

func (s *Store) one(row storage.Row) (Version, error) {
	v, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return Version{}, ErrNone
	}
	return v, wrap("read", err)
}

func scan(row storage.Row) (v Version, err error) {
	var doc string
	var at int64
	if err := row.Scan(&v.N, &doc, &at, &v.By, &v.Note, &v.Origin, &v.Restored, &v.section); err != nil {
		return Version{}, err
	}
	v.At = storage.Time(at)
	if v.Policy, err = Decode([]byte(doc)); err != nil {
		return Version{}, fmt.Errorf("%w: version %d: %w", errNoBytes, v.N, err)
	}
	return v, nil
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("lines: %s: %w", op, err)
}
