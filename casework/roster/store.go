package roster

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hotline/storage"
	"hotline/storage/documents"
)

// Errors a caller branches on.
var (
	// ErrSpan says that days cannot be published: none, more than MostDays, or some that are past.
	ErrSpan = errors.New("roster: one to 92 days from today on can be published")
	// ErrFeed says that an address of a calendar is nobody's, or was revoked.
	ErrFeed = errors.New("roster: there is no such calendar")
)

// GapError is the error of a publication that would leave hours without a supervisor.
type GapError struct{ Gaps []Span }

func (e *GapError) Error() string {
	return fmt.Sprintf("roster: %d times without a supervisor, the first from %s", len(e.Gaps), e.Gaps[0].From.Format(time.RFC3339))
}

// MostDays is how many days one publication has at most.
const MostDays = 92

// Publication says that a version holds for days.
type Publication struct {
	N        int
	Version  int
	FromDate string // local
	ToDate   string // the first day that is not in it
	Span     Span
	At       time.Time
	By, Note string
}

//go:embed migrations/*.sql
var migrations embed.FS

// Store keeps the versions, what of them was published, and the addresses of calendars.
type Store struct {
	Versions *documents.Store[Roster]

	db  *storage.DB
	now func() time.Time
}

// Open brings the tables to their newest form and returns the store.
func Open(ctx context.Context, db *storage.DB) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "roster", migrations); err != nil {
		return nil, wrap("open", err)
	}
	docs, err := documents.Open(ctx, db, documents.Kind[Roster]{Name: "roster", Most: MostDocument, First: First, Check: Roster.Validate})
	if err != nil {
		return nil, wrap("open", err)
	}
	return &Store{docs, db, time.Now}, nil
}

// Days is the span of days, from the beginning of the first to that of the one after the last, in the roster's zone. ErrSpan.
func (r Roster) Days(from, to string) (Span, error) {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return Span{}, ErrSpan
	}
	first, err1 := time.Parse(time.DateOnly, from)
	last, err2 := time.Parse(time.DateOnly, to)
	if err1 != nil || err2 != nil || !first.Before(last) || last.Sub(first) > MostDays*24*time.Hour {
		return Span{}, ErrSpan
	}
	return Span{at(first, 0, 0, zone), at(last, 0, 0, zone)}, nil
}

// Check tells whether a version can be published for days, and of what span that is. Errors: ErrSpan, *GapError, documents.ErrNone, documents.ErrNote.
func (s *Store) Check(ctx context.Context, version int, from, to, note string, fit func(string, Role) string) (Span, error) {
	if utf8.RuneCountInString(note) > documents.NoteMost {
		return Span{}, documents.ErrNote
	}
	v, err := s.Versions.Get(ctx, version)
	if err != nil {
		return Span{}, err
	}
	span, err := v.Doc.Days(from, to)
	if err != nil {
		return Span{}, err
	}
	zone, err := time.LoadLocation(v.Doc.Zone)
	if err != nil {
		return Span{}, wrap("publish", err)
	}
	if from < s.now().In(zone).Format(time.DateOnly) {
		return Span{}, ErrSpan
	}
	if gaps := v.Doc.Review(span.From, span.To, fit).Gaps; len(gaps) > 0 {
		return Span{}, &GapError{gaps}
	}
	return span, nil
}

// Publish makes a version hold for days; it is refused as Check refuses.
func (s *Store) Publish(ctx context.Context, version int, from, to, by, note string, fit func(string, Role) string) (Publication, error) {
	span, err := s.Check(ctx, version, from, to, note, fit)
	if err != nil {
		return Publication{}, err
	}
	if by == "" {
		return Publication{}, documents.ErrNobody
	}
	p := Publication{
		Version: version, FromDate: from, ToDate: to, Span: span, At: storage.Time(storage.Millis(s.now())), By: by, Note: strings.TrimSpace(note),
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(n), 0) + 1 FROM roster_publications`).Scan(&p.N); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO roster_publications (`+publicationColumns+`) VALUES (?,?,?,?,?,?,?,?,?)`, p.N, p.Version, p.FromDate, p.ToDate,
			storage.Millis(p.Span.From), storage.Millis(p.Span.To), storage.Millis(p.At), p.By, p.Note)
		return err
	})
	return p, wrap("publish", err)
}

