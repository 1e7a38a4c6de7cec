// Package retention takes out what was kept long enough: the private part of a contact, and of a person when no contact of theirs is left. What remains
// can be counted and says nothing of anybody. Before anything goes it can be looked at; what is on hold stays; who asked for it to go before its time is
// heard by two people; and over what went stands a stone.
package retention

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"hotline/casework"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Class says how long a contact is kept.
type Class string

// The classes. A contact is of high risk when it, or another of the same number, was in danger, or an incident came of it.
const (
	Ordinary Class = "ordinary"
	HighRisk Class = "high_risk"
)

// LeastKept is the shortest time that rules may name for records (National Health Commission's guide of 2021: three years).
const LeastKept = leastYears * 365 * 24 * time.Hour

// leastYears are those of LeastKept. Records are never taken out before they are over by the calendar, also when one of them has a 29th of February.
const leastYears = 3

// Rules are how long each class is kept, counted from the end of the contact.
type Rules struct {
	Ordinary  time.Duration // at least LeastKept
	HighRisk  time.Duration // at least Ordinary
	Automatic bool          // the worker takes out what is due; else a person does
}

// Validate says what is wrong.
func (r Rules) Validate() error {
	if r.Ordinary < LeastKept || r.HighRisk < r.Ordinary {
		return fmt.Errorf("retention: ordinary contacts are kept three years at least, and those of high risk not shorter than ordinary ones")
	}
	return nil
}

// kept is how long a class is kept.
func (r Rules) kept(c Class) time.Duration {
	if c == HighRisk {
		return r.HighRisk
	}
	return r.Ordinary
}

// over tells whether a contact of a class was kept long enough: as long as the rules say, and the years of [LeastKept] whole.
func (r Rules) over(c Class, ended, now time.Time) bool {
	return now.Sub(ended) >= r.kept(c) && !now.Before(ended.AddDate(leastYears, 0, 0))
}

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("retention: there is no such contact, file, hold or request")
	// ErrHeld says that a hold stands in the way.
	ErrHeld = errors.New("retention: it is on hold")
	// ErrLive says that somebody is still to be reached, or something is owed.
	ErrLive = errors.New("retention: something is still open")
	// ErrSamePerson says that the second person must be another one.
	ErrSamePerson = errors.New("retention: another person than who asked must decide")
	ErrState      = errors.New("retention: it is decided already")
	ErrReason     = errors.New("retention: a reason of 1 to 500 characters is needed")
	// errYoung says that it is of a class by now that is kept longer.
	errYoung = errors.New("retention: it was not kept long enough")
)

// people tells which files a contact belongs to, and which contacts a file has; *files.Store wrapped by cmd/hotline.
type people interface {
	// FilesOf are the files that a call belongs to: of each person one.
	FilesOf(ctx context.Context, call string) ([]string, error)
	// FilesOfEach are the files that calls belong to, with the parts they were made of; a call without one is not in it.
	FilesOfEach(ctx context.Context, calls []string) (map[string][]string, error)
	// Whose is the condition on a call that one of its files, or of the parts they were made of, meets another one.
	Whose(file storage.Condition) storage.Condition
	// AllOf are the calls that belong to some files, or to what was merged into one with them.
	AllOf(files storage.Set) storage.Set
	// CallsOf are all calls of a file and its parts, each once, also within a transaction; ErrNotFound.
	CallsOf(ctx context.Context, in storage.Reader, file string) (calls, parts []string, err error)
}

// Store takes out and remembers.
type Store struct {
	db     *storage.DB
	keys   casework.Sealer
	people people
	all    []storage.Private
	now    func() time.Time
}

// Open brings the tables to their newest form. private is what every package says of its own tables.
func Open(ctx context.Context, db *storage.DB, keys casework.Sealer, people people, private ...storage.Private) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "retention", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, keys, people, private, time.Now}, nil
}

// Contact is one that is due.
type Contact struct {
	Call  string
	Class Class
	Ended time.Time
	Held  bool // stays
	Live  bool // stays
}

// Plan is what would go: nothing is changed by looking.
type Plan struct {
	At       time.Time
	Contacts []Contact // oldest first
	More     bool      // there are more than were asked for
}

// Due looks for at most limit contacts that were kept long enough.
func (s *Store) Due(ctx context.Context, rules Rules, limit int) (Plan, error) {
	plan := Plan{At: s.now()}
	err := s.walk(ctx, rules, plan.At, func(c Contact) bool {
		if plan.More = len(plan.Contacts) == limit; plan.More {
			return false
		}
		plan.Contacts = append(plan.Contacts, c)
		return true
	})
	return plan, err
}

// walk shows every contact that was kept long enough, oldest first, until see says that it is enough. Every call that is old enough for the shorter
// time is looked at, page by page: which class it is of is a question to many tables.
func (s *Store) walk(ctx context.Context, rules Rules, now time.Time, see func(Contact) bool) error {
	if err := rules.Validate(); err != nil {
		return err
	}
	after := contactKey{}
	for {
		page, err := storage.Select(ctx, s.db, func(r storage.Row) (k contactKey, err error) { return k, r.Scan(&k.call, &k.ended) },
			`SELECT id, ended_ms FROM calls WHERE ended_ms > 0 AND ended_ms <= ? AND (ended_ms > ? OR ended_ms = ? AND id > ?)
			AND NOT EXISTS (SELECT 1 FROM retention_stones WHERE object = 'call:' || calls.id) ORDER BY ended_ms, id LIMIT 500`,
			storage.Millis(now.Add(-rules.Ordinary)), after.ended, after.ended, after.call)
		if err != nil {
			return wrap("look for what is due", err)
		}
		due, err := s.judge(ctx, page, rules, now)
		if err != nil {
			return err
		}
		for _, c := range due {
			if !see(c) {
				return nil
			}
		}
		if len(page) < 500 {
			return nil
		}
		after = page[len(page)-1]
	}
}

