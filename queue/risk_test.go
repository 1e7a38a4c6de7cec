package queue

import (
	"context"
	"errors"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

func TestAssess(t *testing.T) {
	rdb := queuetest.Open(t)
	ctx := context.Background()
	assess := func(d *desk, r Risk) Call {
		t.Helper()
		c, err := d.Assess(ctx, d.req(), "c1", r)
		d.must(err)
		queuetest.Check(t, rdb, "site")
		return c
	}
	for state, prepare := range callStates() {
		if state == "" {
			continue
		}
		t.Run("high while "+string(state), func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			prepare(d)
			at := d.time().Truncate(time.Millisecond)
			c := assess(d, Risk{Tier: TierRed, Level: LevelHigh, By: "a1", At: at})
			if c.State != state || c.Tier != TierRed || c.Level != LevelHigh || c.LevelBy != "a1" || !c.LevelAt.Equal(at) || c.Danger {
				t.Errorf("%+v", c)
			}
			if got := d.call("c1"); got.Level != LevelHigh || got.Tier != TierRed {
				t.Errorf("the row %+v", got)
			}
		})
		t.Run("lowered while "+string(state), func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			prepare(d)
			assess(d, Risk{Tier: TierRed, Danger: true, Level: LevelHigh, By: "a1", At: d.time()})
			c := assess(d, Risk{Tier: TierNormal, Level: LevelLow, By: "a2", At: d.time()})
			if c.State != state || c.Tier != TierNormal || c.Level != LevelLow || c.LevelBy != "a2" || c.Danger {
				t.Errorf("%+v", c)
			}
		})
	}
	t.Run("the same again tells nobody anything", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		callStates()[CallTalking](d)
		r := Risk{Tier: TierRed, Level: LevelHigh, By: "a1", At: d.time()}
		assess(d, r)
		before := queuetest.Check(t, rdb, "site")
		assess(d, r)
		if after := queuetest.Check(t, rdb, "site"); after.Text["seq"] != before.Text["seq"] {
			t.Error("an event for nothing")
		}
	})
	t.Run("a level that nobody knows", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		callStates()[CallTalking](d)
		if _, err := d.Assess(ctx, d.req(), "c1", Risk{Tier: TierRed, Level: "very"}); err == nil {
			t.Error("accepted")
		}
	})
}

// redTalk: a1 talks with c1, who is at risk. opened: and a1 vanished. cutOff: the caller was cut off, and a1 is kept.
func redTalk(d *desk) {
	callStates()[CallTalking](d)
	d.must(second(d.Raise(context.Background(), d.req(), "c1", TierRed, false)))
}

func opened(d *desk) {
	redTalk(d)
	d.must(second(d.Open(context.Background(), d.req(), "c1", "a1")))
}

func cutOff(d *desk) {
	redTalk(d)
	d.must(second(d.Keep(context.Background(), d.req(), "c1", "a1", 3*time.Minute)))
	d.must(d.Queue.End(context.Background(), d.req(), "c1", EndAnswered))
}