const publicationColumns = `n, version, from_date, to_date, from_ms, to_ms, at_ms, by_who, note`

func scanPublication(row storage.Row) (p Publication, err error) {
	var from, to, made int64
	err = row.Scan(&p.N, &p.Version, &p.FromDate, &p.ToDate, &from, &to, &made, &p.By, &p.Note)
	p.Span, p.At = Span{storage.Time(from), storage.Time(to)}, storage.Time(made)
	return p, err
}

// Publications are at most limit, newest first.
func (s *Store) Publications(ctx context.Context, limit int) ([]Publication, error) {
	all, err := storage.Select(ctx, s.db, scanPublication, `SELECT `+publicationColumns+` FROM roster_publications ORDER BY n DESC LIMIT ?`, min(max(limit, 1), 500))
	return all, wrap("publications", err)
}

// OnDuty are the times of work that are going on at a moment, as published; empty when nothing was published for it.
func (s *Store) OnDuty(ctx context.Context, at time.Time) ([]Occurrence, error) {
	p, err := scanPublication(s.db.QueryRow(ctx, `SELECT `+publicationColumns+` FROM roster_publications WHERE from_ms <= ? AND to_ms > ? ORDER BY n DESC LIMIT 1`,
		storage.Millis(at), storage.Millis(at)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, wrap("on duty", err)
	}
	v, err := s.Versions.Get(ctx, p.Version)
	if err != nil {
		return nil, err
	}
	return v.Doc.Between(at, at.Add(time.Millisecond)), nil
}

// Published are the times of work that begin in a span, as published, of one person or (empty) of all.
func (s *Store) Published(ctx context.Context, from, to time.Time, person string) ([]Occurrence, error) {
	all, err := storage.Select(ctx, s.db, scanPublication, `SELECT `+publicationColumns+` FROM roster_publications WHERE from_ms < ? AND to_ms > ? ORDER BY n DESC`,
		storage.Millis(to), storage.Millis(from))
	if err != nil {
		return nil, wrap("published", err)
	}
	var out []Occurrence
	left, docs := []Span{{from, to}}, map[int]Roster{}
	for _, p := range all {
		doc, known := docs[p.Version]
		if !known {
			v, err := s.Versions.Get(ctx, p.Version)
			if err != nil {
				return nil, err
			}
			doc, docs[p.Version] = v.Doc, v.Doc
		}
		for _, span := range left {
			for _, part := range within([]Span{p.Span}, span.From, span.To) {
				for _, o := range doc.Between(part.From, part.To) {
					if !o.Start.Before(part.From) && (person == "" || o.Person == person) {
						out = append(out, o)
					}
				}
			}
		}
		if left = without(left, []Span{p.Span}); len(left) == 0 {
			break
		}
	}
	return out, nil
}

// NewFeed makes an address for a person's calendar program and revokes those from before; the token is told only now.
func (s *Store) NewFeed(ctx context.Context, person string) (token string, err error) {
	token = rand.Text()
	now := storage.Millis(s.now())
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE roster_feeds SET revoked_ms = ? WHERE person = ? AND revoked_ms = 0`, now, person); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO roster_feeds (token_hash, person, made_ms, revoked_ms) VALUES (?,?,?,0)`, hashOf(token), person, now)
		return err
	})
	return token, wrap("new feed", err)
}

// RevokeFeed makes a person's addresses answer nothing any more.
func (s *Store) RevokeFeed(ctx context.Context, person string) error {
	_, err := s.db.Exec(ctx, `UPDATE roster_feeds SET revoked_ms = ? WHERE person = ? AND revoked_ms = 0`, storage.Millis(s.now()), person)
	return wrap("revoke feed", err)
}

// FeedOf is whose calendar a token opens. ErrFeed.
func (s *Store) FeedOf(ctx context.Context, token string) (person string, err error) {
	err = s.db.QueryRow(ctx, `SELECT person FROM roster_feeds WHERE token_hash = ? AND revoked_ms = 0`, hashOf(token)).Scan(&person)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrFeed
	}
	return person, wrap("feed", err)
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte("roster feed " + token))
	return hex.EncodeToString(sum[:])
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("roster: %s: %w", op, err)
}
