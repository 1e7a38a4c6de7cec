package queue

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hotline/queue/queuetest"
)

// desk is a queue on a real Redis, with a clock that a test moves.
type desk struct {
	*Queue
	t     *testing.T
	rdb   redis.UniversalClient
	clock int64 // ms
	reqs  int
	rang  OfferID // what rang at a1 when a test began
	born  string  // the life of the index when a test began
}

// End is the queue's, after the form of a call at risk was filled in: what is without it is told in TestFormDue.
func (d *desk) End(ctx context.Context, req RequestID, id CallID, ending Ending) error {
	s, err := d.Snapshot(ctx)
	for _, c := range s.Calls {
		if err == nil && c.ID == id && c.Agent != "" && (c.Tier == TierRed || c.Danger) {
			err = d.Filed(ctx, req, id, c.Agent)
		}
	}
	if err != nil {
		return err
	}
	return d.Queue.End(ctx, req, id, ending)
}

// newDesk empties the Redis at addr.
func newDesk(t *testing.T, rdb redis.UniversalClient, cfg Config) *desk {
	t.Helper()
	if err := queuetest.Empty(t.Context(), rdb); err != nil {
		t.Fatal(err)
	}
	q, err := New(rdb, cfg)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{Queue: q, t: t, rdb: rdb, clock: 1_800_000_000_000}
	q.now = func() int64 { return d.clock }
	return d
}

func (d *desk) req() RequestID {
	d.reqs++
	return RequestID(fmt.Sprintf("r%d", d.reqs))
}

func (d *desk) pass(span time.Duration) { d.clock += span.Milliseconds() }

func (d *desk) time() time.Time { return time.UnixMilli(d.clock).UTC() }

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	queuetest.Check(d.t, d.rdb, "site")
}

// caller arrives now and waits.
func (d *desk) caller(id CallID, tier Tier, needs Skills) Call {
	d.t.Helper()
	d.greeted(id, tier, needs)
	c, err := d.Enqueue(context.Background(), d.req(), id, false)
	d.must(err)
	return c
}

func (d *desk) greeted(id CallID, tier Tier, needs Skills) {
	d.t.Helper()
	d.must(d.Arrive(context.Background(), d.req(), Call{ID: id, Line: "12355", Node: "node-1", Owner: "controller-1", Tier: tier, Needs: needs, Arrived: d.time(), History: 2, Groups: EveryGroup}))
}

// signIn puts an agent at the desk, not ready, in session "s".
func (d *desk) signIn(id AgentID, skills Skills) {
	d.t.Helper()
	_, err := d.SignIn(context.Background(), d.req(), Agent{ID: id, Skills: skills, Console: "console-1", Session: "s"})
	d.must(err)
}

func (d *desk) ready(id AgentID) Agent {
	d.t.Helper()
	a, err := d.Ready(context.Background(), d.req(), id, "s")
	d.must(err)
	return a
}

// available signs an agent in and makes it ready.
func (d *desk) available(id AgentID, skills Skills) Agent {
	d.t.Helper()
	d.signIn(id, skills)
	return d.ready(id)
}

func (d *desk) sweep() int {
	d.t.Helper()
	n, err := d.Sweep(context.Background())
	d.must(err)
	return n
}

func (d *desk) accept(id AgentID) Call {
	d.t.Helper()
	c, err := d.Accept(context.Background(), d.req(), d.agent(id).Offer, id, "s")
	d.must(err)
	return c
}

func (d *desk) snapshot() Snapshot {
	d.t.Helper()
	s, err := d.Snapshot(context.Background())
	d.must(err)
	return s
}

// call is a call's row; zero when it is not there.
func (d *desk) call(id CallID) Call {
	d.t.Helper()
	for _, c := range d.snapshot().Calls {
		if c.ID == id {
			return c
		}
	}
	return Call{}
}

// agent is an agent's row; zero when it is not there.
func (d *desk) agent(id AgentID) Agent {
	d.t.Helper()
	for _, a := range d.snapshot().Agents {
		if a.ID == id {
			return a
		}
	}
	return Agent{}
}

// happened lists the events after a place as "type id".
func (d *desk) happened(after string) []string {
	d.t.Helper()
	end, stop := d.snapshot().After, errors.New("stop")
	var out []string
	if end == after {
		return out
	}
	err := d.Follow(context.Background(), after, func(e Event) error {
		line := string(e.Type)
		switch {
		case e.Offer != nil:
			line += " " + string(e.Offer.Call) + " " + string(e.Offer.Agent) + " " + e.Why
		case e.Call != nil:
			line += " " + string(e.Call.ID) + " " + string(e.Call.State) + " " + string(e.Ending)
		case e.Agent != nil:
			line += " " + string(e.Agent.ID) + " " + string(e.Agent.State)
		}
		out = append(out, line)
		if e.ID == end {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		d.t.Fatal(err)
	}
	return out
}
