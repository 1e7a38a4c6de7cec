package queuetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Check fails the test when the index of a site breaks an invariant.
func Check(t testing.TB, rdb redis.UniversalClient, site string) Index {
	t.Helper()
	x, err := Read(context.Background(), rdb, site)
	if err == nil {
		err = x.Check()
	}
	if err != nil {
		t.Fatalf("invariants of the queue: %v", err)
	}
	return x
}

// checker collects what is wrong.
type checker struct {
	x    Index
	errs []error
}

func (c *checker) wrong(ok bool, format string, args ...any) {
	if !ok {
		c.errs = append(c.errs, fmt.Errorf(format, args...))
	}
}

// Check returns every invariant that does not hold: each call in exactly one place, one offer per agent and per call, offers and talks
// known to both sides, sorted sets equal to the rows, bucket indexes equal to their heads, and no waiting call beside an agent who fits.
func (x Index) Check() error {
	c := &checker{x: x}
	for id, call := range x.Calls {
		c.wrong(call.ID == id, "call %s: row of %s", id, call.ID)
		c.call(call)
	}
	for id, agent := range x.Agents {
		c.wrong(agent.ID == id, "agent %s: row of %s", id, agent.ID)
		c.agent(agent)
	}
	c.offers()
	c.members()
	c.buckets("waiting")
	c.buckets("idle")
	c.unmatched()
	c.crew()
	c.beside()
	c.risk()
	c.wrong(x.Text["seq"] == x.Text["events"], "number of the last event: counter %q, stream %q", x.Text["seq"], x.Text["events"])
	return errors.Join(c.errs...)
}

func (c *checker) in(set, member string) bool {
	_, ok := c.x.Sorted[set][member]
	return ok
}

func (c *checker) call(v Call) {
	score, inBucket := c.x.Sorted["waiting:"+v.Bucket()][v.ID]
	place, inTier := c.x.Sorted["tier:"+v.Tier][v.ID]
	waiting, offered := v.State == "waiting", v.State == "offered"
	served := v.State == "talking" || v.State == "held"
	c.wrong(waiting || offered || served || v.State == "greeting" || v.State == "degraded", "call %s: state %q", v.ID, v.State)
	c.wrong(inBucket == waiting, "call %s: %s, in its bucket %v", v.ID, v.State, inBucket)
	c.wrong(!waiting || score == v.Key, "call %s: bucket score %v, key %v", v.ID, score, v.Key)
	c.wrong(inTier == (waiting || offered), "call %s: %s, in its tier %v", v.ID, v.State, inTier)
	c.wrong(!inTier || place == v.Key, "call %s: tier score %v, key %v", v.ID, place, v.Key)
	c.wrong((v.Offer != "") == offered, "call %s: %s, offer %q", v.ID, v.State, v.Offer)
	c.wrong((v.Agent != "") == (offered || served), "call %s: %s, agent %q", v.ID, v.State, v.Agent)
	if offered {
		o, ok := c.x.Offers[v.Offer]
		c.wrong(ok && o.Call == v.ID && o.Agent == v.Agent, "call %s: offer %+v", v.ID, o)
	}
	if served {
		c.wrong(c.x.Talks[v.Agent] == v.ID, "call %s: its agent %s talks to %q", v.ID, v.Agent, c.x.Talks[v.Agent])
		a, ok := c.x.Agents[v.Agent]
		c.wrong(!ok || a.State == "offline" || a.State == "talking" && a.Call == v.ID, "call %s: agent %+v", v.ID, a)
	}
}

func (c *checker) agent(a Agent) {
	idle, inIdle := c.x.Sorted["idle:"+a.Spot][a.ID]
	kept, inKept := c.x.Sorted["kept"][a.ID]
	ends, inWrap := c.x.Sorted["wrapping"][a.ID]
	reserved, talking := a.State == "reserved", a.State == "talking"
	c.wrong((inIdle != inKept) == (a.State == "available") && !(inIdle && inKept), "agent %s: %s, idle %v, kept %v", a.ID, a.State, inIdle, inKept)
	c.wrong(inIdle == (a.Spot != ""), "agent %s: spot %q, idle %v", a.ID, a.Spot, inIdle)
	c.wrong(!inIdle || idle == a.Rank(), "agent %s: idle score %v, row %v", a.ID, idle, a.Rank())
	c.wrong(!inKept || kept == a.Held, "agent %s: kept until %v, row %v", a.ID, kept, a.Held)
	c.wrong(inWrap == (a.State == "wrap_up" && a.Late == 0), "agent %s: %s, late %v, wrapping %v", a.ID, a.State, a.Late, inWrap)
	c.wrong(!inWrap || a.Owes != "" || ends == a.Ends, "agent %s: wrapping score %v, row %v", a.ID, ends, a.Ends)
	c.wrong((a.Offer != "") == reserved, "agent %s: %s, offer %q", a.ID, a.State, a.Offer)
	c.wrong((a.Call != "") == (reserved || talking), "agent %s: %s, call %q", a.ID, a.State, a.Call)
	c.wrong((a.Reason != "") == (a.State == "not_ready"), "agent %s: %s, reason %q", a.ID, a.State, a.Reason)
	if reserved {
		o, ok := c.x.Offers[a.Offer]
		c.wrong(ok && o.Agent == a.ID && o.Call == a.Call, "agent %s: offer %+v", a.ID, o)
	}
	if talking {
		call, ok := c.x.Calls[a.Call]
		met := ok && call.Agent == a.ID && (call.State == "talking" || call.State == "held")
		c.wrong(met != c.in("orphans", a.ID), "agent %s: talking, call %+v, orphan %v", a.ID, call, c.in("orphans", a.ID))
	}
	_, bound := c.x.Talks[a.ID]
	c.wrong(!bound || talking || a.State == "offline", "agent %s: %s while a call talks to them", a.ID, a.State)
}

