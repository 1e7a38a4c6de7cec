// Package reviews keeps the quality control of talks. Every talk of a red call and a random sample of the others go to review, once each; supervisors
// score them by a sheet that the administrator keeps in versions, and point at moments of the recording; the counsellor reads what was said of the
// talk and answers it. Two or more reviewers can score the same talk without seeing each other's marks: how far they agree is shown by published
// measures ([Agree]).
package reviews

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/documents"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Why says how a talk came to be reviewed.
type Why string

// The reasons.
const (
	Red    Why = "red"    // the caller was in danger
	Sample Why = "sample" // it was drawn
	Asked  Why = "asked"  // a supervisor wanted it
)

// State is how far a review is.
type State string

// The states.
const (
	StateOpen    State = "open"
	StateDone    State = "done"    // as many sheets as were wanted are handed in
	StateDropped State = "dropped" // it cannot be reviewed, with a reason
)

// Bounds.
const (
	MostReviewers = 5
	MostWords     = 2000 // characters of an item, a summary, a reply or a reason
	// HeldFor is how long a sheet that was begun keeps its place without being saved.
	HeldFor = 24 * time.Hour
)

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("reviews: there is no such review")
	// ErrOwn says that nobody reviews their own talk.
	ErrOwn = errors.New("reviews: nobody reviews their own talk")
	// ErrTaken says that as many others as were wanted score it already.
	ErrTaken = errors.New("reviews: others score it already")
	// ErrClosed says that it is done or dropped, or that one's own sheet is handed in.
	ErrClosed = errors.New("reviews: it is closed")
	// ErrNotDone says that there is nothing to read or answer yet.
	ErrNotDone = errors.New("reviews: it is not done yet")
	// ErrNotYours says that somebody has no part in it.
	ErrNotYours = errors.New("reviews: it is neither about you nor by you")
	// ErrReleased says that one's sheet was given back: it is taken again before it is written.
	ErrReleased = errors.New("reviews: the sheet was given back")
	// ErrErased says that the contact was erased: nothing more is said of it.
	ErrErased = errors.New("reviews: the contact was erased")
	// ErrInvalid says that marks do not fit the sheet, or words are missing or too long. Marks that do not are told as [Wrong].
	ErrInvalid = errors.New("reviews: it does not fit the sheet")
)

// Review is one talk that is to be reviewed, or was.
type Review struct {
	ID       string // ULID
	Call     string // also its recording
	Agent    string // whose talk it is
	Line     string
	Called   time.Time
	Talk     time.Duration
	Why      Why
	Picked   time.Time
	PickedBy string // empty: the program
	Due      time.Time
	Wanted   int // score sheets
	Sheet    int // version of the sheet; 0: nobody began
	State    State
	Closed   time.Time
	ClosedBy string
	Read     time.Time // the counsellor said so; zero: not yet
	Said     string    // why it was dropped
}

// Calibration tells whether several people score it, each without the others.
func (r Review) Calibration() bool { return r.Wanted > 1 }

// Store is the tables of reviews.
type Store struct {
	db     *storage.DB
	keys   casework.Sealer
	Sheets *documents.Store[Sheet]
	stones Stones
	now    func() time.Time
}

// Open brings the tables to their newest form; several processes may do it at once. Talks that ended before the first one are never looked at: an
// update of the program must not put years of calls before people. stones nil: no contact is ever erased.
func Open(ctx context.Context, db *storage.DB, keys casework.Sealer, stones Stones) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "reviews", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	sheets, err := OpenSheets(ctx, db)
	if err != nil {
		return nil, wrap("sheets", err)
	}
	now := storage.Millis(time.Now())
	if _, err := db.Exec(ctx, `UPDATE review_place SET seed = ?, began_ms = ?, looked_ms = ? WHERE seed = ''`, rand.Text(), now, now); err != nil {
		return nil, wrap("begin", err)
	}
	return &Store{db, keys, sheets, stones, time.Now}, nil
}

const columns = `reviews.id, reviews.call_id, reviews.agent, reviews.line, reviews.called_ms, reviews.talk_ms, reviews.why, reviews.picked_ms, reviews.picked_by,
	reviews.due_ms, reviews.wanted, reviews.sheet, reviews.state, reviews.closed_ms, reviews.closed_by, reviews.read_ms, reviews.said`

func (s *Store) scan(row storage.Row) (r Review, err error) {
	var called, talk, picked, due, closed, read int64
	var said []byte
	err = row.Scan(&r.ID, &r.Call, &r.Agent, &r.Line, &called, &talk, &r.Why, &picked, &r.PickedBy, &due, &r.Wanted, &r.Sheet, &r.State, &closed, &r.ClosedBy, &read, &said)
	if err != nil {
		return r, err
	}
	r.Called, r.Talk, r.Picked, r.Due = storage.Time(called), time.Duration(talk)*time.Millisecond, storage.Time(picked), storage.Time(due)
	r.Closed, r.Read = storage.Time(closed), storage.Time(read)
	if said != nil {
		r.Said, err = s.keys.Open(said, sealedAs(r.ID, "dropped"))
	}
	return r, err
}

func sealedAs(review, what string) string { return "review:" + review + ":" + what }

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("reviews: %s: %w", op, err)
}
