package queue

import (
	"context"
	"slices"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

// order lists the waiting in the order in which they would be served.
func (d *desk) order() []CallID {
	d.t.Helper()
	var ids []CallID
	for _, c := range d.snapshot().Calls {
		if c.State == CallWaiting {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// serveAll lets one agent answer until nobody waits, and lists the callers.
func (d *desk) serveAll(id AgentID) []CallID {
	d.t.Helper()
	var served []CallID
	for {
		a := d.ready(id)
		if a.State != AgentReserved {
			return served
		}
		c := d.accept(id)
		served = append(served, c.ID)
		d.must(d.End(context.Background(), d.req(), c.ID, EndAnswered))
	}
}

func TestOrderOfService(t *testing.T) {
	type arrival struct {
		id    CallID
		tier  Tier
		after time.Duration // since the first
	}
	tests := []struct {
		name     string
		arrivals []arrival
		want     []CallID
	}{
		{"first come first served", []arrival{{"a", TierNormal, 0}, {"b", TierNormal, time.Millisecond}, {"c", TierNormal, time.Second}}, []CallID{"a", "b", "c"}},
		{"tiers outrank arrival", []arrival{
			{"nuisance", TierNuisance, 0}, {"normal", TierNormal, time.Second}, {"followup", TierFollowUp, 2 * time.Second},
			{"returning", TierReturning, 3 * time.Second}, {"red", TierRed, 4 * time.Second},
		}, []CallID{"red", "returning", "followup", "normal", "nuisance"}},
		{"age overtakes the head start of a follow-up", []arrival{{"normal", TierNormal, 0}, {"followup", TierFollowUp, 11 * time.Minute}}, []CallID{"normal", "followup"}},
		{"a nuisance caller waits no more than half an hour longer", []arrival{{"nuisance", TierNuisance, 0}, {"normal", TierNormal, 31 * time.Minute}}, []CallID{"nuisance", "normal"}},
		{"no age overtakes a red caller", []arrival{{"normal", TierNormal, 0}, {"returning", TierReturning, time.Hour}, {"red", TierRed, 47 * time.Hour}}, []CallID{"red", "returning", "normal"}},
		{"red among red by arrival", []arrival{{"r1", TierRed, 0}, {"n", TierNormal, 1}, {"r2", TierRed, time.Minute}}, []CallID{"r1", "r2", "n"}},
	}
	rdb := queuetest.Open(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			for i, a := range tt.arrivals {
				d.clock = 1_800_000_000_000 + a.after.Milliseconds()
				// Different requirements put the callers into different buckets; the order must not care.
				d.caller(a.id, a.tier, []Skills{nil, {"crisis": 1}, {"mandarin": 2}}[i%3])
			}
			if got := d.order(); !slices.Equal(got, tt.want) {
				t.Errorf("snapshot: %v, want %v", got, tt.want)
			}
			d.signIn("a1", Skills{"crisis": 5, "mandarin": 5})
			if got := d.serveAll("a1"); !slices.Equal(got, tt.want) {
				t.Errorf("served: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSkillsDecideWhoFits(t *testing.T) {
	d := newDesk(t, queuetest.Open(t), Config{})
	d.available("plain", nil)
	d.available("some", Skills{"crisis": 1})
	d.pass(time.Second)
	d.available("expert", Skills{"crisis": 9, "youth": 3})
	if c := d.caller("c1", TierRed, Skills{"crisis": 5}); c.Agent != "expert" {
		t.Errorf("crisis 5 went to %q", c.Agent)
	}
	if c := d.caller("c2", TierRed, Skills{"crisis": 5}); c.State != CallWaiting {
		t.Errorf("nobody fits, state %s", c.State)
	}
	if c := d.caller("c3", TierNormal, Skills{"crisis": 1}); c.Agent != "some" {
		t.Errorf("a caller whom the red one does not need went to %q", c.Agent)
	}
	// The next fitting agent is for the red caller, whoever rings elsewhere.
	if a := d.available("second", Skills{"crisis": 5}); a.Call != "c2" {
		t.Errorf("the next fitting agent got %q", a.Call)
	}
}

func TestLongestIdle(t *testing.T) {
	rdb := queuetest.Open(t)
	ctx := context.Background()
	first := func(t *testing.T, d *desk, want AgentID) {
		t.Helper()
		if c := d.caller("probe", TierNormal, nil); c.Agent != want {
			t.Errorf("%q was chosen, want %q", c.Agent, want)
		}
	}
	start := func(t *testing.T, cfg Config) *desk {
		d := newDesk(t, rdb, cfg)
		d.available("a1", Skills{"crisis": 1})
		d.pass(time.Second)
		d.available("a2", nil)
		d.pass(time.Second)
		return d
	}
	t.Run("over all skill sets", func(t *testing.T) { first(t, start(t, Config{}), "a1") })
	t.Run("a break ends idleness", func(t *testing.T) {
		d := start(t, Config{})
		_, err := d.NotReady(ctx, d.req(), "a1", "s", "break")
		d.must(err)
		d.ready("a1")
		first(t, d, "a2")
	})
	t.Run("ready again changes nothing", func(t *testing.T) {
		d := start(t, Config{})
		d.ready("a1")
		first(t, d, "a1")
	})
	t.Run("a withdrawn offer costs no place", func(t *testing.T) {
		d := start(t, Config{})
		d.caller("c1", TierNormal, nil)
		d.pass(time.Second)
		d.must(d.End(ctx, d.req(), "c1", EndAbandoned))
		first(t, d, "a1")
	})
	t.Run("a miss below the limit goes to the end", func(t *testing.T) {
		d := start(t, Config{MissLimit: 2})
		d.caller("c1", TierNormal, Skills{"crisis": 1})
		d.pass(16 * time.Second)
		if n := d.sweep(); n != 1 {
			t.Fatalf("swept %d", n)
		}
		if a := d.agent("a1"); a.Call != "c1" {
			t.Fatalf("the only one who fits is asked again, got %+v", a)
		}
		d.must(d.End(ctx, d.req(), "c1", EndAbandoned))
		first(t, d, "a2")
	})
	t.Run("new skills keep the place", func(t *testing.T) {
		d := start(t, Config{})
		d.signIn("a1", Skills{"youth": 3})
		first(t, d, "a1")
	})
	t.Run("the end of wrap-up counts, not the sweep", func(t *testing.T) {
		d := newDesk(t, rdb, Config{WrapUp: 10 * time.Second})
		for _, id := range []AgentID{"a1", "a2"} {
			d.available(id, nil)
			d.caller(CallID("of-"+id), TierNormal, nil)
			d.accept(id)
		}
		d.must(d.End(ctx, d.req(), "of-a2", EndAnswered))
		d.pass(time.Second)
		d.must(d.End(ctx, d.req(), "of-a1", EndAnswered))
		d.pass(time.Minute)
		if n := d.sweep(); n != 2 {
			t.Fatalf("swept %d", n)
		}
		first(t, d, "a2")
	})
}

func TestFront(t *testing.T) {
	rdb := queuetest.Open(t)
	ctx := context.Background()
	// lose takes a talking caller's agent away.
	lose := func(d *desk, id CallID, front bool) Call {
		d.must(d.Mark(ctx, d.req(), id, CallHeld, "agent_away"))
		c, err := d.Enqueue(ctx, d.req(), id, front)
		d.must(err)
		return c
	}
	t.Run("before all of the tier, behind the tiers above", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.caller("old", TierNormal, Skills{"youth": 1})
		d.pass(time.Minute)
		d.available("a1", nil)
		d.caller("lost", TierNormal, nil)
		d.accept("a1")
		d.caller("red", TierRed, nil)
		c := lose(d, "lost", true)
		if want := d.time().Add(-time.Minute - time.Millisecond); !c.Front.Equal(want) {
			t.Errorf("front %v, want %v", c.Front, want)
		}
		if got, want := d.order(), []CallID{"red", "lost", "old"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if a := d.agent("a1"); a.State != AgentNotReady || a.Reason != ReasonConnectionLost {
			t.Errorf("agent %+v", a)
		}
	})
	t.Run("before one who is being offered", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.available("a1", nil)
		d.caller("lost", TierNormal, nil)
		d.accept("a1")
		d.caller("ringing", TierNormal, nil)
		d.available("a2", nil)
		c := lose(d, "lost", true)
		d.must(d.Decline(ctx, d.req(), d.agent("a2").Offer, "a2", "s"))
		if got, want := d.order(), []CallID{"lost", "ringing"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v (front %v)", got, want, c.Front)
		}
	})
	t.Run("alone: its own arrival", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		arrived := d.time()
		d.available("a1", nil)
		d.caller("lost", TierRed, nil)
		d.accept("a1")
		d.pass(time.Hour)
		c := lose(d, "lost", true)
		if want := arrived.Add(-1000*time.Hour - time.Millisecond); !c.Front.Equal(want) {
			t.Errorf("front %v, want %v", c.Front, want)
		}
	})
	t.Run("the last one lost goes first", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		for _, id := range []CallID{"c1", "c2"} {
			a := AgentID("of-" + id)
			d.available(a, nil)
			d.caller(id, TierNormal, nil)
			d.accept(a)
		}
		lose(d, "c1", true)
		lose(d, "c2", true)
		if got, want := d.order(), []CallID{"c2", "c1"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
	t.Run("not to the front: the old place, wrap-up for the agent", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.available("a1", nil)
		d.caller("lost", TierNormal, nil)
		d.accept("a1")
		c := lose(d, "lost", false)
		if a := d.agent("a1"); !c.Front.IsZero() || c.State != CallWaiting || c.Agent != "" || c.Talked.IsZero() || a.State != AgentWrapUp {
			t.Errorf("%+v, %+v", c, a)
		}
	})
}

func TestRaise(t *testing.T) {
	rdb := queuetest.Open(t)
	ctx := context.Background()
	raise := func(d *desk, id CallID, tier Tier, danger bool) Call {
		c, err := d.Raise(ctx, d.req(), id, tier, danger)
		d.must(err)
		return c
	}
	t.Run("a waiting caller moves up and down", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.caller("c1", TierNormal, nil)
		d.pass(time.Second)
		d.caller("c2", TierNormal, Skills{"crisis": 1})
		if c := raise(d, "c2", TierRed, true); !c.Danger || c.Tier != TierRed {
			t.Errorf("%+v", c)
		}
		if got, want := d.order(), []CallID{"c2", "c1"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if c := raise(d, "c2", TierNormal, false); !c.Danger {
			t.Error("danger was unmarked")
		}
		if got, want := d.order(), []CallID{"c1", "c2"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
	t.Run("an offered caller comes back in the new tier", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.available("a1", nil)
		d.caller("c0", TierNormal, Skills{"x": 1})
		d.pass(time.Second)
		d.caller("c1", TierNormal, nil)
		if c := raise(d, "c1", TierRed, false); c.State != CallOffered {
			t.Errorf("%+v", c)
		}
		d.must(d.Decline(ctx, d.req(), d.agent("a1").Offer, "a1", "s"))
		if got, want := d.order(), []CallID{"c1", "c0"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
	t.Run("nobody loses a better place by being raised", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.caller("old", TierNormal, Skills{"x": 1})
		d.pass(30 * time.Minute)
		d.available("a1", nil)
		d.caller("lost", TierNormal, nil)
		d.accept("a1")
		c, err := d.Enqueue(ctx, d.req(), "lost", true)
		d.must(err)
		if up := raise(d, "lost", TierFollowUp, false); !up.Front.Equal(c.Front) {
			t.Errorf("front %v, was %v", up.Front, c.Front)
		}
		if red := raise(d, "lost", TierRed, false); !red.Front.IsZero() {
			t.Errorf("front %v in red", red.Front)
		}
		if down := raise(d, "lost", TierNormal, false); !down.Front.IsZero() {
			t.Errorf("front %v after going down", down.Front)
		}
		if got, want := d.order(), []CallID{"old", "lost"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
	t.Run("while talking", func(t *testing.T) {
		d := newDesk(t, rdb, Config{})
		d.available("a1", nil)
		d.caller("c1", TierNormal, nil)
		d.accept("a1")
		if c := raise(d, "c1", TierRed, true); c.State != CallTalking || c.Tier != TierRed {
			t.Errorf("%+v", c)
		}
	})
}
