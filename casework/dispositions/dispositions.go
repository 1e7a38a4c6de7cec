// Package dispositions keeps what a counsellor says of a call when it is over: whether suicide danger was asked about, and what the call was
// about. The clinical assessment and the incident are other records.
package dispositions

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/casework"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Record is one filled-in form.
type Record struct {
	ID       string // ULID
	Call     string
	At       time.Time
	Agent    string // user id
	Form     int64  // version of the form
	Danger   Danger
	Reason   string // why it was not possible to ask; sealed in the table
	Problems []string
}

// Store is the table of dispositions.
type Store struct {
	db   *storage.DB
	keys casework.Sealer
	now  func() time.Time
}

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB, keys casework.Sealer) (*Store, error) {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "dispositions", sub); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, keys, time.Now}, nil
}

// Save writes a filled-in form; when it returns, it is durable. The same answers of the same person again change nothing. ErrInvalid.
func (s *Store) Save(ctx context.Context, form Form, r Record) (Record, error) {
	r.Reason = strings.TrimSpace(r.Reason)
	if r.Danger != DangerNotPossible {
		r.Reason = ""
	}
	if r.Call == "" || r.Agent == "" {
		return Record{}, errors.New("dispositions: save: call and agent are needed")
	}
	if err := form.Check(r); err != nil {
		return Record{}, err
	}
	r.ID, r.Form, r.At = ulid.Make().String(), form.Version, storage.Time(storage.Millis(s.now()))
	var reason []byte
	if r.Reason != "" {
		var err error
		if reason, err = s.keys.Seal(r.Reason, sealedAs(r.ID)); err != nil {
			return Record{}, wrap("save", err)
		}
	}
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+columns+` FROM dispositions WHERE call_id = ? ORDER BY at_ms DESC, id DESC LIMIT 1`, r.Call)
		if err != nil {
			return err
		}
		last, err := storage.Collect(rows, s.scan)
		if err != nil {
			return err
		}
		if len(last) == 1 && same(last[0], r) {
			r = last[0]
			return nil
		}
		_, err = tx.Exec(ctx, `INSERT INTO dispositions (`+columns+`) VALUES (?,?,?,?,?,?,?,?)`, r.ID, r.Call, storage.Millis(r.At), r.Agent, r.Form,
			string(r.Danger), reason, strings.Join(r.Problems, " "))
		return err
	})
	return r, wrap("save", err)
}

func same(a, b Record) bool {
	return a.Agent == b.Agent && a.Form == b.Form && a.Danger == b.Danger && a.Reason == b.Reason && slices.Equal(a.Problems, b.Problems)
}

// Of returns the newest disposition of a call; false: there is none.
func (s *Store) Of(ctx context.Context, call string) (Record, bool, error) {
	all, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM dispositions WHERE call_id = ? ORDER BY at_ms DESC, id DESC LIMIT 1`, call)
	if err != nil || len(all) == 0 {
		return Record{}, false, wrap("read", err)
	}
	return all[0], true, nil
}

// Have tells which of some calls have a disposition.
func (s *Store) Have(ctx context.Context, calls []string) (map[string]bool, error) {
	list, args := storage.In(calls)
	ids, err := storage.Select(ctx, s.db, func(r storage.Row) (id string, err error) { return id, r.Scan(&id) },
		`SELECT DISTINCT call_id FROM dispositions WHERE call_id IN `+list, args...)
	if err != nil {
		return nil, wrap("look", err)
	}
	out := make(map[string]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, nil
}

const columns = `id, call_id, at_ms, agent, form, danger, reason, problems`

func (s *Store) scan(row storage.Row) (r Record, err error) {
	var at int64
	var sealed []byte
	var problems string
	if err := row.Scan(&r.ID, &r.Call, &at, &r.Agent, &r.Form, &r.Danger, &sealed, &problems); err != nil {
		return r, err
	}
	r.At, r.Problems = storage.Time(at), strings.Fields(problems)
	if sealed != nil {
		r.Reason, err = s.keys.Open(sealed, sealedAs(r.ID))
	}
	return r, err
}

func sealedAs(id string) string { return "disposition:" + id }

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("dispositions: %s: %w", op, err)
}
