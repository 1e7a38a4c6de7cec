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

// The scripts of calls at risk; see calls.go for what all have in common.
var (
	// ARGV[7] call, [8] agent it is with. Returns call. Errors: no_call, wrong_state (not with that agent). Open for that agent already: no change.
	openScript = newScript("open")
	// ARGV[7] call, [8] agent. Returns call. Errors: no_call, wrong_state (not open, or taken by another), no_agent, agent_busy. Is with the agent: no change.
	reclaimScript = newScript("reclaim")
	// ARGV[7] call, [8] agent it is with, [9] span in ms. Returns call. Errors: no_call, wrong_state (not with that agent).
	keepScript = newScript("keep")
	// ARGV[7] agent, [8] session. Returns agent. Errors: no_agent, fenced, wrong_state (not kept).
	unkeepScript = newScript("unkeep")
	// ARGV[7] call, [8] agent. Returns nothing.
	filedScript = newScript("filed")
	// ARGV[7] agent, [8] session, [9] "1" on. Returns agent. Errors: no_agent, fenced.
	leadScript = newScript("lead")
)

// Open is for a caller at risk whose agent vanished: the caller waits at the head of the tier, open to everybody at once, while the agent may come back
// (Reclaim). The agent becomes NotReady(connection_lost), those beside the call what they were. When nobody is available for the caller who leads the shift is
// rung: also who lacks the skill, takes no calls, or is in a wrap-up, which goes on afterwards. Who does not come to the ring is rung again after half a minute.
func (q *Queue) Open(ctx context.Context, req RequestID, call CallID, agent AgentID) (Call, error) {
	return q.changeCall(ctx, openScript, req, string(call), string(agent))
}

// Reclaim gives an open call to an agent at once: to the one who vanished and is back, or to somebody who takes it. An offer that rings elsewhere is
// withdrawn; after an acceptance it is too late (ErrWrongState). Whether the agent can talk is for the caller of this to know.
func (q *Queue) Reclaim(ctx context.Context, req RequestID, call CallID, agent AgentID) (Call, error) {
	return q.changeCall(ctx, reclaimScript, req, string(call), string(agent))
}

// Keep says of a call that is about to end that its caller was cut off while at risk: at the end the agent becomes NotReady(kept) for span (at most
// Config.Patience), and a call that is Again of this one is offered to that agent alone, before all. Then, or after Unkeep, the wrap-up follows. An agent whose browser is away is not kept.
func (q *Queue) Keep(ctx context.Context, req RequestID, call CallID, agent AgentID, span time.Duration) (Call, error) {
	if span < time.Millisecond {
		return Call{}, fmt.Errorf("queue: keep: %s: %w", span, ErrInvalid)
	}
	return q.changeCall(ctx, keepScript, req, string(call), string(agent), span.Milliseconds())
}

// Unkeep ends that before its time, by the agent's own decision: the wrap-up follows.
func (q *Queue) Unkeep(ctx context.Context, req RequestID, agent AgentID, session string) (Agent, error) {
	return q.changeAgent(ctx, unkeepScript, req, string(agent), session)
}

// Filed says that the form of a call is filled in by its agent. A wrap-up of a call at risk that was answered does not end without it; when it is missing
// for longer than Config.FormWait the agent's row shows it (Agent.Late). It may be said during the call, and again.
func (q *Queue) Filed(ctx context.Context, req RequestID, call CallID, agent AgentID) error {
	_, err := q.change(ctx, filedScript, req, string(call), string(agent))
	return err
}

// Lead says whether an agent leads the shift and can talk now. See Open.
func (q *Queue) Lead(ctx context.Context, req RequestID, agent AgentID, session string, on bool) (Agent, error) {
	return q.changeAgent(ctx, leadScript, req, string(agent), session, flag(on))
}

// Prior is what somebody was who is rung although not available, and becomes again.
type Prior struct {
	State  AgentState `json:"state,omitempty"` // available, wrap_up; else not_ready
	Reason string     `json:"reason"`          // of not_ready
	Since  time.Time  `json:"since,omitzero"`
	Until  time.Time  `json:"until,omitzero"`
	Keeps  CallID     `json:"keeps,omitempty"`
}

type priorRow struct {
	State  AgentState `json:"state,omitempty"`
	Reason string     `json:"reason"`
	Since  ms         `json:"since,omitempty"`
	Ends   ms         `json:"ends,omitempty"`
	Keeps  CallID     `json:"keeps,omitempty"`
}

func (r *priorRow) prior() *Prior {
	if r == nil {
		return nil
	}
	return &Prior{State: r.State, Reason: r.Reason, Since: r.Since.time(), Until: r.Ends.time(), Keeps: r.Keeps}
}

func (p *Prior) row() *priorRow {
	if p == nil {
		return nil
	}
	return &priorRow{State: p.State, Reason: p.Reason, Since: msOf(p.Since), Ends: msOf(p.Until), Keeps: p.Keeps}
}
