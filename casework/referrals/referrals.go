package referrals

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
	"hotline/storage/documents"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("referrals: there is no such referral")
	// ErrService says that the directory has no such service, or that it takes nobody.
	ErrService = errors.New("referrals: there is no such service")
	ErrInvalid = errors.New("referrals: it makes no sense")
)

// State is what is known to have become of a referral.
type State string

// The states. Sent says nothing about what the service did.
const (
	Sent     State = "sent"
	Accepted State = "accepted" // the service said that it takes the person
	Attended State = "attended" // the person was there
	Declined State = "declined" // by the service, or by the person
	Unknown  State = "unknown"  // nobody will find out
)

// Asked as the state of a report says that nothing was heard.
const Asked State = "asked"

// How something is known.
type How string

// The ways.
const (
	ByPerson  How = "person"  // the person told us
	ByService How = "service" // the service did
	ByFamily  How = "family"
	ByLetter  How = "letter" // in writing
	ByOther   How = "other"
)

// Referral is a person who was sent on to a service.
type Referral struct {
	ID      string
	File    string
	Ref     string // pseudonym
	Call    string
	Service string
	Name    string // what the service was called then
	State   State
	Owner   string // user id of who is to ask
	Sent    time.Time
	By      string
	Remind  time.Time // when to ask what came of it; zero: never
	Changed time.Time
}

// Report says what became of a referral, as somebody told it.
type Report struct {
	Seq   int
	State State     // accepted, attended, declined, unknown, asked; of the first: sent
	On    time.Time // when it was so
	How   How
	Said  string    // who said so
	At    time.Time // when it was written down
	By    string    // user id
	Note  string
}

// Sending is a person to be sent on.
type Sending struct {
	Request string // chosen by the page: the same one again is the same referral
	File    string
	Ref     string
	Call    string
	Service string
	By      string
	Note    string
}

// Waits are how long nothing is heard before somebody is reminded to ask.
type Waits struct{ Sent, Accepted time.Duration }

// DefaultWaits are a week for an answer, and two for a visit.
func DefaultWaits() Waits { return Waits{7 * 24 * time.Hour, 14 * 24 * time.Hour} }

func (w Waits) of(s State, now time.Time) time.Time {
	switch s {
	case Sent:
		return now.Add(w.Sent)
	case Accepted:
		return now.Add(w.Accepted)
	}
	return time.Time{}
}

// Store keeps the directory and the referrals.
type Store struct {
	Versions *documents.Store[Directory]

	db    *storage.DB
	keys  casework.Sealer
	waits Waits
	now   func() time.Time
}

// Open brings the tables to their newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB, keys casework.Sealer) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "referrals", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	docs, err := documents.Open(ctx, db, documents.Kind[Directory]{
		Name: "services", Most: 2 << 20, First: func() Directory { return Directory{Services: []Service{}} }, Check: Directory.Validate,
	})
	if err != nil {
		return nil, wrap("directory", err)
	}
	return &Store{docs, db, keys, DefaultWaits(), time.Now}, nil
}

// Find looks in the directory as it is now.
func (s *Store) Find(ctx context.Context, q Query) ([]Service, error) {
	v, err := s.Versions.Current(ctx)
	if err != nil {
		return nil, wrap("find", err)
	}
	return v.Doc.Find(q), nil
}

const (
	mostNote = 500
	mostSaid = 100
)

func text(t string, most int) (string, error) {
	t = strings.TrimSpace(t)
	if !utf8.ValidString(t) || utf8.RuneCountInString(t) > most {
		return "", fmt.Errorf("%w: at most %d characters", ErrInvalid, most)
	}
	return t, nil
}

