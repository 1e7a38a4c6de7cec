package queue

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// pickBeside chooses among the changes of those who take part beside an agent, and of the floor.
func (w *world) pickBeside(call CallID, agent AgentID, session string) (string, change) {
	ctx, q := context.Background(), w.q
	talk, from := w.someTalk(call, agent)
	to := w.someAgent()
	if w.rnd.IntN(6) == 0 {
		to = ""
	}
	switch n := w.rnd.IntN(100); {
	case n < 22:
		return fmt.Sprintf("assist %s %s", talk, agent), func(r RequestID) string { return answer(q.Assist(ctx, r, talk, agent)) }
	case n < 30:
		if a := w.desks[agent]; a.Assist != "" {
			talk = a.Assist
		}
		return fmt.Sprintf("endassist %s %s", talk, agent), func(r RequestID) string { return answer(q.EndAssist(ctx, r, talk, agent)) }
	case n < 35:
		list := []Party{{Agent: agent, Role: PartyMonitor, State: PartyIn, By: agent, Since: w.now()}}[:w.rnd.IntN(2)]
		return fmt.Sprintf("parties %s %v", talk, list), func(r RequestID) string { return word(q.SetParties(ctx, r, talk, list, Pause{})) }
	case n < 49:
		return fmt.Sprintf("transfer %s %s to %s", talk, from, to), func(r RequestID) string { return answer(q.Transfer(ctx, r, talk, from, to)) }
	case n < 58:
		return fmt.Sprintf("requeue %s %s for %s", talk, from, to), func(r RequestID) string { return answer(q.Requeue(ctx, r, talk, from, to)) }
	case n < 70:
		return fmt.Sprintf("assign %s %s", call, to), func(r RequestID) string { return answer(q.Assign(ctx, r, call, to, "boss")) }
	case n < 77:
		return fmt.Sprintf("moveup %s", call), func(r RequestID) string { return answer(q.MoveUp(ctx, r, call, "boss")) }
	case n < 84:
		state := []AgentState{AgentAvailable, AgentNotReady}[w.rnd.IntN(2)]
		return fmt.Sprintf("force %s %s", agent, state), func(r RequestID) string { return answer(q.Force(ctx, r, agent, state, "boss")) }
	case n < 89:
		return fmt.Sprintf("sos %s %s", agent, session), func(r RequestID) string { return answer(q.SOS(ctx, r, agent, session, call)) }
	case n < 92:
		return fmt.Sprintf("acksos %s", agent), func(r RequestID) string { return answer(q.AckSOS(ctx, r, agent, "boss")) }
	case n < 95:
		return fmt.Sprintf("endsos %s", agent), func(r RequestID) string { return answer(q.EndSOS(ctx, r, agent, "boss")) }
	default:
		return fmt.Sprintf("extend %s %s", agent, session), func(r RequestID) string {
			return answer(q.ExtendWrapUp(ctx, r, agent, session, 5*time.Minute))
		}
	}
}

// someTalk is mostly one that goes on, with its agent.
func (w *world) someTalk(call CallID, agent AgentID) (CallID, AgentID) {
	var talks []Call
	for _, c := range w.mine {
		if c.State == CallTalking || c.State == CallHeld {
			talks = append(talks, c)
		}
	}
	if len(talks) == 0 || w.rnd.IntN(8) == 0 {
		return call, agent
	}
	slices.SortFunc(talks, func(a, b Call) int { return strings.Compare(string(a.ID), string(b.ID)) })
	c := talks[w.rnd.IntN(len(talks))]
	return c.ID, c.Agent
}
