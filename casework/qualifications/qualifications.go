// Package qualifications keeps training, supervision, qualifications and languages of the people who take calls, and says by the administrator's
// requirements whose calls may come to them. See docs/decisions/0027: a requirement that lapsed keeps calls of a line from being offered, and nothing
// else; it never ends what is under way, and a supervisor can open the line all the same.
package qualifications

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Bounds.
const (
	MostNote    = 200 // characters
	MostMinutes = 24 * 60
	LeastReason = 3 // characters of a reason
	MostReason  = 500
	// LongestWaiver is how long a line is opened at most at once: who needs more decides again.
	LongestWaiver = 24 * time.Hour
	waiversKept   = 200 // of the history that is shown
)

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("qualifications: there is no such row")
	ErrInvalid  = errors.New("qualifications: this cannot be recorded")
	// ErrOwn says that nobody records of themselves.
	ErrOwn    = errors.New("qualifications: another person records this")
	ErrReason = errors.New("qualifications: a reason has 3 to 500 characters")
	ErrSpan   = errors.New("qualifications: a line is opened for an hour to a day")
)

// Record is one entry of a person.
type Record struct {
	ID      string // ULID
	Person  string // user id
	Kind    Kind
	Topic   string // id of a topic; empty for supervision
	Minutes int    // of training and supervision
	Day     Day    // of a qualification: its first day
	Expires Day    // of a qualification: its last day; 0: it does not end
	Note    string
	At      time.Time // recorded
	By      string    // user id
	Void    time.Time // zero: it counts
	VoidBy  string
	VoidWhy string
}

// Check tells whether a record makes sense today, under requirements that name its topic: ErrInvalid, ErrOwn.
func (r Record) Check(q Requirements, today Day) error {
	timed := r.Kind == Training || r.Kind == Supervision
	switch {
	case r.Person == "" || r.By == "":
		return fmt.Errorf("%w: of whom and by whom are needed", ErrInvalid)
	case r.Person == r.By:
		return ErrOwn
	case !slices.Contains(Kinds(), r.Kind):
		return fmt.Errorf("%w: kind", ErrInvalid)
	case (r.Kind == Supervision) != (r.Topic == ""),
		r.Topic != "" && !slices.ContainsFunc(q.Topics, func(t Topic) bool { return t.ID == r.Topic && t.Kind == r.Kind }):
		return fmt.Errorf("%w: topic", ErrInvalid)
	case timed != (r.Minutes > 0), r.Minutes < 0, r.Minutes > MostMinutes:
		return fmt.Errorf("%w: minutes", ErrInvalid)
	case r.Day <= 0, timed && r.Day > today, r.Day > today+366:
		return fmt.Errorf("%w: date", ErrInvalid)
	case r.Expires != 0 && (r.Kind != Qualification || r.Expires < r.Day):
		return fmt.Errorf("%w: end", ErrInvalid)
	case !utf8.ValidString(r.Note), utf8.RuneCountInString(r.Note) > MostNote, strings.ContainsFunc(r.Note, unicode.IsControl):
		return fmt.Errorf("%w: note", ErrInvalid)
	}
	return nil
}

// Store is the tables of this package.
type Store struct {
	db  *storage.DB
	now func() time.Time
}

// Open brings the tables to their newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "qualifications", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, time.Now}, nil
}

// Add writes a record; today is the date where the site is. Errors: ErrInvalid, ErrOwn.
func (s *Store) Add(ctx context.Context, q Requirements, r Record, today Day) (Record, error) {
	r.Note = strings.TrimSpace(r.Note)
	if err := r.Check(q, today); err != nil {
		return Record{}, err
	}
	r.ID, r.At, r.Void, r.VoidBy, r.VoidWhy = ulid.Make().String(), storage.Time(storage.Millis(s.now())), time.Time{}, "", ""
	_, err := s.db.Exec(ctx, `INSERT INTO staff_records (`+columns+`) VALUES (?,?,?,?,?,?,?,?,?,?,0,'','')`,
		r.ID, r.Person, string(r.Kind), r.Topic, r.Minutes, int(r.Day), int(r.Expires), r.Note, storage.Millis(r.At), r.By)
	return r, wrap("add", err)
}

// Void says that a record was a mistake; it stays to be read. Said before: nothing changes. ErrNotFound, ErrOwn (nobody judges of themselves), ErrReason.
func (s *Store) Void(ctx context.Context, id, by, why string) (Record, error) {
	why, err := reason(why)
	if err != nil {
		return Record{}, err
	}
	var out Record
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		out, err = scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM staff_records WHERE id = ?`, id))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return err
		case out.Person == by:
			return ErrOwn
		case !out.Void.IsZero():
			return nil
		}
		out.Void, out.VoidBy, out.VoidWhy = storage.Time(storage.Millis(s.now())), by, why
		_, err = tx.Exec(ctx, `UPDATE staff_records SET void_ms = ?, void_by = ?, void_why = ? WHERE id = ?`, storage.Millis(out.Void), by, why, id)
		return err
	})
	return out, wrap("void", err)
}

func reason(text string) (string, error) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n < LeastReason || n > MostReason || !utf8.ValidString(text) {
		return "", ErrReason
	}
	return text, nil
}

// Of returns a person's records, those that are void too, newest day first.
func (s *Store) Of(ctx context.Context, person string) ([]Record, error) {
	out, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM staff_records WHERE person = ? ORDER BY day DESC, recorded_ms DESC, id DESC`, person)
	return out, wrap("read", err)
}

// Everybody is the records that count, by person.
func (s *Store) Everybody(ctx context.Context) (map[string][]Record, error) {
	all, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM staff_records WHERE void_ms = 0`)
	out := map[string][]Record{}
	for _, r := range all {
		out[r.Person] = append(out[r.Person], r)
	}
	return out, wrap("read all", err)
}

const columns = `id, person, kind, topic, minutes, day, expires, note, recorded_ms, recorded_by, void_ms, void_by, void_why`

func scan(row storage.Row) (r Record, err error) {
	var at, void int64
	err = row.Scan(&r.ID, &r.Person, &r.Kind, &r.Topic, &r.Minutes, &r.Day, &r.Expires, &r.Note, &at, &r.By, &void, &r.VoidBy, &r.VoidWhy)
	r.At, r.Void = storage.Time(at), storage.Time(void)
	return r, err
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("qualifications: %s: %w", op, err)
}
