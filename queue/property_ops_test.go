package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hotline/queue/queuetest"
)

// change is one random change; it answers what it returned, in words that a replay must repeat.
type change func(req RequestID) string

// pick chooses a change and all its arguments, so that doing it twice is a true replay.
func (w *world) pick() (string, change) {
	ctx := context.Background()
	call, agent, session := w.someCall(), w.someAgent(), w.someSession()
	offer, mate := w.someOffer()
	tier := tiers()[w.rnd.IntN(5)]
	if w.rnd.IntN(4) == 0 {
		return w.pickBeside(call, agent, session)
	}
	q := w.q
	switch n := w.rnd.IntN(100); {
	case n < 14:
		c := Call{ID: call, Line: "12355", Node: "node-1", Owner: "controller-1", Tier: tier, Needs: w.someSkills(), Arrived: w.now().Add(-time.Duration(w.rnd.IntN(60)) * time.Second)}
		return fmt.Sprintf("arrive %s %s %v", call, tier, c.Needs), func(r RequestID) string { return word(q.Arrive(ctx, r, c)) }
	case n < 30:
		front := w.rnd.IntN(3) == 0
		return fmt.Sprintf("enqueue %s front=%v", call, front), func(r RequestID) string { return answer(q.Enqueue(ctx, r, call, front)) }
	case n < 35:
		danger := w.rnd.IntN(2) == 0
		return fmt.Sprintf("raise %s %s", call, tier), func(r RequestID) string { return answer(q.Raise(ctx, r, call, tier, danger)) }
	case n < 50:
		return fmt.Sprintf("accept %s %s", offer, mate), func(r RequestID) string { return answer(q.Accept(ctx, r, offer, mate, w.desks[mate].Session)) }
	case n < 55:
		return fmt.Sprintf("decline %s %s", offer, mate), func(r RequestID) string { return word(q.Decline(ctx, r, offer, mate, session)) }
	case n < 59:
		state := []CallState{CallTalking, CallHeld}[w.rnd.IntN(2)]
		return fmt.Sprintf("mark %s %s", call, state), func(r RequestID) string { return word(q.Mark(ctx, r, call, state, "agent_away")) }
	case n < 65:
		return fmt.Sprintf("end %s", call), func(r RequestID) string { return word(q.End(ctx, r, call, EndAnswered)) }
	case n < 72:
		a := Agent{ID: agent, Skills: w.someSkills(), Console: "console-1", Session: session}
		return fmt.Sprintf("signin %s %s %v", agent, session, a.Skills), func(r RequestID) string { return answer(q.SignIn(ctx, r, a)) }
	case n < 85:
		s := w.desks[agent].Session
		return fmt.Sprintf("ready %s", agent), func(r RequestID) string { return answer(q.Ready(ctx, r, agent, s)) }
	case n < 88:
		return fmt.Sprintf("notready %s %s", agent, session), func(r RequestID) string { return answer(q.NotReady(ctx, r, agent, session, "break")) }
	case n < 91:
		return fmt.Sprintf("away %s %s", agent, session), func(r RequestID) string { return word(q.Away(ctx, r, agent, session)) }
	case n < 93:
		return fmt.Sprintf("signout %s %s", agent, session), func(r RequestID) string { return word(q.SignOut(ctx, r, agent, session)) }
	case n < 95:
		states := []CallState{CallGreeting, CallWaiting, CallOffered, CallTalking, CallHeld, CallDegraded}
		c := Call{ID: call, Line: "12355", State: states[w.rnd.IntN(len(states))], Tier: tier, Needs: w.someSkills(), Arrived: w.now().Add(-time.Minute), Agent: agent}
		return fmt.Sprintf("restore %s %s with %s", call, c.State, agent), func(r RequestID) string { return word(q.Restore(ctx, r, c)) }
	case n < 97:
		states := []AgentState{AgentAvailable, AgentReserved, AgentTalking, AgentWrapUp, AgentNotReady}
		a := Agent{ID: agent, State: states[w.rnd.IntN(len(states))], Skills: w.someSkills(), Session: session, Since: w.now().Add(-time.Minute), Call: call}
		return fmt.Sprintf("restore agent %s %s with %s", agent, a.State, call), func(r RequestID) string { return word(q.RestoreAgent(ctx, r, a)) }
	case n < 99:
		return "sweep", func(RequestID) string { return answer(q.Sweep(ctx)) }
	default:
		return "lose", w.lose
	}
}

