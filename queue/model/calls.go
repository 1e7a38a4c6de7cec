package model

import (
	"hotline/queue"
)

const (
	oldest     = 48 * 3600 * 1000
	settleMost = 3000
	orphanSpan = 10_000
)

// row makes a call's row of what came from outside.
func (q *Queue) row(c queue.Call) (*Call, error) {
	asked := c.Asked
	if len(asked) == 0 {
		asked = c.Needs
	}
	after, err := queue.Relaxed(asked, c.Relax, q.cfg.Floors)
	if err != nil {
		return nil, err
	}
	r := &Call{
		ID: c.ID, Line: c.Line, Node: c.Node, Owner: c.Owner, State: c.State, Tier: c.Tier, Need: asked.Text(),
		Arrived: ms(c.Arrived), Since: ms(c.Since), Talked: ms(c.Talked), Front: ms(c.Front), From: ms(c.Waiting), Until: ms(c.PreferUntil),
		Preferred: c.Preferred, Agent: c.Agent, Danger: c.Danger, History: c.History, Hold: c.Hold, Groups: c.Groups, Callback: c.Callback,
		Parties: c.Parties, Pause: c.Pause, Assigned: c.Assigned, Level: c.Level, LevelBy: c.LevelBy, LevelAt: ms(c.LevelAt), Again: c.Again,
	}
	if r.Assigned != "" {
		r.AssignTill = q.now + q.patience
		if till := ms(c.AssignedUntil); till != 0 {
			r.AssignTill = min(till, r.AssignTill)
		}
	}
	if r.Tier == "" {
		r.Tier = queue.TierNormal
	}
	if len(c.Relax) > 0 {
		r.Asked = r.Need
	}
	for i, s := range c.Relax {
		r.Relax = append(r.Relax, Step{s, after[i].Text()})
	}
	if r.Arrived == 0 {
		r.Arrived = q.now
	}
	r.Arrived = clamp(r.Arrived, q.now-oldest, q.now)
	if r.From != 0 {
		r.From = clamp(r.From, r.Arrived, q.now)
	}
	r.Until = min(r.Until, q.now+q.patience)
	return r, nil
}

// View is a call's row as package queue shows it, for a controller that would restore it.
func (q *Queue) View(c *Call) queue.Call {
	out := queue.Call{
		ID: c.ID, Line: c.Line, Node: c.Node, Owner: c.Owner, State: c.State, Tier: c.Tier, Needs: q.skills(c.Need), Asked: q.skills(c.Asked),
		Arrived: at(c.Arrived), Since: at(c.Since), Talked: at(c.Talked), Front: at(c.Front), Waiting: at(c.From), PreferUntil: at(c.Until),
		Preferred: c.Preferred, Only: c.Only, Agent: c.Agent, Danger: c.Danger, History: c.History, Hold: c.Hold, Groups: c.Groups, Callback: c.Callback,
		Parties: c.Parties, Pause: c.Pause, Assigned: c.Assigned, AssignedUntil: at(c.AssignTill), Level: c.Level, LevelBy: c.LevelBy, LevelAt: at(c.LevelAt),
		LostAt: at(c.Lost), LostBy: c.LostBy, Again: c.Again,
	}
	for _, s := range c.Relax {
		out.Relax = append(out.Relax, s.Relaxation)
	}
	return out
}

func clamp(n, least, most int64) int64 { return max(least, min(most, n)) }

func (q *Queue) ownKey(c *Call) int64 { return c.Arrived - q.head[c.Tier] }

func (q *Queue) orderKey(c *Call) int64 {
	if c.Front != 0 {
		return c.Front
	}
	return q.ownKey(c)
}

// relax gives a call the need that is left of it by now, and returns when the next step is due.
func (q *Queue) relax(c *Call) int64 {
	for _, s := range c.Relax {
		if due := c.From + s.After.Milliseconds(); due > q.now {
			return due
		}
		c.Need = s.Need
	}
	return 0
}

// enter decides what a waiting call needs now, and whether it waits for one agent only.
func (q *Queue) enter(c *Call) {
	c.due, c.Only = q.relax(c), ""
	if c.Tier == queue.TierRed {
		return
	}
	var till int64
	if a := q.Agents[c.Assigned]; a != nil && c.AssignTill > q.now && canFree(a) {
		c.Only, till = a.ID, c.AssignTill
	} else if a := q.Agents[c.Preferred]; a != nil && c.Until > q.now && canFree(a) && q.able(a, c) {
		c.Only, till = a.ID, c.Until
	}
	if till != 0 && (c.due == 0 || till < c.due) {
		c.due = till
	}
}

func (q *Queue) wait(c *Call) {
	if c.Key == 0 {
		c.Key = q.orderKey(c)
	}
	c.State, c.Since, c.Agent, c.Offer, c.Hold, c.Keep = queue.CallWaiting, q.now, "", 0, "", 0
	q.enter(c)
}

// part ends the bond of a call with its agent.
func (q *Queue) part(c *Call) *Agent {
	id := c.Agent
	c.Agent, c.Hold = "", ""
	if id == "" || q.talks[id] != c.ID {
		return nil
	}
	delete(q.talks, id)
	return q.there(id)
}

