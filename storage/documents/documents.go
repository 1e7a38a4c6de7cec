// Package documents keeps documents of a site in versions: each is whole, says who made it, when and why, and never changes. Whoever changes one
// names the version that was changed; an undo is a new version, so that it can be undone, too.
package documents

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"hotline/storage"
)

// Errors a caller branches on. A document that makes no sense is refused with what its check says, as a rule with Faults.
var (
	ErrStale    = errors.New("documents: somebody else changed it in between")
	ErrNone     = errors.New("documents: there is no such version")
	ErrNote     = errors.New("documents: a note has at most 500 characters")
	ErrNobody   = errors.New("documents: who does it is needed")
	ErrDocument = errors.New("documents: not a document of this kind")
)

// NoteMost is how many characters a note has at most.
const NoteMost = 500

// Origin says how a version came to be.
type Origin string

// How a version came to be.
const (
	OriginFirst   Origin = "first" // what holds before anybody saved: version 0
	OriginSaved   Origin = "saved"
	OriginRestore Origin = "restore"
	OriginImport  Origin = "import" // from a file that a person gave
)

// Version is one state of a document.
type Version[T any] struct {
	N        int
	Doc      T
	At       time.Time // zero for version 0
	By       string    // user id, "cli:<user>"; empty for version 0
	Note     string
	Origin   Origin
	Restored int // which version was restored; only with OriginRestore
}

// Stale is the error of a change whose base is no longer the newest version; it is ErrStale.
type Stale struct {
	N  int
	At time.Time
	By string
}

func (s *Stale) Error() string { return fmt.Sprintf("%v: version %d is the newest", ErrStale, s.N) }

// Is makes errors.Is(err, ErrStale) true.
func (s *Stale) Is(target error) bool { return target == ErrStale }

// Kind says what sort of document a store keeps.
type Kind[T any] struct {
	Name  string   // in the table; never changed once released
	Most  int      // bytes of a document; default 256 KiB
	First func() T // what holds before anybody saved
	// Before is what a version says of fields that were not there when it was saved; nil: nothing. It has no lists, into which others would be mixed. Whoever
	// saves says everything: [Store.Decode] fills nothing in.
	Before func() T
	Check  func(T) error // everything that is wrong with a document that is to be saved; nil: nothing can be
}

//go:embed migrations/*.sql
var migrations embed.FS

// Store keeps the versions of one kind of document.
type Store[T any] struct {
	db   *storage.DB
	kind Kind[T]
	now  func() time.Time
}

// Open brings the table to its newest form and returns the store of a kind.
func Open[T any](ctx context.Context, db *storage.DB, kind Kind[T]) (*Store[T], error) {
	if kind.Name == "" || kind.First == nil {
		return nil, errors.New("documents: a kind has a name and a first document")
	}
	if kind.Most == 0 {
		kind.Most = 256 << 10
	}
	if kind.Check == nil {
		kind.Check = func(T) error { return nil }
	}
	if err := db.MigrateEmbedded(ctx, "documents", migrations); err != nil {
		return nil, fmt.Errorf("documents: %w", err)
	}
	return &Store[T]{db, kind, time.Now}, nil
}

// Most is how many bytes a document has at most.
func (s *Store[T]) Most() int { return s.kind.Most }

// Check tells everything that is wrong with a document.
func (s *Store[T]) Check(doc T) error { return s.kind.Check(doc) }

// Decode reads a document strictly: an unknown field, a wrong type, anything after it, and a text that is too long are ErrDocument.
func (s *Store[T]) Decode(raw []byte) (doc T, err error) {
	if len(raw) > s.kind.Most {
		return doc, fmt.Errorf("%w: %d bytes, at most %d", ErrDocument, len(raw), s.kind.Most)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return doc, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return doc, fmt.Errorf("%w: something follows it", ErrDocument)
	}
	return doc, nil
}

const columns = `n, document, saved_ms, saved_by, note, origin, restored`

func (s *Store[T]) first() Version[T] { return Version[T]{Doc: s.kind.First(), Origin: OriginFirst} }

// Current is the newest version; version 0 before the first.
func (s *Store[T]) Current(ctx context.Context) (Version[T], error) {
	return s.one(s.db.QueryRow(ctx, `SELECT `+columns+` FROM documents WHERE kind = ? ORDER BY n DESC LIMIT 1`, s.kind.Name), 0)
}

// Get is one version; ErrNone. Version 0 is always there.
func (s *Store[T]) Get(ctx context.Context, n int) (Version[T], error) {
	return s.one(s.db.QueryRow(ctx, `SELECT `+columns+` FROM documents WHERE kind = ? AND n = ?`, s.kind.Name, n), n)
}

