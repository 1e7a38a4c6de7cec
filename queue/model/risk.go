package model

import (
	"cmp"
	"slices"

	"hotline/queue"
)

// risk makes the changes of calls at risk.
func (q *Queue) risk(op Op) error {
	switch op.Verb {
	case Assess:
		return q.assess(op)
	case Open:
		return q.open(op)
	case Reclaim:
		return q.reclaim(op)
	case Keep:
		return q.keepCall(op)
	case Unkeep:
		return q.unkeep(op)
	case Filed:
		q.filed(op)
		return nil
	case Lead:
		a, err := q.at(op)
		if err == nil && a.Lead != op.Flag {
			a.Lead = op.Flag
			q.match()
		}
		return err
	}
	return queue.ErrInvalid
}

// assess notes what a person said of the danger; it may also take a mark of danger away.
func (q *Queue) assess(op Op) error {
	c := q.Calls[op.Call.ID]
	if c == nil {
		return queue.ErrNoCall
	}
	c.Danger, c.Level, c.LevelBy, c.LevelAt = op.Flag, op.Call.Level, op.Call.LevelBy, ms(op.Call.LevelAt)
	q.changeTier(c, op.Tier)
	return nil
}

func (q *Queue) open(op Op) error {
	c, from := q.Calls[op.Call.ID], op.Agent.ID
	switch {
	case c == nil:
		return queue.ErrNoCall
	case c.LostBy == from && from != "" && (c.State == queue.CallWaiting || c.State == queue.CallOffered):
		return nil
	case !converses(c) || c.Agent != from:
		return queue.ErrWrongState
	}
	if a := q.part(c); a != nil {
		q.unready(a, queue.ReasonConnectionLost)
	}
	q.endAssists(c.ID)
	c.Front, c.From, c.Lost, c.LostBy = q.first(c)-1, q.now, q.now, from
	if c.Asked != "" {
		c.Need = c.Asked
	}
	q.wait(c)
	q.match()
	return nil
}

func (q *Queue) reclaim(op Op) error {
	c, to := q.Calls[op.Call.ID], q.there(op.Agent.ID)
	switch {
	case c == nil:
		return queue.ErrNoCall
	case converses(c) && c.Agent == op.Agent.ID:
		return nil
	case c.Lost == 0 || c.State != queue.CallWaiting && c.State != queue.CallOffered:
		return queue.ErrWrongState
	case to == nil:
		return queue.ErrNoAgent
	case busy(to) && !(to.State == queue.AgentReserved && to.Offer == c.Offer):
		return queue.ErrAgentBusy
	}
	if o := q.Offers[c.Offer]; c.State == queue.CallOffered && o != nil {
		delete(q.Offers, o.Fence)
		if x := q.Agents[o.Agent]; x != nil && x != to {
			q.unreserve(x, "")
		}
	}
	c.State, c.Since, c.Agent, c.Offer, c.Hold, c.Key, c.Only, c.due = queue.CallTalking, q.now, to.ID, 0, "", 0, "", 0
	c.Lost, c.LostBy, c.Assigned, c.AssignTill = 0, "", "", 0
	if c.Talked == 0 {
		c.Talked = q.now
	}
	q.talks[to.ID] = c.ID
	to.accepted = 0
	q.expose(to, c)
	q.become(to, queue.AgentTalking)
	to.Call, to.Began, to.Line = c.ID, q.now, c.Line
	q.match()
	return nil
}

func (q *Queue) keepCall(op Op) error {
	c := q.Calls[op.Call.ID]
	switch {
	case c == nil:
		return queue.ErrNoCall
	case !converses(c) || c.Agent != op.Agent.ID:
		return queue.ErrWrongState
	}
	c.Keep = min(op.Span.Milliseconds(), q.patience)
	return nil
}

func (q *Queue) unkeep(op Op) error {
	a, err := q.at(op)
	if err == nil && a.Keeps == "" {
		err = queue.ErrWrongState
	}
	if err == nil {
		q.wrapUp(a)
		q.match()
	}
	return err
}

func (q *Queue) filed(op Op) {
	if c := q.Calls[op.Call.ID]; c != nil {
		c.Filed = true
	}
	if a := q.Agents[op.Agent.ID]; a != nil && a.Owes != "" && a.Owes == op.Call.ID {
		a.Owes, a.Late = "", 0
	}
}

// keepAgent keeps an agent for the caller of a call that was cut off, until a time.
func (q *Queue) keepAgent(a *Agent, call queue.CallID, till int64) {
	q.become(a, queue.AgentNotReady)
	a.Reason, a.Keeps, a.Ends = queue.ReasonKept, call, till
}

