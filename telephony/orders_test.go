package telephony

import (
	"slices"
	"testing"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

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
