// Package files keeps one file for each person who calls or is called about, under a pseudonym. A person is known again by the keyed hash of a
// number, or by a passphrase that the person chose, or not at all: then the call has a file of its own, which can be merged with another later.
//
// A call concerns one person on the line (caller or reporter) and, when somebody calls about somebody else, the person at risk: two people, two
// files. Merging never moves anything: the merged file stays as it is and leads to the other. What moves, for a split, is written down link by
// link. So both can be undone at any time, in any order that does not contradict itself. See docs/decisions/0025-one-person-one-file.md.
package files

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/casework"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("files: there is no such file, call or act")
	ErrSame     = errors.New("files: it is the same file already")
	ErrRole     = errors.New("files: that role does not fit the call")
	ErrInvalid  = errors.New("files: not what a file can take")
	// ErrLater says that something that was done afterwards stands in the way of undoing: undo that first.
	ErrLater = errors.New("files: a later change stands in the way")
	// ErrHeld says that a hold stands in the way of taking calls out of a file.
	ErrHeld   = errors.New("files: the file is on hold")
	ErrUndone = errors.New("files: it was undone before")
	ErrWeak   = errors.New("files: the passphrase is too easy to guess")
	ErrTaken  = errors.New("files: that passphrase cannot be used")
	ErrTries  = errors.New("files: too many passphrases were tried")
)

// Role says what a call has to do with a person.
type Role string

// The roles. Exactly one person of a call is on the line.
const (
	RoleCaller   Role = "caller"   // on the line, about themselves
	RoleReporter Role = "reporter" // on the line, about somebody else
	RoleAtRisk   Role = "at_risk"  // not on the line: the call is about them
)

// System is who did what no person did.
const System = "system"

// File is one person, as far as known. What was merged into it counts as part of it.
type File struct {
	ID      string
	Code    string // what people call it: letters only, such as "BKX-RDM"; no number, and not made of one
	Created time.Time
	By      string // user id, or [System]
	Profile
	Level        string // of crisis.Level; "" not assessed
	LevelAt      time.Time
	LevelBy      string
	LevelVersion int64  // of the definition of high risk by which it was judged
	MergedInto   string // "" but for a file that was merged and is asked for by itself
}

// High tells whether the file is open at high risk.
func (f File) High() bool { return f.Level == levelHigh }

const levelHigh = "high"

// rank orders levels; it is that of crisis.Level, which this package does not know.
func rank(level string) int {
	switch level {
	case "none":
		return 1
	case "low":
		return 2
	case "moderate":
		return 3
	case levelHigh:
		return 4
	}
	return 0
}

// Link says what a call has to do with a person.
type Link struct {
	ID   string
	File string // the file that stands for the person now
	Part string // the file that the link is kept in, which may be merged into the former
	Call string
	Role Role
	At   time.Time // arrival of the call
}

// Store is the tables of files.
type Store struct {
	db       *storage.DB
	keys     *casework.Keys
	contacts *casework.Contacts
	now      func() time.Time
	slow     chan struct{} // a place for one slow hash
	holds    Holds         // nil: nothing is on hold
}

// Open brings the tables to their newest form; several processes may do it at once. The tables of casework must be there ([casework.Migrate]).
func Open(ctx context.Context, db *storage.DB, keys *casework.Keys) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "files", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, keys, casework.NewContacts(db, keys), time.Now, make(chan struct{}, 1), nil}, nil
}

const columns = `id, code, merged_into, created_ms, created_by, birth_year, age_band, sex, region, called_sealed, level, level_ms, level_by, level_version`

// asker is the database or a transaction of it.
type asker interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *Store) scan(r storage.Row) (f File, err error) {
	var created, level int64
	var called []byte
	if err := r.Scan(&f.ID, &f.Code, &f.MergedInto, &created, &f.By, &f.BirthYear, &f.AgeBand, &f.Sex, &f.Region, &called, &f.Level, &level, &f.LevelBy,
		&f.LevelVersion); err != nil {
		return f, err
	}
	f.Created, f.LevelAt = storage.Time(created), storage.Time(level)
	if len(called) > 0 {
		f.CalledAs, err = s.keys.Open(called, calledContext(f.ID))
	}
	return f, err
}

func calledContext(file string) string { return "file-called:" + file }

// Get returns the file that stands for a person: a file that was merged leads to the one it was merged into. ErrNotFound.
func (s *Store) Get(ctx context.Context, file string) (File, error) {
	f, err := s.scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM files WHERE id = (SELECT root FROM files WHERE id = ?)`, file))
	return f, wrap("get", found(err))
}

// Part returns a file by itself, merged or not. ErrNotFound.
func (s *Store) Part(ctx context.Context, file string) (File, error) {
	f, err := s.scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM files WHERE id = ?`, file))
	return f, wrap("part", found(err))
}

// ByCode returns the file that a code leads to, however it is written ("bkx rdm"). ErrNotFound.
func (s *Store) ByCode(ctx context.Context, code string) (File, error) {
	f, err := s.scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM files WHERE id = (SELECT root FROM files WHERE code = ?)`, TidyCode(code)))
	return f, wrap("by code", found(err))
}

// Parts returns the files that stand for one person together: the file and all that was merged into it. What other packages keep by file they
// look for under all of them.
func (s *Store) Parts(ctx context.Context, file string) ([]string, error) {
	ids, err := storage.Select(ctx, s.db, scanID, `SELECT id FROM files WHERE root = (SELECT root FROM files WHERE id = ?) ORDER BY created_ms, id`, file)
	return ids, wrap("parts", err)
}

func scanID(r storage.Row) (id string, err error) { return id, r.Scan(&id) }

// rootOf returns the file that a file leads to, within a transaction.
func rootOf(ctx context.Context, tx asker, file string) (root string, err error) {
	err = tx.QueryRow(ctx, `SELECT root FROM files WHERE id = ?`, file).Scan(&root)
	return root, found(err)
}

// make writes a new file of its own.
func (s *Store) make(ctx context.Context, tx *storage.Tx, by string) (string, error) {
	id := newID()
	_, err := tx.Exec(ctx, `INSERT INTO files (`+columns+`, root) VALUES (?,?,'',?,?,0,'','','',NULL,'',0,'',0,?)`, id, newCode(), storage.Millis(s.now()), by, id)
	return id, err
}

func newID() string { return ulid.MustNew(ulid.Now(), rand.Reader).String() }

func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("files: %s: %w", op, err)
}

// Higher is the greater danger of two levels.
func Higher(a, b string) string {
	if rank(b) > rank(a) {
		return b
	}
	return a
}
