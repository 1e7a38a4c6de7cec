package system_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hotline/audio"
	"hotline/telephony/phone"
	"hotline/test/stage"
)

// private begins every caller's number in these tests. Nothing that an instance writes may contain it.
const private = "1395550"

type packet = phone.Packet

var thePulse = newPulse()

var dialled atomic.Int64

// caller is a person on a telephone who says 440 Hz.
type caller struct {
	*phone.Call
	t        *testing.T
	answered time.Time
	left     time.Time
	silence  time.Duration // the longest that this caller may hear nothing
}

// dial calls a number and returns when it was answered. The caller must at once hear something and never be in silence.
func (s *scene) dial(number string) *caller {
	s.t.Helper()
	return s.dialFrom(newNumber(), number)
}

// newNumber is that of a caller who did not call before.
func newNumber() string { return fmt.Sprintf("%s%04d", private, dialled.Add(1)) }

// dialFrom is dial from a telephone with a number of its own.
func (s *scene) dialFrom(from, number string) *caller {
	s.t.Helper()
	return s.call(phone.Config{Server: s.Demo.SIP, From: from}, number)
}

// dialAt is dial through one of several Asterisks.
func (s *scene) dialAt(sip, number string) *caller {
	s.t.Helper()
	return s.call(phone.Config{Server: sip, From: newNumber()}, number)
}

func (s *scene) call(from phone.Config, number string) *caller {
	s.t.Helper()
	call, err := phone.Dial(context.WithoutCancel(s.t.Context()), from, number)
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
	c.steady(c.answered, c.left, c.silence, "what the caller heard", audio.Audible(faint))
}

// first is when, after a time, the caller began to hear what the test finds for three packets on end.
func (c *caller) first(after time.Time, heard func(packet) bool) (time.Time, bool) {
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
func (c *caller) awaitSound(after time.Time, within time.Duration, what string, heard func(packet) bool) time.Time {
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

// steady fails when what the test finds had a gap longer than longest between two times. Time in which the machine itself stood still is not the
// hotline's.
func (c *caller) steady(from, to time.Time, longest time.Duration, what string, heard func(packet) bool) {
	c.t.Helper()
	for _, g := range audio.Gaps(c.Heard(), from, to, longest, heard) {
		story := c.account(g.From.Add(-100*time.Millisecond), g.To.Add(100*time.Millisecond))
		stood := thePulse.stood(g.From, g.To)
		report := c.t.Errorf
		if g.Length()-stood <= longest {
			report = c.t.Logf
		}
		report("%s had a gap of %v, %v after the beginning: from 100 ms before it the caller heard %s; the machine stood still for %v of it; %s", what,
			g.Length().Round(time.Millisecond), g.From.Sub(from).Round(time.Millisecond), story, stood.Round(time.Millisecond), load())
	}
}

// calm waits until a tone has come without a gap for two seconds: on a machine that is too busy to carry a voice no fault can be judged by ear.
func (c *caller) calm(hz float64) {
	c.t.Helper()
	const window = 2 * time.Second
	err := stage.Poll(c.t.Context(), time.Minute, func() bool {
		now := time.Now()
		return now.Sub(c.answered) > window && len(audio.Gaps(c.Heard(), now.Add(-window), now.Add(-40*time.Millisecond), 40*time.Millisecond, stage.Tones(hz))) == 0
	})
	if err != nil {
		c.t.Fatalf("this machine is too busy to judge a voice by ear (%s); the last second was %s", load(), c.account(time.Now().Add(-time.Second), time.Now()))
	}
}

// account tells what was heard between two times, tone by tone, and where packets were missing.
func (c *caller) account(since, until time.Time) string {
	names := map[float64]string{
		stage.ToneHold: "hold", stage.ToneGreeting: "greeting", stage.ToneTechnical: "technical", stage.ToneDanger: "danger",
		stage.ToneReturning: "returning", stage.ToneConnect: "connecting", stage.ToneReassure: "reassurance", stage.ToneFallback: "fallback",
		stage.ToneLeave: "leave-message", stage.ToneClosing: "closing", toneFirst: "first agent", toneSecond: "second agent",
		toneSupervisor: "supervisor", stage.ToneNews: "place and time", stage.ToneStay: "stay-with-us", stage.ToneMenu: "menu",
		stage.ToneClosed: "closed", stage.ToneBlocked: "blocked", stage.ToneOffer: "callback-offer", stage.TonePromised: "callback-promised",
		stage.ToneImpossible: "callback-impossible", stage.ToneWithdrawn: "callback-withdrawn",
	}
	var story []string
	last, end := "", since
	var before packet
	for _, p := range c.Heard() {
		if p.At.Before(since) || p.At.After(until) {
			continue
		}
		if p.At.Sub(end) > 60*time.Millisecond {
			gap := fmt.Sprintf("no packet from %v", end.Sub(since).Round(10*time.Millisecond))
			if !before.At.IsZero() {
				// The sequence tells what was lost on the way, the timestamp what the sender meant to send.
				gap += fmt.Sprintf(" (%d in the sequence, %d ms of speech)", p.Seq-before.Seq, int32(p.TS-before.TS)/(audio.Rate/1000))
			}
			story, last = append(story, gap), ""
		}
		before = p
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
