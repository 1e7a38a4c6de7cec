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
	var order []*Call
	for _, c := range q.Calls {
		if c.State == queue.CallWaiting {
			order = append(order, c)
		}
	}
	slices.SortFunc(order, inOrder)
	for _, c := range order {
		if a := q.Best(c); a != nil {
			q.offer(c, a)
		}
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

func (q *Queue) offer(c *Call, a *Agent) {
	q.Why = append(q.Why, q.explain(c, a))
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
	if a := q.Agents[c.Preferred]; c.Only != "" || a != nil && a.State == queue.AgentAvailable && q.May(c, a) {
		if a.State == queue.AgentAvailable && q.May(c, a) {
			return a
		}
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

// due returns the rows whose time has come, in order.
func due[R any](rows []R, when func(R) int64, now int64) []R {
	rows = slices.DeleteFunc(rows, func(r R) bool { return when(r) == 0 || when(r) > now })
	slices.SortFunc(rows, func(a, b R) int { return cmp.Compare(when(a), when(b)) })
	return rows
}

func values[K comparable, V any](m map[K]V) []V {
	out := make([]V, 0, len(m))
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

func (q *Queue) sweep() {
	for _, o := range due(values(q.Offers), func(o *Offer) int64 { return o.Expires }, q.now) {
		q.endOffer(o)
		a := q.Agents[o.Agent]
		a.Misses, a.Idle = a.Misses+1, 0
		if a.Misses >= q.cfg.MissLimit {
			q.unready(a, queue.ReasonNoAnswer)
		} else {
			q.become(a, queue.AgentAvailable)
		}
	}
	for _, a := range q.Agents {
		if a.State == queue.AgentWrapUp && a.Ends <= q.now {
			if a.Away {
				q.unready(a, queue.ReasonConnectionLost)
			} else {
				q.free(a, a.Ends)
			}
		}
		if a.orphan != 0 && a.orphan <= q.now {
			q.unready(a, queue.ReasonConnectionLost)
		}
		if a.State == queue.AgentAvailable && a.Spot == "" && a.Held <= q.now {
			q.keep(a, 0)
		}
		if a.Spot != "" && a.exposed != 0 && a.exposed <= q.now {
			q.unseat(a)
			q.seat(a)
		}
	}
	for _, c := range q.Calls {
		if c.State == queue.CallWaiting && c.due != 0 && c.due <= q.now {
			q.enter(c)
		}
	}
	q.match()
}
