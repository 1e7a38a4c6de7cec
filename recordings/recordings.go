// Package recordings keeps what was said: sealed while it is being said, readable only with a key that the recording side never has.
//
// A [Recorder] (in the gateway, public keys only) writes each take into a spool folder, half a second at a time, every piece sealed
// for itself. [Intake] (in the worker) moves finished takes to the store folder, seals those whose gateway died, and writes
// the row of each into the [Index]. [Library] (in the console) opens a recording with the secret key and presents it as a WAV file,
// decrypting what is read, when it is read. Plaintext speech never rests on disk.
package recordings

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"hotline/audio"
)

// Rate is the sampling rate of every recording, in Hz.
const Rate = audio.Rate

// Side is one of the two channels of a recording.
type Side uint8

// The sides.
const (
	Left  Side = 0 // the counsellor
	Right Side = 1 // everything the counsellor hears; of a voice message, the caller
	sides      = 2
)

// Kind tells why there is a recording.
type Kind string

// The kinds.
const (
	KindCall    Kind = "call"    // a talk of a counsellor with a caller
	KindMessage Kind = "message" // a voice message that a caller left with the fallback
)

// Meta says what is recorded. It holds ids only, never a number or a name: it lies beside the sealed speech in clear.
type Meta struct {
	Call    string    // call id
	Line    string    // line id
	Agent   string    // agent id; empty for a message
	Started time.Time // of sample 0; the zero time means now
	Kind    Kind      // empty means KindCall
}

// Recording is one finished part of a recording: one take. The recording itself is all parts of a call, see [Session]; its id is the
// call's id.
type Recording struct {
	ID string // of the part
	Meta
	Duration time.Duration
	Chunks   int           // sealed pieces of audio
	Gaps     int           // stretches for which a side has no audio
	GapTime  time.Duration // their length, summed over both sides
	Complete bool          // closed in order; false when its gateway died or its disk refused it, and up to some seconds before its end may be missing
	Bytes    int64         // of the sealed file
	Stored   time.Time     // when it became playable
	Erased   bool          // its key was destroyed: only this row is left, and the stone over it
	Head     string        // hexadecimal, what closes the hash chain over the part; empty for format 1
	Marks    []Mark        // on the part's own line; only where it was opened
}

// Part is another name for what a row of the index is.
type Part = Recording

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("recordings: there is no such recording")
	ErrExists   = errors.New("recordings: a recording with this id exists")
	ErrWrongKey = errors.New("recordings: the key does not open this recording")
	ErrErased   = errors.New("recordings: the recording was erased: its key is destroyed")
	ErrBadID    = errors.New("recordings: an id has 1 to 64 letters, digits, - or _")
)

// ErrTampered says that a recording is not what was recorded.
type ErrTampered struct {
	Chunk int // which sealed piece, from 1; 0: the opening one; -1: the file as a whole
	What  string
}

// Error tells where.
func (e *ErrTampered) Error() string {
	if e.Chunk < 0 {
		return "recordings: the file was altered: " + e.What
	}
	return fmt.Sprintf("recordings: chunk %d was altered: %s", e.Chunk, e.What)
}

var idRule = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

// validID also keeps an id from being a path.
func validID(id string) error {
	if !idRule.MatchString(id) {
		return ErrBadID
	}
	return nil
}

func samplesIn(d time.Duration) int64 {
	return int64(d/time.Second)*Rate + int64(d%time.Second)*Rate/int64(time.Second) // a product of centuries would overflow
}

func timeOf(samples int64) time.Duration {
	return time.Duration(samples) * time.Second / Rate
}
