// Package imports takes in tables that people make with a spreadsheet program: people, the phonebook, the roster, the holidays of lines, the directory of referrals. A file is first
// compared with what is there, row by row; what then is applied is one transaction, and the same preview is applied once.
package imports

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/imports/table"
	"hotline/storage"
	"hotline/storage/documents"
)

// Errors a caller branches on, besides those of table.Read.
var (
	ErrKind    = errors.New("imports: there is no such import")
	ErrGone    = errors.New("imports: there is no such preview; it may be older than a day")
	ErrWrong   = errors.New("imports: rows are wrong")
	ErrNothing = errors.New("imports: nothing would change")
)

// ColumnError is the error of a file without columns that are needed.
type ColumnError struct{ Missing []Column }

func (e *ColumnError) Error() string {
	names := make([]string, 0, len(e.Missing))
	for _, c := range e.Missing {
		names = append(names, c.ID)
	}
	return "imports: columns are missing: " + strings.Join(names, ", ")
}

// Column is one column of a kind of file; its head is any of the three names.
type Column struct {
	ID, Chinese, English string
	Needed               bool
	Example              string
}

// State is what comes of a row.
type State string

// The states of a row.
const (
	StateNew       State = "new"
	StateChanged   State = "changed"
	StateUnchanged State = "unchanged"
	StateWrong     State = "wrong"
)

// Line is one row of a file.
type Line struct {
	Row     int               // as the spreadsheet program counts
	State   State             //
	Cells   map[string]string // by column
	Changes map[string]string // what was there before, by column that changes
	Faults  []documents.Fault // Field is the column
}

func (l *Line) fault(column string, code documents.Code, params ...any) {
	var fs documents.Faults
	fs.Add(column, code, params...)
	l.Faults, l.State = append(l.Faults, fs[0]), StateWrong
}

// change notes a value that is another than before.
func (l *Line) change(column, before, after string) {
	if before != after {
		l.Changes[column] = before
		if l.State == StateUnchanged {
			l.State = StateChanged
		}
	}
}

