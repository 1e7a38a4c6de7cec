package queue

import (
	"context"
	"errors"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

func TestWhatAlarms(t *testing.T) {
	now := time.Now()
	said := now.Add(-time.Minute)
	for name, c := range map[string]struct {
		call Call
		by   AgentID
		at   time.Time
		want bool
	}{
		"an ordinary call":           {call: Call{Tier: TierNormal}},
		"said high":                  {Call{Tier: TierRed, Level: LevelHigh, LevelBy: "u-1", LevelAt: said, Danger: true}, "u-1", said, true},
		"said moderate":              {call: Call{Tier: TierNormal, Level: LevelModerate, LevelBy: "u-1"}},
		"the danger key":             {Call{Tier: TierRed, Danger: true}, "", now, true},
		"the key, and said moderate": {Call{Tier: TierRed, Danger: true, Level: LevelModerate, LevelBy: "u-1", LevelAt: said}, "", now, true},
		"cut off before":             {Call{Tier: TierRed}, "", now, true},
		"lowered by two":             {call: Call{Tier: TierReturning, Level: LevelLow, LevelBy: "u-1"}},
		"called back":                {call: Call{Tier: TierRed, Callback: true, Danger: true}},
		"called back, and said high": {Call{Tier: TierRed, Callback: true, Level: LevelHigh, LevelBy: "u-1", LevelAt: said}, "u-1", said, true},
	} {
		c.call.ID, c.call.Line, c.call.Agent = "c", "12355", "u-2"
		a, got := AlarmOf(c.call, now)
		if got != c.want || got && (a.Call != "c" || a.Line != "12355" || a.Agent != "u-2" || a.By != c.by || !a.At.Equal(c.at)) {
			t.Errorf("%s: %+v %v", name, a, got)
		}
	}
}

func TestAlarmsAreKeptUntilTheEscalationHasThem(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{})
	at := time.Now().UTC().Truncate(time.Millisecond)
	first, second := Alarm{Call: "c-1", Line: "12355", By: "u-1", Agent: "u-1", At: at}, Alarm{Call: "c-2", Line: "12355", At: at.Add(time.Second)}
	again := first
	again.By, again.At = "u-9", at.Add(time.Hour)
	for _, a := range []Alarm{second, first, again} {
		d.must(d.KeepAlarm(ctx, a))
	}
	d.must(d.HearAlarm(ctx, "c-1", "u-lead"))
	d.must(d.HearAlarm(ctx, "c-1", "u-late"))
	all, err := d.Alarms(ctx)
	d.must(err)
	if len(all) != 2 || all[0].By != "u-1" || !all[0].At.Equal(at) || all[0].HeardBy != "u-lead" || time.Since(all[0].Heard) > time.Minute || all[1] != second {
		t.Fatalf("%+v", all)
	}

	// Somebody answers between the look and the forgetting: that is not lost.
	d.must(d.HearAlarm(ctx, "c-2", "u-lead"))
	for _, a := range all {
		d.must(d.ForgetAlarm(ctx, a))
	}
	all, err = d.Alarms(ctx)
	d.must(err)
	if len(all) != 1 || all[0].Call != "c-2" || all[0].HeardBy != "u-lead" || !all[0].At.IsZero() {
		t.Fatalf("%+v", all)
	}
	d.must(d.ForgetAlarm(ctx, all[0]))
	if all, err = d.Alarms(ctx); err != nil || len(all) != 0 {
		t.Error(all, err)
	}
	if err := errors.Join(d.KeepAlarm(ctx, Alarm{}), d.HearAlarm(ctx, "c", "")); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}
