package system_test

import (
	"testing"
	"time"

	"hotline/telephony/phone"
	"hotline/test/stage"
)

// Two instances side by side do not know of each other. The second one speaks the words of the product, not the tones of these tests: they can be
// heard, and nothing is left of it when it stops.
func TestTwoInstances(t *testing.T) {
	here := play(t)
	other, err := stage.Open(theHouse.binary, theHouse.dir+"/second")
	must(t, err)
	t.Cleanup(func() { must(t, other.Stop()) })
	began := time.Now()
	if err := other.Start(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, other.Story(30))
	}
	t.Logf("the second instance was ready after %v", time.Since(began).Round(time.Millisecond))
	there := playOn(t, other)
	c := there.dial("12356")
	c.awaitSound(c.answered, time.Second, "the spoken greeting", audible)
	d := there.ready(0)
	a := here.dial("12355")
	here.awaitCalls(5*time.Second, "waiting")
	must(t, d.AwaitOffer(30*time.Second)) // after the whole greeting, in two languages
	must(t, d.Accept())
	c.awaitTone(3*time.Second, toneFirst)
	must(t, d.AwaitHeard(3*time.Second, toneCaller))
	a.present()
	here.awaitCalls(time.Second, "waiting")
	must(t, d.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)
}

// A line that rings without end is no line: `hotline up` that is asked to stop lets the talk end first, and then leaves nothing behind.
func TestStopDrains(t *testing.T) {
	s, err := theHouse.open("drain")
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.Story(60))
		}
	})
	must(t, s.Start(t.Context()))
	call, err := phone.Dial(t.Context(), phone.Config{Server: s.Demo.SIP, From: private + "9999"}, "12355")
	must(t, err)
	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop() }()
	select {
	case err := <-stopped:
		t.Fatalf("stopped with a caller on the line (%v)", err)
	case <-call.Done():
		t.Fatal("the caller was cut off")
	case <-time.After(3 * time.Second):
	}
	must(t, call.Hangup(t.Context()))
	must(t, <-stopped)
}
