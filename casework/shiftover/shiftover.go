// Package shiftover hands the open cases at high risk of somebody who leaves a shift to those who stay: each by name, and accepted by name. What was not
// accepted stays with who gave it, and climbs to the supervisors. What a case is, and whose, is told by those who keep it.
package shiftover

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/casework"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("shiftover: there is no such case, or it is not open any more")
	// ErrNotYours says that it is somebody else's to do.
	ErrNotYours = errors.New("shiftover: it is somebody else's")
	// ErrSelf says that it is theirs already, or that they have another part in it which one person alone must not have.
	ErrSelf = errors.New("shiftover: they cannot take it")
	// ErrOver says that the offer was decided, or taken back.
	ErrOver    = errors.New("shiftover: the offer is over")
	ErrInvalid = errors.New("shiftover: it makes no sense")
)

// Kind says who keeps a case.
type Kind string

// The kinds.
const (
	Incident Kind = "incident"
	FollowUp Kind = "followup"
	Callback Kind = "callback"
)

// Case is one open case at high risk.
type Case struct {
	Kind  Kind
	ID    string
	Owner string // user id; empty: nobody's
	Call  string // from which it is
	Line  string
	What  string // the part in an incident, the rule of a follow-up, the reason of a callback
	Since time.Time
	Due   time.Time // by when something is to be done; zero: not known
	Never []string  // user ids of who cannot take it: another part in it is theirs
}

// Source keeps cases of one kind.
type Source interface {
	// Open returns all that are open.
	Open(ctx context.Context) ([]Case, error)
	// Move makes a case another person's, once for an offer: it may be asked again.
	Move(ctx context.Context, c Case, to, offer string) error
}

// State is where an offer stands.
type State string

// The states.
const (
	Offered   State = "offered"
	Accepted  State = "accepted"
	Declined  State = "declined"
	Withdrawn State = "withdrawn"
)

// Offer is one case on its way from one person to another.
type Offer struct {
	ID      string
	Kind    Kind
	Case    string
	Giver   string
	Taker   string
	By      string // the giver, or a supervisor for somebody who has left
	Note    string
	State   State
	At      time.Time
	Climb   time.Time // when it is shown to supervisors that nobody accepted it
	Climbed bool
	Decided time.Time
	Reason  string // why it was declined
}

// Patience is how long an offer waits until supervisors are shown that nobody accepted it.
const Patience = 10 * time.Minute

const mostNote = 500

// Store keeps offers, and asks the sources for cases.
type Store struct {
	db      *storage.DB
	keys    casework.Sealer
	sources map[Kind]Source
	now     func() time.Time
}

// Open brings the table to its newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB, keys casework.Sealer, sources map[Kind]Source) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "shiftover", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, keys, sources, time.Now}, nil
}

// Cases are all that are open, of everybody. What one source cannot tell is an error beside what the others told.
func (s *Store) Cases(ctx context.Context) ([]Case, error) {
	var all []Case
	var errs []error
	for _, kind := range []Kind{Incident, FollowUp, Callback} {
		source := s.sources[kind]
		if source == nil {
			continue
		}
		found, err := source.Open(ctx)
		errs = append(errs, err)
		all = append(all, found...)
	}
	return all, wrap("cases", errors.Join(errs...))
}

func (s *Store) find(ctx context.Context, kind Kind, id string) (Case, error) {
	all, err := s.Cases(ctx)
	for _, c := range all {
		if c.Kind == kind && c.ID == id {
			return c, nil
		}
	}
	if err != nil {
		return Case{}, err
	}
	return Case{}, ErrNotFound
}

