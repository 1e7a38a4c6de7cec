// Package broadcast keeps the messages that who leads a shift writes to every console, and who has read them.
package broadcast

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Bounds of a message.
const (
	TextMost  = 500 // characters
	SpanLeast = time.Minute
	SpanMost  = 7 * 24 * time.Hour
)

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("no such broadcast")
	ErrText     = errors.New("a broadcast has 1 to 500 characters and no control characters")
	ErrSpan     = errors.New("a broadcast holds for a minute to a week")
)

// Message is one broadcast.
type Message struct {
	ID      string // ULID
	At      time.Time
	By      string // user id
	Urgent  bool
	Text    string
	Expires time.Time
	Ended   time.Time // taken back before its time; zero: not
	EndedBy string
	Reads   []Read // in the order of reading
}

// Read says that a person has read a message.
type Read struct {
	User string
	At   time.Time
}

// ReadBy tells whether the person has read the message.
func (m Message) ReadBy(user string) bool {
	for _, r := range m.Reads {
		if r.User == user {
			return true
		}
	}
	return false
}

// Store is the table of broadcasts.
type Store struct{ db *storage.DB }

// Open brings the tables to their newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "broadcast", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db}, nil
}

// Check says whether a message can be written: nil, ErrText or ErrSpan.
func Check(text string, span time.Duration) error {
	text = strings.TrimSpace(text)
	odd := func(r rune) bool { return unicode.IsControl(r) && r != '\n' }
	if n := utf8.RuneCountInString(text); n < 1 || n > TextMost || !utf8.ValidString(text) || strings.ContainsFunc(text, odd) {
		return ErrText
	}
	if span < SpanLeast || span > SpanMost {
		return ErrSpan
	}
	return nil
}

// Write keeps a new message of by from now on, for a span. ErrText and ErrSpan say what is wrong with it.
func (s *Store) Write(ctx context.Context, now time.Time, by, text string, urgent bool, span time.Duration) (Message, error) {
	if err := Check(text, span); err != nil {
		return Message{}, err
	}
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return Message{}, wrap("write", err)
	}
	m := Message{ID: id.String(), At: now.UTC().Truncate(time.Millisecond), By: by, Urgent: urgent, Text: strings.TrimSpace(text)}
	m.Expires = m.At.Add(span)
	_, err = s.db.Exec(ctx, `INSERT INTO broadcasts (id, at_ms, by_user, urgent, body, expires_ms, ended_ms, ended_by) VALUES (?,?,?,?,?,?,0,'')`,
		m.ID, storage.Millis(m.At), m.By, m.Urgent, m.Text, storage.Millis(m.Expires))
	return m, wrap("write", err)
}

// End takes a message back, so that nobody is shown it any more. The first to do so stays the one who did. ErrNotFound when there is none.
func (s *Store) End(ctx context.Context, now time.Time, id, by string) error {
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		var ended int64
		if err := tx.QueryRow(ctx, `SELECT ended_ms FROM broadcasts WHERE id = ?`, id).Scan(&ended); errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		} else if err != nil || ended > 0 {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE broadcasts SET ended_ms = ?, ended_by = ? WHERE id = ?`, storage.Millis(now), by, id)
		return err
	})
	return wrap("end", err)
}

// Read notes that a person has read a message; again changes nothing. ErrNotFound when there is none.
func (s *Store) Read(ctx context.Context, now time.Time, id, user string) error {
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM broadcasts WHERE id = ?`, id).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		_, err := tx.Exec(ctx, `INSERT INTO broadcast_reads (broadcast, user_id, at_ms) VALUES (?,?,?) ON CONFLICT (broadcast, user_id) DO NOTHING`,
			id, user, storage.Millis(now))
		return err
	})
	return wrap("read", err)
}

// Current returns the messages that are to be shown now, with who has read them: urgent ones first, then the newest.
func (s *Store) Current(ctx context.Context, now time.Time) ([]Message, error) {
	return s.list(ctx, `WHERE expires_ms > ? AND ended_ms = 0 ORDER BY urgent DESC, at_ms DESC, id DESC`, storage.Millis(now))
}

// Latest returns at most limit messages, newest first, also those that are over.
func (s *Store) Latest(ctx context.Context, limit int) ([]Message, error) {
	return s.list(ctx, `ORDER BY at_ms DESC, id DESC LIMIT ?`, limit)
}

func (s *Store) list(ctx context.Context, rest string, arg any) ([]Message, error) {
	all, err := storage.Select(ctx, s.db, scan, `SELECT id, at_ms, by_user, urgent, body, expires_ms, ended_ms, ended_by FROM broadcasts `+rest, arg)
	if err != nil || len(all) == 0 {
		return nil, wrap("list", err)
	}
	args, place := make([]any, 0, len(all)), map[string]int{}
	for i, m := range all {
		args, place[m.ID] = append(args, m.ID), i
	}
	type row struct {
		broadcast string
		read      Read
	}
	reads, err := storage.Select(ctx, s.db, func(r storage.Row) (one row, err error) {
		var at int64
		err = r.Scan(&one.broadcast, &one.read.User, &at)
		one.read.At = storage.Time(at)
		return one, err
	}, `SELECT broadcast, user_id, at_ms FROM broadcast_reads WHERE broadcast IN (?`+strings.Repeat(",?", len(args)-1)+`) ORDER BY at_ms, user_id`, args...)
	for _, r := range reads {
		m := &all[place[r.broadcast]]
		m.Reads = append(m.Reads, r.read)
	}
	return all, wrap("list", err)
}

func scan(r storage.Row) (m Message, err error) {
	var at, expires, ended int64
	err = r.Scan(&m.ID, &at, &m.By, &m.Urgent, &m.Text, &expires, &ended, &m.EndedBy)
	m.At, m.Expires, m.Ended = storage.Time(at), storage.Time(expires), storage.Time(ended)
	return m, err
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("broadcast: %s: %w", op, err)
}
