// Package handovers keeps what the agent of a call writes for the person who is asked to take it over: who comes new reads it before they say
// yes. It is written once and never changed; what it says is sealed.
package handovers

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

// TextMost is how many characters a summary has at most.
const TextMost = 2000

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("handovers: there is no such summary")
	ErrText     = errors.New("handovers: a text of 1 to 2000 characters is needed")
)

// Handover is one summary.
type Handover struct {
	ID   string
	Call string
	From string // who wrote it
	To   string // for whom
	At   time.Time
	Text string
}

// sealer seals a text for one row.
type sealer interface {
	Seal(plaintext, context string) ([]byte, error)
	Open(sealed []byte, context string) (string, error)
}

// Store is the table of summaries. It is safe for concurrent use.
type Store struct {
	db   *storage.DB
	seal sealer
	now  func() time.Time
}

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB, seal sealer) (*Store, error) {
	if seal == nil {
		return nil, errors.New("handovers: a sealer is needed")
	}
	if err := db.MigrateEmbedded(ctx, "handovers", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, seal, time.Now}, nil
}

// Write keeps a summary and returns its id. Durable when it returns. ErrText.
func (s *Store) Write(ctx context.Context, call, from, to, text string) (string, error) {
	text, err := Clean(text)
	if err != nil {
		return "", err
	}
	if call == "" || from == "" || to == "" {
		return "", errors.New("handovers: a call, who writes and for whom are needed")
	}
	now := s.now()
	made, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return "", wrap("write", err)
	}
	id := made.String()
	sealed, err := s.seal.Seal(text, sealContext(id, call))
	if err != nil {
		return "", wrap("write", err)
	}
	_, err = s.db.Exec(ctx, `INSERT INTO handovers (id, call_id, from_who, to_who, at_ms, text) VALUES (?,?,?,?,?,?)`,
		id, call, from, to, storage.Millis(now), sealed)
	return id, wrap("write", err)
}

// Clean is a text as it is kept, without spaces around it. ErrText.
func Clean(text string) (string, error) {
	text, ok := casework.Text(text, 1, TextMost)
	if !ok {
		return "", ErrText
	}
	return text, nil
}

// A summary opens in its own row of its own call only.
func sealContext(id, call string) string { return "handover:" + id + ":" + call }

// Get returns a summary. ErrNotFound.
func (s *Store) Get(ctx context.Context, id string) (h Handover, err error) {
	var at int64
	var sealed []byte
	err = s.db.QueryRow(ctx, `SELECT id, call_id, from_who, to_who, at_ms, text FROM handovers WHERE id = ?`, id).
		Scan(&h.ID, &h.Call, &h.From, &h.To, &at, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return Handover{}, ErrNotFound
	}
	if err != nil {
		return Handover{}, wrap("get", err)
	}
	h.At = storage.Time(at)
	h.Text, err = s.seal.Open(sealed, sealContext(h.ID, h.Call))
	return h, wrap("get", err)
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("handovers: %s: %w", op, err)
}
