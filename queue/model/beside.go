package model

import (
	"cmp"
	"slices"

	"hotline/queue"
)

// beside makes the changes of those who take part beside an agent, and of the floor.
func (q *Queue) beside(op Op) error {
	switch op.Verb {
	case Assist:
		return q.assist(op)
	case EndAssist:
		return q.endAssistOf(op)
	case SetParties:
		return q.parties(op)
	case Transfer:
		return q.transfer(op)
	case Requeue:
		return q.requeue(op)
	case Assign:
		return q.assign(op)
	case MoveUp:
		return q.moveUp(op)
	case Force:
		return q.force(op)
	case SOS, AckSOS, EndSOS:
		return q.help(op)
	case Extend:
		return q.extend(op)
	}
	return q.risk(op)
}

// there is an agent who is signed in.
func (q *Queue) there(id queue.AgentID) *Agent {
	if a := q.Agents[id]; a != nil && a.State != queue.AgentOffline {
		return a
	}
	return nil
}

// present: somebody else may give this agent something.
func present(a *Agent) bool { return a != nil && !a.Away && a.Reason != queue.ReasonConnectionLost }

func converses(c *Call) bool {
	return c != nil && (c.State == queue.CallTalking || c.State == queue.CallHeld)
}

func (q *Queue) assist(op Op) error {
	c, a := q.Calls[op.Call.ID], q.there(op.Agent.ID)
	switch {
	case a == nil:
		return queue.ErrNoAgent
	case c == nil:
		return queue.ErrNoCall
	case a.Assist == c.ID:
		return nil
	case busy(a):
		return queue.ErrAgentBusy
	case !converses(c):
		return queue.ErrWrongState
	}
	q.takePart(a, c.ID, Was{a.State, a.Reason, a.Since, a.Ends})
	q.match()
	return nil
}

func (q *Queue) takePart(a *Agent, call queue.CallID, was Was) {
	q.become(a, queue.AgentNotReady)
	a.Reason, a.Assist, a.Was = queue.ReasonAssisting, call, was
}

// endAssist makes an assisting agent what they were.
func (q *Queue) endAssist(a *Agent) {
	was := a.Was
	switch {
	case a.Away:
		q.unready(a, queue.ReasonConnectionLost)
	case was.State == queue.AgentAvailable, was.State == queue.AgentWrapUp && was.Ends <= q.now && a.Owes == "":
		q.free(a, 0)
	case was.State == queue.AgentWrapUp:
		q.become(a, queue.AgentWrapUp)
		a.Ends = was.Ends
		a.Since = cmp.Or(was.Since, q.now)
	default:
		q.become(a, queue.AgentNotReady)
		a.Reason, a.Ends = cmp.Or(was.Reason, queue.ReasonSignedIn), was.Ends
		a.Since = cmp.Or(was.Since, q.now)
	}
}

