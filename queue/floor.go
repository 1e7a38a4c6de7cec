package queue

import (
	"context"
	"fmt"
	"time"
)

// What a supervisor does on the floor, and how an agent asks for one; see calls.go for what all scripts have in common. by is for the journal only.
var (
	// ARGV[7] call, [8] agent, "" takes it back, [9] by. Returns call. Errors: no_call, wrong_state (it does not wait, nor is greeted or
	// offered), no_agent.
	assignScript = newScript("assign")
	// ARGV[7] call, [8] by. Returns call. Errors: no_call, wrong_state (it neither waits nor is offered).
	moveUpScript = newScript("moveup")
	// ARGV[7] agent, [8] "available"|"not_ready", [9] by. Returns agent. Errors: no_agent, agent_busy (reserved, talking, assisting, kept), form_due, on_break,
	// wrong_state (to be available, but the browser is away).
	forceScript = newScript("force")
	// ARGV[7] agent, [8] session, [9] call or "". Returns agent. Errors: no_agent, fenced.
	sosScript = newScript("sos")
	// ARGV[7] agent, [8] by. Returns agent. Errors: no_agent, wrong_state (no call for help). Acknowledged already: no change.
	ackSOSScript = newScript("acksos")
	// ARGV[7] agent, [8] by. Returns agent. Errors: no_agent. No call for help: no change.
	endSOSScript = newScript("endsos")
	// ARGV[7] agent, [8] session, [9] span in ms. Returns agent. Errors: no_agent, fenced, wrong_state (not in wrap-up).
	extendScript = newScript("extend")
)

// Assign gives a caller who is greeted, waits or is offered to an agent as soon as that agent is free, whatever the skills, before all but the more urgent
// tiers; "" takes it back. For Config.Patience the caller waits for that agent alone, while the agent can become free without doing anything; a red
// caller stays open to everybody. An offer that rings goes on. When the agent signs out the assignment ends; the caller keeps the place throughout.
func (q *Queue) Assign(ctx context.Context, req RequestID, call CallID, agent, by AgentID) (Call, error) {
	return q.changeCall(ctx, assignScript, req, string(call), string(agent), string(by))
}

// MoveUp puts a waiting or offered caller at the head of the tier, but never before a caller of a more urgent tier who is in front now.
func (q *Queue) MoveUp(ctx context.Context, req RequestID, call CallID, by AgentID) (Call, error) {
	return q.changeCall(ctx, moveUpScript, req, string(call), string(by))
}

// Force makes an agent available, as Ready would, or NotReady(forced), without a session of theirs. Who is not ready already stays so for the reason there is; Agent.Forced tells their page.
// ErrAgentBusy while reserved, talking, assisting or kept; ErrFormDue: a wrap-up without its form ends neither way, but for NotReady when it is late by
// Config.FormWait; ErrOnBreak as Ready; ErrWrongState when somebody is to be available whose browser is away.
func (q *Queue) Force(ctx context.Context, req RequestID, agent AgentID, state AgentState, by AgentID) (Agent, error) {
	if state != AgentAvailable && state != AgentNotReady {
		return Agent{}, fmt.Errorf("queue: force: state %q: %w", state, ErrInvalid)
	}
	return q.changeAgent(ctx, forceScript, req, string(agent), string(state), string(by))
}

// SOS asks silently for help, in any state. It stays until EndSOS: over the end of the call, and of the session. While it is open nothing changes when it is
// asked again; after it was acknowledged it begins anew.
func (q *Queue) SOS(ctx context.Context, req RequestID, agent AgentID, session string, call CallID) (Agent, error) {
	return q.changeAgent(ctx, sosScript, req, string(agent), session, string(call))
}

// AckSOS says who comes to help; the first one counts. ErrWrongState when nobody asked.
func (q *Queue) AckSOS(ctx context.Context, req RequestID, agent, by AgentID) (Agent, error) {
	if err := checkID("agent", string(by)); err != nil {
		return Agent{}, fmt.Errorf("queue: acksos: %w", err)
	}
	return q.changeAgent(ctx, ackSOSScript, req, string(agent), string(by))
}

// EndSOS closes a call for help. The row of an agent who signed out meanwhile goes with it.
func (q *Queue) EndSOS(ctx context.Context, req RequestID, agent, by AgentID) (Agent, error) {
	return q.changeAgent(ctx, endSOSScript, req, string(agent), string(by))
}

// ExtendWrapUp lets the wrap-up end later, at most Config.WrapMost after its beginning. ErrWrongState when the agent is not in wrap-up (any more).
func (q *Queue) ExtendWrapUp(ctx context.Context, req RequestID, agent AgentID, session string, by time.Duration) (Agent, error) {
	if by < time.Millisecond {
		return Agent{}, fmt.Errorf("queue: extend: %s: %w", by, ErrInvalid)
	}
	return q.changeAgent(ctx, extendScript, req, string(agent), session, by.Milliseconds())
}