// Summary counts rows.
type Summary struct {
	New       int `json:"new"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Wrong     int `json:"wrong"`
}

// Preview is a file, compared.
type Preview struct {
	ID      string
	Kind    string
	Columns []Column // those of the kind
	Ignored []string // heads of columns that mean nothing here
	Lines   []Line
	Summary Summary
	plan    plan
}

// Applied is what came of a preview.
type Applied struct {
	Summary Summary
	Version int // of the document that was made; 0: none is
}

// plan is what is to be written.
type plan struct {
	base int
	what json.RawMessage
}

// kind knows one sort of file.
type kind interface {
	columns() []Column
	// compare fills states, changes and faults of the lines, and plans what the right ones come to.
	compare(ctx context.Context, lines []*Line) (plan, error)
	// apply writes a plan and returns the version that it made, 0 when there are none.
	apply(ctx context.Context, tx *storage.Tx, p plan, by, note string) (int, error)
}

//go:embed migrations/*.sql
var migrations embed.FS

// Store reads files and applies them.
type Store struct {
	db    *storage.DB
	kinds map[string]kind
	now   func() time.Time
}

// Open brings the table to its newest form and returns the store.
func Open(ctx context.Context, db *storage.DB, s Stores) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "imports", migrations); err != nil {
		return nil, wrap("open", err)
	}
	return &Store{db, s.kinds(), time.Now}, nil
}

// Kinds are the names of what can be taken in.
func Kinds() []string { return []string{"users", "phonebook", "roster", "holidays", "services"} }

// Template is an example of a file: a header in a language, and one row. ErrKind.
func (s *Store) Template(name, locale string) ([][]string, error) {
	k, known := s.kinds[name]
	if !known {
		return nil, ErrKind
	}
	var head, row []string
	for _, c := range k.columns() {
		title := c.Chinese
		if locale == "en" {
			title = c.English
		}
		head, row = append(head, title), append(row, c.Example)
	}
	return [][]string{head, row}, nil
}

// Read compares a file with what is there and keeps the plan for a day. Errors: ErrKind, *ColumnError, those of table.Read.
func (s *Store) Read(ctx context.Context, name string, file []byte, by string) (Preview, error) {
	k, known := s.kinds[name]
	if !known {
		return Preview{}, ErrKind
	}
	t, err := table.Read(file)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Kind: name, Columns: k.columns()}
	lines, err := p.lines(t)
	if err != nil {
		return Preview{}, err
	}
	if p.plan, err = k.compare(ctx, lines); err != nil {
		return Preview{}, wrap("compare", err)
	}
	for _, l := range lines {
		p.Lines = append(p.Lines, *l)
		switch l.State {
		case StateNew:
			p.Summary.New++
		case StateChanged:
			p.Summary.Changed++
		case StateUnchanged:
			p.Summary.Unchanged++
		case StateWrong:
			p.Summary.Wrong++
		}
	}
	return p, s.keep(ctx, &p, by)
}

// lines finds the columns by their heads.
func (p *Preview) lines(t table.Table) ([]*Line, error) {
	at := map[string]int{}
	for i, head := range t.Header {
		c := slices.IndexFunc(p.Columns, func(c Column) bool {
			return strings.EqualFold(head, c.ID) || strings.EqualFold(head, c.Chinese) || strings.EqualFold(head, c.English)
		})
		if c < 0 {
			if head != "" {
				p.Ignored = append(p.Ignored, head)
			}
			continue
		}
		if _, twice := at[p.Columns[c].ID]; !twice {
			at[p.Columns[c].ID] = i
		}
	}
	var missing []Column
	for _, c := range p.Columns {
		if _, there := at[c.ID]; c.Needed && !there {
			missing = append(missing, c)
		}
	}
	if len(missing) > 0 {
		return nil, &ColumnError{missing}
	}
	var lines []*Line
	for _, r := range t.Rows {
		l := &Line{Row: r.Line, Cells: map[string]string{}, Changes: map[string]string{}, State: StateNew}
		for id, i := range at {
			if i < len(r.Cells) {
				l.Cells[id] = r.Cells[i]
			}
		}
		for _, c := range p.Columns {
			if c.Needed && l.Cells[c.ID] == "" {
				l.fault(c.ID, documents.Missing)
			}
		}
		lines = append(lines, l)
	}
	return lines, nil
}

const keptFor = 24 * time.Hour

func (s *Store) keep(ctx context.Context, p *Preview, by string) error {
	now := s.now()
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return wrap("keep", err)
	}
	p.ID = id.String()
	summary, err := json.Marshal(p.Summary)
	if err != nil {
		return wrap("keep", err)
	}
	return wrap("keep", s.db.InTx(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM import_previews WHERE made_ms < ?`, storage.Millis(now.Add(-keptFor))); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO import_previews (id, kind, by_who, made_ms, base, plan, summary, applied_ms, version) VALUES (?,?,?,?,?,?,?,0,0)`,
			p.ID, p.Kind, by, storage.Millis(now), p.plan.base, string(p.plan.what), string(summary))
		return err
	}))
}

// Waiting is what would come of a preview, for the audit before it is applied; done says that it was applied already. ErrGone.
func (s *Store) Waiting(ctx context.Context, id, by string) (kind string, sum Summary, done bool, err error) {
	k, err := s.find(s.db.QueryRow(ctx, findPreview, id, by))
	return k.kind, k.sum, k.applied, err
}

const findPreview = `SELECT kind, base, plan, summary, applied_ms, version FROM import_previews WHERE id = ? AND by_who = ?`

type keptPreview struct {
	kind    string
	plan    plan
	sum     Summary
	applied bool
	version int
}

func (s *Store) find(row storage.Row) (k keptPreview, err error) {
	var what, sum string
	var applied int64
	err = row.Scan(&k.kind, &k.plan.base, &what, &sum, &applied, &k.version)
	if errors.Is(err, sql.ErrNoRows) {
		return k, ErrGone
	}
	if err == nil {
		err = json.Unmarshal([]byte(sum), &k.sum)
	}
	k.plan.what, k.applied = json.RawMessage(what), applied != 0
	return k, wrap("find", err)
}

// Apply writes what a preview of the same person planned, in one transaction. Rows that are wrong are left out only when skip says so. Applied again, it
// does nothing and says the same. Errors: ErrGone, ErrWrong, ErrNothing, and what the document says (documents.Stale, lines.Stale).
func (s *Store) Apply(ctx context.Context, id, by, note string, skip bool) (out Applied, err error) {
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		k, err := s.find(tx.QueryRow(ctx, findPreview, id, by))
		if err != nil {
			return err
		}
		out = Applied{k.sum, k.version}
		switch {
		case k.applied:
			return nil
		case k.sum.Wrong > 0 && !skip:
			return ErrWrong
		case k.sum.New+k.sum.Changed == 0:
			return ErrNothing
		}
		if out.Version, err = s.kinds[k.kind].apply(ctx, tx, k.plan, by, note); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE import_previews SET applied_ms = ?, version = ?, plan = '' WHERE id = ?`, storage.Millis(s.now()), out.Version, id)
		return err
	})
	if err != nil {
		return Applied{}, wrap("apply", err)
	}
	return out, nil
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("imports: %s: %w", op, err)
}
