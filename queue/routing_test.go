package queue

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

func TestRelaxed(t *testing.T) {
	needs, floors := Skills{"crisis": 4, "mandarin": 3}, Skills{"crisis": 2}
	tests := map[string]struct {
		steps []Relaxation
		want  Skills
	}{
		"by":                    {[]Relaxation{{Skill: "mandarin", By: 2}}, Skills{"crisis": 4, "mandarin": 1}},
		"to":                    {[]Relaxation{{Skill: "mandarin", To: 2}}, Skills{"crisis": 4, "mandarin": 2}},
		"dropped":               {[]Relaxation{{Skill: "mandarin"}}, Skills{"crisis": 4}},
		"by more than there is": {[]Relaxation{{Skill: "mandarin", By: 9}}, Skills{"crisis": 4}},
		"not below the floor":   {[]Relaxation{{Skill: "crisis"}, {After: 1, Skill: "crisis", By: 5}}, Skills{"crisis": 2, "mandarin": 3}},
		"never up":              {[]Relaxation{{Skill: "mandarin", To: 9}, {After: 1, Skill: "youth", To: 3}}, needs},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Relaxed(needs, tt.steps, floors)
			if err != nil || !reflect.DeepEqual(got[len(got)-1], tt.want) {
				t.Errorf("%v, %v; want %v", got, err, tt.want)
			}
		})
	}
	if low, err := Relaxed(Skills{"crisis": 1}, []Relaxation{{Skill: "crisis"}}, floors); err != nil || low[0]["crisis"] != 1 {
		t.Errorf("a floor above the need: %v, %v", low, err)
	}
	for name, bad := range map[string][]Relaxation{
		"order": {{After: 2}, {After: 1}}, "span": {{After: -1}}, "by": {{By: -1}}, "to": {{To: 11}}, "many": make([]Relaxation, 17),
	} {
		if _, err := Relaxed(needs, bad, nil); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// comes lets a caller with all fields of a call arrive and wait.
func (d *desk) comes(c Call) Call {
	d.t.Helper()
	c.Arrived = d.time()
	d.must(d.Arrive(context.Background(), d.req(), c))
	got, err := d.Enqueue(context.Background(), d.req(), c.ID, false)
	d.must(err)
	return got
}

// hearsRed makes an agent who is available take a red call and pause after it.
func (d *desk) hearsRed(id AgentID, call CallID) {
	d.t.Helper()
	d.caller(call, TierRed, nil)
	d.accept(id)
	d.must(d.End(context.Background(), d.req(), call, EndAnswered))
	_, err := d.NotReady(context.Background(), d.req(), id, "s", "pause")
	d.must(err)
}

func TestRelaxation(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	steps := []Relaxation{{After: 10 * time.Second, Skill: "mandarin", By: 1}, {After: 20 * time.Second, Skill: "mandarin"}, {After: 30 * time.Second, Skill: "crisis"}}
	needs := Skills{"mandarin": 3, "crisis": 2}
	t.Run("step by step, to the floor, keeping the place", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.comes(Call{ID: "c1", Needs: needs, Relax: steps})
		for _, want := range []Skills{{"mandarin": 2, "crisis": 2}, {"crisis": 2}, {"crisis": 1}} {
			d.pass(10*time.Second - time.Millisecond)
			if n := d.sweep(); n != 0 {
				t.Fatalf("swept %d before the time", n)
			}
			d.pass(time.Millisecond)
			if n := d.sweep(); n != 1 {
				t.Fatalf("swept %d", n)
			}
			if c := d.call("c1"); !reflect.DeepEqual(c.Needs, want) || !reflect.DeepEqual(c.Asked, needs) {
				t.Errorf("needs %v, want %v; asked %v", c.Needs, want, c.Asked)
			}
		}
		d.pass(time.Hour)
		d.caller("c2", TierNormal, nil)
		if a := d.available("a1", Skills{"crisis": 1}); a.Call != "c1" {
			t.Errorf("%q came first", a.Call)
		}
	})
	t.Run("a step may find its agent", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.available("a1", Skills{"mandarin": 2, "crisis": 2})
		if c := d.comes(Call{ID: "c1", Needs: needs, Relax: steps}); c.State != CallWaiting {
			t.Fatalf("%+v", c)
		}
		d.pass(10 * time.Second)
		d.sweep()
		if c := d.call("c1"); c.Agent != "a1" {
			t.Errorf("%+v", c)
		}
	})
	t.Run("a new wait asks for all again", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.comes(Call{ID: "c1", Needs: needs, Relax: steps})
		d.pass(time.Minute)
		d.sweep()
		d.available("a1", Skills{"crisis": 9})
		d.accept("a1")
		c, err := d.Enqueue(ctx, d.req(), "c1", true)
		d.must(err)
		if !reflect.DeepEqual(c.Needs, needs) || !c.Waiting.Equal(d.time()) {
			t.Errorf("%+v", c)
		}
	})
	t.Run("a loss of Redis changes nothing", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.comes(Call{ID: "c1", Needs: needs, Relax: steps})
		d.pass(15 * time.Second)
		d.sweep()
		before := d.call("c1")
		d.must(queuetest.Empty(ctx, rdb))
		d.must(d.Restore(ctx, d.req(), before))
		if after := d.call("c1"); !reflect.DeepEqual(after, before) {
			t.Errorf("%+v, was %+v", after, before)
		}
	})
}

