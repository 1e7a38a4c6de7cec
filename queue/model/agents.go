package model

import (
	"slices"
	"strconv"

	"hotline/queue"
)

// canFree: whether an agent can become available without doing anything.
func canFree(a *Agent) bool {
	switch a.State {
	case queue.AgentAvailable, queue.AgentReserved, queue.AgentTalking, queue.AgentWrapUp:
		return !a.Away
	}
	return false
}

// DeskView is an agent's row as package queue shows it, for a console that would restore it.
func (q *Queue) DeskView(a *Agent) queue.Agent {
	out := queue.Agent{
		ID: a.ID, State: a.State, Reason: a.Reason, Since: at(a.Since), Until: at(a.Ends), Skills: q.skills(a.Skills), Console: a.Console,
		Session: a.Session, Call: a.Call, Group: a.Group, Rested: at(a.Rested), Rest: at(a.Rest), Held: at(a.Held),
	}
	if a.Assist != "" {
		out.Assist, out.Before = a.Assist, &queue.Before{State: a.Was.State, Reason: a.Was.Reason, Since: at(a.Was.Since), Until: at(a.Was.Ends)}
	}
	if a.SOS != nil {
		out.SOS = &queue.SOS{At: at(a.SOS.At), Call: a.SOS.Call, AckBy: a.SOS.AckBy, AckAt: at(a.SOS.AckAt)}
	}
	out.Owes, out.Late, out.Keeps, out.Lead = a.Owes, at(a.Late), a.Keeps, a.Lead
	if p := a.Prior; p != nil {
		out.Prior = &queue.Prior{State: p.State, Reason: p.Reason, Since: at(p.Since), Until: at(p.Ends), Keeps: p.Keeps}
	}
	for _, t := range a.Reds {
		out.Reds = append(out.Reds, at(t))
	}
	return out
}

// become moves an agent to a state; the caller sets afterwards what the state needs.
func (q *Queue) become(a *Agent, state queue.AgentState) {
	q.unseat(a)
	if a.State == queue.AgentWrapUp {
		q.serve(a)
	}
	if a.State == queue.AgentWrapUp || a.State == queue.AgentTalking && state != queue.AgentWrapUp {
		a.Began, a.Line = 0, ""
	}
	a.Reason, a.Ends, a.Call, a.Offer, a.orphan, a.Assist, a.Was, a.Keeps, a.Prior = "", 0, "", 0, 0, "", Was{}, "", nil
	a.State, a.Since = state, q.now
	switch state {
	case queue.AgentAvailable:
		if a.Idle == 0 {
			a.Idle = q.now
		}
		q.seat(a)
	case queue.AgentReserved:
	case queue.AgentTalking:
		a.Misses, a.Rung, a.Held, a.Idle = 0, 0, 0, 0
	case queue.AgentNotReady, queue.AgentOffline:
		a.Held, a.Idle = 0, 0
	default:
		a.Idle = 0
	}
	if !canFree(a) {
		q.release(a)
	}
}

// release places anew who waited for one agent.
func (q *Queue) release(a *Agent) {
	for _, c := range q.Calls {
		if c.State == queue.CallWaiting && c.Only == a.ID {
			q.enter(c)
		}
	}
}

// seat gives an available agent the place among the idle; one who is held has none.
func (q *Queue) seat(a *Agent) {
	if a.Held > q.now {
		return
	}
	n, ends := q.exposure(a)
	a.Held, a.Spot, a.exposed = 0, a.Skills, ends
	if n > 0 {
		a.Spot += "#" + strconv.Itoa(n)
	}
}

func (q *Queue) unseat(a *Agent) { a.Spot, a.exposed = "", 0 }

func (q *Queue) keep(a *Agent, till int64) {
	q.unseat(a)
	a.Held = 0
	if till > q.now {
		a.Held = min(till, q.now+q.patience)
	}
	if a.State == queue.AgentAvailable {
		q.seat(a)
	}
}

func (q *Queue) unready(a *Agent, reason string) {
	a.Away, a.Misses = false, 0
	q.become(a, queue.AgentNotReady)
	a.Reason = reason
}

func (q *Queue) wrapUp(a *Agent) {
	a.Late = 0
	q.become(a, queue.AgentWrapUp)
	a.Ends = q.now + q.wrap
}

