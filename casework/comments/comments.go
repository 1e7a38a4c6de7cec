// Package comments keeps what people write at a moment of a recording. A comment is not changed: who wrote it may withdraw it. What it says is sealed.
package comments

import (
	"context"
	"crypto/rand"
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

const (
	TextMost = 1000 // characters of a comment
	Most     = 500  // comments of one recording
)

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("comments: there is no such comment")
	ErrText     = errors.New("comments: a text of 1 to 1000 characters is needed")
	ErrTooMany  = errors.New("comments: a recording has 500 comments at most")
	ErrNotYours = errors.New("comments: only who wrote it withdraws it")
)

// Comment is one of them.
type Comment struct {
	ID        string // ULID
	Recording string
	At        time.Duration // on the recording's time line, to the millisecond
	By        string
	Made      time.Time
	Text      string
}

// sealer seals a text for one row.
type sealer interface {
	Seal(plaintext, context string) ([]byte, error)
	Open(sealed []byte, context string) (string, error)
}

// Store is the table of comments. It is safe for concurrent use.
type Store struct {
	db   *storage.DB
	seal sealer
	now  func() time.Time
}

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB, seal sealer) (*Store, error) {
	if seal == nil {
		return nil, errors.New("comments: a sealer is needed")
	}
	if err := db.MigrateEmbedded(ctx, "comments", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, seal, time.Now}, nil
}

// Write keeps a comment. Durable when it returns. ErrText, ErrTooMany.
func (s *Store) Write(ctx context.Context, recording string, at time.Duration, by, text string) (Comment, error) {
	text, ok := casework.Text(text, 1, TextMost)
	if !ok {
		return Comment{}, ErrText
	}
	if recording == "" || by == "" || at < 0 {
		return Comment{}, errors.New("comments: a recording, a moment and who writes are needed")
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return Comment{}, wrap("write", err)
	}
	c := Comment{ID: id.String(), Recording: recording, At: at.Truncate(time.Millisecond), By: by, Made: now, Text: text}
	sealed, err := s.seal.Seal(text, sealContext(c.ID, recording))
	if err != nil {
		return Comment{}, wrap("write", err)
	}
	return c, wrap("write", s.db.InTx(ctx, func(tx *storage.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM recording_comments WHERE recording = ? AND withdrawn_ms = 0`, recording).Scan(&n); err != nil {
			return err
		}
		if n >= Most {
			return ErrTooMany
		}
		_, err := tx.Exec(ctx, `INSERT INTO recording_comments (id, recording, at_ms, by_who, made_ms, withdrawn_ms, text) VALUES (?,?,?,?,?,0,?)`,
			c.ID, recording, c.At.Milliseconds(), by, storage.Millis(now), sealed)
		return err
	}))
}

// A comment opens in its own row of its own recording only.
func sealContext(id, recording string) string { return "comment:" + id + ":" + recording }

// Withdraw takes the words of a comment away. Done before, it changes nothing. ErrNotFound, ErrNotYours.
func (s *Store) Withdraw(ctx context.Context, recording, id, by string) error {
	return wrap("withdraw", s.db.InTx(ctx, func(tx *storage.Tx) error {
		all, err := tx.Query(ctx, `SELECT by_who FROM recording_comments WHERE id = ? AND recording = ?`, id, recording)
		if err != nil {
			return err
		}
		who, err := storage.Collect(all, func(r storage.Row) (by string, err error) { return by, r.Scan(&by) })
		switch {
		case err != nil:
			return err
		case len(who) == 0:
			return ErrNotFound
		case who[0] != by:
			return ErrNotYours
		}
		_, err = tx.Exec(ctx, `UPDATE recording_comments SET withdrawn_ms = ?, text = NULL WHERE id = ? AND withdrawn_ms = 0`, storage.Millis(s.now()), id)
		return err
	}))
}

// Of returns the comments of a recording by their moments.
func (s *Store) Of(ctx context.Context, recording string) ([]Comment, error) {
	all, err := storage.Select(ctx, s.db, s.scan,
		`SELECT id, recording, at_ms, by_who, made_ms, text FROM recording_comments WHERE recording = ? AND withdrawn_ms = 0 ORDER BY at_ms, id`, recording)
	return all, wrap("read", err)
}

func (s *Store) scan(r storage.Row) (c Comment, err error) {
	var at, made int64
	var sealed []byte
	if err := r.Scan(&c.ID, &c.Recording, &at, &c.By, &made, &sealed); err != nil {
		return c, err
	}
	c.At, c.Made = time.Duration(at)*time.Millisecond, storage.Time(made)
	c.Text, err = s.seal.Open(sealed, sealContext(c.ID, c.Recording))
	return c, err
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("comments: %s: %w", op, err)
}
