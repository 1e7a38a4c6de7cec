package queue

import (
	"context"
	"slices"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

// grown makes the index old enough that a restore does not hold offers back.
func grown(t *testing.T, d *desk) {
	t.Helper()
	d.snapshot()
	d.pass(time.Minute)
}

func TestRestoreCall(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	arrived := time.UnixMilli(1_800_000_000_000).UTC().Add(-5 * time.Minute)
	call := func(id CallID, s CallState, agent AgentID) Call {
		return Call{ID: id, Line: "12355", Node: "n", Owner: "o", State: s, Tier: TierNormal, Arrived: arrived, Since: arrived.Add(time.Second), Agent: agent, Offer: "lost", Hold: "agent_away"}
	}
	tests := []struct {
		name    string
		prepare func(d *desk)
		call    Call
		want    CallState
		agent   AgentState // of a1
	}{
		{"greeting", func(*desk) {}, call("c1", CallGreeting, ""), CallGreeting, ""},
		{"waiting", func(*desk) {}, call("c1", CallWaiting, ""), CallWaiting, ""},
		{"offered becomes waiting", func(*desk) {}, call("c1", CallOffered, "a1"), CallWaiting, ""},
		{"offered goes to who is there", func(d *desk) { d.available("a1", nil) }, call("c1", CallOffered, "a9"), CallOffered, AgentReserved},
		{"talking, agent not there yet", func(*desk) {}, call("c1", CallTalking, "a1"), CallTalking, ""},
		{"talking without an agent", func(*desk) {}, call("c1", CallTalking, ""), CallWaiting, ""},
		{"held meets the agent who waits for it", func(d *desk) {
			d.must(d.RestoreAgent(ctx, d.req(), Agent{ID: "a1", State: AgentTalking, Call: "c1", Session: "s"}))
		}, call("c1", CallHeld, "a1"), CallHeld, AgentTalking},
		{"talking takes an available agent", func(d *desk) { d.available("a1", nil) }, call("c1", CallTalking, "a1"), CallTalking, AgentTalking},
		{"talking withdraws what rings at the agent", func(d *desk) { d.available("a1", nil); d.caller("c2", TierNormal, nil) }, call("c1", CallTalking, "a1"), CallTalking, AgentTalking},
		{"talking ends a wrap-up", func(d *desk) { agentStates()[AgentWrapUp](d) }, call("c2", CallTalking, "a1"), CallTalking, AgentTalking},
		{"never two callers with one agent", func(d *desk) { agentStates()[AgentTalking](d) }, call("c2", CallTalking, "a1"), CallWaiting, AgentTalking},
		{"degraded", func(*desk) {}, call("c1", CallDegraded, ""), CallDegraded, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			grown(t, d)
			tt.prepare(d)
			d.must(d.Restore(ctx, d.req(), tt.call))
			c, a := d.call(tt.call.ID), d.agent("a1")
			if c.State != tt.want || a.State != tt.agent || !c.Arrived.Equal(arrived) {
				t.Errorf("call %+v, agent %+v", c, a)
			}
		})
	}
}

func TestRestoreAgent(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	since := time.UnixMilli(1_800_000_000_000).UTC()
	tests := []struct {
		name    string
		prepare func(d *desk)
		agent   Agent
		want    AgentState
		why     string
		later   AgentState // after 10 s and a sweep
	}{
		{"available", func(*desk) {}, Agent{State: AgentAvailable}, AgentAvailable, "", AgentAvailable},
		{"reserved lost its offer", func(*desk) {}, Agent{State: AgentReserved, Call: "c1", Offer: "o"}, AgentAvailable, "", AgentAvailable},
		{"available gets who waits", func(d *desk) { d.caller("c1", TierNormal, nil) }, Agent{State: AgentAvailable}, AgentReserved, "", AgentReserved},
		{"not ready", func(*desk) {}, Agent{State: AgentNotReady, Reason: "meal"}, AgentNotReady, "meal", AgentNotReady},
		{"wrap-up goes on", func(*desk) {}, Agent{State: AgentWrapUp, Until: since.Add(62 * time.Second)}, AgentWrapUp, "", AgentAvailable},
		{"talking, the call never comes", func(*desk) {}, Agent{State: AgentTalking, Call: "c1"}, AgentTalking, "", AgentNotReady},
		{"talking, the call is there", func(d *desk) {
			d.must(d.Restore(ctx, d.req(), Call{ID: "c1", State: CallTalking, Agent: "a1"}))
		}, Agent{State: AgentTalking, Call: "c1"}, AgentTalking, "", AgentTalking},
		{"the index knows better", func(d *desk) {
			d.must(d.Restore(ctx, d.req(), Call{ID: "c1", State: CallHeld, Agent: "a1"}))
		}, Agent{State: AgentAvailable}, AgentTalking, "", AgentTalking},
		{"talking, but the caller waits", func(d *desk) { d.caller("c1", TierNormal, nil) }, Agent{State: AgentTalking, Call: "c1"}, AgentNotReady, ReasonConnectionLost, AgentNotReady},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			grown(t, d)
			tt.prepare(d)
			tt.agent.ID, tt.agent.Session, tt.agent.Since = "a1", "s", since
			d.must(d.RestoreAgent(ctx, d.req(), tt.agent))
			if a := d.agent("a1"); a.State != tt.want || a.Reason != tt.why || tt.want != AgentReserved && !a.Since.Equal(since) {
				t.Errorf("%+v", a)
			}
			d.must(d.RestoreAgent(ctx, d.req(), Agent{ID: "a1", State: AgentNotReady, Reason: "other", Session: "x"}))
			d.pass(10 * time.Second)
			d.sweep()
			if a := d.agent("a1"); a.State != tt.later || a.Session != "s" {
				t.Errorf("later %+v", a)
			}
		})
	}
	t.Run("a talk that ended meanwhile frees its agent", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.must(d.RestoreAgent(ctx, d.req(), Agent{ID: "a1", State: AgentTalking, Call: "c1", Session: "s"}))
		d.must(d.End(ctx, d.req(), "c1", EndAnswered))
		if a := d.agent("a1"); a.State != AgentWrapUp {
			t.Errorf("%+v", a)
		}
	})
	t.Run("who signs in before being restored is talking", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.must(d.Restore(ctx, d.req(), Call{ID: "c1", State: CallTalking, Agent: "a1"}))
		d.signIn("a1", nil)
		if a := d.agent("a1"); a.State != AgentTalking || a.Call != "c1" {
			t.Errorf("%+v", a)
		}
	})
}

