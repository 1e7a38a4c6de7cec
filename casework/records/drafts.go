package records

import (
	"context"
	"encoding/json"
	"fmt"

	"hotline/storage"
)

// Keep writes a draft; when it returns, it is durable. What is older than what is there (by Rev) changes nothing. Answers are an object that need not
// fit the form yet.
func (s *Store) Keep(ctx context.Context, d Draft) error {
	if d.Call == "" || d.Form == "" || d.Author == "" || d.Rev < 1 {
		return ErrInvalid
	}
	text, err := tidyDraft(d.Answers)
	if err != nil {
		return err
	}
	sealed, err := s.keys.Seal(text, draftContext(d))
	if err != nil {
		return wrap("draft", err)
	}
	_, err = s.db.Exec(ctx, `INSERT INTO record_drafts (call_id, form, author, form_version, rev, at_ms, sealed) VALUES (?,?,?,?,?,?,?)
		ON CONFLICT (call_id, form, author) DO UPDATE SET form_version = excluded.form_version, rev = excluded.rev, at_ms = excluded.at_ms, sealed = excluded.sealed
		WHERE record_drafts.rev < excluded.rev`, d.Call, d.Form, d.Author, d.Version, d.Rev, storage.Millis(s.now()), sealed)
	return wrap("draft", err)
}

// Drop forgets a draft that its author does not want any more.
func (s *Store) Drop(ctx context.Context, call, form, author string) error {
	_, err := s.db.Exec(ctx, `DELETE FROM record_drafts WHERE call_id = ? AND form = ? AND author = ?`, call, form, author)
	return wrap("draft", err)
}

// Drafts returns what somebody was writing about a call.
func (s *Store) Drafts(ctx context.Context, call, author string) ([]Draft, error) {
	out, err := storage.Select(ctx, s.db, s.scanDraft, `SELECT call_id, form, author, form_version, rev, at_ms, sealed FROM record_drafts
		WHERE call_id = ? AND author = ? ORDER BY form`, call, author)
	return out, wrap("drafts", err)
}

// Unfinished returns what somebody was writing about any call, oldest first, at most limit.
func (s *Store) Unfinished(ctx context.Context, author string, limit int) ([]Draft, error) {
	out, err := storage.Select(ctx, s.db, s.scanDraft, `SELECT call_id, form, author, form_version, rev, at_ms, sealed FROM record_drafts
		WHERE author = ? ORDER BY at_ms, call_id, form LIMIT ?`, author, limit)
	return out, wrap("drafts", err)
}

func (s *Store) scanDraft(r storage.Row) (d Draft, err error) {
	var at int64
	var sealed []byte
	if err := r.Scan(&d.Call, &d.Form, &d.Author, &d.Version, &d.Rev, &at, &sealed); err != nil {
		return d, err
	}
	text, err := s.keys.Open(sealed, draftContext(d))
	d.At, d.Answers = storage.Time(at), json.RawMessage(text)
	return d, err
}

func draftContext(d Draft) string { return fmt.Sprintf("draft:%s:%s:%s", d.Call, d.Form, d.Author) }
