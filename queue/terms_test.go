package queue

import (
	"context"
	"errors"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

// TestGroupsOfferedTo: who may not be offered to a caller is not, whatever prefers or presses them.
func TestGroupsOfferedTo(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	prepare := func(t *testing.T, most int, more Call) *desk {
		d := newDesk(t, rdb, Config{})
		for i, id := range []AgentID{"own", "volunteer", "partner"} {
			_, err := d.SignIn(ctx, d.req(), Agent{ID: id, Session: "s", Group: i})
			d.must(err)
			if id != "own" {
				d.ready(id)
			}
		}
		more.ID, more.Groups, more.Arrived = "c1", most, d.time()
		d.must(d.Arrive(ctx, d.req(), more))
		_, err := d.Enqueue(ctx, d.req(), "c1", false)
		d.must(err)
		return d
	}
	for name, tt := range map[string]struct {
		most int
		more Call
		want AgentID // who gets the caller while nobody of the own centre is free
	}{
		"own centre only":                {0, Call{}, ""},
		"volunteers too":                 {1, Call{}, "volunteer"},
		"anyone":                         {EveryGroup, Call{}, "volunteer"},
		"danger does not pass the bound": {0, Call{Tier: TierRed}, ""},
		"nor does a preferred agent":     {1, Call{Preferred: "partner"}, "volunteer"},
	} {
		t.Run(name, func(t *testing.T) {
			d := prepare(t, tt.most, tt.more)
			if c := d.call("c1"); c.Agent != tt.want {
				t.Fatalf("went to %q", c.Agent)
			}
			if a := d.ready("own"); (a.Call == "c1") != (tt.want == "") {
				t.Errorf("%+v", a)
			}
		})
	}
	t.Run("emergency mode opens it for who waits already", func(t *testing.T) {
		d := prepare(t, 0, Call{})
		c, err := d.Require(ctx, d.req(), "c1", Terms{Groups: EveryGroup})
		d.must(err)
		if c.State != CallOffered || c.Agent != "volunteer" {
			t.Errorf("%+v", c)
		}
	})
	t.Run("a bound that is none", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		if err := d.Arrive(ctx, d.req(), Call{ID: "c1", Groups: EveryGroup + 1}); !errors.Is(err, ErrInvalid) {
			t.Error(err)
		}
	})
}

