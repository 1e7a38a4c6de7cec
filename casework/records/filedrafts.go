package records

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"hotline/storage"
)

// DraftKind says of what a draft about a person is.
type DraftKind string

// The kinds.
const (
	DraftSafety  DraftKind = "safety"  // the plan, line by line
	DraftProfile DraftKind = "profile" // what is known of the person
)

// Valid tells whether it is one.
func (k DraftKind) Valid() bool { return k == DraftSafety || k == DraftProfile }

// FileDraft is what somebody is writing about a person.
type FileDraft struct {
	File    string
	Kind    DraftKind
	Author  string
	Base    int64 // the version of the safety plan that it was begun from; 0: none
	Rev     int64 // rises with each saving of a page
	At      time.Time
	Answers json.RawMessage // an object; need not fit anything yet
}

// KeepOfFile writes a draft about a person; when it returns, it is durable. What is older than what is there (by Rev) changes nothing. ErrNotFound: the person
// was erased. The stone is looked for in the transaction that writes: the erasure takes out what came before it, and what comes after it is refused.
func (s *Store) KeepOfFile(ctx context.Context, d FileDraft) error {
	if d.File == "" || d.Author == "" || !d.Kind.Valid() || d.Base < 0 || d.Rev < 1 {
		return ErrInvalid
	}
	text, err := tidyDraft(d.Answers)
	if err != nil {
		return err
	}
	sealed, err := s.keys.Seal(text, fileDraftContext(d))
	if err != nil {
		return wrap("draft", err)
	}
	return wrap("draft", s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := s.unerased(ctx, tx, d.File); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO file_drafts (file_id, kind, author, base, rev, at_ms, sealed) VALUES (?,?,?,?,?,?,?)
			ON CONFLICT (file_id, kind, author) DO UPDATE SET base = excluded.base, rev = excluded.rev, at_ms = excluded.at_ms, sealed = excluded.sealed
			WHERE file_drafts.rev < excluded.rev`, d.File, string(d.Kind), d.Author, d.Base, d.Rev, storage.Millis(s.now()), sealed)
		return err
	}))
}

// unerased is ErrNotFound when the person of a file was erased.
func (s *Store) unerased(ctx context.Context, tx *storage.Tx, file string) error {
	if s.stones == nil {
		return nil
	}
	gone, err := s.stones.PersonErasedIn(ctx, tx, file)
	if err == nil && gone {
		err = ErrNotFound
	}
	return err
}

// tidyDraft is the shortest form of an object that is not too long. ErrInvalid.
func tidyDraft(answers json.RawMessage) (string, error) {
	var object map[string]json.RawMessage
	var tidy bytes.Buffer
	if len(answers) > MostBytes || json.Unmarshal(answers, &object) != nil || object == nil || json.Compact(&tidy, answers) != nil {
		return "", ErrInvalid
	}
	return tidy.String(), nil
}

// DropOfFile forgets a draft that was saved, or that its author does not want any more. parts are the files that stand for the person.
func (s *Store) DropOfFile(ctx context.Context, parts []string, kind DraftKind, author string) error {
	return wrap("draft", dropOfFile(ctx, s.db, parts, kind, author))
}

// SavedOfFile forgets the author's draft within the transaction in which it is saved as what it is. ErrNotFound: the person was erased, and nothing may be saved.
func (s *Store) SavedOfFile(ctx context.Context, tx *storage.Tx, parts []string, kind DraftKind, author string) error {
	if len(parts) == 0 {
		return ErrInvalid
	}
	if err := s.unerased(ctx, tx, parts[0]); err != nil {
		return wrap("save", err)
	}
	return wrap("save", dropOfFile(ctx, tx, parts, kind, author))
}

// NotErased is ErrNotFound when the person of a file was erased. It is asked within the transaction that writes of them.
func (s *Store) NotErased(ctx context.Context, tx *storage.Tx, file string) error {
	return wrap("save", s.unerased(ctx, tx, file))
}

// writer is the database, or a transaction.
type writer interface {
	Exec(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func dropOfFile(ctx context.Context, in writer, parts []string, kind DraftKind, author string) error {
	list, args := storage.In(parts)
	_, err := in.Exec(ctx, `DELETE FROM file_drafts WHERE file_id IN `+list+` AND kind = ? AND author = ?`, append(args, string(kind), author)...)
	return err
}

// DraftsOfFile returns what somebody was writing about a person, the newest of each kind; of the file that stands for the person now, and of those that
// were merged into it.
func (s *Store) DraftsOfFile(ctx context.Context, parts []string, author string) ([]FileDraft, error) {
	list, args := storage.In(parts)
	all, err := storage.Select(ctx, s.db, s.scanFileDraft, `SELECT `+fileDraftColumns+` FROM file_drafts WHERE file_id IN `+list+` AND author = ? ORDER BY rev DESC`,
		append(args, author)...)
	seen := map[DraftKind]bool{}
	var out []FileDraft
	for _, d := range all {
		if !seen[d.Kind] {
			out, seen[d.Kind] = append(out, d), true
		}
	}
	return out, wrap("drafts", err)
}

// UnfinishedOfFiles returns what somebody was writing about anybody, oldest first, at most limit.
func (s *Store) UnfinishedOfFiles(ctx context.Context, author string, limit int) ([]FileDraft, error) {
	out, err := storage.Select(ctx, s.db, s.scanFileDraft, `SELECT `+fileDraftColumns+` FROM file_drafts WHERE author = ? ORDER BY at_ms, file_id, kind LIMIT ?`, author, limit)
	return out, wrap("drafts", err)
}

const fileDraftColumns = `file_id, kind, author, base, rev, at_ms, sealed`

func (s *Store) scanFileDraft(r storage.Row) (d FileDraft, err error) {
	var at int64
	var sealed []byte
	if err := r.Scan(&d.File, &d.Kind, &d.Author, &d.Base, &d.Rev, &at, &sealed); err != nil {
		return d, err
	}
	text, err := s.keys.Open(sealed, fileDraftContext(d))
	d.At, d.Answers = storage.Time(at), json.RawMessage(text)
	return d, err
}

func fileDraftContext(d FileDraft) string {
	return fmt.Sprintf("file-draft:%s:%s:%s", d.File, d.Kind, d.Author)
}
