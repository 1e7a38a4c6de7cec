// Package debriefs keeps the wish of a counsellor to talk about a call with a supervisor, until a supervisor says that it was done.
package debriefs

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/casework"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// MostWords is how many characters a wish may have.
const MostWords = 1000

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("debriefs: there is no such wish")
	// ErrOwn says that the person who wished it cannot be the one who gave it.
	ErrOwn     = errors.New("debriefs: another person than who wished it says that it was done")
	ErrInvalid = errors.New("debriefs: the words are too long")
)

// Debrief is one wish.
type Debrief struct {
	ID     string // ULID
	Agent  string // user id
	Call   string // empty: no call in particular
	At     time.Time
	Words  string // as the counsellor said it; may be empty
	Done   time.Time
	DoneBy string
}

// Store is the table of wishes.
type Store struct {
	db   *storage.DB
	keys casework.Sealer
	now  func() time.Time
}

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB, keys casework.Sealer) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "debriefs", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, keys, time.Now}, nil
}

// Ask writes a wish down. While one of the same person about the same call is open, that one is returned; new words take the place of its words.
func (s *Store) Ask(ctx context.Context, agent, call, words string) (Debrief, error) {
	words = strings.TrimSpace(words)
	if agent == "" {
		return Debrief{}, errors.New("debriefs: ask: who is needed")
	}
	if !utf8.ValidString(words) || utf8.RuneCountInString(words) > MostWords {
		return Debrief{}, ErrInvalid
	}
	id := ulid.Make().String()
	var out Debrief
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO debriefs (id, agent, call_id, at_ms, done_ms, done_by) VALUES (?,?,?,?,0,'')
			ON CONFLICT (agent, call_id) WHERE done_ms = 0 DO NOTHING`, id, agent, call, storage.Millis(s.now())); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT id FROM debriefs WHERE agent = ? AND call_id = ? AND done_ms = 0`, agent, call).Scan(&id); err != nil {
			return err
		}
		if words != "" {
			sealed, err := s.keys.Seal(words, sealedAs(id))
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE debriefs SET words = ? WHERE id = ?`, sealed, id); err != nil {
				return err
			}
		}
		var err error
		out, err = s.scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM debriefs WHERE id = ?`, id))
		return err
	})
	return out, wrap("ask", err)
}

// List returns the wishes that wait, oldest first, and after them those that were done since a time, newest first; at most limit.
func (s *Store) List(ctx context.Context, since time.Time, limit int) ([]Debrief, error) {
	out, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM debriefs WHERE done_ms = 0 OR done_ms >= ?
		ORDER BY CASE WHEN done_ms = 0 THEN 0 ELSE 1 END, CASE WHEN done_ms = 0 THEN at_ms ELSE -done_ms END, id LIMIT ?`, storage.Millis(since), limit)
	return out, wrap("list", err)
}

// Of returns a person's own wishes since a time and those that still wait, newest first.
func (s *Store) Of(ctx context.Context, agent string, since time.Time) ([]Debrief, error) {
	out, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM debriefs WHERE agent = ? AND (done_ms = 0 OR at_ms >= ?)
		ORDER BY at_ms DESC, id DESC LIMIT 100`, agent, storage.Millis(since))
	return out, wrap("list", err)
}

// Waiting counts the wishes that wait.
func (s *Store) Waiting(ctx context.Context) (n int, err error) {
	err = s.db.QueryRow(ctx, `SELECT COUNT(*) FROM debriefs WHERE done_ms = 0`).Scan(&n)
	return n, wrap("count", err)
}

// Done says that a supervisor talked with the counsellor. Said before: nothing changes. ErrNotFound, ErrOwn.
func (s *Store) Done(ctx context.Context, id, by string) (Debrief, error) {
	var out Debrief
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		out, err = s.scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM debriefs WHERE id = ?`, id))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return err
		case out.Agent == by:
			return ErrOwn
		case !out.Done.IsZero():
			return nil
		}
		out.Done, out.DoneBy = storage.Time(storage.Millis(s.now())), by
		_, err = tx.Exec(ctx, `UPDATE debriefs SET done_ms = ?, done_by = ? WHERE id = ?`, storage.Millis(out.Done), by, id)
		return err
	})
	return out, wrap("done", err)
}

const columns = `id, agent, call_id, at_ms, words, done_ms, done_by`

func (s *Store) scan(r storage.Row) (d Debrief, err error) {
	var at, done int64
	var sealed []byte
	if err := r.Scan(&d.ID, &d.Agent, &d.Call, &at, &sealed, &done, &d.DoneBy); err != nil {
		return d, err
	}
	d.At, d.Done = storage.Time(at), storage.Time(done)
	if sealed != nil {
		d.Words, err = s.keys.Open(sealed, sealedAs(d.ID))
	}
	return d, err
}

func sealedAs(id string) string { return "debrief:" + id }

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("debriefs: %s: %w", op, err)
}