// TestRequire: other terms change what is asked for, never the place.
func TestRequire(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	t.Run("a language is chosen while waiting", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.available("a1", Skills{"mandarin": 3})
		d.caller("c0", TierNormal, Skills{"cantonese": 1})
		d.pass(time.Second)
		d.caller("c1", TierNormal, Skills{"cantonese": 1})
		before := queuetest.Check(t, rdb, "site").Calls["c0"]
		c, err := d.Require(ctx, d.req(), "c0", Terms{Needs: Skills{"mandarin": 2}, Groups: EveryGroup, History: 4})
		d.must(err)
		after := queuetest.Check(t, rdb, "site").Calls["c0"]
		if c.State != CallOffered || c.Agent != "a1" || c.History != 4 || after.Key != before.Key || after.From != before.From {
			t.Errorf("%+v\n%+v\n%+v", c, before, after)
		}
	})
	t.Run("steps count from the beginning of the wait", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.available("a1", nil)
		d.caller("c1", TierNormal, Skills{"x": 2})
		d.pass(10 * time.Second)
		steps := []Relaxation{{After: 5 * time.Second, Skill: "x", To: 1}, {After: 12 * time.Second, Skill: "x"}}
		c, err := d.Require(ctx, d.req(), "c1", Terms{Needs: Skills{"x": 3}, Relax: steps, Groups: EveryGroup})
		d.must(err)
		if c.Needs["x"] != 1 || c.Asked["x"] != 3 {
			t.Fatalf("%+v", c)
		}
		d.pass(2 * time.Second)
		d.sweep()
		if a := d.agent("a1"); a.Call != "c1" {
			t.Errorf("%+v", a)
		}
	})
	t.Run("who rings is left to ring, as long as they fit", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		agentStates()[AgentReserved](d)
		was := d.call("c1")
		steps := []Relaxation{{After: time.Second, Skill: "x"}}
		d.pass(2 * time.Second)
		c, err := d.Require(ctx, d.req(), "c1", Terms{Needs: Skills{"x": 9}, Relax: steps, Groups: EveryGroup})
		d.must(err)
		if c.State != CallOffered || c.Offer != was.Offer {
			t.Fatalf("%+v", c)
		}
	})
	for name, terms := range map[string]Terms{
		"who has not the language that was chosen rings no more": {Needs: Skills{"x": 9}, Groups: EveryGroup},
		"nor who is of a group that is no longer asked":          {Groups: 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			_, err := d.SignIn(ctx, d.req(), Agent{ID: "a1", Session: "s", Group: 1})
			d.must(err)
			d.ready("a1")
			was := d.caller("c1", TierNormal, nil)
			d.pass(time.Second)
			c, err := d.Require(ctx, d.req(), "c1", terms)
			d.must(err)
			if a := d.agent("a1"); c.State != CallWaiting || c.Offer != "" || a.State != AgentAvailable {
				t.Fatalf("%+v\n%+v", c, a)
			}
			queuetest.Check(t, rdb, "site")
			if _, err := d.Accept(ctx, d.req(), was.Offer, "a1", "s"); !errors.Is(err, ErrOfferGone) {
				t.Errorf("accepted all the same: %v", err)
			}
			if c := d.caller("c2", TierNormal, nil); c.Agent != "a1" {
				t.Errorf("the agent is not free for others: %+v", c)
			}
			_, err = d.SignIn(ctx, d.req(), Agent{ID: "a2", Session: "s", Skills: Skills{"x": 9}})
			d.must(err)
			if a := d.ready("a2"); a.Call != "c1" {
				t.Errorf("%+v", a)
			}
		})
	}
	for name, raiseFirst := range map[string]bool{"told, then raised": false, "raised, then told": true} {
		t.Run("the counsellor of who was cut off is held: "+name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			d.available("a1", nil)
			d.greeted("c1", TierNormal, nil)
			steps := []func(){
				func() {
					_, err := d.Require(ctx, d.req(), "c1", Terms{Groups: EveryGroup, Preferred: "a1", PreferUntil: d.time().Add(time.Minute)})
					d.must(err)
				},
				func() { _, err := d.Raise(ctx, d.req(), "c1", TierReturning, false); d.must(err) },
			}
			if raiseFirst {
				steps[0], steps[1] = steps[1], steps[0]
			}
			steps[0]()
			steps[1]()
			if a := d.agent("a1"); !a.Held.Equal(d.time().Add(time.Minute)) {
				t.Fatalf("%+v", a)
			}
			if c := d.caller("c2", TierNormal, nil); c.State != CallWaiting {
				t.Errorf("the held agent was offered %+v", c)
			}
		})
	}
	t.Run("unknown", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		if _, err := d.Require(ctx, d.req(), "c1", Terms{}); !errors.Is(err, ErrNoCall) {
			t.Error(err)
		}
	})
}

// TestCallbackEntry: an entry without a channel has the place of the first call and is offered as any other.
func TestCallbackEntry(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{})
	d.pass(time.Minute)
	d.caller("c1", TierNormal, nil)
	d.must(d.Arrive(ctx, d.req(), Call{ID: "back", Line: "12355", Groups: EveryGroup, Callback: true, Arrived: d.time().Add(-time.Minute)}))
	_, err := d.Enqueue(ctx, d.req(), "back", false)
	d.must(err)
	if a := d.available("a1", nil); a.Call != "back" {
		t.Fatalf("%+v", a)
	}
	if c := d.accept("a1"); !c.Callback || c.State != CallTalking {
		t.Errorf("%+v", c)
	}
	d.must(d.Mark(ctx, d.req(), "back", CallHeld, "dialling"))
	if c := d.call("back"); c.Hold != "dialling" || !c.Callback {
		t.Errorf("%+v", c)
	}
}