func (q *Queue) arrive(in queue.Call) error {
	if old := q.Calls[in.ID]; old != nil {
		old.Owner, old.Node = in.Owner, in.Node
		return nil
	}
	c, err := q.row(in)
	if err != nil {
		return err
	}
	c.State, c.Since, c.From = queue.CallGreeting, q.now, 0
	q.Calls[c.ID] = c
	q.keepFor(c)
	if q.endAssists(c.ID) > 0 {
		q.match()
	}
	return nil
}

// keepFor holds the agent whom somebody prefers who was cut off while at risk.
func (q *Queue) keepFor(c *Call) {
	a := q.Agents[c.Preferred]
	waits := c.State == queue.CallGreeting || c.State == queue.CallWaiting
	if waits && c.Tier == queue.TierReturning && a != nil && canFree(a) && a.Group <= c.Groups && c.Until > max(q.now, a.Held) {
		q.keep(a, c.Until)
	}
}

// require gives a call other terms.
func (q *Queue) require(in queue.Call) error {
	c := q.Calls[in.ID]
	if c == nil {
		return queue.ErrNoCall
	}
	r, err := q.row(in)
	if err != nil {
		return err
	}
	c.Need, c.Asked, c.Relax, c.Groups, c.History, c.Preferred, c.Until = r.Need, r.Asked, r.Relax, r.Groups, r.History, r.Preferred, r.Until
	c.Again = r.Again
	switch c.State {
	case queue.CallWaiting:
		q.enter(c)
	case queue.CallOffered:
		q.relax(c)
		if a := q.Agents[c.Agent]; a.Prior == nil && !q.able(a, c) { // it rings for one who cannot help
			q.endOffer(q.Offers[c.Offer])
			q.become(a, queue.AgentAvailable)
		}
	}
	q.keepFor(c)
	if c.State == queue.CallWaiting {
		q.match()
	}
	return nil
}

func (q *Queue) enqueue(id queue.CallID, front bool) error {
	c := q.Calls[id]
	switch {
	case c == nil:
		return queue.ErrNoCall
	case c.State == queue.CallWaiting || c.State == queue.CallOffered:
		return nil
	case c.State == queue.CallTalking && !front:
		return queue.ErrWrongState
	}
	if a := q.part(c); a != nil {
		if front {
			q.unready(a, queue.ReasonConnectionLost)
		} else {
			q.wrapUp(a)
		}
	}
	q.endAssists(id)
	if front {
		c.Front = q.first(c) - 1
	}
	c.From = q.now
	if c.Asked != "" {
		c.Need = c.Asked
	}
	q.wait(c)
	q.match()
	return nil
}

// first is the smallest order key of the tier, or the call's own if smaller.
func (q *Queue) first(c *Call) int64 {
	key := q.orderKey(c)
	for _, other := range q.Calls {
		if other.Tier == c.Tier && (other.State == queue.CallWaiting || other.State == queue.CallOffered) {
			key = min(key, other.Key)
		}
	}
	return key
}

func (q *Queue) raise(id queue.CallID, tier queue.Tier, danger bool) error {
	c := q.Calls[id]
	if c == nil {
		return queue.ErrNoCall
	}
	c.Danger = c.Danger || danger
	q.changeTier(c, tier)
	return nil
}

func (q *Queue) changeTier(c *Call, tier queue.Tier) {
	if c.Tier == tier {
		return
	}
	before, up := q.orderKey(c), q.head[tier] > q.head[c.Tier]
	c.Tier = tier
	if up && c.Front != 0 && before < q.ownKey(c) {
		c.Front = before
	} else {
		c.Front = 0
	}
	q.keepFor(c)
	switch c.State {
	case queue.CallWaiting:
		c.Key = q.orderKey(c)
		q.enter(c)
		q.match()
	case queue.CallOffered:
		c.Key = q.orderKey(c)
	case queue.CallTalking, queue.CallHeld:
		if a := q.Agents[c.Agent]; a != nil {
			q.expose(a, c)
		}
	}
}

func (q *Queue) mark(id queue.CallID, state queue.CallState, hold string) error {
	c := q.Calls[id]
	if c == nil {
		return queue.ErrNoCall
	}
	if c.State != queue.CallTalking && c.State != queue.CallHeld {
		return queue.ErrWrongState
	}
	if c.State != state {
		c.Since = q.now
	}
	c.State, c.Hold = state, hold
	if state == queue.CallTalking {
		c.Hold = ""
	}
	return nil
}

func (q *Queue) end(op Op) error {
	id := op.Call.ID
	c := q.Calls[id]
	if c == nil {
		for _, a := range q.Agents {
			if a.orphan != 0 && a.Call == id {
				q.wrapUp(a)
			}
		}
		q.endAssists(id)
		q.match()
		return nil
	}
	if c.State == queue.CallOffered {
		a := q.Agents[c.Agent]
		delete(q.Offers, c.Offer)
		if a != nil && a.Offer == c.Offer {
			q.unreserve(a, "")
		}
	} else if a := q.part(c); a != nil {
		answered := op.Why == string(queue.EndAnswered)
		if answered && (c.Tier == queue.TierRed || c.Danger) && !c.Filed {
			a.Owes = c.ID
		}
		if answered && c.Keep != 0 && !a.Away {
			q.keepAgent(a, c.ID, q.now+c.Keep)
		} else {
			q.wrapUp(a)
		}
	}
	q.endAssists(id)
	delete(q.Calls, id)
	q.match()
	return nil
}
