package system_test

import (
	"testing"
	"time"

	"hotline/test/browser"
	"hotline/test/stage"
)

// The console is not on the way of a voice: when it dies the talk goes on, and the browser finds its call again by itself.
func TestConsoleDiesInATalk(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	c := s.talk(d, toneFirst)
	s.unheard(c, d, func() time.Time {
		killed, restarted := s.kill("console")
		restarted(3 * time.Second)
		return killed
	})
	must(t, d.AwaitGone(5*time.Second, "link-down"), d.AwaitAttribute(5*time.Second, "call", "data-state", "talking"))
	must(t, d.Click("call-hangup"))
	c.awaitEnd(3 * time.Second)
	must(t, d.AwaitState(3*time.Second, browser.WrapUp))
}

// A controller that dies while a greeting is heard, or while it rings at a counsellor, leaves a caller who goes on from there.
func TestControllerDiesInBetween(t *testing.T) {
	s := play(t)
	greeted := s.dial("12356")
	greeted.awaitTone(2*time.Second, stage.ToneGreeting)
	_, restarted := s.kill("controller")
	restarted(2 * time.Second)
	greeted.awaitTone(5*time.Second, stage.ToneHold)
	id := s.awaitCalls(5*time.Second, "waiting")[0].ID
	d := s.desk(0)
	must(t, d.Click("set-available"), d.AwaitOffer(5*time.Second))
	_, restarted = s.kill("controller")
	must(t, d.Accept())
	restarted(2 * time.Second)
	greeted.awaitTone(5*time.Second, toneFirst)
	must(t, d.AwaitHeard(3*time.Second, toneCaller))
	if again := s.awaitCalls(5*time.Second, "talking")[0].ID; again != id {
		t.Errorf("the call is another one: %s, was %s", again, id)
	}
	must(t, d.Click("call-hangup"))
	greeted.awaitEnd(3 * time.Second)
}

// Gateway and controller die together in a talk: there is no voice and nobody to put the caller on hold. It is over within the second that the
// controller takes to come back, and the talk goes on.
func TestGatewayAndControllerDieTogether(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	c := s.talk(d, toneFirst)
	killed, gateway := s.kill("gateway")
	_, controller := s.kill("controller")
	controller(2 * time.Second)
	gateway(3 * time.Second)
	c.silence = 2 * time.Second // a second to come back, and the law's second
	// Until then the counsellor's voice is what was on its way when the fault came.
	back := c.awaitSound(killed.Add(500*time.Millisecond), 10*time.Second, "the counsellor", stage.Tones(toneFirst))
	must(t, d.AwaitHeard(5*time.Second, toneCaller), d.AwaitAttribute(5*time.Second, "call", "data-state", "talking"))
	t.Logf("the counsellor again after %v; the caller heard %s", back.Sub(killed).Round(time.Millisecond), c.account(killed, time.Now()))
	must(t, d.Click("call-hangup"))
	c.awaitEnd(3 * time.Second)
}

// When Asterisk itself dies its calls are gone; the ledger says that it was a fault, and the next call is served as if nothing had been.
func TestAsteriskDies(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	c := s.talk(d, toneFirst)
	id := s.awaitCalls(2*time.Second, "talking")[0].ID
	fault, restarted := s.kill("asterisk")
	c.left = fault
	restarted(5 * time.Second)
	s.awaitCalls(10 * time.Second)
	if row := s.ended(id); row.Cause != "fault" {
		t.Errorf("the ledger says %+v", row)
	}
	must(t, d.AwaitState(5*time.Second, browser.WrapUp), d.Done(), d.AwaitState(5*time.Second, browser.Available))
	again := s.talk(d, toneFirst)
	must(t, d.Click("call-hangup"))
	again.awaitEnd(3 * time.Second)
}