// free makes an agent available since a time, or sends them to a rest.
func (q *Queue) free(a *Agent, idle int64) {
	n := 0
	for _, t := range a.Reds {
		if t > q.now-q.window && t > a.Rested {
			n++
		}
	}
	if q.cfg.Exposure.Limit > 0 && n >= q.cfg.Exposure.Limit {
		a.Rested, a.Rest = q.now, q.now+q.rest
		q.unready(a, queue.ReasonBreakAfterRed)
		a.Ends = a.Rest
		return
	}
	a.Idle = idle
	q.become(a, queue.AgentAvailable)
}

// exposure is how many red calls came within the window, and when that number falls.
func (q *Queue) exposure(a *Agent) (n int, ends int64) {
	for _, t := range a.Reds {
		if t > q.now-q.window {
			if n++; n == 1 {
				ends = t + q.window
			}
		}
	}
	return n, ends
}

func (q *Queue) expose(a *Agent, c *Call) {
	if q.window == 0 || c.Tier != queue.TierRed || c.exposed == a.ID {
		return
	}
	c.exposed = a.ID
	reds := slices.DeleteFunc(slices.Clone(a.Reds), func(t int64) bool { return t <= q.now-q.window })
	if reds = append(reds, q.now); len(reds) > 16 {
		reds = reds[1:]
	}
	a.Reds = reds
}

// at returns the agent whom a session may speak for.
func (q *Queue) at(op Op) (*Agent, error) {
	a := q.there(op.Agent.ID)
	if a == nil {
		return nil, queue.ErrNoAgent
	}
	if a.Session != op.Agent.Session {
		return nil, queue.ErrFenced
	}
	return a, nil
}

func busy(a *Agent) bool {
	return a.State == queue.AgentReserved || a.State == queue.AgentTalking || a.Assist != "" || a.Keeps != ""
}

func (q *Queue) accept(op Op) error {
	a, err := q.at(op)
	if err != nil {
		return err
	}
	o := q.Offers[op.Fence]
	if o == nil {
		if c := q.Calls[a.Call]; a.accepted == op.Fence && op.Fence != 0 && c != nil && c.Agent == a.ID {
			return nil
		}
		return queue.ErrOfferGone
	}
	if o.Agent != a.ID || o.Expires <= q.now {
		return queue.ErrOfferGone
	}
	c := q.Calls[o.Call]
	delete(q.Offers, o.Fence)
	c.State, c.Since, c.Offer, c.Hold, c.Key = queue.CallTalking, q.now, 0, "", 0
	c.Assigned, c.AssignTill, c.Lost, c.LostBy = "", 0, 0, ""
	if c.Talked == 0 {
		c.Talked = q.now
	}
	q.talks[a.ID] = c.ID
	a.accepted = o.Fence
	q.expose(a, c)
	q.become(a, queue.AgentTalking)
	a.Call, a.Began, a.Line = c.ID, q.now, c.Line
	return nil
}

func (q *Queue) decline(op Op) error {
	a, err := q.at(op)
	if err != nil {
		return err
	}
	o := q.Offers[op.Fence]
	if o == nil || o.Agent != a.ID {
		return queue.ErrOfferGone
	}
	q.endOffer(o)
	if !q.rungInVain(a, queue.ReasonDeclined) {
		q.unready(a, queue.ReasonDeclined)
	}
	q.match()
	return nil
}

func (q *Queue) endOffer(o *Offer) {
	delete(q.Offers, o.Fence)
	if c := q.Calls[o.Call]; c.Offer == o.Fence {
		q.wait(c)
	}
}

