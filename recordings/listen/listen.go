// Package listen hears a recording while it is made, and says what it noticed: marks of the kind "detected" on its time line. It works on the frames
// that the recorder has in memory anyway, so that nothing that was sealed has to be opened, and by whom it could be.
//
// [Levels] is the detector that ships: it measures, and its words say what was measured, not what it may mean. An [Outlet] hands the frames to a program of
// the agency's own on this machine, such as a recogniser of speech, and takes marks from it; there is none unless a site configures it.
package listen

import "time"

// Side is one of the two voices of a recording.
type Side uint8

// The sides.
const (
	Counsellor Side = 0
	Caller     Side = 1 // all that the counsellor hears
	sides           = 2
)

// Finding is what a detector noticed, on the time line of the recording.
type Finding struct {
	From, To time.Duration
	Code     string // 1 to 32 of a-z, 0-9, _ and -
}

// Detector hears one recording. Its methods are called from one goroutine, never wait, and never fail.
type Detector interface {
	// Hear takes a piece of G.711 A-law at 8 kHz that begins offset samples after the start. Offsets mostly grow. alaw is valid only during the call.
	Hear(side Side, offset int64, alaw []byte)
	// Rest says that nothing will be heard from now on, on purpose: a hold, a pause. What was going on ends.
	Rest()
	// Close says that the recording ends at that sample.
	Close(end int64)
}

const rate = 8000

func at(samples int64) time.Duration { return time.Duration(samples) * time.Second / rate }

// validCode keeps words, and whatever else is private, out of marks: they are kept in clear.
func validCode(code string) bool {
	if code == "" || len(code) > 32 {
		return false
	}
	for _, r := range code {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			return false
		}
	}
	return true
}
