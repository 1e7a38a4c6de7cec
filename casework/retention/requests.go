package retention

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

// State is where a request stands.
type State string

// The states. A granted one is done when everything is erased: it is gone on with when that was interrupted.
const (
	Asked   State = "asked"
	Granted State = "granted"
	Refused State = "refused"
	Done    State = "done"
)

// Request is a wish to erase before the time, such as a person's own.
type Request struct {
	ID        string
	Kind      storage.Subject // OfCall or OfFile
	Object    string
	State     State
	At        time.Time
	By        string
	Reason    string
	Decided   time.Time
	DecidedBy string
}

// Ask writes a request down. ErrReason, ErrNotFound.
func (s *Store) Ask(ctx context.Context, kind storage.Subject, object, by, reason string) (Request, error) {
	reason, err := tidy(reason)
	if err != nil {
		return Request{}, err
	}
	if err := s.known(ctx, kind, object); err != nil {
		return Request{}, err
	}
	q := Request{ID: ulid.Make().String(), Kind: kind, Object: object, State: Asked, At: s.now().UTC().Truncate(time.Millisecond), By: by, Reason: reason}
	sealed, err := s.keys.Seal(reason, "erase:"+q.ID)
	if err != nil {
		return q, wrap("ask", err)
	}
	_, err = s.db.Exec(ctx, `INSERT INTO retention_requests (`+requestColumns+`) VALUES (?,?,?,'asked',?,?,?,0,'')`, q.ID, string(kind), object, storage.Millis(q.At), by, sealed)
	return q, wrap("ask", err)
}

// Refuse closes a request. ErrState when it was decided otherwise, ErrNotFound.
func (s *Store) Refuse(ctx context.Context, id, by string) (Request, error) {
	return s.decide(ctx, id, by, Refused)
}

// Grant decides that it goes, and erases: all contacts of a file, or one. ErrSamePerson; ErrHeld and ErrLive name no contact, but nothing of those that they
// stand before is gone then, and the request stays granted until it can be.
func (s *Store) Grant(ctx context.Context, id, by string) (Request, error) {
	q, err := s.decide(ctx, id, by, Granted)
	if err != nil {
		return q, err
	}
	return s.carryOut(ctx, q)
}

// Finish carries out the requests that were granted and not done, and tells how many are done now.
func (s *Store) Finish(ctx context.Context) (int, error) {
	open, err := storage.Select(ctx, s.db, s.scanRequest, `SELECT `+requestColumns+` FROM retention_requests WHERE state = 'granted' ORDER BY at_ms LIMIT 100`)
	if err != nil {
		return 0, wrap("requests", err)
	}
	done := 0
	var faults []error
	for _, q := range open {
		switch _, err := s.carryOut(ctx, q); {
		case err == nil:
			done++
		case !errors.Is(err, ErrHeld) && !errors.Is(err, ErrLive):
			faults = append(faults, err)
		}
	}
	return done, errors.Join(faults...)
}

func (s *Store) carryOut(ctx context.Context, q Request) (Request, error) {
	calls := []string{q.Object}
	if q.Kind == storage.OfFile {
		var err error
		if calls, _, err = s.people.CallsOf(ctx, s.db, q.Object); err != nil {
			return q, err
		}
	}
	var stay error
	for _, c := range calls {
		_, err := s.Erase(ctx, Contact{Call: c, Class: Ordinary}, "request:"+q.ID, q.DecidedBy)
		switch {
		case errors.Is(err, ErrHeld), errors.Is(err, ErrLive):
			stay = err
		case err != nil:
			return q, err
		}
	}
	if stay != nil {
		return q, stay
	}
	if q.Kind == storage.OfFile { // one without calls, too
		if err := s.erasePersonAsked(ctx, q); err != nil {
			return q, err
		}
	}
	_, err := s.db.Exec(ctx, `UPDATE retention_requests SET state = 'done' WHERE id = ? AND state = 'granted'`, q.ID)
	q.State = Done
	return q, wrap("request", err)
}

func (s *Store) decide(ctx context.Context, id, by string, to State) (q Request, err error) {
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		q, err = s.scanRequest(tx.QueryRow(ctx, `SELECT `+requestColumns+` FROM retention_requests WHERE id = ?`, id))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return err
		case q.By == by && to == Granted:
			return ErrSamePerson
		case q.State == to && q.DecidedBy == by:
			return nil
		case q.State != Asked:
			return ErrState
		}
		q.State, q.Decided, q.DecidedBy = to, s.now().UTC().Truncate(time.Millisecond), by
		_, err = tx.Exec(ctx, `UPDATE retention_requests SET state = ?, decided_ms = ?, decided_by = ? WHERE id = ?`, string(to), storage.Millis(q.Decided), by, id)
		return err
	})
	return q, wrap("decide", err)
}

// Requests are those that are open, then the newest others.
func (s *Store) Requests(ctx context.Context, limit int) ([]Request, error) {
	out, err := storage.Select(ctx, s.db, s.scanRequest, `SELECT `+requestColumns+` FROM retention_requests
		ORDER BY CASE state WHEN 'asked' THEN 0 WHEN 'granted' THEN 1 ELSE 2 END, at_ms DESC, id LIMIT ?`, limit)
	return out, wrap("requests", err)
}

const requestColumns = `id, kind, object, state, at_ms, by_who, reason, decided_ms, decided_by`

func (s *Store) scanRequest(r storage.Row) (q Request, err error) {
	var at, decided int64
	var sealed []byte
	if err := r.Scan(&q.ID, &q.Kind, &q.Object, &q.State, &at, &q.By, &sealed, &decided, &q.DecidedBy); err != nil {
		return q, err
	}
	q.At, q.Decided = storage.Time(at), storage.Time(decided)
	q.Reason, err = s.keys.Open(sealed, "erase:"+q.ID)
	return q, err
}