// TestAgentVanishedAtRisk: the first of the agent who is back, who leads, and the next who is free gets the caller.
func TestAgentVanishedAtRisk(t *testing.T) {
	rdb := queuetest.Open(t)
	ctx := context.Background()
	lead := func(d *desk, id AgentID) {
		d.signIn(id, nil)
		d.must(second(d.Lead(ctx, d.req(), id, "s", true)))
	}
	t.Run("the agent is back", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		opened(d)
		if c, a := d.call("c1"), d.agent("a1"); c.State != CallWaiting || c.LostBy != "a1" || !c.LostAt.Equal(d.time()) || a.Reason != ReasonConnectionLost {
			t.Fatalf("%+v, %+v", c, a)
		}
		d.must(second(d.Reclaim(ctx, d.req(), "c1", "a1")))
		queuetest.Check(t, rdb, "site")
		if c, a := d.call("c1"), d.agent("a1"); c.State != CallTalking || c.Agent != "a1" || !c.LostAt.IsZero() || a.State != AgentTalking {
			t.Errorf("%+v, %+v", c, a)
		}
	})
	t.Run("the next is rung at once, and is free again when the agent is back", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		redTalk(d)
		d.available("a2", nil)
		d.must(second(d.Open(ctx, d.req(), "c1", "a1")))
		if c, a := d.call("c1"), d.agent("a2"); c.State != CallOffered || a.State != AgentReserved || c.LostAt.IsZero() {
			t.Fatalf("%+v, %+v", c, a)
		}
		d.must(second(d.Reclaim(ctx, d.req(), "c1", "a1")))
		queuetest.Check(t, rdb, "site")
		if a := d.agent("a2"); a.State != AgentAvailable {
			t.Errorf("%+v", a)
		}
	})
	t.Run("after an acceptance it is too late", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		redTalk(d)
		d.available("a2", nil)
		d.must(second(d.Open(ctx, d.req(), "c1", "a1")))
		d.accept("a2")
		if _, err := d.Reclaim(ctx, d.req(), "c1", "a1"); !errors.Is(err, ErrWrongState) {
			t.Errorf("%v", err)
		}
		if c := d.call("c1"); c.Agent != "a2" || !c.LostAt.IsZero() {
			t.Errorf("%+v", c)
		}
	})
	t.Run("nobody is free: who leads is rung, and does afterwards what they did", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		lead(d, "boss")
		opened(d)
		if a := d.agent("boss"); a.State != AgentReserved || a.Call != "c1" || a.Prior == nil {
			t.Fatalf("%+v", a)
		}
		d.must(d.Decline(ctx, d.req(), d.agent("boss").Offer, "boss", "s"))
		queuetest.Check(t, rdb, "site")
		if c, a := d.call("c1"), d.agent("boss"); c.State != CallWaiting || a.State != AgentNotReady || a.Reason != ReasonSignedIn {
			t.Errorf("%+v, %+v", c, a)
		}
		lead(d, "chief") // the next one, as soon as there is one
		if a := d.agent("chief"); a.State != AgentReserved {
			t.Fatalf("%+v", a)
		}
		d.must(second(d.Reclaim(ctx, d.req(), "c1", "a1")))
		queuetest.Check(t, rdb, "site")
		if a := d.agent("chief"); a.State != AgentNotReady || a.Reason != ReasonSignedIn {
			t.Errorf("%+v", a)
		}
	})
	t.Run("who leads is rung although available without the skill, before one who is less in danger, and again after a missed ring", func(t *testing.T) {
		d := newDesk(t, rdb, Config{MissLimit: 1})
		redTalk(d)
		d.must(second(d.Require(ctx, d.req(), "c1", Terms{Needs: Skills{"youth": 5}, Groups: EveryGroup})))
		lead(d, "boss")
		d.must(second(d.Ready(ctx, d.req(), "boss", "s")))
		d.must(second(d.Open(ctx, d.req(), "c1", "a1")))
		if a := d.agent("boss"); a.State != AgentReserved || a.Call != "c1" || a.Prior == nil || a.Prior.State != AgentAvailable {
			t.Fatalf("%+v", a)
		}
		d.caller("w1", TierNormal, nil)
		d.pass(16 * time.Second)
		d.sweep()
		queuetest.Check(t, rdb, "site")
		if a := d.agent("boss"); a.State != AgentNotReady || a.Reason != ReasonNoAnswer {
			t.Fatalf("after a missed ring %+v", a)
		}
		d.pass(29 * time.Second)
		d.sweep()
		if a := d.agent("boss"); a.State != AgentNotReady {
			t.Fatalf("rung again at once: %+v", a)
		}
		d.pass(time.Second)
		d.sweep()
		queuetest.Check(t, rdb, "site")
		if a := d.agent("boss"); a.State != AgentReserved || a.Call != "c1" {
			t.Errorf("out of reach for good: %+v", a)
		}
	})
	t.Run("who leads is rung in a wrap-up, which goes on with its form", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		lead(d, "boss")
		d.must(second(d.Ready(ctx, d.req(), "boss", "s")))
		d.caller("w1", TierRed, nil)
		d.accept("boss")
		d.must(d.Queue.End(ctx, d.req(), "w1", EndAnswered))
		before := d.agent("boss")
		opened(d)
		if a := d.agent("boss"); a.State != AgentReserved || a.Call != "c1" {
			t.Fatalf("%+v", a)
		}
		if err := d.SignOut(ctx, d.req(), "boss", "s"); !errors.Is(err, ErrFormDue) {
			t.Errorf("signed out without the form: %v", err)
		}
		d.must(d.Decline(ctx, d.req(), d.agent("boss").Offer, "boss", "s"))
		queuetest.Check(t, rdb, "site")
		if a := d.agent("boss"); a.State != AgentWrapUp || a.Owes != "w1" || !a.Since.Equal(before.Since) || !a.Until.Equal(before.Until) {
			t.Errorf("%+v, before %+v", a, before)
		}
		d.pass(30 * time.Second)
		d.sweep()
		d.must(d.Away(ctx, d.req(), "boss", "s"))
		queuetest.Check(t, rdb, "site")
		if a := d.agent("boss"); a.State != AgentWrapUp || a.Owes != "w1" {
			t.Errorf("away in the ring: %+v", a)
		}
	})
	t.Run("who leads takes it", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		lead(d, "boss")
		opened(d)
		c, err := d.Reclaim(ctx, d.req(), "c1", "boss")
		d.must(err)
		queuetest.Check(t, rdb, "site")
		if a := d.agent("boss"); c.Agent != "boss" || a.State != AgentTalking {
			t.Errorf("%+v, %+v", c, a)
		}
	})
	t.Run("only its agent's vanishing opens a call", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		redTalk(d)
		if _, err := d.Open(ctx, d.req(), "c1", "a2"); !errors.Is(err, ErrWrongState) {
			t.Errorf("%v", err)
		}
	})
}

