// Package reveals keeps who may see a caller's number outside a talk of their own: one person asks with a reason, a supervisor who is another allows
// it for minutes. In an emergency one person may look at once; then another looks at that afterwards. The number itself is not here.
package reveals

import (
	"context"
	"crypto/rand"
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

// Spans of a reveal.
const (
	Asking  = 30 * time.Minute // a wish that nobody decided is over then
	Looking = 10 * time.Minute // how long a number may be looked at
	// MostWords is how many characters a reason has at most; the least are 3.
	MostWords = 500
)

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("reveals: there is no such wish")
	ErrSame     = errors.New("reveals: another person has to decide")
	ErrOver     = errors.New("reveals: it is over, or was decided")
	ErrInvalid  = errors.New("reveals: a reason has 3 to 500 characters")
)

// State is how far a wish is.
type State string

// The states.
const (
	Asked     State = "asked"
	Approved  State = "approved"
	Refused   State = "refused"
	Emergency State = "emergency" // looked at by one person, to be reviewed by another
)

// Reveal is one wish to see a number.
type Reveal struct {
	ID         string
	Call       string
	AskedAt    time.Time
	AskedBy    string
	State      State
	DecidedAt  time.Time
	DecidedBy  string
	Until      time.Time
	Looks      int64
	ReviewedAt time.Time
	ReviewedBy string
	Justified  bool // as the review says
	Reason     string
	Answer     string // why it was refused, or what the review says
}

// Open tells whether the number may be looked at.
func (r Reveal) Open(now time.Time) bool {
	return (r.State == Approved || r.State == Emergency) && now.Before(r.Until)
}

// Waits tells whether another person has something to do with it.
func (r Reveal) Waits(now time.Time) bool {
	return r.State == Asked && now.Before(r.Until) || r.State == Emergency && r.ReviewedAt.IsZero()
}

// Store is the table of reveals.
type Store struct {
	db   *storage.DB
	keys casework.Sealer
	now  func() time.Time
}

// New uses the table of a database, which it brings to its newest form; several processes may do it at once.
func New(ctx context.Context, db *storage.DB, keys casework.Sealer) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "reveals", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, keys, time.Now}, nil
}

// Ask writes a wish down. One that the same person has for the call and that is still open is given back instead.
func (s *Store) Ask(ctx context.Context, call, reason, by string) (Reveal, error) {
	return s.add(ctx, Reveal{Call: call, AskedBy: by, State: Asked, Reason: reason}, Asking)
}

// Now writes down that one person looks at once, in an emergency: another is to review it.
func (s *Store) Now(ctx context.Context, call, reason, by string) (Reveal, error) {
	return s.add(ctx, Reveal{Call: call, AskedBy: by, State: Emergency, Reason: reason}, Looking)
}

func (s *Store) add(ctx context.Context, r Reveal, span time.Duration) (Reveal, error) {
	r.Reason = strings.TrimSpace(r.Reason)
	if n := utf8.RuneCountInString(r.Reason); n < 3 || n > MostWords || r.Call == "" || r.AskedBy == "" {
		return Reveal{}, ErrInvalid
	}
	r.ID, r.AskedAt = ulid.MustNew(ulid.Now(), rand.Reader).String(), storage.Time(storage.Millis(s.now()))
	r.Until = r.AskedAt.Add(span)
	sealed, err := s.keys.Seal(r.Reason, reasonContext(r.ID))
	if err != nil {
		return Reveal{}, wrap("ask", err)
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+columns+` FROM reveals WHERE asked_by = ? AND call_id = ? AND state = ? AND until_ms > ? ORDER BY asked_ms DESC LIMIT 1`, r.AskedBy,
			r.Call, r.State, storage.Millis(r.AskedAt))
		if err != nil {
			return err
		}
		have, err := storage.Collect(rows, s.scan)
		if err != nil {
			return err
		}
		if len(have) > 0 {
			r = have[0]
			return nil
		}
		_, err = tx.Exec(ctx, `INSERT INTO reveals (`+columns+`) VALUES (?,?,?,?,?,0,'',?,0,0,'',?,?,NULL)`, r.ID, r.Call, storage.Millis(r.AskedAt), r.AskedBy, r.State,
			storage.Millis(r.Until), false, sealed)
		return err
	})
	return r, wrap("ask", err)
}

// Approve lets who asked look for [Looking]. ErrSame for that person, ErrOver when it was decided or waited for too long.
func (s *Store) Approve(ctx context.Context, id, by string) (Reveal, error) {
	return s.step(ctx, id, by, "", false, func(r *Reveal, now time.Time) error {
		if r.State != Asked || !now.Before(r.Until) {
			return ErrOver
		}
		r.State, r.DecidedAt, r.DecidedBy, r.Until = Approved, now, by, now.Add(Looking)
		return nil
	})
}

