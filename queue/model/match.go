package model

import (
	"cmp"
	"slices"
	"strconv"

	"hotline/queue"
)

func (q *Queue) settleOn() {
	if till := min(q.now+q.settle, q.born+settleMost); till > q.now {
		q.settling = till
	}
}

// match promises until no waiting call has an agent who may be offered to it, the most urgent first.
func (q *Queue) match() {
	if q.settling > q.now {
		return
	}
	q.settling = 0
	q.matchAgain()
	q.matchLost()
	q.matchFree()
	q.matchLost()
}

// matchFree gives callers to those who are available.
func (q *Queue) matchFree() {
	var order []*Call
	assigned := false
	for _, c := range q.Calls {
		if c.State == queue.CallWaiting {
			order = append(order, c)
			assigned = assigned || c.Assigned != ""
		}
	}
	slices.SortFunc(order, inOrder)
	if assigned {
		q.matchAssigned(order)
		return
	}
	for _, c := range order {
		if a := q.Best(c); a != nil {
			q.offer(c, a)
		}
	}
}

// ahead is by how much a caller goes before others to the agent to whom a person assigned the caller.
const ahead = 100 * 3600 * 1000

// matchAssigned is match where somebody is assigned: who goes when depends on who is still available.
func (q *Queue) matchAssigned(order []*Call) {
	goes := func(c *Call) int64 {
		if a := q.Agents[c.Assigned]; a != nil && a.State == queue.AgentAvailable && q.May(c, a) {
			return c.Key - ahead
		}
		return c.Key
	}
	for {
		i := 0
		slices.SortStableFunc(order, func(x, y *Call) int { return cmp.Or(cmp.Compare(goes(x), goes(y)), inOrder(x, y)) })
		for i < len(order) && q.Best(order[i]) == nil {
			i++
		}
		if i == len(order) {
			return
		}
		q.offer(order[i], q.Best(order[i]))
		order = slices.Delete(order, i, i+1)
	}
}

// bucket is where package queue keeps a call: it decides between equal order keys.
func bucket(c *Call) string {
	if c.Only != "" {
		return "for " + string(c.Only)
	}
	if c.Groups < queue.EveryGroup {
		return c.Need + "@" + strconv.Itoa(c.Groups)
	}
	return c.Need
}

func (q *Queue) offer(c *Call, a *Agent) { q.make(c, a, q.explain(c, a)) }

func (q *Queue) make(c *Call, a *Agent, why queue.Decision) {
	q.Why = append(q.Why, why)
	q.fence = max(q.fence+1, q.now)
	o := &Offer{Fence: q.fence, Made: q.now, Expires: q.now + q.ring, Call: c.ID, Agent: a.ID}
	q.Offers[o.Fence] = o
	q.Made = append(q.Made, *o)
	c.State, c.Since, c.Agent, c.Offer, c.Only, c.due = queue.CallOffered, q.now, a.ID, o.Fence, "", 0
	q.become(a, queue.AgentReserved)
	a.Call, a.Offer = c.ID, o.Fence
}

// Best is the agent whom a waiting call would get now; nil when nobody may be offered to it.
func (q *Queue) Best(c *Call) *Agent {
	for _, id := range []queue.AgentID{c.Assigned, c.Only, c.Preferred} {
		if a := q.Agents[id]; a != nil && a.State == queue.AgentAvailable && q.May(c, a) {
			return a
		}
	}
	if c.Only != "" {
		return nil
	}
	var best *Agent
	for _, a := range q.Agents {
		if a.State == queue.AgentAvailable && q.May(c, a) && (best == nil || q.compare(c, a, best) < 0) {
			best = a
		}
	}
	return best
}

// May reports whether an agent, when available, may be offered to a waiting call.
func (q *Queue) May(c *Call, a *Agent) bool {
	held := a.Held != 0 && a.Spot == ""
	if c.Assigned == a.ID {
		return !held || c.Tier == queue.TierRed || c.Tier == queue.TierReturning
	}
	if c.Only != "" {
		return c.Only == a.ID && (!held || c.Tier == queue.TierReturning)
	}
	return q.able(a, c) && (!held || c.Tier == queue.TierRed)
}

// able: an agent has what a caller needs, and is of a group that the caller may have.
func (q *Queue) able(a *Agent, c *Call) bool { return a.Group <= c.Groups && q.Fits(a.Skills, c.Need) }

