// Package notes keeps what counsellors write of a call while they write it. Two people may type at once: their browsers merge the changes
// (Yjs), and this package keeps the changes in one order, sealed, without understanding them beyond their form. Whoever only reads gets the
// text that a browser sent along. See docs/decisions/0018-notes-as-an-opaque-log.md.
package notes

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"hotline/casework"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Bounds of one note. Ninety minutes of typing without a pause stay far below them.
const (
	MostUpdate  = 32 << 10 // bytes of one change
	MostBytes   = 2 << 20  // bytes of all changes of a call
	MostUpdates = 20_000
	MostText    = 60_000 // characters of the text
	mostClient  = 32     // characters of a page's name
)

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("notes: nothing was written of this call")
	ErrFull     = errors.New("notes: the note is full")
	ErrInvalid  = errors.New("notes: not a change of a note") // see [Check]
)

// Update is one change.
type Update struct {
	Seq    int64  // place in the call's list, from 1 without holes; given by Append
	Client string // names one page of a browser
	Clock  int64  // that page's own numbering, from 1: the same twice is the same change
	Author string // user id
	At     time.Time
	Data   []byte // as Yjs encodes it (version 1)
}

// Text is what the changes come to, as a browser rendered it.
type Text struct {
	Seq  int64 // the newest change that is surely in it
	At   time.Time
	By   string
	Text string
}

// Head says how far a note is.
type Head struct{ Seq, TextSeq int64 }

// Store is the table of notes.
type Store struct {
	db   *storage.DB
	keys casework.Sealer
	now  func() time.Time
}

// Open brings the tables to their newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB, keys casework.Sealer) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "notes", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, keys, time.Now}, nil
}

// errKnown ends a transaction that found its change written before.
var errKnown = errors.New("known")

