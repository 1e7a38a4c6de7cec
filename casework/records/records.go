// Package records keeps what is filled in about a contact (registration, handling, assessment: the forms of the guideline, as the site has made them)
// and the safety plan of a person. Each record keeps the version of its form. What is being written lies sealed on the server after each pause
// of typing: neither the page nor the console can lose it.
package records

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/casework"
	"hotline/casework/forms"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// MostBytes bounds the answers of one record.
const MostBytes = 64 << 10

// Errors a caller branches on. Answers that do not fit their form are forms.ErrInvalid.
var (
	ErrNotFound = errors.New("records: there is no such record")
	ErrInvalid  = errors.New("records: not what a record can take")
	// ErrStale says that somebody else changed it in between: read it again.
	ErrStale = errors.New("records: it was changed in between")
)

// Record is one saving of a form about a call.
type Record struct {
	ID      string // ULID
	Call    string
	Form    string
	Version int // of the forms
	At      time.Time
	Author  string // user id
	Answers json.RawMessage
}

// Draft is what somebody is writing.
type Draft struct {
	Call    string
	Form    string
	Version int
	Author  string
	Rev     int64 // rises with each saving of a page
	At      time.Time
	Answers json.RawMessage
}

// book is what the records need of the forms.
type book interface {
	At(ctx context.Context, n int, id string) (forms.Form, error)
	Fit(ctx context.Context, n int, id string, answers json.RawMessage) error
}

// Stones tells of people who were erased.
type Stones interface {
	// PersonErasedIn tells whether what was known of the person of a file was taken out. What it says is still true when the transaction commits.
	PersonErasedIn(ctx context.Context, in storage.Reader, file string) (bool, error)
}

// Store is the tables of records.
type Store struct {
	db     *storage.DB
	keys   casework.Sealer
	book   book   // *forms.Store
	stones Stones // retention.Keeping
	now    func() time.Time
}

// Open brings the tables to their newest form; several processes may do it at once. stones may be nil: nobody is erased.
func Open(ctx context.Context, db *storage.DB, keys casework.Sealer, book book, stones Stones) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "records", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, keys, book, stones, time.Now}, nil
}

