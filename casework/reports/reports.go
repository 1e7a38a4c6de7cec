// Package reports sees to it that harm to a minor is asked about and reported. Each minor whom a call is about opens a task. That there is no sign of
// harm one person can say; a suspicion, once said, is closed by two: one says that it was reported, or why it is not, another confirms. For children
// under 14 a guardian's consent is noted, or the emergency that stands for it.
package reports

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

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("reports: there is no such report")
	ErrSame     = errors.New("reports: another person has to confirm it")
	ErrState    = errors.New("reports: that does not fit its state")
	ErrInvalid  = errors.New("reports: not what a report can take")
	// ErrGuardian says that the word of a guardian, or the emergency, is not noted.
	ErrGuardian = errors.New("reports: a guardian's consent or the emergency has to be noted")
)

// State is how far a task is.
type State string

// The states.
const (
	Open     State = "open"
	Proposed State = "proposed" // somebody says how it is to be closed
	Closed   State = "closed"
)

// Harm is what is known of harm to a minor.
type Harm string

// What is known of it.
const (
	NotAsked  Harm = ""
	NoSign    Harm = "none"
	Suspected Harm = "suspected"
)

// Outcome is how a task was closed.
type Outcome string

// The outcomes.
const (
	NoHarm    Outcome = "none" // no sign of harm
	Reported  Outcome = "reported"
	Dismissed Outcome = "dismissed" // the suspicion was wrong, or others have reported it
)

// Guardian is what stands for keeping what is known of a child.
type Guardian string

// What can stand for it. Refused does not: an emergency has to.
const (
	Consent   Guardian = "consent"
	Emergency Guardian = "emergency"
	Refused   Guardian = "refused"
)

// MostWords is how many characters a reason has at most; the least are 3.
const MostWords = 1000

// Report is one task.
type Report struct {
	ID         string
	Call       string
	File       string
	Line       string
	Child      bool // under 14
	Opened     time.Time
	OpenedBy   string
	Harm       Harm
	HarmAt     time.Time
	HarmBy     string
	State      State
	Due        time.Time
	Outcome    Outcome
	ProposedAt time.Time
	ProposedBy string
	ClosedAt   time.Time
	ClosedBy   string
	Guardian   Guardian
	GuardianAt time.Time
	GuardianBy string
}

// Overdue tells whether the deadline of an open task is over.
func (r Report) Overdue(now time.Time) bool { return r.State != Closed && now.After(r.Due) }

// NeedsGuardian tells whether the guardian's word or the emergency is still to be noted.
func (r Report) NeedsGuardian() bool {
	return r.Child && r.Guardian != Consent && r.Guardian != Emergency
}

// Act is one thing that was said of a report.
type Act struct {
	Kind  string // open, harm, propose, confirm, refuse, guardian
	At    time.Time
	By    string
	What  string // the harm, outcome or guardian's word
	Words string
}

// Rules say until when, by what the site's policy says now. A deadline is counted by what holds when it begins, and stays what it is when that changes.
type Rules interface {
	// Minors gives how long there is to ask about harm, from when the task is opened, and to report a suspicion, from when it was said.
	Minors(ctx context.Context) (ask, report time.Duration, err error)
}

// Store is the tables of reports.
type Store struct {
	db    *storage.DB
	keys  casework.Sealer
	rules Rules
	now   func() time.Time
}

// New uses the tables of a database, which it brings to their newest form; several processes may do it at once.
func New(ctx context.Context, db *storage.DB, keys casework.Sealer, rules Rules) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "reports", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, keys, rules, time.Now}, nil
}

const columns = `id, call_id, file_id, line, child, opened_ms, opened_by, harm, harm_ms, harm_by, state, due_ms, outcome, proposed_ms, proposed_by, closed_ms, closed_by,
	guardian, guardian_ms, guardian_by`

func scan(row storage.Row) (r Report, err error) {
	var opened, harm, due, proposed, closed, guardian int64
	err = row.Scan(&r.ID, &r.Call, &r.File, &r.Line, &r.Child, &opened, &r.OpenedBy, &r.Harm, &harm, &r.HarmBy, &r.State, &due, &r.Outcome, &proposed, &r.ProposedBy,
		&closed, &r.ClosedBy, &r.Guardian, &guardian, &r.GuardianBy)
	r.Opened, r.HarmAt, r.Due, r.ProposedAt = storage.Time(opened), storage.Time(harm), storage.Time(due), storage.Time(proposed)
	r.ClosedAt, r.GuardianAt = storage.Time(closed), storage.Time(guardian)
	return r, err
}

// Get returns one task. ErrNotFound.
func (s *Store) Get(ctx context.Context, id string) (Report, error) {
	r, err := scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM minor_reports WHERE id = ?`, id))
	return r, wrap("get", found(err))
}

// Unclosed returns the tasks that are not closed, the most urgent first, at most limit.
func (s *Store) Unclosed(ctx context.Context, limit int) ([]Report, error) {
	out, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM minor_reports WHERE state <> 'closed' ORDER BY due_ms, id LIMIT ?`, limit)
	return out, wrap("list", err)
}

// Waiting counts the tasks that are not closed, and those of them whose deadline is over.
func (s *Store) Waiting(ctx context.Context) (open, overdue int, err error) {
	err = s.db.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN due_ms < ? THEN 1 ELSE 0 END), 0) FROM minor_reports WHERE state <> 'closed'`,
		storage.Millis(s.now())).Scan(&open, &overdue)
	return open, overdue, wrap("count", err)
}

// OfFiles returns the tasks about a person, newest first. parts are the files that stand for them.
func (s *Store) OfFiles(ctx context.Context, parts []string) ([]Report, error) {
	list, args := storage.In(parts)
	out, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM minor_reports WHERE file_id IN `+list+` ORDER BY opened_ms DESC, id`, args...)
	return out, wrap("of a file", err)
}

// OfCall returns the tasks about the minors of a call.
func (s *Store) OfCall(ctx context.Context, call string) ([]Report, error) {
	out, err := storage.Select(ctx, s.db, scan, `SELECT `+columns+` FROM minor_reports WHERE call_id = ? ORDER BY opened_ms, id`, call)
	return out, wrap("of a call", err)
}

// Acts returns what was said of a task, in order.
func (s *Store) Acts(ctx context.Context, id string) ([]Act, error) {
	out, err := storage.Select(ctx, s.db, func(r storage.Row) (a Act, err error) {
		var act string
		var at int64
		var sealed []byte
		if err := r.Scan(&act, &a.Kind, &at, &a.By, &a.What, &sealed); err != nil {
			return a, err
		}
		a.At = storage.Time(at)
		if len(sealed) > 0 {
			a.Words, err = s.keys.Open(sealed, actContext(act))
		}
		return a, err
	}, `SELECT id, kind, at_ms, by_id, what, sealed FROM minor_report_acts WHERE report = ? ORDER BY at_ms, id`, id)
	return out, wrap("acts", err)
}

func actContext(act string) string { return "minor-report:" + act }

func words(text string, needed bool) (string, error) {
	text = strings.TrimSpace(text)
	n := utf8.RuneCountInString(text)
	if n > MostWords || !utf8.ValidString(text) || needed && n < 3 {
		return "", ErrInvalid
	}
	return text, nil
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
	return fmt.Errorf("reports: %s: %w", op, err)
}