// lose empties Redis; the owners restore what they know in any order, with wrong and missing rows among it.
func (w *world) lose(RequestID) string {
	ctx := context.Background()
	w.lives++
	if err := queuetest.Empty(ctx, w.rdb); err != nil {
		w.fail("%v", err)
	}
	var restore []func(r RequestID) error
	for _, id := range slices.Sorted(maps.Keys(w.mine)) {
		if c := w.mine[id]; w.rnd.IntN(10) > 0 {
			restore = append(restore, func(r RequestID) error { return w.q.Restore(ctx, r, c) })
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.desks)) {
		if a := w.desks[id]; w.rnd.IntN(10) > 0 {
			restore = append(restore, func(r RequestID) error { return w.q.RestoreAgent(ctx, r, a) })
		}
	}
	w.rnd.Shuffle(len(restore), func(i, j int) { restore[i], restore[j] = restore[j], restore[i] })
	for i, f := range restore {
		w.clock += w.rnd.Int64N(300)
		req := RequestID(fmt.Sprintf("restore-%d-%d", w.lives, i))
		err := f(req)
		x := w.read()
		if bad := errors.Join(err, x.Check()); bad != nil {
			w.fail("restore: %v", bad)
		}
		if again := f(req); again != nil {
			w.fail("replay of a restore: %v", again)
		}
	}
	w.orderSurvived()
	return fmt.Sprintf("restored %d", len(restore))
}

// orderSurvived: the waiting that came back have the order keys that they had.
func (w *world) orderSurvived() {
	x := w.read()
	s, err := w.q.Snapshot(context.Background())
	if err != nil {
		w.fail("%v", err)
	}
	var last float64
	for _, c := range s.Calls {
		old := w.mine[c.ID]
		if c.State != CallWaiting || old.State != CallWaiting && old.State != CallOffered {
			continue
		}
		key := x.Calls[string(c.ID)].Key
		want := old.Arrived.UnixMilli() - w.headStart(old.Tier)
		if !old.Front.IsZero() {
			want = old.Front.UnixMilli()
		}
		if key != float64(want) || key < last {
			w.fail("%s came back with key %.0f, had %d", c.ID, key, want)
		}
		last = key
	}
}

func (w *world) headStart(t Tier) int64 { return Config{}.WithDefaults().HeadStart[t].Milliseconds() }

func (w *world) someCall() CallID   { return CallID(fmt.Sprintf("c%d", w.rnd.IntN(9))) }
func (w *world) someAgent() AgentID { return AgentID(fmt.Sprintf("a%d", w.rnd.IntN(5))) }

func (w *world) someSession() string {
	if w.rnd.IntN(5) == 0 {
		return "s2"
	}
	return "s1"
}

func (w *world) someSkills() Skills {
	s := Skills{}
	for _, name := range []string{"crisis", "mandarin", "youth"} {
		if w.rnd.IntN(3) == 0 {
			s[name] = 1 + w.rnd.IntN(3)
		}
	}
	if len(s) == 0 {
		return nil
	}
	return s
}

// someOffer is mostly one that rings, with its agent.
func (w *world) someOffer() (OfferID, AgentID) {
	var open []Agent
	for _, a := range w.desks {
		if a.Offer != "" {
			open = append(open, a)
		}
	}
	slices.SortFunc(open, func(a, b Agent) int { return strings.Compare(string(a.ID), string(b.ID)) })
	if len(open) == 0 || w.rnd.IntN(10) == 0 {
		return "gone", w.someAgent()
	}
	a := open[w.rnd.IntN(len(open))]
	return a.Offer, a.ID
}

func word(err error) string {
	for _, known := range []error{ErrOfferGone, ErrNoCall, ErrNoAgent, ErrAgentBusy, ErrFenced, ErrWrongState, ErrOnBreak, ErrFormDue} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if err != nil {
		return "unexpected: " + err.Error()
	}
	return "ok"
}

func answer[R any](r R, err error) string {
	if err != nil {
		return word(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return "unexpected: " + err.Error()
	}
	return string(text)
}
