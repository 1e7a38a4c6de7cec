package system_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hotline/telephony/audio"
	"hotline/telephony/phone"
	"hotline/test/stage"
)

// private begins every caller's number in these tests. Nothing that an instance writes may contain it.
const private = "1395550"

type packet = phone.Packet

var dialled atomic.Int64

// caller is a person on a telephone who says 440 Hz.
type caller struct {
	*phone.Call
	t        *testing.T
	answered time.Time
	left     time.Time
	silence  time.Duration // the longest that this caller may hear nothing
	lastHope time.Time     // a fault after which silence is allowed for a time; zero: none
}

// dial calls a number and returns when it was answered. The caller must at once hear something and never be in silence.
func (s *scene) dial(number string) *caller {
	s.t.Helper()
	from := fmt.Sprintf("%s%04d", private, dialled.Add(1))
	call, err := phone.Dial(context.WithoutCancel(s.t.Context()), phone.Config{Server: s.Demo.SIP, From: from}, number)
	must(s.t, err)
	c := &caller{Call: call, t: s.t, answered: time.Now(), silence: time.Second}
	call.Play(phone.Tone(toneCaller))
	s.callers = append(s.callers, c)
	return c
}

// leave hangs up.
func (c *caller) leave() {
	if c.left.IsZero() {
		c.left = time.Now()
		_ = c.Hangup(context.Background())
	}
}

// over reports whether the call has ended.
func (c *caller) over() bool {
	select {
	case <-c.Done():
		return true
	default:
		return false
	}
}

// awaitEnd waits until the other side hangs up.
func (c *caller) awaitEnd(within time.Duration) {
	c.t.Helper()
	select {
	case <-c.Done():
		c.left = time.Now()
	case <-time.After(within):
		c.t.Fatalf("the caller is still on the line %v later", within)
	}
}

// present fails when the caller was cut off.
func (c *caller) present() {
	c.t.Helper()
	if c.over() {
		_, cause := c.Ended()
		c.t.Fatalf("the caller was cut off (%s)", cause)
	}
}

// judge is the first law: from the answer to the end something could be heard.
func (c *caller) judge() {
	c.t.Helper()
	const faint = 0.001 // of full scale; what is below is silence to a telephone's ear
	for _, g := range audio.Gaps(c.Heard(), c.answered, c.left, c.silence, audio.Audible(faint)) {
		c.t.Errorf("the caller heard nothing for %v, %v after the answer", g.Length().Round(time.Millisecond), g.From.Sub(c.answered).Round(time.Millisecond))
		c.t.Logf("from 100 ms before it the caller heard %s", c.account(g.From.Add(-100*time.Millisecond), g.To.Add(100*time.Millisecond)))
	}
}

// first is when, after a time, the caller began to hear what the test finds for three packets on end.
func (c *caller) first(after time.Time, heard func(phone.Packet) bool) (time.Time, bool) {
	run := 0
	var began time.Time
	for _, p := range c.Heard() {
		switch {
		case p.At.Before(after):
		case !heard(p):
			run = 0
		default:
			if run++; run == 1 {
				began = p.At
			}
			if run == 3 {
				return began, true
			}
		}
	}
	return time.Time{}, false
}

// awaitSound waits until the caller hears what the test finds, and returns when it began.
func (c *caller) awaitSound(after time.Time, within time.Duration, what string, heard func(phone.Packet) bool) time.Time {
	c.t.Helper()
	var at time.Time
	err := stage.Poll(c.t.Context(), time.Until(after.Add(within)), func() bool {
		began, ok := c.first(after, heard)
		at = began
		return ok || c.over()
	})
	if err != nil || at.IsZero() {
		c.present()
		c.t.Fatalf("the caller did not hear %s within %v; the last second was %s", what, within, c.account(time.Now().Add(-time.Second), time.Now()))
	}
	return at
}

// awaitTone waits until the caller hears a tone, from now.
func (c *caller) awaitTone(within time.Duration, hz float64) time.Time {
	c.t.Helper()
	return c.awaitSound(time.Now(), within, fmt.Sprintf("%g Hz", hz), stage.Tones(hz))
}

// steady fails when the tone had a gap longer than longest between two times.
func (c *caller) steady(from, to time.Time, longest time.Duration, what string, heard func(phone.Packet) bool) {
	c.t.Helper()
	for _, g := range audio.Gaps(c.Heard(), from, to, longest, heard) {
		c.t.Errorf("%s had a gap of %v, %v after the beginning: from 100 ms before it the caller heard %s", what,
			g.Length().Round(time.Millisecond), g.From.Sub(from).Round(time.Millisecond), c.account(g.From.Add(-100*time.Millisecond), g.To.Add(100*time.Millisecond)))
	}
}

// account tells what was heard between two times, tone by tone, and where packets were missing.
func (c *caller) account(since, until time.Time) string {
	names := map[float64]string{
		stage.ToneHold: "hold", stage.ToneGreeting: "greeting", stage.ToneTechnical: "technical", stage.ToneDanger: "danger",
		stage.ToneReturning: "returning", stage.ToneConnect: "connecting", stage.ToneReassure: "reassurance", stage.ToneFallback: "fallback",
		stage.ToneLeave: "leave-message", stage.ToneClosing: "closing", toneFirst: "first agent", toneSecond: "second agent",
		toneSupervisor: "supervisor",
	}
	var story []string
	last, end := "", since
	for _, p := range c.Heard() {
		if p.At.Before(since) || p.At.After(until) {
			continue
		}
		if p.At.Sub(end) > 60*time.Millisecond {
			story = append(story, fmt.Sprintf("no packet from %v", end.Sub(since).Round(10*time.Millisecond)))
			last = ""
		}
		end = p.At.Add(p.Duration())
		now := "silence"
		if audio.Level(p.PCM) >= 0.001 {
			now = "something"
		}
		for hz, name := range names {
			if stage.Tones(hz)(p) {
				now = name
			}
		}
		if now != last {
			story = append(story, fmt.Sprintf("%s from %v", now, p.At.Sub(since).Round(10*time.Millisecond)))
			last = now
		}
	}
	if len(story) == 0 {
		return "not one packet"
	}
	return strings.Join(story, ", ")
}

func audible(p packet) bool { return audio.Level(p.PCM) >= 0.01 }
