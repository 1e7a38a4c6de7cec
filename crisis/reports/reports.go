// Package reports keeps the reports of incidents to the authority: what was filed, in versions, sealed. That one is due, and that it was filed, is the
// incident's own to know.
package reports

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"hotline/crisis"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// MostAnswer is how many characters an answer may have.
const MostAnswer = 4000

// ErrIncomplete says that an answer that the form needs is missing, that one is too long, or that there is one for no field.
var ErrIncomplete = errors.New("reports: the report does not fit its form")

// Report is one version of what was filed.
type Report struct {
	Incident string
	Version  int // from 1
	Policy   int // version of the policy whose form it is
	Answers  map[string]string
	By       string
	At       time.Time
}

// Store is the table of reports.
type Store struct {
	db   *storage.DB
	seal crisis.Sealer
	now  func() time.Time
}

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB, seal crisis.Sealer) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "incident_reports", migrations); err != nil {
		return nil, fmt.Errorf("reports: tables: %w", err)
	}
	return &Store{db, seal, time.Now}, nil
}

// Check tells whether answers fit a form; ErrIncomplete.
func Check(form crisis.ReportForm, answers map[string]string) error {
	known := map[string]bool{}
	for _, f := range form.Fields {
		known[f.ID] = true
		if f.Required && strings.TrimSpace(answers[f.ID]) == "" {
			return fmt.Errorf("%w: %s is missing", ErrIncomplete, f.ID)
		}
	}
	for id, text := range answers {
		if !known[id] || !utf8.ValidString(text) || utf8.RuneCountInString(text) > MostAnswer {
			return fmt.Errorf("%w: %q", ErrIncomplete, id)
		}
	}
	return nil
}

func sealedAs(incident string, version int) string {
	return "incident_report:" + incident + ":" + strconv.Itoa(version)
}

// File keeps a report as the newest version. The same answers again are the same version, so that a request that comes twice files once.
func (s *Store) File(ctx context.Context, r Report) (Report, error) {
	text, err := json.Marshal(r.Answers)
	if err != nil {
		return r, fmt.Errorf("reports: file: %w", err)
	}
	r.At = storage.Time(storage.Millis(s.now()))
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		last, err := s.newest(ctx, tx, r.Incident)
		if err != nil {
			return err
		}
		if last.Version > 0 && same(last.Answers, r.Answers) {
			r = last
			return nil
		}
		r.Version = last.Version + 1
		sealed, err := s.seal.Seal(string(text), sealedAs(r.Incident, r.Version))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO incident_reports (incident, version, policy, at_ms, by_who, answers) VALUES (?,?,?,?,?,?)`,
			r.Incident, r.Version, r.Policy, storage.Millis(r.At), r.By, sealed)
		return err
	})
	if err != nil {
		return r, fmt.Errorf("reports: file: %w", err)
	}
	return r, nil
}

func same(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || w != v {
			return false
		}
	}
	return true
}

// Of is the newest report of an incident; false when none was filed.
func (s *Store) Of(ctx context.Context, incident string) (Report, bool, error) {
	r, err := s.newest(ctx, s.db, incident)
	if err != nil {
		return r, false, fmt.Errorf("reports: read: %w", err)
	}
	return r, r.Version > 0, nil
}

type reader interface {
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *Store) newest(ctx context.Context, from reader, incident string) (Report, error) {
	r := Report{Incident: incident}
	var at int64
	var sealed []byte
	err := from.QueryRow(ctx, `SELECT version, policy, at_ms, by_who, answers FROM incident_reports WHERE incident = ? ORDER BY version DESC LIMIT 1`,
		incident).Scan(&r.Version, &r.Policy, &at, &r.By, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return Report{Incident: incident}, nil
	}
	if err != nil {
		return r, err
	}
	r.At = storage.Time(at)
	text, err := s.seal.Open(sealed, sealedAs(incident, r.Version))
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal([]byte(text), &r.Answers)
}