// History is at most limit versions before a number (0: the newest), newest first, with their documents; version 0 is the last.
func (s *Store[T]) History(ctx context.Context, before, limit int) ([]Version[T], error) {
	if before <= 0 {
		before = 1 << 40
	}
	limit = min(max(limit, 1), 200)
	all, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM documents WHERE kind = ? AND n < ? ORDER BY n DESC LIMIT ?`, s.kind.Name, before, limit)
	if err != nil {
		return nil, s.wrap("history", err)
	}
	if len(all) < limit {
		all = append(all, s.first())
	}
	return all, nil
}

// Save makes the document the newest version, if base still is. Errors: *Stale, what the check says, ErrNote, ErrNobody, ErrDocument.
func (s *Store[T]) Save(ctx context.Context, base int, doc T, by, note string) (Version[T], error) {
	return s.append(ctx, base, Version[T]{Doc: doc, By: by, Note: note, Origin: OriginSaved})
}

// Restore makes an earlier version the newest again, as a version of its own. It is refused as Save is.
func (s *Store[T]) Restore(ctx context.Context, base, n int, by, note string) (Version[T], error) {
	old, err := s.Get(ctx, n)
	if err != nil {
		return Version[T]{}, err
	}
	return s.append(ctx, base, Version[T]{Doc: old.Doc, By: by, Note: note, Origin: OriginRestore, Restored: n})
}

func (s *Store[T]) append(ctx context.Context, base int, v Version[T]) (made Version[T], err error) {
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		made, err = s.AppendIn(ctx, tx, base, v)
		return err
	})
	if storage.IsUnique(err) { // somebody took the number between the look and the commit
		if now, err := s.Current(ctx); err == nil {
			return Version[T]{}, now.stale()
		}
	}
	return made, s.wrap("save", err)
}

func (v Version[T]) stale() *Stale { return &Stale{N: v.N, At: v.At, By: v.By} }

// AppendIn is [Store.Save] within a transaction, for what must be saved together with something else. Of the version only Doc, By, Note, Origin and
// Restored count.
func (s *Store[T]) AppendIn(ctx context.Context, tx *storage.Tx, base int, v Version[T]) (Version[T], error) {
	v.Note = strings.TrimSpace(v.Note)
	switch {
	case v.By == "":
		return Version[T]{}, ErrNobody
	case !utf8.ValidString(v.Note) || utf8.RuneCountInString(v.Note) > NoteMost:
		return Version[T]{}, ErrNote
	}
	if err := s.kind.Check(v.Doc); err != nil {
		return Version[T]{}, err
	}
	raw, err := json.Marshal(v.Doc)
	if err != nil {
		return Version[T]{}, err
	}
	if len(raw) > s.kind.Most {
		return Version[T]{}, fmt.Errorf("%w: %d bytes, at most %d", ErrDocument, len(raw), s.kind.Most)
	}
	now, err := s.one(tx.QueryRow(ctx, `SELECT `+columns+` FROM documents WHERE kind = ? ORDER BY n DESC LIMIT 1`, s.kind.Name), 0)
	if err != nil {
		return Version[T]{}, err
	}
	if now.N != base {
		return Version[T]{}, now.stale()
	}
	v.N, v.At = base+1, storage.Time(storage.Millis(s.now()))
	_, err = tx.Exec(ctx, `INSERT INTO documents (kind, `+columns+`) VALUES (?,?,?,?,?,?,?,?)`, s.kind.Name, v.N, string(raw), storage.Millis(v.At), v.By, v.Note,
		string(v.Origin), v.Restored)
	return v, err
}

// one reads a version; without a row it is version 0, when that is what was asked for.
func (s *Store[T]) one(row storage.Row, n int) (Version[T], error) {
	v, err := s.scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		if n == 0 {
			return s.first(), nil
		}
		return v, ErrNone
	}
	return v, s.wrap("read", err)
}

func (s *Store[T]) scan(row storage.Row) (v Version[T], err error) {
	var doc string
	var at int64
	if err := row.Scan(&v.N, &doc, &at, &v.By, &v.Note, &v.Origin, &v.Restored); err != nil {
		return v, err
	}
	v.At = storage.Time(at)
	if s.kind.Before != nil {
		v.Doc = s.kind.Before()
	}
	// What a newer release wrote may have fields that are not known here: they are passed over, the history stays readable.
	if err := json.Unmarshal([]byte(doc), &v.Doc); err != nil {
		return v, fmt.Errorf("version %d: %w", v.N, err)
	}
	return v, nil
}

func (s *Store[T]) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("documents: %s: %s: %w", s.kind.Name, op, err)
}

const (
	lookEvery  = 500 * time.Millisecond
	lookWithin = 2 * time.Second // a database that does not answer is away
)

// Watch calls tell with the newest version, and again within a second after each change, until ctx ends; never twice at once. A database that is away
// changes nothing: what was told stays in force, and away is told once each time it begins, with nil when it is over.
func (s *Store[T]) Watch(ctx context.Context, tell func(Version[T]), away func(error)) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	known, lost := -1, false
	for {
		v, err := s.look(ctx, known)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !lost:
			lost = true
			away(err)
		case err == nil && lost:
			lost = false
			away(nil)
		}
		if err == nil && v != nil {
			known = v.N
			tell(*v)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look asks for the number first: nearly always nothing changed.
func (s *Store[T]) look(ctx context.Context, known int) (*Version[T], error) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	var n int
	if err := s.db.QueryRow(ctx, `SELECT COALESCE(MAX(n), 0) FROM documents WHERE kind = ?`, s.kind.Name).Scan(&n); err != nil || n == known {
		return nil, s.wrap("look", err)
	}
	v, err := s.Current(ctx)
	if err != nil {
		return nil, err
	}
	return &v, nil
}