func (q *Queue) signIn(in queue.Agent) error {
	a := q.there(in.ID)
	if a != nil {
		other := a.Skills != in.Skills.Text() || a.Group != in.Group
		a.Skills, a.Group, a.Console, a.Session, a.Away, a.Rung = in.Skills.Text(), in.Group, in.Console, in.Session, false, 0
		if other {
			if a.State == queue.AgentAvailable {
				q.unseat(a)
				q.seat(a)
			}
			q.release(a)
		}
		q.match()
		return nil
	}
	var sos *Help
	if old := q.Agents[in.ID]; old != nil {
		sos = old.SOS
	}
	r := q.rests[in.ID]
	delete(q.rests, in.ID)
	a = &Agent{ID: in.ID, Skills: in.Skills.Text(), Group: in.Group, Console: in.Console, Session: in.Session, State: queue.AgentOffline, Reds: r.Reds, Rested: r.Rested, Rest: r.Rest, SOS: sos}
	q.Agents[a.ID] = a
	if call, ok := q.talks[a.ID]; ok {
		q.become(a, queue.AgentTalking)
		a.Call = call
	} else {
		q.unready(a, queue.ReasonSignedIn)
	}
	q.match()
	return nil
}

func (q *Queue) ready(op Op) error {
	a, err := q.at(op)
	switch {
	case err != nil:
		return err
	case busy(a):
		return queue.ErrAgentBusy
	case a.Owes != "":
		return queue.ErrFormDue
	case a.Rest > q.now && q.cfg.Exposure.Limit > 0:
		return queue.ErrOnBreak
	}
	if a.State != queue.AgentAvailable {
		a.Away, a.Misses, a.Rung = false, 0, 0
		q.free(a, 0)
		q.match()
	}
	return nil
}

func (q *Queue) notReady(op Op) error {
	a, err := q.at(op)
	switch {
	case err != nil:
		return err
	case busy(a):
		return queue.ErrAgentBusy
	case a.Owes != "" && a.State == queue.AgentWrapUp:
		return queue.ErrFormDue
	}
	if a.State != queue.AgentNotReady || a.Reason != op.Why {
		a.Rung = 0
		q.unready(a, op.Why)
		q.match()
	}
	return nil
}

func (q *Queue) away(op Op) {
	a := q.there(op.Agent.ID)
	if a == nil || a.Session != op.Agent.Session {
		return // an old session changes nothing
	}
	switch {
	case a.State == queue.AgentReserved:
		q.endOffer(q.Offers[a.Offer])
		if a.Prior == nil || a.Prior.State != queue.AgentWrapUp {
			q.unready(a, queue.ReasonConnectionLost)
			break
		}
		q.unreserve(a, queue.ReasonConnectionLost)
		a.Away = a.State == queue.AgentWrapUp
		q.release(a)
	case a.State == queue.AgentTalking, a.State == queue.AgentWrapUp, a.Assist != "":
		a.Away = true
		q.release(a)
	default:
		if a.State != queue.AgentNotReady || a.Reason != queue.ReasonConnectionLost {
			q.unready(a, queue.ReasonConnectionLost)
		}
	}
	q.match()
}

func (q *Queue) signOut(op Op) error {
	a := q.there(op.Agent.ID)
	if a == nil || a.Session != op.Agent.Session {
		return nil // an old session changes nothing
	}
	if a.State == queue.AgentTalking || a.Assist != "" || a.Keeps != "" || a.Prior != nil && a.Prior.Keeps != "" {
		return queue.ErrAgentBusy
	}
	wraps := a.State == queue.AgentWrapUp || a.Prior != nil && a.Prior.State == queue.AgentWrapUp
	if a.Owes != "" && wraps && !(a.Late != 0 && a.Away) {
		return queue.ErrFormDue
	}
	if a.State == queue.AgentReserved {
		q.endOffer(q.Offers[a.Offer])
	}
	if len(a.Reds) > 0 || a.Rest != 0 {
		q.rests[a.ID] = *a
	}
	for _, c := range q.Calls {
		if c.Assigned == a.ID {
			c.Assigned, c.AssignTill = "", 0
		}
	}
	a.Away, a.Misses, a.Rung, a.Owes, a.Late, a.Lead = false, 0, 0, "", 0, false
	q.become(a, queue.AgentOffline)
	if a.SOS != nil {
		a.Session, a.Console = "", ""
	} else {
		delete(q.Agents, a.ID)
	}
	q.match()
	return nil
}

func (q *Queue) hold(op Op) error {
	a := q.there(op.Agent.ID)
	if a == nil {
		return queue.ErrNoAgent
	}
	if !canFree(a) {
		return queue.ErrWrongState
	}
	q.keep(a, q.now+op.Span.Milliseconds())
	q.match()
	return nil
}
