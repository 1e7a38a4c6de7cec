package queue

import (
	"context"
	"fmt"
	"slices"
)

// The scripts of calls. All take KEYS and ARGV[1..6] as lua/prelude.lua says; ARGV[7].. are given here. A changing script returns
// {reply JSON, replayed 0|1}; the reply holds "err" (a refusal, nothing changed) or the row named here.
var (
	// ARGV[7] row of the call, JSON. Returns nothing. Known call: owner and node are taken over. An arrival older than 48 h or in the
	// future is moved to that bound.
	arriveScript = newScript("arrive")
	// ARGV[7] call, [8] "1" front. Returns call. Errors: no_call; wrong_state (talking, not to the front). Waiting or offered: no change.
	enqueueScript = newScript("enqueue")
	// ARGV[7] call, [8] tier, [9] "1" danger. Returns call. Errors: no_call.
	raiseScript = newScript("raise")
	// ARGV[7] row of a call, JSON, of which id, need, asked, relax, groups, preferred, prefer, history and again count. Returns call. Errors: no_call.
	requireScript = newScript("require")
	// ARGV[7] offer, [8] agent, [9] session. Returns call. Errors: no_agent, fenced, offer_gone (ended, due, or another agent's).
	acceptScript = newScript("accept")
	// ARGV[7] offer, [8] agent, [9] session. Returns nothing. Errors: no_agent, fenced, offer_gone.
	declineScript = newScript("decline")
	// ARGV[7] call, [8] "talking"|"held", [9] why held. Returns nothing. Errors: no_call, wrong_state (no agent).
	markScript = newScript("mark")
	// ARGV[7] call, [8] ending. Returns nothing, also for an unknown call.
	endScript = newScript("end")
	// ARGV[7] row of the call, JSON. Returns nothing. A known call is left alone.
	restoreScript = newScript("restore")
)

// Arrive registers a call (state greeting). The same call again updates owner and node. An Arrived that is zero or in the future becomes
// now, one older than 48 h becomes 48 h ago; both by the clock of Redis.
func (q *Queue) Arrive(ctx context.Context, req RequestID, c Call) error {
	text, err := callText(c, q.conduct.Load().floors)
	if err != nil {
		return fmt.Errorf("queue: arrive: %w", err)
	}
	_, err = q.change(ctx, arriveScript, req, text)
	return err
}

// Enqueue moves a call from greeting or held to waiting, and offers it at once when an agent fits. front puts it at the head of its tier
// (a caller who lost the agent); the order key it got is in the returned row. The agent it had becomes NotReady(connection_lost) when front,
// else goes to wrap-up. Already waiting or offered: no change. Talking: only to the front, else ErrWrongState.
func (q *Queue) Enqueue(ctx context.Context, req RequestID, id CallID, front bool) (Call, error) {
	return q.changeCall(ctx, enqueueScript, req, string(id), flag(front))
}

// Raise changes the tier of a call in any state; danger marks that the danger key was pressed (it is never unmarked). A caller raised keeps
// a better place already won; one lowered gets the place that the arrival gives in the new tier.
func (q *Queue) Raise(ctx context.Context, req RequestID, id CallID, tier Tier, danger bool) (Call, error) {
	if err := checkTier(tier); err != nil {
		return Call{}, fmt.Errorf("queue: raise: %w", err)
	}
	return q.changeCall(ctx, raiseScript, req, string(id), string(tier), flag(danger))
}

// Require changes what a call asks for, in any state: a language was chosen, the ledger knows who calls, a line was changed. All terms are
// replaced. The place is kept, and steps of relaxation that are due already are taken at once. A waiting call is offered to who fits now; an
// offer that rings is taken back (withdrawn) only from an agent who fits no more. A returning caller's preferred agent is held, as by Arrive.
func (q *Queue) Require(ctx context.Context, req RequestID, id CallID, t Terms) (Call, error) {
	text, err := callText(Call{
		ID: id, Needs: t.Needs, Relax: t.Relax, Groups: t.Groups, Preferred: t.Preferred, PreferUntil: t.PreferUntil, History: t.History, Again: t.Again,
	}, q.conduct.Load().floors)
	if err != nil {
		return Call{}, fmt.Errorf("queue: require: %w", err)
	}
	return q.changeCall(ctx, requireScript, req, text)
}

// Accept turns an offer into a talk: call talking, agent talking. ErrOfferGone when too late. Accepting one's own accepted offer again succeeds.
func (q *Queue) Accept(ctx context.Context, req RequestID, offer OfferID, agent AgentID, session string) (Call, error) {
	return q.changeCall(ctx, acceptScript, req, string(offer), string(agent), session)
}

// Decline ends an offer: the caller keeps the place and is offered to the next, the agent becomes NotReady(declined).
func (q *Queue) Decline(ctx context.Context, req RequestID, offer OfferID, agent AgentID, session string) error {
	_, err := q.change(ctx, declineScript, req, string(offer), string(agent), session)
	return err
}

// Mark records what the controller did with a call that has an agent: talking or held (hold says why).
func (q *Queue) Mark(ctx context.Context, req RequestID, id CallID, state CallState, hold string) error {
	if state != CallTalking && state != CallHeld {
		return fmt.Errorf("queue: mark: state %q: %w", state, ErrInvalid)
	}
	_, err := q.change(ctx, markScript, req, string(id), string(state), hold)
	return err
}

// End removes a call. Its offer is withdrawn (agent available again, offered the next); an agent who talked goes to wrap-up. Unknown call: nil.
func (q *Queue) End(ctx context.Context, req RequestID, id CallID, ending Ending) error {
	_, err := q.change(ctx, endScript, req, string(id), string(ending))
	return err
}

// Restore puts a call back as its controller knows it (after Redis lost it): waiting keeps its order key; offered becomes waiting; talking and held keep their agent.
// A call that the index already holds is left alone. A talk whose agent is already in another talk becomes waiting: one caller, one agent.
func (q *Queue) Restore(ctx context.Context, req RequestID, c Call) error {
	states := []CallState{CallGreeting, CallWaiting, CallOffered, CallTalking, CallHeld, CallDegraded}
	if !slices.Contains(states, c.State) {
		return fmt.Errorf("queue: restore: state %q: %w", c.State, ErrInvalid)
	}
	text, err := callText(c, q.conduct.Load().floors)
	if err != nil {
		return fmt.Errorf("queue: restore: %w", err)
	}
	_, err = q.change(ctx, restoreScript, req, text)
	return err
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