// Refuse says no, and why.
func (s *Store) Refuse(ctx context.Context, id, why, by string) (Reveal, error) {
	return s.step(ctx, id, by, why, true, func(r *Reveal, now time.Time) error {
		if r.State != Asked || !now.Before(r.Until) {
			return ErrOver
		}
		r.State, r.DecidedAt, r.DecidedBy, r.Until = Refused, now, by, now
		return nil
	})
}

// Review says what another person thinks of a look in an emergency.
func (s *Store) Review(ctx context.Context, id string, justified bool, words, by string) (Reveal, error) {
	return s.step(ctx, id, by, words, true, func(r *Reveal, now time.Time) error {
		if r.State != Emergency || !r.ReviewedAt.IsZero() {
			return ErrOver
		}
		r.ReviewedAt, r.ReviewedBy, r.Justified = now, by, justified
		return nil
	})
}

func (s *Store) step(ctx context.Context, id, by, words string, needed bool, fn func(*Reveal, time.Time) error) (Reveal, error) {
	words = strings.TrimSpace(words)
	if n := utf8.RuneCountInString(words); n > MostWords || needed && n < 3 {
		return Reveal{}, ErrInvalid
	}
	var r Reveal
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if r, err = s.scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM reveals WHERE id = ?`, id)); err != nil {
			return found(err)
		}
		if r.AskedBy == by || by == "" {
			return ErrSame
		}
		if err := fn(&r, storage.Time(storage.Millis(s.now()))); err != nil {
			return err
		}
		var answer []byte
		if r.Answer = words; words != "" {
			if answer, err = s.keys.Seal(words, answerContext(id)); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `UPDATE reveals SET state = ?, decided_ms = ?, decided_by = ?, until_ms = ?, reviewed_ms = ?, reviewed_by = ?, justified = ?, answer = ? WHERE id = ?`,
			r.State, storage.Millis(r.DecidedAt), r.DecidedBy, storage.Millis(r.Until), storage.Millis(r.ReviewedAt), r.ReviewedBy, r.Justified, answer, id)
		return err
	})
	return r, wrap("decide", err)
}

// Get returns one wish. ErrNotFound.
func (s *Store) Get(ctx context.Context, id string) (Reveal, error) {
	r, err := s.scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM reveals WHERE id = ?`, id))
	return r, wrap("get", found(err))
}

// Look counts a look of who asked, and says for which call. ErrOver when there may be none (any more).
func (s *Store) Look(ctx context.Context, id, by string) (Reveal, error) {
	var r Reveal
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if r, err = s.scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM reveals WHERE id = ?`, id)); err != nil {
			return found(err)
		}
		if r.AskedBy != by || !r.Open(s.now()) {
			return ErrOver
		}
		r.Looks++
		_, err = tx.Exec(ctx, `UPDATE reveals SET looks = looks + 1 WHERE id = ?`, id)
		return err
	})
	return r, wrap("look", err)
}

// List returns the wishes with which somebody has still something to do, oldest first: all of them, or those of one person, and of that person also
// what may be looked at.
func (s *Store) List(ctx context.Context, of string) ([]Reveal, error) {
	now := storage.Millis(s.now())
	out, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM reveals WHERE (state = 'asked' AND until_ms > ? OR state = 'emergency' AND reviewed_ms = 0
		OR state IN ('approved', 'refused') AND until_ms > ? AND ? <> '') AND (? = '' OR asked_by = ?) ORDER BY asked_ms, id LIMIT 200`, now, now-Looking.Milliseconds(), of, of, of)
	return out, wrap("list", err)
}

// Waiting counts what supervisors have to decide or review.
func (s *Store) Waiting(ctx context.Context) (n int, err error) {
	err = s.db.QueryRow(ctx, `SELECT COUNT(*) FROM reveals WHERE state = 'asked' AND until_ms > ? OR state = 'emergency' AND reviewed_ms = 0`, storage.Millis(s.now())).Scan(&n)
	return n, wrap("count", err)
}

const columns = `id, call_id, asked_ms, asked_by, state, decided_ms, decided_by, until_ms, looks, reviewed_ms, reviewed_by, justified, reason, answer`

func (s *Store) scan(row storage.Row) (r Reveal, err error) {
	var asked, decided, until, reviewed int64
	var reason, answer []byte
	if err := row.Scan(&r.ID, &r.Call, &asked, &r.AskedBy, &r.State, &decided, &r.DecidedBy, &until, &r.Looks, &reviewed, &r.ReviewedBy, &r.Justified, &reason, &answer); err != nil {
		return r, err
	}
	r.AskedAt, r.DecidedAt, r.Until, r.ReviewedAt = storage.Time(asked), storage.Time(decided), storage.Time(until), storage.Time(reviewed)
	if r.Reason, err = s.keys.Open(reason, reasonContext(r.ID)); err != nil || len(answer) == 0 {
		return r, err
	}
	r.Answer, err = s.keys.Open(answer, answerContext(r.ID))
	return r, err
}

func reasonContext(id string) string { return "reveal:" + id }
func answerContext(id string) string { return "reveal-answer:" + id }

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
	return fmt.Errorf("reveals: %s: %w", op, err)
}
