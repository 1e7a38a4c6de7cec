package model

import (
	"cmp"
	"slices"

	"hotline/queue"
)

const (
	shown      = 10
	shownHeads = 5
)

// explain is why a call is about to be offered to an agent. It looks at everybody.
func (q *Queue) explain(c *Call, a *Agent) queue.Decision {
	assigned := c.Assigned == a.ID
	alone := assigned || c.Only != "" || c.Preferred == a.ID
	var fit []*Agent
	for _, x := range q.Agents {
		held := x.Spot == ""
		competes := q.able(x, c) && (held == (a.Spot == "" && !alone) || x == a)
		if assigned || c.Only != "" {
			competes = x == a
		}
		if x.State == queue.AgentAvailable && competes {
			fit = append(fit, x)
		}
	}
	slices.SortFunc(fit, func(x, y *Agent) int { return q.compare(c, x, y) })
	if i := slices.Index(fit, a); i >= shown || a.Spot == "" && alone { // would not be shown, or stands outside of the order
		fit = slices.Insert(slices.Delete(fit, i, i+1), 0, a)
	}
	reds := q.redsOf
	if assigned || c.Only != "" { // looked at alone, and not by the bucket
		reds = func(x *Agent) int { n, _ := q.exposure(x); return n }
	}
	d := queue.Decision{Tier: c.Tier, Key: at(c.Key), Needs: q.levelsOf(c.Need), Groups: c.Groups, Fitting: len(fit)}
	for _, x := range fit {
		d.Agents = append(d.Agents, queue.Candidate{
			ID: x.ID, Group: x.Group, Reds: reds(x), Idle: at(x.Idle), Held: at(x.Held), Skills: q.levelsOf(x.Skills),
		})
	}
	d.Agents = d.Agents[:min(shown, len(d.Agents))]
	d.Rule = rule(c, alone, d.Agents)
	if assigned {
		d.Rule = queue.RuleAssigned
	}
	d.Others, d.Waiting = q.rivals(c, a)
	return d
}

func rule(c *Call, alone bool, fit []queue.Candidate) queue.Rule {
	switch {
	case alone && c.Tier == queue.TierReturning:
		return queue.RuleReturning
	case alone:
		return queue.RulePreferred
	case len(fit) == 1:
		return queue.RuleOnly
	case fit[0].Group != fit[1].Group:
		return queue.RuleGroup
	case c.Tier == queue.TierRed && fit[0].Reds != fit[1].Reds:
		return queue.RuleExposure
	}
	return queue.RuleIdle
}

// rivals are the first of each bucket, but for c, and how many others wait.
func (q *Queue) rivals(c *Call, a *Agent) (list []queue.Rival, waiting int) {
	var others []*Call
	for _, x := range q.Calls {
		if x.State == queue.CallWaiting && x != c {
			others = append(others, x)
		}
	}
	slices.SortFunc(others, inOrder)
	// The buckets come in the order of their heads, that of c by c itself, although the next behind c is shown.
	heads := map[string]*Call{bucket(c): c}
	next := map[string]*Call{}
	for _, x := range others {
		b := bucket(x)
		if heads[b] == nil || next[b] == nil && inOrder(x, heads[b]) < 0 {
			heads[b] = x
		}
		if next[b] == nil {
			next[b] = x
		}
	}
	order := make([]*Call, 0, len(next))
	for b := range next {
		order = append(order, heads[b])
	}
	slices.SortFunc(order, inOrder)
	for _, h := range order[:min(shownHeads, len(order))] {
		x := next[bucket(h)]
		r := queue.Rival{ID: x.ID, Tier: x.Tier, Key: at(x.Key), Only: x.Only, Fits: q.May(x, a)}
		if x.Only == "" {
			r.Needs, r.Groups = q.levelsOf(x.Need), x.Groups
		}
		list = append(list, r)
	}
	return list, len(others)
}

func inOrder(x, y *Call) int {
	return cmp.Or(cmp.Compare(x.Key, y.Key), cmp.Compare(bucket(x), bucket(y)), cmp.Compare(x.ID, y.ID))
}

// levelsOf is skills as package queue shows them: none is nil.
func (q *Queue) levelsOf(text string) queue.Skills {
	if s := q.skills(text); len(s) > 0 {
		return s
	}
	return nil
}