func TestPreferred(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	caller := func(d *desk, tier Tier) Call {
		return d.comes(Call{ID: "c1", Tier: tier, Preferred: "own", PreferUntil: d.time().Add(30 * time.Second), Relax: []Relaxation{{After: time.Minute, Skill: "x"}}})
	}
	busy := func(d *desk) { d.available("own", nil); d.caller("c0", TierNormal, nil); d.accept("own") }
	tests := []struct {
		name    string
		prepare func(d *desk)
		tier    Tier
		change  func(d *desk)
		want    AgentID // the agent of c1
	}{
		{"chosen before one idle longer", func(d *desk) { d.pass(time.Second); d.available("own", nil) }, TierNormal, func(*desk) {}, "own"},
		{"not signed in: anyone", func(*desk) {}, TierNormal, func(*desk) {}, "any"},
		{"on a break: anyone", func(d *desk) { d.signIn("own", nil) }, TierNormal, func(*desk) {}, "any"},
		{"talking: waits", busy, TierNormal, func(*desk) {}, ""},
		{"talking, the caller is red: anyone", busy, TierRed, func(*desk) {}, "any"},
		{"becomes red: anyone", busy, TierNormal, func(d *desk) { _, err := d.Raise(ctx, d.req(), "c1", TierRed, true); d.must(err) }, "any"},
		{"free again", busy, TierNormal, func(d *desk) { d.must(d.End(ctx, d.req(), "c0", EndAnswered)); d.ready("own") }, "own"},
		{"until the time", busy, TierNormal, func(d *desk) { d.pass(30*time.Second - 1); d.sweep() }, ""},
		{"after the time: anyone", busy, TierNormal, func(d *desk) { d.pass(30 * time.Second); d.sweep() }, "any"},
		{"goes away: anyone", busy, TierNormal, func(d *desk) { d.must(d.Away(ctx, d.req(), "own", "s")) }, "any"},
		{"goes on a break: anyone", busy, TierNormal, func(d *desk) {
			d.must(d.End(ctx, d.req(), "c0", EndAnswered))
			_, err := d.NotReady(ctx, d.req(), "own", "s", "meal")
			d.must(err)
		}, "any"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			tt.prepare(d)
			d.available("any", nil)
			caller(d, tt.tier)
			tt.change(d)
			if c := d.call("c1"); c.Agent != tt.want || (c.Only == "own") != (tt.want == "") {
				t.Errorf("%+v, want %q", c, tt.want)
			}
		})
	}
	t.Run("bounded", func(t *testing.T) {
		d := newDesk(t, rdb, Config{Patience: time.Minute})
		c := d.comes(Call{ID: "c1", Preferred: "own", PreferUntil: d.time().Add(time.Hour)})
		if !c.PreferUntil.Equal(d.time().Add(time.Minute)) {
			t.Errorf("until %v", c.PreferUntil)
		}
	})
}

