// Package dispositions keeps what a counsellor says of a call when it is over: whether suicide danger was asked about, and what the call was
// about. The clinical assessment and the incident are other records.
package dispositions

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/casework"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Record is one filled-in form.
type Record struct {
	ID      string // ULID
	Call    string
	At      time.Time
	Agent   string // user id
	Form    int64  // version of the form
	Answers Answers
}

// Store is the table of dispositions.
type Store struct {
	db   *storage.DB
	keys casework.Sealer
	now  func() time.Time
}

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB, keys casework.Sealer) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "dispositions", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, keys, time.Now}, nil
}

// Save writes a filled-in form; when it returns, it is durable. The same answers of the same person again change nothing. ErrInvalid.
func (s *Store) Save(ctx context.Context, form Form, call, agent string, answers Answers) (Record, error) {
	if call == "" || agent == "" {
		return Record{}, errors.New("dispositions: save: call and agent are needed")
	}
	answers, err := form.Fit(answers)
	if err != nil {
		return Record{}, err
	}
	r := Record{ID: ulid.Make().String(), Call: call, At: storage.Time(storage.Millis(s.now())), Agent: agent, Form: form.Version, Answers: answers}
	chosen, said, err := s.split(form, r)
	if err != nil {
		return Record{}, wrap("save", err)
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(ctx, newest, call)
		if err != nil {
			return err
		}
		last, err := storage.Collect(rows, s.scan)
		if err != nil {
			return err
		}
		if len(last) == 1 && last[0].Agent == agent && last[0].Form == form.Version && maps.EqualFunc(last[0].Answers, answers, slices.Equal[[]string]) {
			r = last[0]
			return nil
		}
		_, err = tx.Exec(ctx, `INSERT INTO dispositions (`+columns+`) VALUES (?,?,?,?,?,?,?)`, r.ID, r.Call, storage.Millis(r.At), r.Agent, r.Form, chosen, said)
		return err
	})
	return r, wrap("save", err)
}

// split parts what is counted from what is private: ids of choices stand open, words are sealed.
func (s *Store) split(form Form, r Record) (chosen string, said []byte, err error) {
	ids, words := Answers{}, Answers{}
	for _, q := range form.Questions {
		if given := r.Answers[q.ID]; len(given) > 0 && q.Kind == Text {
			words[q.ID] = given
		} else if len(given) > 0 {
			ids[q.ID] = given
		}
	}
	open, err := json.Marshal(ids)
	if err != nil || len(words) == 0 {
		return string(open), nil, err
	}
	text, err := json.Marshal(words)
	if err != nil {
		return "", nil, err
	}
	said, err = s.keys.Seal(string(text), sealedAs(r.ID))
	return string(open), said, err
}

// Of returns the newest disposition of a call; false: there is none.
func (s *Store) Of(ctx context.Context, call string) (Record, bool, error) {
	all, err := storage.Select(ctx, s.db, s.scan, newest, call)
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

const (
	columns = `id, call_id, at_ms, agent, form, chosen, said`
	newest  = `SELECT ` + columns + ` FROM dispositions WHERE call_id = ? ORDER BY at_ms DESC, id DESC LIMIT 1`
)

func (s *Store) scan(row storage.Row) (r Record, err error) {
	var at int64
	var chosen string
	var said []byte
	if err := row.Scan(&r.ID, &r.Call, &at, &r.Agent, &r.Form, &chosen, &said); err != nil {
		return r, err
	}
	r.At, r.Answers = storage.Time(at), Answers{}
	if err := json.Unmarshal([]byte(chosen), &r.Answers); err != nil || said == nil {
		return r, err
	}
	words, err := s.keys.Open(said, sealedAs(r.ID))
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal([]byte(words), &r.Answers) // beside the choices
}

func sealedAs(id string) string { return "disposition:" + id }

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("dispositions: %s: %w", op, err)
}
