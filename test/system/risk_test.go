package system_test

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hotline/test/browser"
)

// TestRiskOnACall: on a live call the screener by keys makes it high; the board is red within a second, hold is refused; nobody lowers it alone, two people
// do; and the wrap-up asks nothing that the call answered.
func TestRiskOnACall(t *testing.T) {
	s := play(t)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	boss := s.signIn("supervisor", 0, toneSupervisor)
	d := s.ready(0)
	c := s.dial("12355")
	must(t, d.AwaitOffer(10*time.Second), d.Accept())
	c.awaitTone(3*time.Second, toneFirst)
	must(t, boss.AwaitAttribute(5*time.Second, "board-talking", "data-count", "1"))

	// From the notes, by keys alone: the panel, the screener, a yes to the plan.
	must(t, d.Click("note-text"), d.Chord("r", chromedp.ModifierAlt), d.AwaitShown(3*time.Second, "risk-panel"))
	g.keep(d.Page, "60-risk-panel", "risk-level-high", "risk-asked-denied", "call-hangup")
	focus(t, d, "risk-pad")
	must(t, d.Press("s"), d.AwaitShown(3*time.Second, "scale-screener"))
	for _, key := range []string{"2", "2", "2", "2"} {
		must(t, d.Press(key))
	}
	g.pictures(d.Page, "61-screener", "scale-choice-yes", "call-hangup")
	focus(t, d, "scale-screener")
	must(t, d.Press("2"))
	pressed := time.Now()
	must(t, d.Press("1")) // behaviour: never; the last answer sends it
	red := `document.querySelector('[data-testid="board-talking"] .is-red') !== null`
	must(t, boss.Await(time.Second, red))
	t.Logf("the board was red after %v", time.Since(pressed).Round(time.Millisecond))
	must(t, d.AwaitAttribute(3*time.Second, "risk-result", "data-raised", "true"), d.AwaitShown(2*time.Second, "risk-history"))
	must(t, d.Await(2*time.Second, `document.querySelector('[data-testid="call-hold"]').disabled`))
	g.pictures(d.Page, "62-risk-high", "risk-level-high", "call-hangup")

	// Alone it is not lowered: it is proposed, and stays.
	focus(t, d, "risk-pad")
	must(t, d.Press("2"), d.AwaitShown(2*time.Second, "risk-lower"), d.Type("risk-lower-why", "家人已到场"), d.Click("risk-lower-propose"))
	must(t, d.AwaitShown(5*time.Second, "risk-waiting"), boss.AwaitShown(5*time.Second, "risk-confirm-yes"), boss.Await(time.Second, red))
	must(t, d.AwaitShown(5*time.Second, "risk-confirm"))
	if alone, err := browser.Eval[bool](d.Page, `document.querySelector('[data-testid="risk-confirm-yes"]') !== null`); err != nil || alone {
		t.Errorf("who proposed can confirm (%v)", err)
	}
	g.pictures(boss.Page, "63-risk-confirm", "risk-confirm-yes")
	must(t, boss.Click("risk-confirm-yes"))
	must(t, d.Await(3*time.Second, `!document.querySelector('[data-testid="call-hold"]').disabled`), boss.AwaitGone(3*time.Second, "risk-confirm"))
	c.present()

	// Who asked the screener asked about suicide: the wrap-up is done by one key.
	must(t, d.Click("call-hangup"))
	c.awaitEnd(3 * time.Second)
	must(t, d.AwaitState(5*time.Second, browser.WrapUp), d.AwaitAttribute(5*time.Second, "disposition", "data-asked", "present"))
	g.pictures(d.Page, "64-risk-after", "wrapup-done")
}

// focus puts the keyboard where a click there would.
func focus(t *testing.T, d *browser.Desk, id string) {
	t.Helper()
	_, err := browser.Eval[bool](d.Page, `(document.querySelector('[data-testid="`+id+`"]').focus(), true)`)
	must(t, err)
}

// pictures are for looking at: without a folder for them there are none.
func (g *gallery) pictures(p *browser.Page, name string, within ...string) {
	g.t.Helper()
	if g.dir != "" {
		g.show(p, name, within...)
	}
}