// TestRestoreSettles: after a loss nobody is offered before all had time to come back, or the order of coming back would be the order of service.
func TestRestoreSettles(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{})
	arrived := d.time()
	d.pass(time.Minute)
	d.must(d.RestoreAgent(ctx, d.req(), Agent{ID: "a1", State: AgentAvailable, Session: "s"}))
	d.must(d.Restore(ctx, d.req(), Call{ID: "late", State: CallWaiting, Arrived: arrived.Add(time.Second)}))
	d.pass(400 * time.Millisecond)
	d.must(d.Restore(ctx, d.req(), Call{ID: "early", State: CallWaiting, Arrived: arrived}))
	d.pass(400 * time.Millisecond)
	d.must(d.Restore(ctx, d.req(), Call{ID: "red", State: CallWaiting, Tier: TierRed, Arrived: arrived.Add(2 * time.Second)}))
	d.pass(499 * time.Millisecond)
	d.sweep()
	if got, want := d.order(), []CallID{"red", "early", "late"}; !slices.Equal(got, want) {
		t.Fatalf("still settling: %v, want %v", got, want)
	}
	d.pass(time.Millisecond)
	d.sweep()
	if a := d.agent("a1"); a.Call != "red" {
		t.Errorf("after settling the agent got %q", a.Call)
	}
	// However much comes back, offers start after 3 s.
	d = newDesk(t, d.rdb, Config{})
	d.must(d.RestoreAgent(ctx, d.req(), Agent{ID: "a1", State: AgentAvailable, Session: "s"}))
	for i := range 12 {
		d.must(d.Restore(ctx, d.req(), Call{ID: CallID(rune('a' + i)), State: CallWaiting, Arrived: arrived}))
		d.pass(300 * time.Millisecond)
		d.sweep()
	}
	if a := d.agent("a1"); a.State != AgentReserved {
		t.Errorf("%+v", a)
	}
}

// TestRestoreKeepsOrder: the waiting come back in any order and stand as before.
func TestRestoreKeepsOrder(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{})
	for i, id := range []CallID{"c1", "c2", "c3", "c4", "c5"} {
		d.caller(id, tiers()[(i+1)%5], []Skills{nil, {"crisis": 1 + i}}[i%2])
		d.pass(time.Second)
	}
	d.available("a1", nil)
	lost := d.agent("a1").Call
	d.accept("a1")
	c, err := d.Enqueue(ctx, d.req(), lost, true)
	d.must(err)
	before := d.snapshot()
	d.must(queuetest.Empty(ctx, d.rdb))
	for _, i := range []int{3, 0, 4, 2, 1} {
		d.must(d.Restore(ctx, d.req(), before.Calls[i]))
	}
	after := d.snapshot()
	for i := range before.Calls {
		if after.Calls[i].ID != before.Calls[i].ID || !after.Calls[i].Front.Equal(before.Calls[i].Front) {
			t.Errorf("place %d: %+v, was %+v", i, after.Calls[i], before.Calls[i])
		}
	}
	if c.Front.IsZero() || after.Born == before.Born {
		t.Errorf("front %v, born %s and %s", c.Front, before.Born, after.Born)
	}
}

func TestArrivalIsBounded(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{})
	for id, tt := range map[CallID]struct{ given, want time.Time }{
		"zero":    {time.Time{}, d.time()},
		"future":  {d.time().Add(time.Hour), d.time()},
		"ancient": {time.UnixMilli(1), d.time().Add(-48 * time.Hour)},
		"usual":   {d.time().Add(-time.Minute), d.time().Add(-time.Minute)},
	} {
		d.must(d.Arrive(ctx, d.req(), Call{ID: id, Arrived: tt.given}))
		if c := d.call(id); !c.Arrived.Equal(tt.want) || c.Tier != TierNormal {
			t.Errorf("%s: %+v, want %v", id, c, tt.want)
		}
		for _, front := range []time.Time{time.UnixMilli(7), d.time().Add(time.Hour)} {
			restored := id + CallID(front.Format("-2006"))
			d.must(d.Restore(ctx, d.req(), Call{ID: restored, State: CallWaiting, Arrived: tt.given, Front: front}))
			if c := d.call(restored); c.Front.After(tt.want) || c.Front.Before(tt.want.Add(-48*time.Hour)) {
				t.Errorf("%s: front %v, arrived %v", restored, c.Front, tt.want)
			}
		}
	}
}

// TestFenceOutlivesRedis: a token from before a loss is never greater than one from after.
func TestFenceOutlivesRedis(t *testing.T) {
	d := newDesk(t, queuetest.Open(t), Config{})
	agentStates()[AgentReserved](d)
	before := d.snapshot().Offers[0]
	d.must(queuetest.Empty(t.Context(), d.rdb))
	d.pass(time.Second)
	agentStates()[AgentReserved](d)
	after := d.snapshot().Offers[0]
	if after.Fence <= before.Fence || after.ID == before.ID {
		t.Errorf("%+v after %+v", after, before)
	}
}
