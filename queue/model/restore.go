package model

import (
	"cmp"

	"hotline/queue"
)

func (q *Queue) restore(in queue.Call) error {
	if q.Calls[in.ID] != nil {
		return nil
	}
	c, err := q.row(in)
	if err != nil {
		return err
	}
	q.settleOn()
	if c.From == 0 {
		c.From = c.Arrived
	}
	if c.Front != 0 {
		c.Front = clamp(c.Front, q.ownKey(c)-oldest, q.ownKey(c))
	}
	state, agent, since := c.State, c.Agent, c.Since
	if since == 0 {
		since = q.now
	}
	q.Calls[c.ID] = c
	if state == queue.CallTalking || state == queue.CallHeld || state == queue.CallDegraded {
		c.Assigned, c.AssignTill = "", 0
	}
	if state == queue.CallGreeting || state == queue.CallDegraded {
		c.Agent, c.Hold, c.Since = "", "", since
		q.endAssists(c.ID)
		q.match()
		return nil
	}
	other, bound := q.talks[agent]
	if (state == queue.CallTalking || state == queue.CallHeld) && agent != "" && (!bound || other == c.ID) {
		q.talks[agent] = c.ID
		q.reunite(c)
	} else {
		q.endAssists(c.ID)
		q.wait(c)
	}
	c.Since = since
	q.match()
	return nil
}

// reunite gives a restored talk its agent.
func (q *Queue) reunite(c *Call) {
	for _, x := range q.Agents {
		if x.Assist == c.ID {
			x.orphan = 0
		}
	}
	a := q.there(c.Agent)
	if a == nil {
		return
	}
	if a.State == queue.AgentTalking && a.Call == c.ID {
		a.orphan = 0
		return
	}
	if o := q.Offers[a.Offer]; a.State == queue.AgentReserved && o != nil {
		q.endOffer(o)
	}
	q.become(a, queue.AgentTalking)
	a.Call = c.ID
}

func (q *Queue) restoreAgent(in queue.Agent) error {
	old := q.Agents[in.ID]
	if old != nil && (old.State != queue.AgentOffline || in.State == queue.AgentOffline) {
		return nil
	}
	q.settleOn()
	a := &Agent{
		ID: in.ID, Skills: in.Skills.Text(), Group: in.Group, Console: in.Console, Session: in.Session, State: queue.AgentOffline,
		Rested: ms(in.Rested), Rest: ms(in.Rest), Owes: in.Owes, Late: ms(in.Late),
	}
	a.Lead = in.Lead && in.State != queue.AgentOffline
	if in.SOS != nil {
		a.SOS = &Help{At: ms(in.SOS.At), AckAt: ms(in.SOS.AckAt), Call: in.SOS.Call, AckBy: in.SOS.AckBy}
	} else if old != nil {
		a.SOS = old.SOS
	}
	for _, t := range in.Reds {
		a.Reds = append(a.Reds, ms(t))
	}
	q.Agents[a.ID] = a
	since := ms(in.Since)
	if since == 0 {
		since = q.now
	}
	talk, bound := q.talks[a.ID]
	talks := in.State == queue.AgentTalking
	switch {
	case bound:
		q.become(a, queue.AgentTalking)
		a.Call = talk
	case talks && in.Call != "" && q.Calls[in.Call] == nil:
		q.become(a, queue.AgentTalking)
		a.Call, a.orphan = in.Call, q.now+orphanSpan
	case talks:
		q.become(a, queue.AgentNotReady)
		a.Reason = queue.ReasonConnectionLost
	case in.State == queue.AgentOffline:
		a.Session, a.Console, a.Owes, a.Late = "", "", "", 0
	case in.Assist != "":
		q.restoreAssist(a, in, since)
		since = a.Since
	case in.Keeps != "" && ms(in.Until) > q.now:
		q.keepAgent(a, in.Keeps, ms(in.Until))
	case in.Keeps != "":
		q.wrapUp(a)
	case in.State == queue.AgentWrapUp:
		q.become(a, queue.AgentWrapUp)
		if a.Ends = ms(in.Until); a.Ends == 0 {
			a.Ends = q.now + q.wrap
		}
	case in.State == queue.AgentReserved && in.Prior != nil:
		p := in.Prior
		a.Prior = &Prior{State: p.State, Reason: p.Reason, Since: ms(p.Since), Ends: ms(p.Until), Keeps: p.Keeps}
		q.unreserve(a, "")
		since = a.Since
	case (in.State == queue.AgentAvailable || in.State == queue.AgentReserved) && in.Owes != "":
		q.wrapUp(a)
	case in.State == queue.AgentAvailable || in.State == queue.AgentReserved:
		a.Idle = min(since, q.now)
		q.become(a, queue.AgentAvailable)
	default:
		q.become(a, queue.AgentNotReady)
		a.Reason = cmp.Or(in.Reason, queue.ReasonSignedIn)
	}
	a.Since = since
	if held := ms(in.Held); held > q.now && canFree(a) && a.State != queue.AgentTalking {
		q.keep(a, held)
	}
	q.match()
	return nil
}
