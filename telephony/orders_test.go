package telephony

import (
	"slices"
	"testing"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

// TestWishesAtTheStart: what is read again at the start is so old by the clock of Redis, whichever way ours differs from it.
func TestWishesAtTheStart(t *testing.T) {
	c := newIdle(t, "http://127.0.0.1:9/ari")
	begin := time.Now()
	for _, c.ahead = range []time.Duration{0, -time.Minute, time.Minute} {
		for ago, want := range map[time.Duration]bool{-time.Second: true, wishKept - time.Second: true, wishKept + time.Second: false} {
			if got := c.since(begin, queue.Command{At: begin.Add(c.ahead - ago), Verb: "hangup"}); got != want {
				t.Errorf("Redis is %s ahead, a wish of %s before: %t", c.ahead, ago, got)
			}
		}
		if !c.since(begin, queue.Command{At: begin.Add(c.ahead - riskKept + time.Second), Verb: verbRisk}) {
			t.Errorf("Redis is %s ahead: what was said of a danger is left out", c.ahead)
		}
	}
}

// TestWishesForWhoIsNotHere: wishes wait for their call in their order, for a while; one that is too old, by the clock of Redis, is not obeyed, but for the
// end of a call and what was said of a danger.
func TestWishesForWhoIsNotHere(t *testing.T) {
	c := newIdle(t, "http://127.0.0.1:9/ari")
	c.ahead = -time.Hour // the clock of Redis is behind ours
	said := func(verb string, ago time.Duration) queue.Command {
		return queue.Command{ID: "1-0", At: time.Now().Add(c.ahead - ago), Verb: verb, Call: "c1", By: "a1", Arg: "p1"}
	}
	for _, cmd := range []queue.Command{said("hold", 0), said("outside", time.Second), said("resume", time.Minute), said("hangup", time.Minute), said("risk", time.Minute)} {
		c.wanted(cmd)
	}
	a := newTestActor(c, call.Talking)
	c.calls["c1"] = a
	c.fulfil(a)
	var got []string
	for len(a.mail) > 0 {
		got = append(got, eventName(<-a.mail))
	}
	if want := []string{"HoldWanted", "OutsideWanted", "HangupWanted", "RiskWanted"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if c.fulfil(a); len(a.mail) > 0 {
		t.Error("told twice")
	}
}