func (c *checker) offers() {
	busy := map[string]string{}
	for id, o := range c.x.Offers {
		c.wrong(c.x.Calls[o.Call].Offer == id, "offer %s: call %+v", id, c.x.Calls[o.Call])
		c.wrong(c.x.Agents[o.Agent].Offer == id, "offer %s: agent %+v", id, c.x.Agents[o.Agent])
		c.wrong(c.x.Sorted["ringing"][id] == o.Expires, "offer %s: rings until %v, row %v", id, c.x.Sorted["ringing"][id], o.Expires)
		c.wrong(busy[o.Agent] == "" && busy[o.Call] == "", "offer %s: %s or %s has another", id, o.Agent, o.Call)
		busy[o.Agent], busy[o.Call] = id, id
	}
}

// crew compares the count of those who work with the rows.
func (c *checker) crew() {
	count := map[string]int{}
	for _, a := range c.x.Agents {
		place := ""
		if busy := a.State == "reserved" || a.State == "talking" || a.State == "wrap_up"; (busy || a.State == "available") && !a.Away {
			place = a.Skills + "@" + strconv.Itoa(a.Group)
			count[place]++
		}
		c.wrong(a.Crew == place, "agent %s: counted as %q, is %q", a.ID, a.Crew, place)
	}
	c.wrong(maps.Equal(count, c.x.Crew), "crew: counted %v, there are %v", c.x.Crew, count)
}

// beside: who assists is not ready for it, known to both sides, and beside a call that has an agent, or waits for one that may be restored; who is
// offline is there for a call for help only; the list of assignments is that of the rows.
func (c *checker) beside() {
	for _, a := range c.x.Agents {
		c.wrong(a.Assist == c.x.Assists[a.ID], "agent %s: assists %q, listed %q", a.ID, a.Assist, c.x.Assists[a.ID])
		c.wrong((a.Assist != "") == (a.Was != nil) && (a.Assist == "" || a.State == "not_ready" && a.Reason == "assisting"), "agent %s: assists %q, %+v", a.ID, a.Assist, a)
		c.wrong(a.State != "offline" || a.SOS != nil && a.Session == "", "agent %s: offline %+v", a.ID, a)
		if a.Assist != "" {
			call := c.x.Calls[a.Assist]
			served := call.State == "talking" || call.State == "held"
			c.wrong(served != c.in("orphans", a.ID) && call.Agent != a.ID, "agent %s: assists %+v, orphan %v", a.ID, call, c.in("orphans", a.ID))
		}
	}
	for agent := range c.x.Assists {
		c.wrong(c.x.Agents[agent].Assist != "", "assists: %s does not", agent)
	}
	for id, call := range c.x.Calls {
		c.wrong(call.Assigned == c.x.Assigned[id], "call %s: assigned to %q, listed %q", id, call.Assigned, c.x.Assigned[id])
		c.wrong((call.Assigned != "") == (call.Assign != 0), "call %s: assigned to %q until %v", id, call.Assigned, call.Assign)
		waits := call.State == "greeting" || call.State == "waiting" || call.State == "offered"
		c.wrong(call.Assigned == "" || waits, "call %s: %s, assigned to %q", id, call.State, call.Assigned)
	}
	for id := range c.x.Assigned {
		c.wrong(c.x.Calls[id].Assigned != "", "assigned: %s is not", id)
	}
}