// TestFormDue: the wrap-up of a call at risk ends with its form, and by nothing else.
func TestFormDue(t *testing.T) {
	rdb := queuetest.Open(t)
	ctx := context.Background()
	wrapping := func(d *desk) {
		redTalk(d)
		d.must(d.Queue.End(ctx, d.req(), "c1", EndAnswered))
	}
	d := newDesk(t, rdb, Config{})
	wrapping(d)
	d.pass(2 * time.Minute)
	d.sweep()
	refused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ErrFormDue) || d.agent("a1").State != AgentWrapUp {
			t.Errorf("%s: %v, %+v", what, err, d.agent("a1"))
		}
	}
	everyWay := func() {
		t.Helper()
		refused("ready", second(d.Ready(ctx, d.req(), "a1", "s")))
		refused("a break", second(d.NotReady(ctx, d.req(), "a1", "s", "break")))
		refused("forced to the next caller", second(d.Force(ctx, d.req(), "a1", AgentAvailable, "boss")))
		refused("signing out", d.SignOut(ctx, d.req(), "a1", "s"))
		queuetest.Check(t, rdb, "site")
	}
	everyWay()
	refused("forced to a break", second(d.Force(ctx, d.req(), "a1", AgentNotReady, "boss")))
	if a := d.agent("a1"); a.Owes != "c1" || !a.Late.IsZero() {
		t.Errorf("%+v", a)
	}
	d.pass(8 * time.Minute)
	d.sweep()
	if a := d.agent("a1"); !a.Late.Equal(d.time()) || a.State != AgentWrapUp {
		t.Errorf("nobody is told: %+v", a)
	}
	everyWay()
	d.must(d.Filed(ctx, d.req(), "c1", "a1"))
	d.sweep()
	queuetest.Check(t, rdb, "site")
	if a := d.agent("a1"); a.State != AgentAvailable || a.Owes != "" || !a.Late.IsZero() {
		t.Errorf("%+v", a)
	}
	t.Run("a supervisor lets go who is late", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		wrapping(d)
		d.pass(10 * time.Minute)
		d.sweep()
		a, err := d.Force(ctx, d.req(), "a1", AgentNotReady, "boss")
		d.must(err)
		if a.State != AgentNotReady || a.Owes != "" {
			t.Errorf("%+v", a)
		}
		d.must(second(d.Ready(ctx, d.req(), "a1", "s")))
	})
	t.Run("whose browser stays away is signed out when late", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		wrapping(d)
		d.must(d.Away(ctx, d.req(), "a1", "s"))
		d.pass(10 * time.Minute)
		d.sweep()
		d.must(d.SignOut(ctx, d.req(), "a1", "s"))
		queuetest.Check(t, rdb, "site")
	})
	for name, before := range map[string]func(d *desk){
		"filed in the talk": func(d *desk) { d.must(d.Filed(ctx, d.req(), "c1", "a1")) },
		"lowered in the talk": func(d *desk) {
			d.must(second(d.Assess(ctx, d.req(), "c1", Risk{Tier: TierNormal, Level: LevelLow, By: "a1", At: d.time()})))
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			redTalk(d)
			before(d)
			d.must(d.Queue.End(ctx, d.req(), "c1", EndAnswered))
			d.pass(time.Minute)
			d.sweep()
			if a := d.agent("a1"); a.State != AgentAvailable {
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestCutOffAtRisk: the agent is kept, and who calls again is with the same agent, whoever waits.
func TestCutOffAtRisk(t *testing.T) {
	rdb := queuetest.Open(t)
	ctx := context.Background()
	again := func(d *desk) {
		d.greeted("c2", TierRed, nil)
		d.must(second(d.Require(ctx, d.req(), "c2", Terms{Groups: EveryGroup, Preferred: "a1", PreferUntil: d.time().Add(time.Minute), Again: "c1"})))
		d.must(second(d.Enqueue(ctx, d.req(), "c2", false)))
	}
	t.Run("kept, and found again past a queue", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		cutOff(d)
		if a := d.agent("a1"); a.State != AgentNotReady || a.Reason != ReasonKept || a.Keeps != "c1" || !a.Until.Equal(d.time().Add(3*time.Minute)) {
			t.Fatalf("%+v", a)
		}
		for _, id := range []CallID{"w1", "w2"} {
			d.caller(id, TierRed, nil)
		}
		for what, err := range map[string]error{
			"ready": second(d.Ready(ctx, d.req(), "a1", "s")), "a break": second(d.NotReady(ctx, d.req(), "a1", "s", "break")),
			"forced": second(d.Force(ctx, d.req(), "a1", AgentAvailable, "boss")), "signing out": d.SignOut(ctx, d.req(), "a1", "s"),
		} {
			if !errors.Is(err, ErrAgentBusy) {
				t.Errorf("%s: %v", what, err)
			}
		}
		d.pass(time.Minute)
		d.sweep()
		again(d)
		queuetest.Check(t, rdb, "site")
		if c, a := d.call("c2"), d.agent("a1"); c.State != CallOffered || c.Agent != "a1" || a.State != AgentReserved {
			t.Fatalf("%+v, %+v", c, a)
		}
		d.accept("a1")
		if c := d.call("c2"); c.State != CallTalking || c.Agent != "a1" {
			t.Errorf("%+v", c)
		}
	})
	t.Run("who hangs up again leaves the agent kept", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		cutOff(d)
		until := d.agent("a1").Until
		again(d)
		d.must(d.Queue.End(ctx, d.req(), "c2", EndAbandoned))
		queuetest.Check(t, rdb, "site")
		if a := d.agent("a1"); a.Reason != ReasonKept || !a.Until.Equal(until) {
			t.Errorf("%+v", a)
		}
	})
	t.Run("in vain: the wrap-up follows, with its form", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		cutOff(d)
		d.pass(3 * time.Minute)
		d.sweep()
		queuetest.Check(t, rdb, "site")
		if a := d.agent("a1"); a.State != AgentWrapUp || a.Owes != "c1" {
			t.Errorf("%+v", a)
		}
	})
	t.Run("released", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		cutOff(d)
		d.must(second(d.Unkeep(ctx, d.req(), "a1", "s")))
		if a := d.agent("a1"); a.State != AgentWrapUp || a.Owes != "c1" {
			t.Errorf("%+v", a)
		}
		if _, err := d.Unkeep(ctx, d.req(), "a1", "s"); !errors.Is(err, ErrWrongState) {
			t.Errorf("%v", err)
		}
	})
	t.Run("an agent whose browser is away is not kept", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		redTalk(d)
		d.must(second(d.Keep(ctx, d.req(), "c1", "a1", 3*time.Minute)))
		d.must(d.Away(ctx, d.req(), "a1", "s"))
		d.must(d.Queue.End(ctx, d.req(), "c1", EndAnswered))
		if a := d.agent("a1"); a.State != AgentWrapUp {
			t.Errorf("%+v", a)
		}
	})
}