// Offer offers a case to a person. by is its owner, or (lead) a supervisor who does it for somebody who has left. An offer of the same case that is open
// is taken back; the same one again is the same one.
func (s *Store) Offer(ctx context.Context, kind Kind, id, to, by, note string, lead bool) (Offer, error) {
	note = strings.TrimSpace(note)
	if to == "" || by == "" || !utf8.ValidString(note) || utf8.RuneCountInString(note) > mostNote {
		return Offer{}, fmt.Errorf("%w: who gives and who takes are needed, and a note of at most %d characters", ErrInvalid, mostNote)
	}
	c, err := s.find(ctx, kind, id)
	switch {
	case err != nil:
		return Offer{}, wrap("offer", err)
	case c.Owner == to, slices.Contains(c.Never, to):
		return Offer{}, ErrSelf
	case c.Owner != by && !lead:
		return Offer{}, ErrNotYours
	}
	now := storage.Time(storage.Millis(s.now()))
	o := Offer{ID: ulid.Make().String(), Kind: kind, Case: id, Giver: c.Owner, Taker: to, By: by, Note: note, State: Offered, At: now, Climb: now.Add(Patience)}
	var sealed []byte
	if note != "" {
		if sealed, err = s.keys.Seal(note, "shiftover:"+o.ID); err != nil {
			return Offer{}, wrap("offer", err)
		}
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		old, err := s.scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM shift_cases WHERE kind = ? AND case_id = ? AND state = 'offered'`, string(kind), id))
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return err
		case old.Taker == to && old.Note == note:
			o = old
			return nil
		default:
			if _, err := tx.Exec(ctx, `UPDATE shift_cases SET state = 'withdrawn', decided_ms = ? WHERE id = ?`, storage.Millis(now), old.ID); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `INSERT INTO shift_cases (`+columns+`, moved_ms) VALUES (?,?,?,?,?,?,?,?,?,?,0,0,NULL,0)`, o.ID, string(kind), id, o.Giver, to, by, sealed,
			string(Offered), storage.Millis(now), storage.Millis(o.Climb))
		return err
	})
	return o, wrap("offer", err)
}

// Accept takes a case that was offered to a person; it is theirs when this returns, or soon after when who keeps it does not answer.
func (s *Store) Accept(ctx context.Context, id, by string) (Offer, error) {
	o, err := s.decide(ctx, id, by, Accepted, "")
	if err != nil {
		return o, err
	}
	_ = s.move(ctx, o) // accepted by name, which is what counts; what fails here is moved by the next look
	return o, nil
}

// Decline leaves a case with who offered it, for a reason that they are told.
func (s *Store) Decline(ctx context.Context, id, by, reason string) (Offer, error) {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < 3 || n > mostNote || !utf8.ValidString(reason) {
		return Offer{}, fmt.Errorf("%w: a reason of 3 to %d characters is needed", ErrInvalid, mostNote)
	}
	return s.decide(ctx, id, by, Declined, reason)
}

// Withdraw takes an offer back.
func (s *Store) Withdraw(ctx context.Context, id, by string) (Offer, error) {
	return s.decide(ctx, id, by, Withdrawn, "")
}

func (s *Store) decide(ctx context.Context, id, by string, state State, reason string) (o Offer, err error) {
	var sealed []byte
	if reason != "" {
		if sealed, err = s.keys.Seal(reason, "shiftover:"+id); err != nil {
			return o, wrap("decide", err)
		}
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		o, err = s.scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM shift_cases WHERE id = ?`, id))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return err
		case state == Withdrawn && o.Giver != by && o.By != by, state != Withdrawn && o.Taker != by:
			return ErrNotYours
		case o.State == state:
			return nil
		case o.State != Offered:
			return ErrOver
		}
		o.State, o.Decided, o.Reason = state, storage.Time(storage.Millis(s.now())), reason
		_, err := tx.Exec(ctx, `UPDATE shift_cases SET state = ?, decided_ms = ?, reason = ? WHERE id = ?`, string(state), storage.Millis(o.Decided), sealed, id)
		return err
	})
	return o, wrap("decide", err)
}

// move makes an accepted case the taker's where it is kept, and writes down that it is. A case that is not open any more needs nothing.
func (s *Store) move(ctx context.Context, o Offer) error {
	c, err := s.find(ctx, o.Kind, o.Case)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err == nil && s.sources[o.Kind] != nil {
		if err := s.sources[o.Kind].Move(ctx, c, o.Taker, o.ID); err != nil {
			return err
		}
	}
	_, err = s.db.Exec(ctx, `UPDATE shift_cases SET moved_ms = ? WHERE id = ? AND moved_ms = 0`, storage.Millis(s.now()), o.ID)
	return err
}

// Open returns the offers that wait, oldest first, and after them those that were decided since a time, newest first.
func (s *Store) Open(ctx context.Context, since time.Time) ([]Offer, error) {
	out, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM shift_cases WHERE state = 'offered' OR decided_ms >= ?
		ORDER BY CASE WHEN state = 'offered' THEN 0 ELSE 1 END, CASE WHEN state = 'offered' THEN offered_ms ELSE -decided_ms END, id LIMIT 300`, storage.Millis(since))
	return out, wrap("offers", err)
}

// Waits says what waits.
type Waits struct {
	For     map[string]int // offers that wait, by for whom
	Climbed int            // that nobody accepted in time, of all
	Change  int64          // another number when any offer is another
}

// Waiting counts what waits.
func (s *Store) Waiting(ctx context.Context) (w Waits, err error) {
	w.For = map[string]int{}
	all, err := s.Open(ctx, s.now().Add(-24*time.Hour))
	for i, o := range all {
		if o.State == Offered {
			w.For[o.Taker]++
			if o.Climbed {
				w.Climbed++
			}
		}
		w.Change = w.Change*31 + int64(i) + o.At.UnixMilli() + o.Decided.UnixMilli()%1_000_003
	}
	return w, err
}

const columns = `id, kind, case_id, giver, taker, by_who, note, state, offered_ms, climb_ms, climbed_ms, decided_ms, reason`

func (s *Store) scan(r storage.Row) (o Offer, err error) {
	var at, climb, climbed, decided int64
	var note, reason []byte
	if err := r.Scan(&o.ID, &o.Kind, &o.Case, &o.Giver, &o.Taker, &o.By, &note, &o.State, &at, &climb, &climbed, &decided, &reason); err != nil {
		return o, err
	}
	o.At, o.Climb, o.Decided, o.Climbed = storage.Time(at), storage.Time(climb), storage.Time(decided), climbed > 0
	if len(note) > 0 {
		if o.Note, err = s.keys.Open(note, "shiftover:"+o.ID); err != nil {
			return o, err
		}
	}
	if len(reason) > 0 {
		o.Reason, err = s.keys.Open(reason, "shiftover:"+o.ID)
	}
	return o, err
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("shiftover: %s: %w", op, err)
}