func TestHold(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	start := func(t *testing.T) *desk {
		d := newDesk(t, rdb, Config{})
		d.available("own", nil)
		a, err := d.Hold(ctx, d.req(), "own", time.Minute)
		d.must(err)
		if !a.Held.Equal(d.time().Add(time.Minute)) || a.State != AgentAvailable {
			t.Fatalf("%+v", a)
		}
		return d
	}
	t.Run("not for others", func(t *testing.T) {
		d := start(t)
		d.caller("c1", TierReturning, nil)
		d.comes(Call{ID: "c2", Tier: TierFollowUp, Preferred: "own", PreferUntil: d.time().Add(time.Minute)})
		if a := d.agent("own"); a.State != AgentAvailable {
			t.Errorf("%+v", a)
		}
	})
	t.Run("for the caller who was cut off", func(t *testing.T) {
		d := start(t)
		d.available("any", nil)
		d.pass(50 * time.Second)
		c := d.comes(Call{ID: "c1", Tier: TierReturning, Preferred: "own", PreferUntil: d.time().Add(time.Minute)})
		if c.Agent != "own" {
			t.Errorf("%+v", c)
		}
		d.accept("own")
		if a := d.agent("own"); !a.Held.IsZero() {
			t.Errorf("%+v", a)
		}
	})
	t.Run("danger outranks it, when nobody else is there", func(t *testing.T) {
		d := start(t)
		d.available("any", nil)
		if c := d.caller("r1", TierRed, nil); c.Agent != "any" {
			t.Errorf("%+v", c)
		}
		if c := d.caller("r2", TierRed, nil); c.Agent != "own" {
			t.Errorf("%+v", c)
		}
	})
	t.Run("until its time", func(t *testing.T) {
		d := start(t)
		d.caller("c1", TierNormal, nil)
		d.pass(time.Minute)
		if n := d.sweep(); n != 1 || d.agent("own").Call != "c1" {
			t.Errorf("swept %d, %+v", n, d.agent("own"))
		}
	})
	t.Run("ended", func(t *testing.T) {
		d := start(t)
		d.caller("c1", TierNormal, nil)
		if a, err := d.Hold(ctx, d.req(), "own", 0); err != nil || a.Call != "c1" {
			t.Errorf("%+v, %v", a, err)
		}
	})
	t.Run("from the greeting of a returning caller on", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.available("own", nil)
		d.must(d.Arrive(ctx, d.req(), Call{ID: "c1", Tier: TierReturning, Preferred: "own", PreferUntil: d.time().Add(time.Minute)}))
		if c := d.caller("c2", TierNormal, nil); c.State != CallWaiting {
			t.Errorf("%+v", c)
		}
		if c, err := d.Enqueue(ctx, d.req(), "c1", false); err != nil || c.Agent != "own" {
			t.Errorf("%+v, %v", c, err)
		}
	})
	t.Run("errors", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.signIn("out", nil)
		for id, want := range map[AgentID]error{"nobody": ErrNoAgent, "out": ErrWrongState} {
			if _, err := d.Hold(ctx, d.req(), id, time.Minute); !errors.Is(err, want) {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
}

func TestGroupsAndExposure(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	cfg := Config{Exposure: Exposure{Window: time.Hour, Limit: 2, Break: 10 * time.Minute}}
	group := func(d *desk, id AgentID, n int) {
		_, err := d.SignIn(ctx, d.req(), Agent{ID: id, Session: "s", Group: n})
		d.must(err)
		d.ready(id)
		d.pass(time.Second)
	}
	t.Run("groups before idleness", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		group(d, "partner", 2)
		group(d, "volunteer", 1)
		group(d, "own", 0)
		for i, want := range []AgentID{"own", "volunteer", "partner"} {
			if c := d.caller(CallID(rune('a'+i)), TierRed, nil); c.Agent != want {
				t.Errorf("caller %d went to %q, want %q", i, c.Agent, want)
			}
		}
	})
	exposed := func(t *testing.T) *desk {
		d := newDesk(t, rdb, cfg)
		d.available("a1", nil)
		d.hearsRed("a1", "r0")
		d.ready("a1")
		d.pass(time.Second)
		d.available("a2", nil)
		d.pass(time.Second)
		return d
	}
	t.Run("a red call goes to who had fewer", func(t *testing.T) {
		d := exposed(t)
		if c := d.caller("r1", TierRed, nil); c.Agent != "a2" {
			t.Errorf("%+v", c)
		}
	})
	t.Run("another goes to who is idle longest", func(t *testing.T) {
		d := exposed(t)
		if c := d.caller("n1", TierNormal, nil); c.Agent != "a1" {
			t.Errorf("%+v", c)
		}
	})
	t.Run("forgotten after the window", func(t *testing.T) {
		d := exposed(t)
		d.pass(time.Hour)
		if n := d.sweep(); n != 1 {
			t.Errorf("swept %d", n)
		}
		if c := d.caller("r1", TierRed, nil); c.Agent != "a1" {
			t.Errorf("%+v", c)
		}
	})
	t.Run("over the limit: a break, once", func(t *testing.T) {
		d := newDesk(t, rdb, cfg)
		for _, id := range []CallID{"r1", "r2"} {
			if a := d.available("a1", nil); a.State != AgentAvailable {
				t.Fatalf("%+v", a)
			}
			d.hearsRed("a1", id)
		}
		a := d.ready("a1")
		if a.State != AgentNotReady || a.Reason != ReasonBreakAfterRed || !a.Until.Equal(d.time().Add(10*time.Minute)) {
			t.Errorf("%+v", a)
		}
		d.must(d.SignOut(ctx, d.req(), "a1", "s"))
		d.signIn("a1", nil)
		d.pass(10*time.Minute - time.Millisecond)
		if _, err := d.Ready(ctx, d.req(), "a1", "s"); !errors.Is(err, ErrOnBreak) {
			t.Errorf("signed out and in: %v", err)
		}
		d.pass(time.Millisecond)
		if a := d.ready("a1"); a.State != AgentAvailable || len(a.Reds) != 2 {
			t.Errorf("%+v", a)
		}
	})
	t.Run("raised to red while talking counts, once", func(t *testing.T) {
		d := newDesk(t, rdb, cfg)
		d.available("a1", nil)
		d.caller("c1", TierNormal, nil)
		d.accept("a1")
		for _, tier := range []Tier{TierRed, TierNormal, TierRed} {
			_, err := d.Raise(ctx, d.req(), "c1", tier, false)
			d.must(err)
		}
		if a := d.agent("a1"); len(a.Reds) != 1 {
			t.Errorf("%+v", a)
		}
	})
	t.Run("the sweep after a wrap-up gives the break, too", func(t *testing.T) {
		d := newDesk(t, rdb, Config{Exposure: Exposure{Window: time.Hour, Limit: 1}})
		d.available("a1", nil)
		d.caller("r1", TierRed, nil)
		d.accept("a1")
		d.must(d.End(ctx, d.req(), "r1", EndAnswered))
		d.pass(time.Minute)
		d.sweep()
		if a := d.agent("a1"); a.Reason != ReasonBreakAfterRed || !a.Rest.Equal(d.time().Add(15*time.Minute)) {
			t.Errorf("%+v", a)
		}
	})
}
