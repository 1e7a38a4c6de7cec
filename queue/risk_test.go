package queue

import (
	"context"
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
