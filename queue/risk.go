package queue

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Level is how much danger a person saw. "" is a caller whom nobody has assessed yet.
type Level string

// The levels that a person can say, rising.
const (
	LevelNone     Level = "none"
	LevelLow      Level = "low"
	LevelModerate Level = "moderate"
	LevelHigh     Level = "high"
)

// Risk is how a call stands: its tier and whether it counts as one in danger, and what a person said last, who and when.
type Risk struct {
	Tier   Tier
	Danger bool
	Level  Level
	By     AgentID
	At     time.Time
}

// ARGV[7] call, [8] tier, [9] "1" danger, [10] level or "", [11] by or "", [12] at in ms or 0. Returns call. Errors: no_call. The same again: no change.
var assessScript = newScript("assess")

// Assess notes how much danger there is, in any state, and gives the call the tier that follows, as Raise does. Other than Raise it also takes a mark of
// danger away: two people may say together that it is over, and only telephony/call, which knows that they did, asks for it.
func (q *Queue) Assess(ctx context.Context, req RequestID, id CallID, r Risk) (Call, error) {
	err := checkTier(r.Tier)
	if err == nil {
		err = checkLevel(r.Level)
	}
	if err == nil && r.By != "" {
		err = checkID("agent", string(r.By))
	}
	if err != nil {
		return Call{}, fmt.Errorf("queue: assess: %w", err)
	}
	return q.changeCall(ctx, assessScript, req, string(id), string(r.Tier), flag(r.Danger), string(r.Level), string(r.By), int64(msOf(r.At)))
}

func checkLevel(l Level) error {
	if l != "" && !slices.Contains([]Level{LevelNone, LevelLow, LevelModerate, LevelHigh}, l) {
		return fmt.Errorf("level %q: %w", l, ErrInvalid)
	}
	return nil
}
