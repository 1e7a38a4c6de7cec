package system_test

import (
	"testing"
	"time"

	"hotline/test/browser"
	"hotline/test/stage"
)

// A refresh in a talk: the caller hears hold audio within a second, and the page comes back to the same call with sound within five.
func TestRefreshInATalk(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	c := s.talk(d, toneFirst)
	id := s.awaitCalls(2*time.Second, "talking")[0].ID
	began := time.Now()
	must(t, d.Reload())
	loaded := time.Now()
	comfort := c.awaitSound(began, 2*time.Second, "a prompt or hold audio", stage.Comfort())
	back := c.awaitSound(comfort, 8*time.Second, "the counsellor", stage.Tones(toneFirst))
	if took := comfort.Sub(began); took > 1100*time.Millisecond {
		t.Errorf("hold audio came %v after the refresh", took)
	}
	if took := back.Sub(loaded); took > 5*time.Second {
		t.Errorf("the counsellor was heard again %v after the page was back", took)
	}
	must(t, d.AwaitAttribute(5*time.Second, "call", "data-state", "talking"), d.AwaitHeard(3*time.Second, toneCaller))
	t.Logf("hold audio after %v, the counsellor again %v after the page was back", comfort.Sub(began).Round(time.Millisecond), back.Sub(loaded).Round(time.Millisecond))
	if again := s.awaitCalls(2*time.Second, "talking")[0].ID; again != id {
		t.Errorf("the call is another one: %s, was %s", again, id)
	}
	must(t, d.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)
	must(t, d.AwaitState(3*time.Second, browser.WrapUp))
}

// A browser that never comes back: after 20 s the caller stands at the head of the queue, before one who waited already, and the next
// counsellor who is free takes over.
func TestBrowserNeverComesBack(t *testing.T) {
	s := play(t)
	second := s.desk(1)
	first := s.ready(0)
	c := s.talk(first, toneFirst)
	id := s.awaitCalls(2*time.Second, "talking")[0].ID
	other := s.queue(1)
	killed := time.Now()
	must(t, theHouse.browser(t, toneFirst).Kill())
	comfort := c.awaitSound(killed, 2*time.Second, "a prompt or hold audio", stage.Comfort())
	if took := comfort.Sub(killed); took > 1100*time.Millisecond {
		t.Errorf("hold audio came %v after the browser died", took)
	}
	s.awaitOrder(25*time.Second, []string{id, other.ids[0]})
	if took := time.Since(killed); took < 19*time.Second {
		t.Errorf("the caller was given up after %v", took)
	}
	c.steady(comfort, time.Now(), time.Second, "the hold audio", stage.Comfort())
	must(t, second.Click("set-available"), second.AwaitOffer(5*time.Second), second.Accept())
	c.awaitTone(3*time.Second, toneSecond)
	other.callers[0].present()
	other.callers[0].awaitTone(time.Second, stage.ToneHold)
}

// A second tab of the same person is refused with a message; it takes over when the person says so, and the first is told.
func TestSecondTab(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	c := s.talk(d, toneFirst)
	tab, err := d.Beside(s.Demo.Console)
	must(t, err)
	defer tab.Close()
	must(t, tab.AwaitShown(5*time.Second, "second-session"))
	c.awaitTone(time.Second, toneFirst) // the first is not disturbed
	took := time.Now()
	must(t, tab.Click("session-use-here"))
	must(t, d.AwaitShown(3*time.Second, "displaced"))
	must(t, tab.AwaitAttribute(8*time.Second, "call", "data-state", "talking"))
	must(t, tab.AwaitHeard(5*time.Second, toneCaller))
	c.awaitTone(5*time.Second, toneFirst)
	c.steady(took, time.Now(), time.Second, "a voice or hold audio", func(p packet) bool {
		return stage.Comfort()(p) || stage.Tones(toneFirst)(p)
	})
	must(t, tab.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)
}
