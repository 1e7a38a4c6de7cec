package retention

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

// mostReason is how many characters a reason has at most.
const mostReason = 500

// Hold keeps a contact, or a person's file with all its contacts, from being erased, such as while a court or an authority asks.
type Hold struct {
	ID        string
	Kind      storage.Subject // OfCall or OfFile
	Object    string
	At        time.Time
	By        string
	Reason    string
	LiftAsked string // who wishes it lifted; "": nobody
	Lifted    time.Time
	LiftedBy  string
}

// Put puts something on hold, at once: one person is enough to keep. ErrReason; ErrNotFound also when it was erased, and be it while this waited for it.
func (s *Store) Put(ctx context.Context, kind storage.Subject, object, by, reason string) (Hold, error) {
	reason, err := tidy(reason)
	if err != nil {
		return Hold{}, err
	}
	if err := s.known(ctx, kind, object); err != nil {
		return Hold{}, err
	}
	h := Hold{ID: ulid.Make().String(), Kind: kind, Object: object, At: s.now().UTC().Truncate(time.Millisecond), By: by, Reason: reason}
	sealed, err := s.keys.Seal(reason, "hold:"+h.ID)
	if err != nil {
		return Hold{}, wrap("hold", err)
	}
	err = s.db.InRowTx(ctx, func(tx *storage.Tx) error { // what is read after the row is what whoever erases had done when this may be written
		if _, err := tx.Exec(ctx, `INSERT INTO retention_holds (`+holdColumns+`) VALUES (?,?,?,?,?,?,'',0,'')`, h.ID, string(kind), object, storage.Millis(h.At), by, sealed); err != nil {
			return err
		}
		ask := s.ErasedIn
		if kind == storage.OfFile {
			ask = s.PersonErasedIn
		}
		gone, err := ask(ctx, tx, object)
		return errors.Join(err, when(gone, ErrNotFound))
	})
	if err != nil {
		return Hold{}, wrap("hold", err)
	}
	return h, nil
}

// Lift ends a hold when a second person wishes it, too; the first wish only writes down whose it is. Lifted says whether it is over. ErrNotFound.
func (s *Store) Lift(ctx context.Context, id, by string) (h Hold, err error) {
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		h, err = s.scanHold(tx.QueryRow(ctx, `SELECT `+holdColumns+` FROM retention_holds WHERE id = ?`, id))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err != nil || !h.Lifted.IsZero():
			return err
		case h.LiftAsked == "":
			h.LiftAsked = by
			_, err = tx.Exec(ctx, `UPDATE retention_holds SET lift_asked = ? WHERE id = ?`, by, id)
			return err
		case h.LiftAsked == by:
			return ErrSamePerson
		}
		h.Lifted, h.LiftedBy = s.now().UTC().Truncate(time.Millisecond), by
		_, err = tx.Exec(ctx, `UPDATE retention_holds SET lifted_ms = ?, lifted_by = ? WHERE id = ?`, storage.Millis(h.Lifted), by, id)
		return err
	})
	return h, wrap("lift", err)
}

// Holds are those in force, and those lifted since a time; newest first.
func (s *Store) Holds(ctx context.Context, since time.Time, limit int) ([]Hold, error) {
	out, err := storage.Select(ctx, s.db, s.scanHold, `SELECT `+holdColumns+` FROM retention_holds WHERE lifted_ms = 0 OR lifted_ms >= ?
		ORDER BY CASE WHEN lifted_ms = 0 THEN 0 ELSE 1 END, at_ms DESC, id LIMIT ?`, storage.Millis(since), limit)
	return out, wrap("holds", err)
}

// StillHolds lets no hold be put from here to the end of a transaction, of which it must be the first statement (PostgreSQL, LOCK TABLE): who puts one waits until
// what is being erased is gone, or stays, and what is being moved is where it goes. Without it both could say that they were done, since neither reads what the
// other writes. With SQLite only one writes at a time.
func (s *Store) StillHolds(ctx context.Context, tx *storage.Tx) error {
	if s.db.Dialect() != storage.Postgres {
		return nil
	}
	_, err := tx.Exec(ctx, `LOCK TABLE retention_holds IN SHARE MODE`)
	return err
}

// known refuses what there is not.
func (s *Store) known(ctx context.Context, kind storage.Subject, object string) error {
	if kind == storage.OfFile {
		_, _, err := s.people.CallsOf(ctx, s.db, object)
		return err
	}
	var there bool
	err := s.db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM calls WHERE id = ?)`, object).Scan(&there)
	if err == nil && (!there || kind != storage.OfCall) {
		err = ErrNotFound
	}
	return err
}

const holdColumns = `id, kind, object, at_ms, by_who, reason, lift_asked, lifted_ms, lifted_by`

func (s *Store) scanHold(r storage.Row) (h Hold, err error) {
	var at, lifted int64
	var sealed []byte
	if err := r.Scan(&h.ID, &h.Kind, &h.Object, &at, &h.By, &sealed, &h.LiftAsked, &lifted, &h.LiftedBy); err != nil {
		return h, err
	}
	h.At, h.Lifted = storage.Time(at), storage.Time(lifted)
	h.Reason, err = s.keys.Open(sealed, "hold:"+h.ID)
	return h, err
}

func tidy(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || !utf8.ValidString(reason) || utf8.RuneCountInString(reason) > mostReason {
		return "", ErrReason
	}
	return reason, nil
}
