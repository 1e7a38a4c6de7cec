package system_test

import (
	"testing"
	"time"

	"hotline/test/browser"
	"hotline/test/stage"
)

// A caller who gives up leaves nothing behind: the offer goes, the counsellor is free again, the ledger says abandoned.
func TestCallerGivesUpWhileItRings(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	c := s.dial("12345")
	must(t, d.AwaitOffer(10*time.Second))
	id := s.awaitCalls(2*time.Second, "offered")[0].ID
	c.leave()
	must(t, d.AwaitGone(2*time.Second, "offer"), d.AwaitState(2*time.Second, browser.Available))
	if row := s.ended(id); row.Outcome != "abandoned" || row.Cause != "caller" || row.TalkMS != 0 {
		t.Errorf("the ledger says %+v", row)
	}
}

// A caller who hangs up ends the talk; the counsellor goes to wrap-up.
func TestCallerHangsUpFirst(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	c := s.talk(d, toneFirst)
	id := s.awaitCalls(2*time.Second, "talking")[0].ID
	c.leave()
	must(t, d.AwaitState(2*time.Second, browser.WrapUp))
	if row := s.ended(id); row.Outcome != "answered" || row.Cause != "caller" {
		t.Errorf("the ledger says %+v", row)
	}
}

// An offer that is declined goes to the next at once; one that nobody answers goes on after the ring; the caller keeps the place and the
// hold audio all the while.
func TestOfferGoesOn(t *testing.T) {
	s := play(t)
	first, second := s.ready(0), s.ready(1)
	c := s.dial("12355")
	// Either may be asked first.
	asked, other := first, second
	err := stage.Poll(t.Context(), 10*time.Second, func() bool {
		a, errA := first.Shown("offer")
		b, errB := second.Shown("offer")
		must(t, errA, errB)
		if b {
			asked, other = second, first
		}
		return a || b
	})
	must(t, err)
	declined := time.Now()
	must(t, asked.Click("offer-decline"), asked.AwaitState(2*time.Second, browser.NotReady))
	must(t, other.AwaitOffer(3*time.Second))
	rang := time.Now()
	if took := rang.Sub(declined); took > 2*time.Second {
		t.Errorf("the next offer came %v after the other was declined", took)
	}
	must(t, asked.Ready())
	// Nobody touches the second offer: it ends with its ring, 15 s, and comes back to the first.
	must(t, asked.AwaitOffer(18*time.Second))
	if took := time.Since(rang); took < 12*time.Second {
		t.Errorf("the offer rang for %v only", took)
	}
	must(t, other.AwaitState(2*time.Second, browser.NotReady))
	c.present()
	c.steady(declined, time.Now(), time.Second, "the hold audio", stage.Comfort())
	must(t, asked.Accept())
	hz := float64(toneFirst)
	if asked == second {
		hz = toneSecond
	}
	c.awaitTone(3*time.Second, hz)
}

// A caller who presses the danger key in the greeting is red and is served before one who came earlier.
func TestDangerKeyGoesFirst(t *testing.T) {
	s := play(t)
	d := s.desk(0)
	normal := s.dial("12355")
	s.awaitCalls(5*time.Second, "waiting")
	red := s.dial("12356") // its greeting is long enough to press a key in it
	red.awaitTone(2*time.Second, stage.ToneGreeting)
	must(t, red.SendDTMF("0"))
	red.awaitTone(2*time.Second, stage.ToneDanger)
	calls := s.awaitCalls(5*time.Second, "waiting", "waiting")
	if calls[0].Tier != "red" || !calls[0].Danger || calls[0].Line != "12356" || calls[1].Tier != "normal" {
		t.Errorf("the order is %+v", calls)
	}
	must(t, d.Click("set-available"), d.AwaitOffer(5*time.Second), d.Accept())
	red.awaitTone(3*time.Second, toneFirst)
	normal.present()
	normal.awaitTone(time.Second, stage.ToneHold)
}