// Save writes a record; when it returns, it is durable, and the author's draft is gone. The same answers of the same person again change nothing.
// forms.ErrInvalid says which answers do not fit, forms.ErrNotFound that there is no such form in that version.
func (s *Store) Save(ctx context.Context, r Record) (Record, error) {
	if r.Call == "" || r.Author == "" || len(r.Answers) > MostBytes {
		return Record{}, ErrInvalid
	}
	f, err := s.book.At(ctx, r.Version, r.Form)
	if err != nil {
		return Record{}, err
	}
	if f.Kind != forms.Record {
		return Record{}, forms.ErrNotFound
	}
	if err := s.book.Fit(ctx, r.Version, r.Form, r.Answers); err != nil {
		return Record{}, err
	}
	r.ID, r.At = ulid.Make().String(), storage.Time(storage.Millis(s.now()))
	chosen, said, err := s.split(f, r)
	if err != nil {
		return Record{}, wrap("save", err)
	}
	return r, wrap("save", s.db.InTx(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+columns+` FROM records WHERE call_id = ? AND form = ? ORDER BY at_ms DESC, id DESC LIMIT 1`, r.Call, r.Form)
		if err != nil {
			return err
		}
		last, err := storage.Collect(rows, s.scan)
		if err != nil {
			return err
		}
		if len(last) == 1 && last[0].Author == r.Author && last[0].Version == r.Version && same(last[0].Answers, r.Answers) {
			r = last[0]
		} else if _, err := tx.Exec(ctx, `INSERT INTO records (`+columns+`) VALUES (?,?,?,?,?,?,?,?)`, r.ID, r.Call, r.Form, r.Version, storage.Millis(r.At), r.Author,
			chosen, said); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM record_drafts WHERE call_id = ? AND form = ? AND author = ?`, r.Call, r.Form, r.Author)
		return err
	}))
}

// same compares answers whatever the order of their fields.
func same(a, b json.RawMessage) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	p, err := json.Marshal(x)
	q, other := json.Marshal(y)
	return err == nil && other == nil && bytes.Equal(p, q)
}

// split parts what is counted (choices, numbers, yes or no, dates) from words, which are private and sealed.
func (s *Store) split(f forms.Form, r Record) (chosen string, said []byte, err error) {
	var schema struct {
		Properties map[string]struct {
			Type   string `json:"type"`
			Format string `json:"format"`
			OneOf  []any  `json:"oneOf"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(f.Schema, &schema); err != nil {
		return "", nil, err
	}
	answers, counted, words := map[string]json.RawMessage{}, map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if err := json.Unmarshal(r.Answers, &answers); err != nil {
		return "", nil, err
	}
	for name, v := range answers {
		if p := schema.Properties[name]; p.Type == "string" && p.Format != "date" && len(p.OneOf) == 0 {
			words[name] = v
		} else {
			counted[name] = v
		}
	}
	open, err := json.Marshal(counted)
	if err != nil || len(words) == 0 {
		return string(open), nil, err
	}
	text, err := json.Marshal(words)
	if err != nil {
		return "", nil, err
	}
	said, err = s.keys.Seal(string(text), recordContext(r.ID))
	return string(open), said, err
}

// Of returns the newest record of each form about a call, by form.
func (s *Store) Of(ctx context.Context, call string) ([]Record, error) {
	all, err := s.History(ctx, call, "")
	seen := map[string]bool{}
	var out []Record
	for _, r := range all {
		if !seen[r.Form] {
			out, seen[r.Form] = append(out, r), true
		}
	}
	return out, err
}

// History returns every record about a call, newest first; of one form, when it is named.
func (s *Store) History(ctx context.Context, call, form string) ([]Record, error) {
	out, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM records WHERE call_id = ? AND (form = ? OR ? = '') ORDER BY at_ms DESC, id DESC`, call, form, form)
	return out, wrap("read", err)
}

// Head says that there is a record, not what is in it.
type Head struct {
	Call, Form string
	Version    int
	At         time.Time
	Author     string
}

// Heads returns which records there are about some calls, newest first.
func (s *Store) Heads(ctx context.Context, calls []string) ([]Head, error) {
	list, args := storage.In(calls)
	out, err := storage.Select(ctx, s.db, func(r storage.Row) (h Head, err error) {
		var at int64
		err = r.Scan(&h.Call, &h.Form, &h.Version, &at, &h.Author)
		h.At = storage.Time(at)
		return h, err
	}, `SELECT call_id, form, form_version, at_ms, author FROM records WHERE call_id IN `+list+` ORDER BY at_ms DESC, id DESC`, args...)
	return out, wrap("heads", err)
}

const columns = `id, call_id, form, form_version, at_ms, author, chosen, said`

func (s *Store) scan(row storage.Row) (r Record, err error) {
	var at int64
	var chosen string
	var said []byte
	if err := row.Scan(&r.ID, &r.Call, &r.Form, &r.Version, &at, &r.Author, &chosen, &said); err != nil {
		return r, err
	}
	r.At, r.Answers = storage.Time(at), json.RawMessage(chosen)
	if said == nil {
		return r, nil
	}
	words, err := s.keys.Open(said, recordContext(r.ID))
	if err != nil {
		return r, err
	}
	all := map[string]json.RawMessage{}
	if err := errors.Join(json.Unmarshal([]byte(chosen), &all), json.Unmarshal([]byte(words), &all)); err != nil {
		return r, err
	}
	r.Answers, err = json.Marshal(all)
	return r, err
}

func recordContext(id string) string { return "record:" + id }

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("records: %s: %w", op, err)
}