// endAssists ends those of a call and returns how many there were.
func (q *Queue) endAssists(call queue.CallID) int {
	var all []*Agent
	for _, a := range q.Agents {
		if a.Assist == call {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(x, y *Agent) int { return cmp.Compare(x.ID, y.ID) })
	for _, a := range all {
		q.endAssist(a)
	}
	return len(all)
}

func (q *Queue) endAssistOf(op Op) error {
	a := q.Agents[op.Agent.ID]
	if a == nil {
		return queue.ErrNoAgent
	}
	if a.Assist == op.Call.ID && a.Assist != "" {
		q.endAssist(a)
		q.match()
	}
	return nil
}

// restoreAssist puts back one who assists, as long as the call may come back.
func (q *Queue) restoreAssist(a *Agent, in queue.Agent, since int64) {
	was := Was{}
	if b := in.Before; b != nil {
		was = Was{b.State, b.Reason, ms(b.Since), ms(b.Until)}
	}
	q.takePart(a, in.Assist, was)
	a.Since = since
	switch c := q.Calls[in.Assist]; {
	case c == nil:
		a.orphan = q.now + orphanSpan
	case !converses(c):
		q.endAssist(a)
	}
}

func (q *Queue) parties(op Op) error {
	c := q.Calls[op.Call.ID]
	if c == nil {
		return queue.ErrNoCall
	}
	c.Parties, c.Pause = op.Call.Parties, op.Call.Pause
	return nil
}

func (q *Queue) transfer(op Op) error {
	c, to := q.Calls[op.Call.ID], q.there(op.To)
	switch {
	case c == nil:
		return queue.ErrNoCall
	case !converses(c) || c.Agent == "":
		return queue.ErrWrongState
	case c.Agent == op.To:
		return nil
	case c.Agent != op.Agent.ID:
		return queue.ErrWrongState
	case !present(to):
		return queue.ErrNoAgent
	case busy(to) && (to.Assist != c.ID || to.Keeps != ""):
		return queue.ErrAgentBusy
	}
	if a := q.part(c); a != nil {
		q.wrapUp(a)
	}
	c.State, c.Since, c.Agent, c.Keep = queue.CallTalking, q.now, to.ID, 0
	q.talks[to.ID] = c.ID
	to.accepted = 0
	q.expose(to, c)
	q.become(to, queue.AgentTalking)
	to.Call, to.Began, to.Line = c.ID, q.now, c.Line
	q.match()
	return nil
}

func (q *Queue) requeue(op Op) error {
	c, from := q.Calls[op.Call.ID], op.Agent.ID
	switch {
	case c == nil:
		return queue.ErrNoCall
	case !converses(c) || c.Agent != from || from == op.To || c.Tier == queue.TierRed:
		return queue.ErrWrongState
	case op.To != "" && q.there(op.To) == nil:
		return queue.ErrNoAgent
	}
	if a := q.part(c); a != nil {
		q.wrapUp(a)
	}
	q.endAssists(c.ID)
	c.Front = q.first(c) - 1
	c.From = q.now
	if c.Asked != "" {
		c.Need = c.Asked
	}
	if c.Preferred == from {
		c.Preferred, c.Until = "", 0
	}
	q.assignTo(c, op.To)
	q.wait(c)
	q.match()
	return nil
}

func (q *Queue) assignTo(c *Call, to queue.AgentID) {
	c.Assigned, c.AssignTill = to, 0
	if to != "" {
		c.AssignTill = q.now + q.patience
	}
}

func (q *Queue) assign(op Op) error {
	c := q.Calls[op.Call.ID]
	switch {
	case c == nil:
		return queue.ErrNoCall
	case c.State != queue.CallGreeting && c.State != queue.CallWaiting && c.State != queue.CallOffered:
		return queue.ErrWrongState
	case op.To != "" && q.there(op.To) == nil:
		return queue.ErrNoAgent
	case op.To == "" && c.Assigned == "":
		return nil
	}
	q.assignTo(c, op.To)
	if c.State == queue.CallWaiting {
		q.enter(c)
		q.match()
	}
	return nil
}

// moveUp: to the head of the tier, behind those of more urgent tiers who are in front now.
func (q *Queue) moveUp(op Op) error {
	c := q.Calls[op.Call.ID]
	if c == nil {
		return queue.ErrNoCall
	}
	placed := func(x *Call) bool { return x.State == queue.CallWaiting || x.State == queue.CallOffered }
	if !placed(c) {
		return queue.ErrWrongState
	}
	first := c
	for _, x := range q.Calls {
		if placed(x) && x.Tier == c.Tier && (x.Key < first.Key || x.Key == first.Key && x.ID < first.ID) {
			first = x
		}
	}
	if first == c {
		return nil
	}
	key := first.Key - 1
	for _, x := range q.Calls {
		if placed(x) && q.head[x.Tier] > q.head[c.Tier] && x.Key < c.Key {
			key = max(key, x.Key+1)
		}
	}
	if key < c.Key {
		c.Front, c.Key = key, key
		if c.State == queue.CallWaiting {
			q.enter(c)
			q.match()
		}
	}
	return nil
}

func (q *Queue) force(op Op) error {
	a, state := q.there(op.Agent.ID), op.Agent.State
	switch {
	case a == nil:
		return queue.ErrNoAgent
	case busy(a):
		return queue.ErrAgentBusy
	case a.Owes != "" && (state == queue.AgentAvailable || a.State == queue.AgentWrapUp && a.Late == 0):
		return queue.ErrFormDue
	}
	a.Owes, a.Late = "", 0
	if state == queue.AgentNotReady {
		a.Forced = q.now
	}
	switch {
	case a.State == state:
		return nil
	case state == queue.AgentNotReady:
		q.unready(a, queue.ReasonForced)
		q.match()
		return nil
	case !present(a):
		return queue.ErrWrongState
	case a.Rest > q.now && q.cfg.Exposure.Limit > 0:
		return queue.ErrOnBreak
	}
	a.Misses = 0
	q.free(a, 0)
	q.match()
	return nil
}

func (q *Queue) help(op Op) error {
	if op.Verb == SOS {
		a, err := q.at(op)
		if err == nil && (a.SOS == nil || a.SOS.AckAt != 0) {
			a.SOS = &Help{At: q.now, Call: op.Call.ID}
		}
		return err
	}
	a := q.Agents[op.Agent.ID]
	switch {
	case a == nil:
		return queue.ErrNoAgent
	case op.Verb == AckSOS && a.SOS == nil:
		return queue.ErrWrongState
	case op.Verb == AckSOS && a.SOS.AckAt == 0:
		a.SOS.AckBy, a.SOS.AckAt = op.By, q.now
	case op.Verb == EndSOS && a.State == queue.AgentOffline:
		delete(q.Agents, a.ID)
	case op.Verb == EndSOS:
		a.SOS = nil
	}
	return nil
}

func (q *Queue) extend(op Op) error {
	a, err := q.at(op)
	if err != nil {
		return err
	}
	if a.State != queue.AgentWrapUp {
		return queue.ErrWrongState
	}
	a.Ends = max(a.Ends, min(a.Ends+op.Span.Milliseconds(), a.Since+q.most))
	return nil
}
