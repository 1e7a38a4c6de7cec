// Package followups keeps what a hotline owes a person in the months after a call at high risk: to ask after them, at times set by rules, if they wish it,
// at hours and on a number that are safe for them. A series of follow-ups begins with a call at high risk; a new one begins it anew. What a person
// said to be safe is sealed. A call to them goes through the hotline's callbacks, and what came of it comes back here.
package followups

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"time"

	"hotline/casework"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("followups: there is no such follow-up")
	ErrClosed   = errors.New("followups: the follow-up is closed")
	// ErrBusy says that the person is being called at this moment.
	ErrBusy = errors.New("followups: the person is being called")
	// ErrRefused says that the person does not want to be called.
	ErrRefused = errors.New("followups: the person does not want to be called")
	// ErrUnusable says that there is no number that may be called.
	ErrUnusable = errors.New("followups: there is no number to call")
	// ErrStale says that somebody else wrote down in between what is safe: read it again.
	ErrStale   = errors.New("followups: changed in between")
	ErrInvalid = errors.New("followups: it makes no sense")
)

// NotNow is the error of a call at an hour at which the telephone must not ring.
type NotNow struct{ Next time.Time } // when it may; zero: never, by what is written down

func (e *NotNow) Error() string { return "followups: the telephone must not ring now" }

// State is where a follow-up stands.
type State string

// The states. Of those that are over, Why says how.
const (
	Planned State = "planned"
	Calling State = "calling" // a call is in the queue, or their telephone rings
	Talked  State = "talked"  // somebody talked with them, and is yet to say that it is done
	Done    State = "done"
	Ended   State = "ended" // nobody asked after them by it, and nobody will
)

// Open says that something is still owed.
func (s State) Open() bool { return s == Planned || s == Calling || s == Talked }

// Why says how a follow-up came to its end.
type Why string

// The ends: Reached and CalledIn are Done, the others Ended.
const (
	Reached    Why = "reached"     // somebody talked with them
	CalledIn   Why = "called_in"   // they called themselves, close enough to when it was due
	Refused    Why = "refused"     // they do not want to be called
	Restarted  Why = "restarted"   // a new call at high risk began a new series
	NotReached Why = "not_reached" // tried, and given up by a person with a reason
	InCare     Why = "in_care"     // others look after them now
	Deceased   Why = "deceased"
	NotNeeded  Why = "not_needed"
)

// Plan is a series of follow-ups to be made, by what follows from a call.
type Plan struct {
	Source string // "incident:<id>", "call:<id>"…: one source makes one series
	File   string // of the person; empty when there is none
	Call   string // from which it follows
	Ref    string // pseudonym of the person's number; empty when withheld
	Level  string // none, low, moderate, high
	At     time.Time
	Rules  []Rule // nil: [DefaultRules]
	Line   string
	By     string // user id, or "system"
	Owner  string // user id of who is to do it; empty: By, unless that is the system
}

// FollowUp is one time at which somebody asks after a person.
type FollowUp struct {
	ID     string
	Series string
	Rule   string // name of the rule, such as "24h"
	File   string
	Ref    string
	Call   string // from which it follows
	Line   string
	Level  string // of that call
	State  State
	Owner  string // user id of who is to do it; empty: anybody

	Planned time.Time // when it was due by its rule
	Due     time.Time // when it is due
	Ring    time.Time // the first time from Due on at which the telephone may ring; Due when there is none
	Late    time.Time // when it is overdue, and supervisors are shown it
	Climb   time.Time // when it becomes an incident, if the person was at high risk; zero: never
	Settle  time.Time // from when on a call by the person counts for it; zero: never
	Tries   int       // times that their telephone was called
	Task    string    // the callback that calls them, or did last
	LastTry time.Time
	Last    string // what came of the last try, as in casework; empty: none

	Created time.Time
	Closed  time.Time
	By      string // who closed it
	Why     Why
}

// Overdue says that it should have been done.
func (f FollowUp) Overdue(now time.Time) bool {
	return (f.State == Planned || f.State == Calling) && !now.Before(f.Late)
}

// Event is one thing that happened to a follow-up. Events are only added.
type Event struct {
	Seq  int // from 1
	At   time.Time
	Who  string // user id, or "system"
	What string // planned, moved, assigned, called, result, overdue, climbed, settled, shifted, restarted, closed
	Arg  string // result of a call, the new owner, how it ended
	Ref  string // task or call that it is about
	Due  time.Time
	Note string // the reason, or what came of it; was sealed
}

// Files tells which pseudonyms and files belong to one person. A nil one knows nothing.
type Files interface {
	// Same returns all files and pseudonyms of the person of a file, or of pseudonyms.
	Same(ctx context.Context, file string, refs []string) (files, pseudonyms []string, err error)
	// OnLine returns the file of who was on the line in a call; empty when that is not known.
	OnLine(ctx context.Context, call string) (file string, err error)
}

// Config says by which rules of the site follow-ups are made and called. Zero values mean the defaults.
type Config struct {
	Zone  *time.Location                                // in which months are counted; default time.Local
	Hours func(line string) casework.Hours              // in which telephones may ring; default [casework.DefaultHours]
	Files Files                                         //
	Now   func() time.Time                              // the clock; default time.Now
	Talks func(context.Context, FollowUp, string) error // told, at least once, of a call in which they were reached
}

// Store is the table of follow-ups.
type Store struct {
	cfg       Config
	db        *storage.DB
	keys      *casework.Keys
	callbacks *casework.Callbacks
	now       func() time.Time
}

// Open brings the tables to their newest form; several processes may do it at once.
func Open(ctx context.Context, cfg Config, db *storage.DB, keys *casework.Keys, callbacks *casework.Callbacks) (*Store, error) {
	if db == nil || keys == nil || callbacks == nil {
		return nil, errors.New("followups: database, keys and callbacks are needed")
	}
	if err := db.MigrateEmbedded(ctx, "followups", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	if cfg.Hours == nil {
		zone := cfg.Zone
		cfg.Hours = func(string) casework.Hours { return casework.DefaultHours(zone) }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Store{cfg, db, keys, callbacks, cfg.Now}, nil
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("followups: %s: %w", op, err)
}
