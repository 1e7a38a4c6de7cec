package queue

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// The scripts of agents; see calls.go for what all have in common.
var (
	// ARGV[7] row of the agent, JSON (state is ignored). Returns agent.
	signInScript = newScript("signin")
	// ARGV[7] agent, [8] session. Returns agent, which may be reserved already. Errors: no_agent, fenced, agent_busy, form_due, on_break.
	readyScript = newScript("ready")
	// ARGV[7] agent, [8] session, [9] reason. Returns agent. Errors: no_agent, fenced, agent_busy, form_due.
	notReadyScript = newScript("notready")
	// ARGV[7] agent, [8] session. Returns nothing, also for an unknown agent or an old session.
	awayScript = newScript("away")
	// ARGV[7] agent, [8] session. Returns nothing, also for an unknown agent or an old session. Errors: agent_busy (talking, assisting, kept), form_due.
	signOutScript = newScript("signout")
	// ARGV[7] agent, [8] span in ms, 0 ends a hold. Returns agent. Errors: no_agent, wrong_state (cannot become free).
	holdScript = newScript("hold")
	// No ARGV. Returns n, how many offers, wrap-ups, missing forms, agents kept, lost talks, holds, exposures and steps of relaxation it ended (at most 100 of each; call again). Remembered only when n > 0 or an offer was made.
	sweepScript = newScript("sweep")
	// ARGV[7] row of the agent, JSON. Returns nothing. A known agent is left alone.
	restoreAgentScript = newScript("restore_agent")
)

// SignIn puts an agent into the index as NotReady(signed_in), or, when the agent is there already, moves it to the new session and leaves its state.
// An agent whose talk was restored before them is talking from the start.
func (q *Queue) SignIn(ctx context.Context, req RequestID, a Agent) (Agent, error) {
	text, err := agentText(a)
	if err != nil {
		return Agent{}, fmt.Errorf("queue: signin: %w", err)
	}
	return q.changeAgent(ctx, signInScript, req, text)
}

// Ready makes an agent available (from not_ready or wrap_up) and offers the best waiting call. Available already: no change. Who had too many red calls
// (Config.Exposure) becomes NotReady(break_after_red) instead; during that break ErrOnBreak. ErrFormDue while the form of a call at risk is missing.
func (q *Queue) Ready(ctx context.Context, req RequestID, id AgentID, session string) (Agent, error) {
	return q.changeAgent(ctx, readyScript, req, string(id), session)
}

// NotReady makes an agent unavailable. ErrAgentBusy while reserved, talking, assisting or kept. It also ends wrap-up, but for one without its form (ErrFormDue).
func (q *Queue) NotReady(ctx context.Context, req RequestID, id AgentID, session, reason string) (Agent, error) {
	if err := checkID("reason", reason); err != nil {
		return Agent{}, fmt.Errorf("queue: notready: %w", err)
	}
	return q.changeAgent(ctx, notReadyScript, req, string(id), session, reason)
}

// Away is NotReady(connection_lost) for an agent whose browser vanished: a reserved agent's offer goes back as if declined; a talking agent is
// left as it is (the controller holds the caller and decides); wrap-up and an assist go on, and end as NotReady(connection_lost) unless the agent signed in again. An old session changes nothing.
func (q *Queue) Away(ctx context.Context, req RequestID, id AgentID, session string) error {
	_, err := q.change(ctx, awayScript, req, string(id), session)
	return err
}

// SignOut removes an agent, and takes back what was assigned to them. ErrAgentBusy while talking, assisting or kept; ErrFormDue in a wrap-up without its form, but for who
// is away and whose form is late by Config.FormWait; with an open SOS the row stays, offline; a reserved agent's offer goes back as if declined. An old session changes nothing.
func (q *Queue) SignOut(ctx context.Context, req RequestID, id AgentID, session string) error {
	_, err := q.change(ctx, signOutScript, req, string(id), session)
	return err
}

// Hold keeps an agent for a caller who was cut off while at risk and may call again: for span (at most Config.Patience) nobody is offered to the agent but
// callers of the tier returning whose Preferred it is, and red callers for whom nobody else is available. An answer ends it, as does NotReady; a span of 0
// ends it now. A caller who arrives as returning, with a Preferred and a PreferUntil, holds that agent from the greeting on. ErrWrongState when
// the agent cannot become free (NotReady, or away).
func (q *Queue) Hold(ctx context.Context, req RequestID, id AgentID, span time.Duration) (Agent, error) {
	return q.changeAgent(ctx, holdScript, req, string(id), span.Milliseconds())
}

// Sweep ends what is over at the time of Redis: offers (no_answer after MissLimit), wrap-ups (available, or a break), holds
// and waits for one agent, and it takes the steps of relaxation that are due. Safe to run anywhere, often (250 ms).
// It also makes the offers that waited for a restored index to settle. It returns how many of all these it ended.
func (q *Queue) Sweep(ctx context.Context) (int, error) {
	r, err := q.change(ctx, sweepScript, "")
	return r.N, err
}

// RestoreAgent puts an agent back as its console knows it. An agent that the index already holds is left alone. A talking agent whose call is not
// (yet) restored keeps the state talking; when the call is restored they meet; Sweep frees one whose call never came within 10 s (NotReady).
// A reserved agent becomes available: the offer is lost. One who assists waits in the same way for the call, and else becomes what they were. One who is
// offline is put back only with an open SOS.
func (q *Queue) RestoreAgent(ctx context.Context, req RequestID, a Agent) error {
	states := []AgentState{AgentAvailable, AgentReserved, AgentTalking, AgentWrapUp, AgentNotReady}
	if !slices.Contains(states, a.State) && (a.State != AgentOffline || a.SOS == nil) {
		return fmt.Errorf("queue: restore_agent: state %q: %w", a.State, ErrInvalid)
	}
	text, err := agentText(a)
	if err != nil {
		return fmt.Errorf("queue: restore_agent: %w", err)
	}
	_, err = q.change(ctx, restoreAgentScript, req, text)
	return err
}