// risk: who is kept is not ready for it, and listed; who owes a form is not available; who vanished left a call that waits; the lists are those of the rows.
func (c *checker) risk() {
	count := map[string]int{}
	for _, a := range c.x.Agents {
		kept := a.Keeps != ""
		c.wrong(kept == (a.Reason == "kept") && (!kept || c.x.Notes["awaits"][a.Keeps] == a.ID && c.x.Sorted["keeping"][a.ID] == a.Ends), "agent %s: kept %+v", a.ID, a)
		c.wrong(a.Owes == "" || a.State != "available" && a.State != "offline", "agent %s: owes a form, %+v", a.ID, a)
		c.wrong(a.Late == 0 || a.Owes != "", "agent %s: late without a form, %+v", a.ID, a)
		c.wrong(a.Prior == nil || a.State == "reserved", "agent %s: %s, was %+v", a.ID, a.State, a.Prior)
		c.wrong(a.Lead == (c.x.Notes["leads"][a.ID] != ""), "agent %s: leads %v, listed %v", a.ID, a.Lead, !a.Lead)
		count["awaits"] += one(kept)
		count["leads"] += one(a.Lead)
	}
	for _, v := range c.x.Calls {
		lost := v.Lost != 0
		c.wrong(lost == (v.LostBy != "") && (!lost || v.State == "waiting" || v.State == "offered"), "call %s: lost %+v", v.ID, v)
		c.wrong(c.x.Notes["lost"][v.ID] == v.LostBy, "call %s: lost by %q, listed %q", v.ID, v.LostBy, c.x.Notes["lost"][v.ID])
		c.wrong(c.x.Notes["again"][v.ID] == v.Again, "call %s: again of %q, listed %q", v.ID, v.Again, c.x.Notes["again"][v.ID])
		if c.x.Text["settling"] == "" && v.State == "waiting" && v.Again != "" {
			c.wrong(c.x.Notes["awaits"][v.Again] == "", "call %s waits beside %s, who is kept for it", v.ID, c.x.Notes["awaits"][v.Again])
		}
		count["lost"] += one(lost)
		count["again"] += one(v.Again != "")
	}
	for list, n := range count {
		c.wrong(len(c.x.Notes[list]) == n, "%s: %d listed, %d are", list, len(c.x.Notes[list]), n)
	}
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// members finds entries of sorted sets that no row explains.
func (c *checker) members() {
	for set, members := range c.x.Sorted {
		kind, name, _ := strings.Cut(set, ":")
		for m := range members {
			ok := true
			switch {
			case kind == "waiting" && name != "":
				ok = c.x.Calls[m].State == "waiting" && c.x.Calls[m].Bucket() == name
			case kind == "tier":
				ok = c.x.Calls[m].Tier == name
			case kind == "idle" && name != "":
				ok = c.x.Agents[m].State == "available" && c.x.Agents[m].Spot == name
			case kind == "kept", kind == "exposed":
				ok = c.x.Agents[m].State == "available"
			case kind == "relax":
				ok = c.x.Calls[m].State == "waiting"
			case kind == "ringing":
				_, ok = c.x.Offers[m]
			case kind == "keeping":
				ok = c.x.Agents[m].Keeps != ""
			case kind == "wrapping":
				ok = c.x.Agents[m].State == "wrap_up"
			case kind == "orphans":
				ok = c.x.Agents[m].State == "talking" || c.x.Agents[m].Assist != ""
			}
			c.wrong(ok, "%s: %s does not belong there", set, m)
		}
	}
	for agent, call := range c.x.Talks {
		c.wrong(c.x.Calls[call].Agent == agent, "talks: %s to %s, row %+v", agent, call, c.x.Calls[call])
	}
}

// buckets compares an index of buckets with the heads of the buckets.
func (c *checker) buckets(index string) {
	found := 0
	for set, members := range c.x.Sorted {
		bucket, ok := strings.CutPrefix(set, index+":")
		if !ok {
			continue
		}
		found++
		first := true
		var head float64
		for _, score := range members {
			if first || score < head {
				head, first = score, false
			}
		}
		c.wrong(c.x.Sorted[index][bucket] == head, "%s: %q has %v, its head is %v", index, bucket, c.x.Sorted[index][bucket], head)
	}
	c.wrong(found == len(c.x.Sorted[index]), "%s: %d buckets, %d in the index", index, found, len(c.x.Sorted[index]))
}

// unmatched finds a caller and an agent left beside each other, unless the index is settling after a loss.
func (c *checker) unmatched() {
	if c.x.Text["settling"] != "" {
		return
	}
	var free []Agent
	for _, a := range c.x.Agents {
		if a.State == "available" {
			free = append(free, a)
		}
	}
	for _, call := range c.x.Calls {
		for _, a := range free {
			c.wrong(call.State != "waiting" || !May(call, a), "%s, who needs %q, waits beside %s with %q", call.ID, call.Need, a.ID, a.Skills)
		}
	}
}
