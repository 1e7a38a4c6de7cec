package casework

import (
	"errors"
	"testing"
	"time"

	"hotline/storage"
)

func TestCutOffTask(t *testing.T) {
	ended := time.UnixMilli(1_700_000_060_000).UTC()
	call := CallRecord{ID: "01CUT", Line: "12355", Tier: tierRed, Agent: "u-1", Outcome: Answered, Arrived: ended.Add(-time.Minute), Talked: ended.Add(-50 * time.Second), Ended: ended, Cause: Cause{By: ByCaller}}
	for name, tt := range map[string]struct {
		change func(*CallRecord)
		cut    bool
	}{
		"the caller hung up":        {func(*CallRecord) {}, true},
		"the line broke":            {func(c *CallRecord) { c.Cause.By = ByFault }, true},
		"the counsellor hung up":    {func(c *CallRecord) { c.Cause.By = ByAgent }, false},
		"two said that it was over": {func(c *CallRecord) { c.Tier, c.Danger = tierNormal, true }, false},
		"left while waiting again":  {func(c *CallRecord) { c.LeftWaiting = true }, false},
		"nobody answered":           {func(c *CallRecord) { c.Outcome = Abandoned }, false},
	} {
		c := call
		tt.change(&c)
		if c.cutOff() != tt.cut {
			t.Errorf("%s: %v", name, !tt.cut)
		}
	}
	task, ok := left{call: call, callable: true}.cutOffTask(20 * time.Second)
	if !ok || task.Reason != ReasonCutOff || task.Tier != tierRed || !task.Auto || task.Preferred != "u-1" || !task.NextTry.Equal(ended.Add(20*time.Second)) || !task.Place.Equal(call.Arrived) {
		t.Errorf("%+v", task)
	}
	if task, ok := (left{call: call, callable: true, refused: true}).cutOffTask(20 * time.Second); !ok || task.Auto {
		t.Errorf("against a refusal: %v, %+v", ok, task)
	}
	if _, ok := (left{call: call, callable: true, answered: true}).cutOffTask(20 * time.Second); ok {
		t.Error("a callback for who was answered since")
	}
}

// TestCutOffIsCalledBack: the callback comes by itself, is known to the caller's next call, and ends when a person says that there was nothing to it.
func TestCutOffIsCalledBack(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, d := t.Context(), newDesk(t, db, CallbacksConfig{})
		d.clock = at(61)
		left, err := NewLeft(LeftConfig{}, d.Callbacks)
		must(t, err)
		leave(t, db, d.keys, CallRecord{ID: "cut", Tier: tierRed, Agent: "u-1", Arrived: at(0), Talked: at(5)}, mobile, at(60), Answered)
		known := func() Known {
			t.Helper()
			k, err := NewLedger(db).Known(ctx, d.keys.CallerRefs(mobile), KnownRules{}, d.clock)
			must(t, err)
			return k
		}
		if k := known(); k.Again != "cut" || !k.Returning || k.Preferred != "u-1" {
			t.Errorf("a moment after: %+v", k)
		}
		must(t, left.look(ctx))
		claim := func() []Claimed {
			t.Helper()
			got, err := d.Claim(ctx, "controller-1", time.Minute, 5)
			must(t, err)
			return got
		}
		d.clock = at(79)
		if got := claim(); len(got) != 0 {
			t.Errorf("while the caller may dial: %+v", got)
		}
		d.clock = at(80)
		got := claim()
		if len(got) != 1 || !got[0].CutOff || got[0].Call != "cut" || got[0].Tier != tierRed || got[0].Preferred != "u-1" {
			t.Fatalf("%+v", got)
		}
		if k := known(); k.Again != "cut" {
			t.Errorf("before anybody was reached: %+v", k)
		}
		must(t, d.NotCutOff(ctx, "cut", "u-1"))
		must(t, d.NotCutOff(ctx, "cut", "u-1"))
		if k := known(); k.Again != "" || !k.Returning {
			t.Errorf("after the counsellor said that it was over: %+v", k)
		}
		if err := d.NotCutOff(ctx, "none", "u-1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
		// Said before the ledger heard of the end: nothing is ever called.
		leave(t, db, d.keys, CallRecord{ID: "cut2", Tier: tierRed, Agent: "u-1", Arrived: at(100), Talked: at(105)}, "13900139002", time.Time{}, Open)
		must(t, d.NotCutOff(ctx, "cut2", "u-1"))
		must(t, NewLedger(db).Close(ctx, "cut2", Closing{EndedAt: at(160), Outcome: Answered, Cause: Cause{By: ByCaller}}))
		must(t, left.look(ctx))
		d.clock = at(300)
		if got := claim(); len(got) != 0 {
			t.Errorf("%+v", got)
		}
	})
}
