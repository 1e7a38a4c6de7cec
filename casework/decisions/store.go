// Package decisions keeps for a time why each call was offered to whom, so that a supervisor can ask afterwards. What an explanation says is
// the affair of the queue: here it is a text.
package decisions

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"time"

	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Decision is why one offer was made.
type Decision struct {
	Offer string
	Call  string
	Agent string
	At    time.Time
	Body  json.RawMessage // as the queue told it
}

// Most is how many decisions of one call are shown: the last ones.
const Most = 50

// Store is the table of decisions.
type Store struct{ db *storage.DB }

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "decisions", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db}, nil
}

// Of returns the decisions about a call, oldest first; none is no error.
func (s *Store) Of(ctx context.Context, call string) ([]Decision, error) {
	all, err := storage.Select(ctx, s.db, scan, `SELECT offer, call_id, agent, at_ms, body FROM
		(SELECT offer, call_id, agent, at_ms, body FROM decisions WHERE call_id = ? ORDER BY at_ms DESC, offer DESC LIMIT ?) AS latest
		ORDER BY at_ms, offer`, call, Most)
	return all, wrap("of a call", err)
}

func scan(r storage.Row) (d Decision, err error) {
	var at int64
	var body string
	err = r.Scan(&d.Offer, &d.Call, &d.Agent, &at, &body)
	d.At, d.Body = storage.Time(at), json.RawMessage(body)
	return d, err
}

// Keep writes decisions and how far the stream was read, together. What is there already stays.
func (s *Store) Keep(ctx context.Context, place string, all []Decision) error {
	return wrap("keep", s.db.InTx(ctx, func(tx *storage.Tx) error {
		for _, d := range all {
			_, err := tx.Exec(ctx, `INSERT INTO decisions (offer, call_id, agent, at_ms, body) VALUES (?,?,?,?,?) ON CONFLICT (offer) DO NOTHING`,
				d.Offer, d.Call, d.Agent, storage.Millis(d.At), string(d.Body))
			if err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `UPDATE decisions_place SET place = ? WHERE id = 1`, place)
		return err
	}))
}

// Place is how far the stream was read; "" at first.
func (s *Store) Place(ctx context.Context) (place string, err error) {
	err = s.db.QueryRow(ctx, `SELECT place FROM decisions_place WHERE id = 1`).Scan(&place)
	return place, wrap("place", err)
}

// Forget deletes what is older than a time, and returns how many decisions that were.
func (s *Store) Forget(ctx context.Context, before time.Time) (int64, error) {
	r, err := s.db.Exec(ctx, `DELETE FROM decisions WHERE at_ms < ?`, storage.Millis(before))
	if err != nil {
		return 0, wrap("forget", err)
	}
	n, err := r.RowsAffected()
	return n, wrap("forget", err)
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("decisions: %s: %w", op, err)
}