// Append writes one change and, with it, the text of the page that made it: what that page has of the changes up to reflects, and this one.
// When it returns, both are durable. The same client and clock again change nothing and give the first answer.
func (s *Store) Append(ctx context.Context, call string, u Update, text string, reflects int64) (Head, error) {
	if err := valid(call, u, text); err != nil {
		return Head{}, err
	}
	sealed, err := s.keys.Seal(string(u.Data), updateContext(call, u))
	if err != nil {
		return Head{}, wrap("append", err)
	}
	words, err := s.keys.Seal(text, textContext(call))
	if err != nil {
		return Head{}, wrap("append", err)
	}
	now := storage.Millis(s.now())
	var head Head
	err = s.db.InRowTx(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO notes (call_id, seq, bytes, text_seq, text_ms, text_by) VALUES (?,0,0,0,0,'') ON CONFLICT (call_id) DO NOTHING`, call); err != nil {
			return err
		}
		var size int64
		// Whoever holds the note's row is next: numbers follow the order of the commits, so that a reader who has one has all before it.
		if err := tx.QueryRow(ctx, `UPDATE notes SET seq = seq + 1, bytes = bytes + ? WHERE call_id = ? RETURNING seq, bytes, text_seq`, len(u.Data), call).
			Scan(&head.Seq, &size, &head.TextSeq); err != nil {
			return err
		}
		var known int64
		switch err := tx.QueryRow(ctx, `SELECT seq FROM note_updates WHERE call_id = ? AND client = ? AND clock = ?`, call, u.Client, u.Clock).Scan(&known); {
		case err == nil:
			head.Seq = known
			return errKnown
		case !errors.Is(err, sql.ErrNoRows):
			return err
		case size > MostBytes || head.Seq > MostUpdates:
			return ErrFull
		}
		if _, err := tx.Exec(ctx, `INSERT INTO note_updates (call_id, seq, client, clock, author, at_ms, sealed) VALUES (?,?,?,?,?,?,?)`,
			call, head.Seq, u.Client, u.Clock, u.Author, now, sealed); err != nil {
			return err
		}
		has := min(max(reflects, 0), head.Seq-1)
		if has == head.Seq-1 {
			has = head.Seq // nothing was written in between: the text is whole
		}
		if has < head.TextSeq {
			return nil
		}
		head.TextSeq = has
		_, err := tx.Exec(ctx, `UPDATE notes SET text_seq = ?, text_ms = ?, text_by = ?, text_sealed = ? WHERE call_id = ?`, has, now, u.Author, words, call)
		return err
	})
	if errors.Is(err, errKnown) {
		err = nil
	}
	return head, wrap("append", err)
}

// SaveText writes the text as of a change, unless a newer one is there; it returns how far the note is.
func (s *Store) SaveText(ctx context.Context, call, by, text string, reflects int64) (Head, error) {
	if err := checkText(text); err != nil {
		return Head{}, err
	}
	words, err := s.keys.Seal(text, textContext(call))
	if err != nil {
		return Head{}, wrap("text", err)
	}
	if _, err := s.db.Exec(ctx, `UPDATE notes SET text_seq = ?, text_ms = ?, text_by = ?, text_sealed = ? WHERE call_id = ? AND seq >= ? AND text_seq < ?`,
		reflects, storage.Millis(s.now()), by, words, call, reflects, reflects); err != nil {
		return Head{}, wrap("text", err)
	}
	heads, err := s.Heads(ctx, []string{call})
	return heads[call], err
}

// Updates returns at most limit changes after a number, in order.
func (s *Store) Updates(ctx context.Context, call string, after int64, limit int) ([]Update, error) {
	out, err := storage.Select(ctx, s.db, func(r storage.Row) (Update, error) { return s.scan(call, r) },
		`SELECT seq, client, clock, author, at_ms, sealed FROM note_updates WHERE call_id = ? AND seq > ? ORDER BY seq LIMIT ?`, call, after, limit)
	return out, wrap("read", err)
}

func (s *Store) scan(call string, r storage.Row) (u Update, err error) {
	var at int64
	var sealed []byte
	if err := r.Scan(&u.Seq, &u.Client, &u.Clock, &u.Author, &at, &sealed); err != nil {
		return u, err
	}
	data, err := s.keys.Open(sealed, updateContext(call, u))
	u.At, u.Data = storage.Time(at), []byte(data)
	return u, err
}

// Text returns the newest text. ErrNotFound when nothing was written. It may be behind the newest change by what two people typed in the
// last moment: [Head] tells.
func (s *Store) Text(ctx context.Context, call string) (t Text, err error) {
	var at int64
	var sealed []byte
	err = s.db.QueryRow(ctx, `SELECT text_seq, text_ms, text_by, text_sealed FROM notes WHERE call_id = ?`, call).Scan(&t.Seq, &at, &t.By, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return t, ErrNotFound
	}
	if err != nil || sealed == nil {
		return t, wrap("text", err)
	}
	t.At = storage.Time(at)
	t.Text, err = s.keys.Open(sealed, textContext(call))
	return t, wrap("text", err)
}

// Heads says how far the notes of some calls are; a call without a note has no entry.
func (s *Store) Heads(ctx context.Context, calls []string) (map[string]Head, error) {
	out := make(map[string]Head, len(calls))
	type row struct {
		call string
		Head
	}
	for len(calls) > 0 {
		n := min(len(calls), 500)
		list, args := storage.In(calls[:n])
		rows, err := storage.Select(ctx, s.db, func(r storage.Row) (h row, err error) { return h, r.Scan(&h.call, &h.Seq, &h.TextSeq) },
			`SELECT call_id, seq, text_seq FROM notes WHERE call_id IN `+list, args...)
		if err != nil {
			return nil, wrap("heads", err)
		}
		for _, r := range rows {
			out[r.call] = r.Head
		}
		calls = calls[n:]
	}
	return out, nil
}

func valid(call string, u Update, text string) error {
	switch {
	case call == "" || u.Author == "":
		return errors.New("notes: append: call and author are needed")
	case u.Client == "" || len(u.Client) > mostClient || u.Clock < 1 || u.Clock > 1<<53:
		return fmt.Errorf("%w: client and clock", ErrInvalid)
	}
	if err := checkText(text); err != nil {
		return err
	}
	return Check(u.Data)
}

func checkText(text string) error {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > MostText {
		return fmt.Errorf("%w: the text", ErrInvalid)
	}
	return nil
}

// A sealed change opens only as what it was written as: rows cannot change places.
func updateContext(call string, u Update) string {
	return "note:" + call + ":" + u.Client + ":" + strconv.FormatInt(u.Clock, 10)
}

func textContext(call string) string { return "note-text:" + call }

func wrap(op string, err error) error {
	if err == nil || errors.Is(err, ErrFull) || errors.Is(err, ErrInvalid) {
		return err
	}
	return fmt.Errorf("notes: %s: %w", op, err)
}