// Send writes down that a person was sent on to a service, once for a request.
func (s *Store) Send(ctx context.Context, o Sending) (Referral, error) {
	note, err := text(o.Note, mostNote)
	if err != nil {
		return Referral{}, err
	}
	if o.Request == "" || o.By == "" || o.File == "" && o.Ref == "" && o.Call == "" {
		return Referral{}, fmt.Errorf("%w: a request, a person and who does it are needed", ErrInvalid)
	}
	v, err := s.Versions.Current(ctx)
	if err != nil {
		return Referral{}, wrap("send", err)
	}
	i := slices.IndexFunc(v.Doc.Services, func(one Service) bool { return one.ID == o.Service && !one.Closed })
	if i < 0 {
		return Referral{}, ErrService
	}
	now := storage.Time(storage.Millis(s.now()))
	r := Referral{
		ID: ulid.Make().String(), File: o.File, Ref: o.Ref, Call: o.Call, Service: o.Service, Name: v.Doc.Services[i].Names["zh-CN"], State: Sent, Owner: o.By,
		Sent: now, By: o.By, Remind: s.waits.of(Sent, now), Changed: now,
	}
	source := o.By + ":" + o.Request
	name, err := s.keys.Seal(r.Name, "referral:"+r.ID)
	if err != nil {
		return Referral{}, wrap("send", err)
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		ms := storage.Millis
		res, err := tx.Exec(ctx, `INSERT INTO referrals (`+columns+`, source) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (source) DO NOTHING`,
			r.ID, r.File, r.Ref, r.Call, r.Service, name, string(r.State), r.Owner, ms(r.Sent), ms(now), r.By, ms(r.Remind), ms(now), source)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			if err == nil {
				r, err = s.scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM referrals WHERE source = ?`, source))
			}
			return err
		}
		return s.note(ctx, tx, r.ID, Report{State: Sent, On: now, How: ByOther, At: now, By: o.By, Note: note})
	})
	return r, wrap("send", err)
}

// Tell writes down what became of a referral. What counts as heard needs who said so, how it is known and when it was; Asked says that nothing was heard,
// and puts the reminder off. A later report may correct an earlier one: both stay.
func (s *Store) Tell(ctx context.Context, id string, p Report) (r Referral, err error) {
	if p.Note, err = text(p.Note, mostNote); err != nil {
		return r, err
	}
	if p.Said, err = text(p.Said, mostSaid); err != nil {
		return r, err
	}
	now := storage.Time(storage.Millis(s.now()))
	heard := p.State == Accepted || p.State == Attended || p.State == Declined
	switch {
	case p.By == "", !heard && p.State != Unknown && p.State != Asked:
		return r, fmt.Errorf("%w: state %q", ErrInvalid, p.State)
	case heard && (p.Said == "" || !slices.Contains([]How{ByPerson, ByService, ByFamily, ByLetter, ByOther}, p.How) || p.On.IsZero() || p.On.After(now.Add(time.Minute))):
		return r, fmt.Errorf("%w: who said so, how it is known and since when are needed", ErrInvalid)
	case p.State == Unknown && p.Note == "":
		return r, fmt.Errorf("%w: a reason is needed", ErrInvalid)
	}
	if !heard {
		p.On, p.How = now, ByOther
	}
	p.At = now
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if r, err = s.scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM referrals WHERE id = ?`, id)); err != nil {
			return err
		}
		if p.State != Asked {
			r.State = p.State
		}
		r.Remind, r.Changed = s.waits.of(r.State, now), now
		if _, err := tx.Exec(ctx, `UPDATE referrals SET state = ?, remind_ms = ?, changed_ms = ? WHERE id = ?`, string(r.State), storage.Millis(r.Remind),
			storage.Millis(now), id); err != nil {
			return err
		}
		return s.note(ctx, tx, id, p)
	})
	return r, notFound("tell", err)
}