// unreserve ends a reservation: who was rung although not available is what they were. why: the reason of who did not come to the ring, when the wrap-up is
// over meanwhile.
func (q *Queue) unreserve(a *Agent, why string) {
	p := a.Prior
	switch {
	case p == nil || p.State == queue.AgentAvailable:
		q.become(a, queue.AgentAvailable)
	case p.State == queue.AgentWrapUp && (a.Owes != "" || p.Ends > q.now):
		q.become(a, queue.AgentWrapUp)
		a.Ends, a.Since = p.Ends, p.Since
	case p.State == queue.AgentWrapUp && why != "":
		q.unready(a, why)
	case p.State == queue.AgentWrapUp:
		q.free(a, 0)
	case p.Keeps == "":
		q.become(a, queue.AgentNotReady)
		a.Reason, a.Ends, a.Since = p.Reason, p.Ends, p.Since
	case p.Ends > q.now:
		q.keepAgent(a, p.Keeps, p.Ends)
		a.Since = p.Since
	default:
		q.wrapUp(a)
	}
}

// rungInVain is for the end of a ring of who leads and did not come: who did something else does it again. False: it is the end of any other ring.
func (q *Queue) rungInVain(a *Agent, why string) bool {
	if a.Prior == nil || a.Prior.Keeps != "" {
		return false
	}
	a.Rung = q.now
	if a.Prior.State == queue.AgentAvailable {
		return false
	}
	q.unreserve(a, why)
	return true
}

// wrapDue is when something is to be done about a wrap-up: its end, or that its form is late; 0: nothing.
func (q *Queue) wrapDue(a *Agent) int64 {
	switch {
	case a.State != queue.AgentWrapUp || a.Late != 0:
		return 0
	case a.Owes != "":
		return a.Since + q.form
	}
	return a.Ends
}

// Kept is the agent who is kept for a waiting caller; nil when nobody is.
func (q *Queue) Kept(c *Call) *Agent {
	if c.State != queue.CallWaiting || c.Again == "" {
		return nil
	}
	for _, a := range q.Agents {
		if a.Keeps == c.Again {
			return a
		}
	}
	return nil
}

// ringPause is for how long who did not come to a ring is not rung again.
const ringPause = 30_000

// Leader is who is rung for a caller at risk whose agent vanished; nil: nobody leads and can talk.
func (q *Queue) Leader() *Agent {
	rank := []queue.AgentState{queue.AgentAvailable, queue.AgentNotReady, queue.AgentWrapUp}
	var best *Agent
	for _, a := range q.Agents {
		at := slices.Index(rank, a.State)
		if !a.Lead || at < 0 || a.Away || a.Assist != "" || a.Keeps != "" || a.Reason == queue.ReasonConnectionLost || a.Rung > q.now-ringPause {
			continue
		}
		if best == nil || cmp.Or(
			cmp.Compare(a.Rung, best.Rung), cmp.Compare(at, slices.Index(rank, best.State)), cmp.Compare(a.Since, best.Since), cmp.Compare(a.ID, best.ID),
		) < 0 {
			best = a
		}
	}
	return best
}

// placed are the waiting calls that a question picks, in their order.
func (q *Queue) placed(pick func(*Call) bool) []*Call {
	var list []*Call
	for _, c := range q.Calls {
		if c.State == queue.CallWaiting && pick(c) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(x, y *Call) int { return cmp.Or(cmp.Compare(x.Key, y.Key), cmp.Compare(x.ID, y.ID)) })
	return list
}

func (q *Queue) matchAgain() {
	for _, c := range q.placed(func(c *Call) bool { return q.Kept(c) != nil }) {
		if a := q.Kept(c); a != nil {
			q.offerBy(queue.RuleAgain, c, a)
		}
	}
}

func (q *Queue) matchLost() {
	for _, c := range q.placed(func(c *Call) bool { return c.Lost != 0 }) {
		if q.Best(c) != nil {
			continue
		}
		if a := q.Leader(); a != nil {
			q.offerBy(queue.RuleSupervisor, c, a)
		}
	}
}

// offerBy offers a call to one person by a rule of its own, whatever they do.
func (q *Queue) offerBy(rule queue.Rule, c *Call, a *Agent) {
	reds, _ := q.exposure(a)
	d := queue.Decision{
		Rule: rule, Tier: c.Tier, Key: at(c.Key), Needs: q.levelsOf(c.Need), Groups: c.Groups, Fitting: 1,
		Agents: []queue.Candidate{{ID: a.ID, Group: a.Group, Reds: reds, Idle: at(a.Idle), Held: at(a.Held), Skills: q.levelsOf(a.Skills)}},
	}
	d.Others, d.Waiting = q.rivals(c, a)
	for i := range d.Others {
		d.Others[i].Fits = false // nobody else was looked at for them
	}
	prior := &Prior{State: a.State, Reason: a.Reason, Since: a.Since, Ends: a.Ends, Keeps: a.Keeps}
	q.make(c, a, d)
	a.Prior = prior
}