type contactKey struct {
	call  string
	ended int64
}

// judge tells which of some contacts were kept long enough, and what keeps them all the same. It only reads, for hundreds at once: in the
// transaction in which one goes, its age, its files, its class and what keeps it are asked again.
func (s *Store) judge(ctx context.Context, page []contactKey, rules Rules, now time.Time) (due []Contact, err error) {
	calls := make([]string, 0, len(page))
	for _, k := range page {
		calls = append(calls, k.call)
	}
	all, err := s.Standings(ctx, calls)
	if err != nil {
		return nil, err
	}
	for _, k := range page {
		st := all[k.call]
		if ended := storage.Time(k.ended); rules.over(st.Class, ended, now) {
			due = append(due, Contact{Call: k.call, Class: st.Class, Ended: ended, Held: st.Held, Live: st.Live})
		}
	}
	return due, nil
}

// Stone stands over what was erased.
type Stone struct {
	Object string // call:ID, file:ID
	Class  Class
	Why    string // retention, or request:ID
	At     time.Time
	By     string
	Found  int // rows that held something
}

// Stones are the newest ones.
func (s *Store) Stones(ctx context.Context, limit int) ([]Stone, error) {
	out, err := storage.Select(ctx, s.db, func(r storage.Row) (st Stone, err error) {
		var at int64
		err = r.Scan(&st.Object, &st.Class, &st.Why, &at, &st.By, &st.Found)
		st.At = storage.Time(at)
		return st, err
	}, `SELECT object, class, why, at_ms, by_who, found FROM retention_stones ORDER BY at_ms DESC, object LIMIT ?`, limit)
	return out, wrap("stones", err)
}

// Erase takes out the private part of one contact, at once and whole, however long it was kept, and with the last one of a person what is known of them; again it
// changes nothing. ErrHeld, ErrLive, ErrNotFound.
func (s *Store) Erase(ctx context.Context, c Contact, why, by string) (Stone, error) {
	return s.erase(ctx, c, nil, why, by)
}

// erase is Erase; with rules only of what was kept as long as they say, by its class and its end as they are then. errYoung.
func (s *Store) erase(ctx context.Context, c Contact, rules *Rules, why, by string) (Stone, error) {
	files, err := s.people.FilesOf(ctx, c.Call)
	if err != nil {
		return Stone{}, wrap("erase "+c.Call, err)
	}
	stone := Stone{Object: "call:" + c.Call, Class: c.Class, Why: why, At: s.now(), By: by}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := s.StillHolds(ctx, tx); err != nil {
			return err
		}
		stone.Found, stone.Class = 0, c.Class
		var ref string
		var ended int64
		if err := tx.QueryRow(ctx, `SELECT caller_ref, ended_ms FROM calls WHERE id = ?`, c.Call).Scan(&ref, &ended); errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		} else if err != nil {
			return err
		}
		class, err := s.free(ctx, tx, c.Call)
		if err != nil {
			return err
		}
		if rules != nil {
			stone.Class = class
			if !rules.over(stone.Class, storage.Time(ended), s.now()) {
				return errYoung
			}
		}
		if err := s.take(ctx, tx, storage.OfCall, c.Call, &stone); err != nil {
			return err
		}
		if ref != "" {
			var left int
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM calls WHERE caller_ref = ?`, ref).Scan(&left); err != nil {
				return err
			}
			if left == 0 {
				if err := s.take(ctx, tx, storage.OfRef, ref, &stone); err != nil {
					return err
				}
			}
		}
		if err := put(ctx, tx, stone); err != nil {
			return err
		}
		return s.eraseEmpty(ctx, tx, files, stone)
	})
	return stone, wrap("erase "+c.Call, err)
}

// take erases every place of a subject, and makes sure that nothing is left.
func (s *Store) take(ctx context.Context, tx *storage.Tx, of storage.Subject, id string, stone *Stone) error {
	for _, p := range s.all {
		for _, place := range p.Places {
			if place.Of != of {
				continue
			}
			n, err := place.Erase(ctx, tx, id)
			if err != nil {
				return fmt.Errorf("%s: %w", place.Table, err)
			}
			stone.Found += int(n)
			if left, err := place.Count(ctx, tx, id); err != nil || left > 0 {
				return errors.Join(err, when(left > 0, fmt.Errorf("%s: %d rows still hold something", place.Table, left)))
			}
		}
	}
	return nil
}

func put(ctx context.Context, tx *storage.Tx, st Stone) error {
	_, err := tx.Exec(ctx, `INSERT INTO retention_stones (object, class, why, at_ms, by_who, found, left_n) VALUES (?,?,?,?,?,?,0) ON CONFLICT (object) DO NOTHING`,
		st.Object, string(st.Class), st.Why, storage.Millis(st.At), st.By, st.Found)
	return err
}

func when(yes bool, err error) error {
	if yes {
		return err
	}
	return nil
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("retention: %s: %w", op, err)
}