// compare orders the agents for a call: those nobody holds, then the group, then for a red call the exposure, then idleness.
func (q *Queue) compare(c *Call, x, y *Agent) int {
	held := func(a *Agent) int {
		if a.Spot != "" {
			return 0
		}
		return 1
	}
	reds := func(a *Agent) int {
		if c.Tier != queue.TierRed {
			return 0
		}
		return q.redsOf(a)
	}
	return cmp.Or(
		cmp.Compare(held(x), held(y)), cmp.Compare(x.Group, y.Group), cmp.Compare(reds(x), reds(y)), cmp.Compare(x.Idle, y.Idle),
		cmp.Compare(x.Held, y.Held), cmp.Compare(x.Spot, y.Spot), cmp.Compare(x.ID, y.ID),
	)
}

// redsOf is the number of recent red calls that counts: for who is idle in a bucket, that of the bucket, until the sweep.
func (q *Queue) redsOf(a *Agent) int {
	if a.Spot == "" {
		n, _ := q.exposure(a)
		return n
	}
	if n := len(a.Skills); len(a.Spot) > n {
		return atoi(a.Spot[n+1:])
	}
	return 0
}

func atoi(text string) (n int) {
	for _, d := range text {
		n = n*10 + int(d-'0')
	}
	return n
}

// due returns the rows whose time has come, in order, as many as one sweep takes.
func due[R any](rows []R, when func(R) int64, id func(R) string, now int64) []R {
	rows = slices.DeleteFunc(rows, func(r R) bool { return when(r) == 0 || when(r) > now })
	slices.SortFunc(rows, func(a, b R) int { return cmp.Or(cmp.Compare(when(a), when(b)), cmp.Compare(id(a), id(b))) })
	return rows[:min(len(rows), batch)]
}

// batch is how many of each kind one sweep ends.
const batch = 100

func values[K comparable, V any](m map[K]V) []V {
	out := make([]V, 0, len(m))
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

func (q *Queue) sweep() {
	fence := func(o *Offer) string { return strconv.FormatInt(o.Fence, 10) }
	for _, o := range due(values(q.Offers), func(o *Offer) int64 { return o.Expires }, fence, q.now) {
		q.endOffer(o)
		a := q.Agents[o.Agent]
		if q.rungInVain(a, queue.ReasonNoAnswer) {
			continue
		}
		a.Misses, a.Idle = a.Misses+1, 0
		if a.Prior != nil && a.Prior.Keeps != "" || a.Misses >= q.cfg.MissLimit {
			q.unready(a, queue.ReasonNoAnswer)
		} else {
			q.become(a, queue.AgentAvailable)
		}
	}
	for _, a := range q.agentsDue(q.wrapDue) {
		if a.Owes != "" {
			a.Late = q.now
			continue
		}
		if a.Away {
			q.unready(a, queue.ReasonConnectionLost)
		} else {
			q.free(a, a.Ends)
		}
	}
	for _, a := range q.agentsDue(func(a *Agent) int64 { return only(a.Keeps != "", a.Ends) }) {
		q.wrapUp(a)
	}
	for _, a := range q.agentsDue(func(a *Agent) int64 { return a.orphan }) {
		if a.Assist != "" {
			q.endAssist(a)
			continue
		}
		q.unready(a, queue.ReasonConnectionLost)
	}
	for _, a := range q.agentsDue(func(a *Agent) int64 { return only(a.State == queue.AgentAvailable && a.Spot == "", a.Held) }) {
		q.keep(a, 0)
	}
	for _, a := range q.agentsDue(func(a *Agent) int64 { return only(a.Spot != "", a.exposed) }) {
		q.unseat(a)
		q.seat(a)
	}
	ids := func(c *Call) string { return string(c.ID) }
	for _, c := range due(values(q.Calls), func(c *Call) int64 { return only(c.State == queue.CallWaiting, c.due) }, ids, q.now) {
		q.enter(c)
	}
	q.match()
}

func (q *Queue) agentsDue(when func(*Agent) int64) []*Agent {
	return due(values(q.Agents), when, func(a *Agent) string { return string(a.ID) }, q.now)
}

// only is a time that counts in one state.
func only(is bool, at int64) int64 {
	if is {
		return at
	}
	return 0
}