func (s *Store) note(ctx context.Context, tx *storage.Tx, id string, p Report) error {
	var sealed [2][]byte
	for i, text := range []string{p.Said, p.Note} {
		if text == "" {
			continue
		}
		var err error
		if sealed[i], err = s.keys.Seal(text, "referral-event:"+id); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO referral_events (referral, seq, state, on_ms, how, at_ms, by_who, said, note)
		SELECT ?, COALESCE(MAX(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM referral_events WHERE referral = ?`,
		id, string(p.State), storage.Millis(p.On), string(p.How), storage.Millis(p.At), p.By, sealed[0], sealed[1], id)
	return err
}

// Get returns one referral, or ErrNotFound.
func (s *Store) Get(ctx context.Context, id string) (Referral, error) {
	r, err := s.scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM referrals WHERE id = ?`, id))
	return r, notFound("read", err)
}

// Reports of a referral, in order.
func (s *Store) Reports(ctx context.Context, id string) ([]Report, error) {
	out, err := storage.Select(ctx, s.db, func(r storage.Row) (p Report, err error) {
		var on, at int64
		var said, note []byte
		if err := r.Scan(&p.Seq, &p.State, &on, &p.How, &at, &p.By, &said, &note); err != nil {
			return p, err
		}
		p.On, p.At = storage.Time(on), storage.Time(at)
		for _, one := range []struct {
			into   *string
			sealed []byte
		}{{&p.Said, said}, {&p.Note, note}} {
			if len(one.sealed) > 0 && err == nil {
				*one.into, err = s.keys.Open(one.sealed, "referral-event:"+id)
			}
		}
		return p, err
	}, `SELECT seq, state, on_ms, how, at_ms, by_who, said, note FROM referral_events WHERE referral = ? ORDER BY seq`, id)
	return out, wrap("reports", err)
}

// Waiting returns at most limit referrals of which more is to be heard, those first that were to be asked about longest ago.
func (s *Store) Waiting(ctx context.Context, limit int) ([]Referral, error) {
	out, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM referrals WHERE state IN ('sent','accepted') ORDER BY remind_ms, id LIMIT ?`, limit)
	return out, wrap("list", err)
}

// Recent returns at most limit referrals, those first of which something was written down last.
func (s *Store) Recent(ctx context.Context, limit int) ([]Referral, error) {
	out, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM referrals ORDER BY changed_ms DESC, id DESC LIMIT ?`, limit)
	return out, wrap("list", err)
}

// Of returns the referrals of a person, newest first; at most 100.
func (s *Store) Of(ctx context.Context, files, refs []string, call string) ([]Referral, error) {
	var parts []string
	var args []any
	for _, by := range []struct {
		column string
		values []string
	}{{"file", files}, {"caller_ref", refs}, {"call_id", []string{call}}} {
		list, more := storage.In(slices.DeleteFunc(slices.Clone(by.values), func(v string) bool { return v == "" }))
		parts, args = append(parts, by.column+" IN "+list), append(args, more...)
	}
	out, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM referrals WHERE `+strings.Join(parts, " OR ")+` ORDER BY sent_ms DESC, id DESC LIMIT 100`, args...)
	return out, wrap("of a person", err)
}

// Owed says about how many referrals somebody is to ask by now.
type Owed struct {
	Due     map[string]int // by who is to ask
	Changed int64          // another number when any referral is another
}

// Owed counts them.
func (s *Store) Owed(ctx context.Context) (o Owed, err error) {
	o.Due = map[string]int{}
	type count struct {
		owner string
		n     int
	}
	all, err := storage.Select(ctx, s.db, func(r storage.Row) (c count, err error) { return c, r.Scan(&c.owner, &c.n) },
		`SELECT owner, COUNT(*) FROM referrals WHERE state IN ('sent','accepted') AND remind_ms > 0 AND remind_ms <= ? GROUP BY owner`, storage.Millis(s.now()))
	if err != nil {
		return o, wrap("owed", err)
	}
	for _, c := range all {
		o.Due[c.owner] = c.n
	}
	err = s.db.QueryRow(ctx, `SELECT COALESCE(MAX(changed_ms), 0) FROM referrals`).Scan(&o.Changed)
	return o, wrap("owed", err)
}

const columns = `id, file, caller_ref, call_id, service, name, state, owner, sent_ms, made_ms, made_by, remind_ms, changed_ms`

func (s *Store) scan(row storage.Row) (r Referral, err error) {
	var sent, made, remind, changed int64
	var name []byte
	if err := row.Scan(&r.ID, &r.File, &r.Ref, &r.Call, &r.Service, &name, &r.State, &r.Owner, &sent, &made, &r.By, &remind, &changed); err != nil {
		return r, err
	}
	r.Sent, r.Remind, r.Changed = storage.Time(sent), storage.Time(remind), storage.Time(changed)
	r.Name, err = s.keys.Open(name, "referral:"+r.ID)
	return r, err
}

func notFound(op string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return wrap(op, err)
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("referrals: %s: %w", op, err)
}
