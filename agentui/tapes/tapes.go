// Package tapes is how the console gives recordings to people: which they may see, the leave to listen that one sign-in has, what they heard of it, and
// what the screen is told. It decides nothing about keys and files: a [Library] gives what is in them.
package tapes

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrNotFound is what a Library answers when it has no such recording.
var ErrNotFound = errors.New("tapes: there is no such recording")

// ErrErased is what a Library answers when the recording can be read by nobody any more.
var ErrErased = errors.New("tapes: the recording was erased")

// ErrDamaged is what a Library answers when the recording is not what was recorded.
var ErrDamaged = errors.New("tapes: the recording was changed, or a piece of it is missing")

// Part is one stretch of one person's leg.
type Part struct {
	ID       string
	Kind     string
	Agent    string // empty: a message, or a telephone without a console
	From, To time.Duration
	Complete bool
}

// Recording is all of a call.
type Recording struct {
	ID      string // the call's; where no call is known, that of the only part
	Call    string // empty: not known
	Line    string
	Started time.Time // of the first part
	Length  time.Duration
	Parts   []Part // in the order in which they began; at least one
	Erased  bool
}

// Own tells whether a person's leg is in it.
func (r Recording) Own(agent string) bool {
	for _, p := range r.Parts {
		if p.Agent == agent && agent != "" {
			return true
		}
	}
	return false
}

// Complete tells whether nothing is missing.
func (r Recording) Complete() bool {
	for _, p := range r.Parts {
		if !p.Complete {
			return false
		}
	}
	return true
}

// MarkThird is the kind of mark whose code is a contact of the phonebook.
const MarkThird = "third"

// Mark is a span, or with From = To a point, on the time line of a recording.
type Mark struct {
	Kind      string
	From, To  time.Duration
	Who, Code string
}

// Place is where a recording stands in the list: the time and the id of its first part.
type Place struct {
	Started time.Time
	Part    string
}

// Query says which recordings are wanted; a field that is zero wants all.
type Query struct {
	From, To    time.Time // it began at From or later, before To
	Line, Agent string
	Before      Place
	Limit       int
}

// Library gives recordings back. *recordings.Library is behind it.
type Library interface {
	// Find returns recordings, those that began last first. What was said of a call may change meanwhile: whoever asks looks again at class and level.
	Find(ctx context.Context, s Search) ([]Recording, error)
	// Get returns what is known of one without opening it, or ErrNotFound.
	Get(ctx context.Context, id string) (Recording, error)
	// Open opens one for playing. ErrNotFound, ErrErased, ErrDamaged.
	Open(ctx context.Context, id string) (Tape, error)
}

// Tape is an open recording: a WAV file (8 kHz, 16 bit, stereo: left the counsellor, right what the counsellor heard) whose pieces are decrypted as
// they are read, in memory only.
type Tape interface {
	io.ReadSeekCloser
	io.ReaderAt
	// Marks are on the recording's own time line, in order.
	Marks() []Mark
	// Peaks are the loudest samples of each stretch of a second divided by perSecond, one byte for each side in turn: 0 silence, 255 the loudest.
	Peaks(ctx context.Context, perSecond int) ([]byte, error)
}
