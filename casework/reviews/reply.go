package reviews

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

// Reply is what somebody said of a review when it was done.
type Reply struct {
	ID    string // ULID
	By    string // the counsellor, or who scored it
	At    time.Time
	Words string // empty: erased
}

// HasPart tells whether somebody may read and answer a review that is done: whose talk it is, and who scored it.
func (r Row) HasPart(user string) bool {
	return user == r.Agent || slices.Contains(r.Final, user)
}

// Read says that the counsellor read the review; again it changes nothing. ErrNotYours, ErrNotDone, ErrNotFound.
func (s *Store) Read(ctx context.Context, id, agent string) error {
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		r, err := s.scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM reviews WHERE id = ?`, id))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return err
		case r.Agent != agent:
			return ErrNotYours
		case r.State != StateDone:
			return ErrNotDone
		case !r.Read.IsZero():
			return nil
		}
		_, err = tx.Exec(ctx, `UPDATE reviews SET read_ms = ? WHERE id = ?`, storage.Millis(s.now()), id)
		return err
	})
	return wrap("read", err)
}

// Answer adds what the counsellor, or one who scored it, says of a review that is done. ErrInvalid, ErrErased, ErrNotYours, ErrNotDone, ErrNotFound.
func (s *Store) Answer(ctx context.Context, id, by, text string) (Reply, error) {
	if text = strings.TrimSpace(text); text == "" || !fits(text) {
		return Reply{}, Invalid{{"", "words"}}
	}
	row, err := s.Get(ctx, id)
	switch {
	case err != nil:
		return Reply{}, err
	case row.State != StateDone:
		return Reply{}, ErrNotDone
	case !row.HasPart(by):
		return Reply{}, ErrNotYours
	}
	reply := Reply{ID: ulid.Make().String(), By: by, At: storage.Time(storage.Millis(s.now())), Words: text}
	said, err := s.keys.Seal(text, sealedAs(id, reply.ID))
	if err != nil {
		return Reply{}, wrap("answer", err)
	}
	err = s.unerased(ctx, row.Call, said, func(said []byte) error {
		if said == nil {
			return ErrErased
		}
		_, err := s.db.Exec(ctx, `INSERT INTO review_replies (id, review, by_user, at_ms, said) VALUES (?,?,?,?,?)`, reply.ID, id, by, storage.Millis(reply.At), said)
		return err
	}, `UPDATE review_replies SET said = NULL WHERE id = ?`, reply.ID)
	return reply, wrap("answer", err)
}

// Replies are what was said of a review, oldest first.
func (s *Store) Replies(ctx context.Context, id string) ([]Reply, error) {
	out, err := storage.Select(ctx, s.db, func(row storage.Row) (r Reply, err error) {
		var at int64
		var said []byte
		if err := row.Scan(&r.ID, &r.By, &at, &said); err != nil {
			return r, err
		}
		r.At = storage.Time(at)
		if said != nil {
			r.Words, err = s.keys.Open(said, sealedAs(id, r.ID))
		}
		return r, err
	}, `SELECT id, by_user, at_ms, said FROM review_replies WHERE review = ? ORDER BY id LIMIT 500`, id)
	return out, wrap("read replies", err)
}
