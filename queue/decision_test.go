package queue

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hotline/queue/queuetest"
)

// reason is why the last offer was made.
func (d *desk) reason() Decision {
	d.t.Helper()
	for _, m := range d.rdb.XRevRange(context.Background(), d.key("events"), "+", "-").Val() {
		e, err := ParseEvent(m)
		if err != nil {
			d.t.Fatal(err)
		}
		if e.Reason != nil {
			return *e.Reason
		}
	}
	d.t.Fatal("no offer was explained")
	return Decision{}
}

// TestDecisionRules: what decided between the agents is named as the rules of the README have it.
func TestDecisionRules(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	exposure := Config{Exposure: Exposure{Window: time.Hour}}
	agents := func(d *desk, groups ...int) {
		for i, g := range groups {
			id := AgentID(fmt.Sprint("a", i))
			_, err := d.SignIn(ctx, d.req(), Agent{ID: id, Session: "s", Group: g})
			d.must(err)
			d.ready(id)
			d.pass(time.Second)
		}
	}
	tests := []struct {
		name    string
		prepare func(d *desk)
		call    Call
		rule    Rule
		agent   AgentID
		fitting int
	}{
		{"only", func(d *desk) { agents(d, 0) }, Call{}, RuleOnly, "a0", 1},
		{"longest idle", func(d *desk) { agents(d, 0, 0, 0) }, Call{}, RuleIdle, "a0", 3},
		{"group", func(d *desk) { agents(d, 1, 0) }, Call{}, RuleGroup, "a1", 2},
		{"exposure", func(d *desk) {
			agents(d, 0)
			d.hearsRed("a0", "r")
			d.ready("a0")
			d.pass(time.Second)
			d.available("a1", nil)
		}, Call{Tier: TierRed}, RuleExposure, "a1", 2},
		{"preferred", func(d *desk) { agents(d, 0, 0) }, Call{Preferred: "a1"}, RulePreferred, "a1", 2},
		{"waits for one", func(d *desk) { agents(d, 0, 0) }, Call{Preferred: "a1", PreferUntil: time.UnixMilli(1_800_000_030_000)}, RulePreferred, "a1", 1},
		{"returning", func(d *desk) { agents(d, 0, 0) }, Call{Tier: TierReturning, Preferred: "a1", PreferUntil: time.UnixMilli(1_800_000_030_000)}, RuleReturning, "a1", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, rdb, exposure)
			tt.prepare(d)
			tt.call.ID, tt.call.Groups = "c1", EveryGroup
			c := d.comes(tt.call)
			r := d.reason()
			if c.Agent != tt.agent || r.Rule != tt.rule || r.Fitting != tt.fitting || len(r.Agents) != tt.fitting || r.Waiting != 0 {
				t.Errorf("%s got %+v", c.Agent, r)
			}
		})
	}
}

// TestDecisionShowsOthers: who else waited, whether they could have had the agent, and how many more; never more than the bounds.
func TestDecisionShowsOthers(t *testing.T) {
	rdb := queuetest.Open(t)
	d := newDesk(t, rdb, Config{})
	d.caller("old", TierNormal, Skills{"youth": 5})
	d.pass(time.Second)
	d.caller("mine", TierNormal, nil)
	d.pass(time.Second)
	d.caller("next", TierNuisance, nil)
	d.caller("red", TierRed, Skills{"youth": 9})
	d.available("a1", Skills{"mandarin": 2})
	r := d.reason()
	if r.Waiting != 3 || len(r.Others) != 3 || r.Tier != TierNormal {
		t.Fatalf("%+v", r)
	}
	for i, want := range []struct {
		id   CallID
		tier Tier
		fits bool
	}{{"red", TierRed, false}, {"old", TierNormal, false}, {"next", TierNuisance, true}} {
		if o := r.Others[i]; o.ID != want.id || o.Tier != want.tier || o.Fits != want.fits {
			t.Errorf("%d: %+v", i, o)
		}
	}
	if !r.Others[1].Key.Before(r.Key) || r.Others[2].Key.Before(r.Key) {
		t.Errorf("keys %v of %+v", r.Key, r.Others)
	}

	d = newDesk(t, rdb, Config{})
	for i := range 40 {
		d.greeted(CallID(fmt.Sprint("c", i)), TierNormal, Skills{fmt.Sprint("s", i): 1})
	}
	for i := range 40 {
		_, err := d.Enqueue(context.Background(), d.req(), CallID(fmt.Sprint("c", i)), false)
		d.must(err)
	}
	for i := range 30 {
		d.available(AgentID(fmt.Sprint("a", 10+i)), Skills{"x": 1 + i%3})
		d.pass(time.Second)
	}
	d.caller("c", TierNormal, Skills{"x": 1})
	r = d.reason()
	if len(r.Agents) != 10 || r.Fitting != 30 || len(r.Others) != 5 || r.Waiting != 40 {
		t.Fatalf("%d agents of %d, %d others of %d", len(r.Agents), r.Fitting, len(r.Others), r.Waiting)
	}
	for i, a := range r.Agents {
		if want := AgentID(fmt.Sprint("a", 10+i)); a.ID != want {
			t.Errorf("%d: %s, want %s", i, a.ID, want)
		}
	}
}

// TestDecisionIsSmall: the longest explanation stays within what a stream of 20,000 events can hold.
func TestDecisionIsSmall(t *testing.T) {
	d := newDesk(t, queuetest.Open(t), Config{})
	long := "a-skill-with-a-long-name"
	for i := range 12 {
		d.available(AgentID(fmt.Sprintf("u-01JQZ5W0000000000000000%02d", i)), Skills{long: 5, long + "-2": 5, "n": 1 + i%9})
		d.caller(CallID(fmt.Sprintf("01JQZ5W0000000000000000%03d", i)), TierRed, Skills{long: 9, "m": 1 + i%9})
	}
	d.caller("c", TierRed, Skills{long: 2})
	entries, err := d.rdb.XRevRangeN(context.Background(), d.key("events"), "+", "-", 1).Result()
	if err != nil {
		t.Fatal(err)
	}
	if n := size(entries[0]); n > 4096 {
		t.Errorf("%d bytes", n)
	}
}

func size(m redis.XMessage) (n int) {
	for _, v := range m.Values {
		text, _ := v.(string)
		n += len(text)
	}
	return n
}
