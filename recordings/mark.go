package recordings

import "time"

// MarkKind tells what a stretch of a recording is.
type MarkKind string

// The kinds of marks.
const (
	MarkTalk     MarkKind = "talk"     // the caller and the counsellor
	MarkHold     MarkKind = "hold"     // the caller hears hold audio
	MarkConsult  MarkKind = "consult"  // the counsellor speaks with a colleague; the caller does not hear it
	MarkMonitor  MarkKind = "monitor"  // a supervisor listens
	MarkWhisper  MarkKind = "whisper"  // a supervisor speaks to the counsellor only
	MarkBarge    MarkKind = "barge"    // a supervisor speaks to both
	MarkThird    MarkKind = "third"    // an outside party is in the talk
	MarkPaused   MarkKind = "paused"   // the recording was stopped by a person; Code is the reason
	MarkRisk     MarkKind = "risk"     // the level was raised or lowered; Code is the new level
	MarkDetected MarkKind = "detected" // a detector said so; Code is what
	MarkGap      MarkKind = "gap"      // something is missing; Code is one of the gap reasons
)

// Why something is missing.
const (
	GapLost    = "lost"    // nothing came from the network, on both sides
	GapLeft    = "left"    // nothing came of the left side: the counsellor
	GapRight   = "right"   // nothing came of the right side: lost, or there was nothing to hear
	GapDisk    = "disk"    // the disk refused it
	GapSlow    = "slow"    // the disk was too slow for it
	GapClock   = "clock"   // frames came with impossible times
	GapRestart = "restart" // the process that recorded ended; what it had not yet sealed is missing
	GapBetween = "between" // between two parts of a recording
)

// Mark is a span on the time line of a part, or of a whole recording. It holds ids and codes only, as it is kept in clear.
type Mark struct {
	Kind     MarkKind
	From, To time.Duration // from the start; To == From is a point
	Who      string        // agent id, or empty
	Code     string        // [a-z0-9_-], or empty
}
