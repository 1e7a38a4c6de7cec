package main

import (
	"testing"
	"time"

	"hotline/casework"
	"hotline/queue/lines"
)

func TestCallbackRulesFollowTheLines(t *testing.T) {
	c := defaultConfig()
	c.Callbacks = CallbackConfig{From: "09:30", Never: []string{"010-62800000"}}
	if err := c.Callbacks.Validate(); err != nil {
		t.Fatal(err)
	}
	r := &callbackRules{c: c}
	r.now.Store(&lines.Policy{Lines: []lines.Line{{
		ID: "a", Numbers: []string{"12355", "01062801234"}, Callback: lines.Callback{Abandoned: lines.AbandonedAuto, Attempts: 5, Every: lines.Span(time.Hour), MayVoicemail: true},
	}, {ID: "b"}}})
	a := r.of("a")
	if a.Abandoned != casework.AbandonedAuto || a.Retry.Attempts != 5 || a.Retry.Every != time.Hour || !a.Voicemail || a.Retry.Hours.From != 9*time.Hour+30*time.Minute {
		t.Errorf("%+v", a)
	}
	if a.Retry.Hours.Zone.String() != "Asia/Shanghai" {
		t.Errorf("zone %s", a.Retry.Hours.Zone)
	}
	if b := r.of("b"); b.Abandoned != casework.AbandonedTask || b.Retry.Attempts != 3 || b.Retry.Every != 15*time.Minute || b.Voicemail {
		t.Errorf("%+v", b)
	}
	if gone := r.of("gone"); gone.Retry.Hours.To != 22*time.Hour {
		t.Errorf("%+v", gone)
	}
	for number, never := range map[string]bool{"+861062800000": true, "+861062801234": true, "12355": true, "+8613800138000": false, "+85298765432": true} {
		if r.never(number) != never {
			t.Errorf("%s: never %t", number, !never)
		}
	}
	for _, bad := range []CallbackConfig{{From: "8"}, {To: "25:00"}, {Never: []string{"none"}}, {Returning: -1}} {
		if bad.Validate() == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

func TestHoursOfCallbacks(t *testing.T) {
	const h = time.Hour
	for c, want := range map[struct{ from, to string }]casework.Hours{
		{}: {From: 8 * h, To: 22 * h}, {from: "10:00"}: {From: 10 * h, To: 22 * h}, {to: "18:30"}: {From: 8 * h, To: 18*h + h/2},
		{"20:00", "02:00"}: {From: 20 * h, To: 2 * h}, {"00:00", "00:00"}: {}, {"08:00", "08:00"}: {From: 8 * h, To: 8 * h},
	} {
		got, err := CallbackConfig{From: c.from, To: c.to}.hours()
		if err != nil || got != want {
			t.Errorf("%+v: %+v, want %+v, %v", c, got, want, err)
		}
	}
	night := time.Date(2026, 11, 26, 3, 0, 0, 0, time.Local)
	if got, _ := (CallbackConfig{From: "00:00", To: "00:00"}).hours(); !got.Allow(night) {
		t.Error("at any hour is not at night")
	}
}
