// Package exports keeps who asked for a copy of a recording, who decided, and that it was fetched once. Two people are needed for every copy. What they
// write is sealed; the mark by which a copy is known again is made here.
package exports

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
	reasonLeast = 3 // characters
	reasonMost  = 500
	shortest    = time.Second
	// DecideWithin is how long a wish waits for a second person.
	DecideWithin = 7 * 24 * time.Hour
	// FetchWithin is how long a granted copy waits to be fetched.
	FetchWithin = 24 * time.Hour
)

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("exports: there is no such wish")
	ErrReason   = errors.New("exports: a reason of 3 to 500 characters is needed")
	ErrSpan     = errors.New("exports: the copy must be a second long at least, and within the recording")
	ErrOwn      = errors.New("exports: another person than who asked decides")
	ErrOver     = errors.New("exports: it was decided, fetched, or its time is over")
	ErrNotYours = errors.New("exports: only who asked for it fetches it")
)

// State is how far a wish has come.
type State string

// The states.
const (
	Asked   State = "asked"
	Granted State = "granted"
	Refused State = "refused"
	Fetched State = "fetched"
	Expired State = "expired" // nobody decided, or it was not fetched, in time
)

// Export is one wish.
type Export struct {
	ID        string // ULID
	Recording string
	From, To  time.Duration // on the recording's time line
	By        string
	At        time.Time
	Reason    string // empty once the recording is erased
	DecidedBy string
	Decided   time.Time
	Granted   bool
	Why       string // it was refused
	Until     time.Time
	Fetched   time.Time
	Mark      [32]byte // seed of the mark in the copy
}

// State tells how far it has come at a time.
func (e Export) State(now time.Time) State {
	switch {
	case !e.Fetched.IsZero():
		return Fetched
	case e.DecidedBy != "" && !e.Granted:
		return Refused
	case !now.Before(e.Until):
		return Expired
	case e.Granted:
		return Granted
	}
	return Asked
}

// sealer seals a text for one row.
type sealer interface {
	Seal(plaintext, context string) ([]byte, error)
	Open(sealed []byte, context string) (string, error)
}

// Store is the table of wishes. It is safe for concurrent use.
type Store struct {
	db   *storage.DB
	seal sealer
	now  func() time.Time
}

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB, seal sealer) (*Store, error) {
	if seal == nil {
		return nil, errors.New("exports: a sealer is needed")
	}
	if err := db.MigrateEmbedded(ctx, "exports", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, seal, time.Now}, nil
}

// Ask keeps a wish for the sound from a moment up to another, within a recording of a length. Durable when it returns. ErrReason, ErrSpan.
func (s *Store) Ask(ctx context.Context, recording string, from, to, length time.Duration, by, reason string) (Export, error) {
	reason, err := clean(reason)
	if err != nil {
		return Export{}, err
	}
	if from < 0 || to > length || to-from < shortest {
		return Export{}, ErrSpan
	}
	if recording == "" || by == "" {
		return Export{}, errors.New("exports: a recording and who asks are needed")
	}
	now := s.instant()
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return Export{}, wrap("ask", err)
	}
	e := Export{ID: id.String(), Recording: recording, From: from.Truncate(time.Millisecond), To: to.Truncate(time.Millisecond), By: by, At: now, Reason: reason, Until: now.Add(DecideWithin)}
	if _, err := rand.Read(e.Mark[:]); err != nil {
		return Export{}, wrap("ask", err)
	}
	sealed, err := s.seal.Seal(reason, sealContext(e.ID, "reason"))
	if err != nil {
		return Export{}, wrap("ask", err)
	}
	_, err = s.db.Exec(ctx, `INSERT INTO recording_exports (`+columns+`) VALUES (?,?,?,?,?,?,?,'',0,?,NULL,?,0,?)`,
		e.ID, recording, e.From.Milliseconds(), e.To.Milliseconds(), by, storage.Millis(now), sealed, false, storage.Millis(e.Until), e.Mark[:])
	return e, wrap("ask", err)
}

// Decide grants or refuses a wish of somebody else; refusing needs a reason. ErrNotFound, ErrOwn, ErrOver, ErrReason.
func (s *Store) Decide(ctx context.Context, id, by string, grant bool, why string) (e Export, err error) {
	var sealed []byte
	if !grant {
		if why, err = clean(why); err != nil {
			return e, err
		}
		if sealed, err = s.seal.Seal(why, sealContext(id, "why")); err != nil {
			return e, wrap("decide", err)
		}
	}
	err = s.change(ctx, id, func(tx *storage.Tx, now time.Time) error {
		if e, err = s.get(ctx, tx, id); err != nil {
			return err
		}
		if e.State(now) != Asked {
			return ErrOver
		}
		if e.By == by {
			return ErrOwn
		}
		e.DecidedBy, e.Decided, e.Granted, e.Why = by, now, grant, ""
		if grant {
			e.Until = now.Add(FetchWithin)
		} else {
			e.Why = why
		}
		_, err = tx.Exec(ctx, `UPDATE recording_exports SET decided_by = ?, decided_ms = ?, granted = ?, why = ?, until_ms = ? WHERE id = ?`,
			by, storage.Millis(now), grant, sealed, storage.Millis(e.Until), id)
		return err
	})
	return e, err
}

// Fetch takes the one fetching of a granted copy; whoever comes second gets ErrOver. ErrNotFound, ErrNotYours.
func (s *Store) Fetch(ctx context.Context, id, by string) (e Export, err error) {
	err = s.change(ctx, id, func(tx *storage.Tx, now time.Time) error {
		if e, err = s.get(ctx, tx, id); err != nil {
			return err
		}
		if e.By != by {
			return ErrNotYours
		}
		if e.State(now) != Granted {
			return ErrOver
		}
		e.Fetched = now
		_, err = tx.Exec(ctx, `UPDATE recording_exports SET fetched_ms = ? WHERE id = ?`, storage.Millis(now), id)
		return err
	})
	return e, err
}

func (s *Store) instant() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// change runs fn alone: two decisions, or two fetchings, at once are one after the other.
func (s *Store) change(ctx context.Context, id string, fn func(tx *storage.Tx, now time.Time) error) error {
	return wrap("change", s.db.InTx(ctx, func(tx *storage.Tx) error {
		// The write first: it holds the row, on PostgreSQL too, until the end.
		if _, err := tx.Exec(ctx, `UPDATE recording_exports SET id = id WHERE id = ?`, id); err != nil {
			return err
		}
		return fn(tx, s.instant())
	}))
}

func clean(text string) (string, error) {
	text, ok := casework.Line(text, reasonLeast, reasonMost)
	if !ok {
		return "", ErrReason
	}
	return text, nil
}

// A text opens in its own row and column only.
func sealContext(id, column string) string { return "export:" + id + ":" + column }

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("exports: %s: %w", op, err)
}
