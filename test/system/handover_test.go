package system_test

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/oklog/ulid/v2"

	"hotline/queue"
	"hotline/test/browser"
	"hotline/test/stage"
)

// keep looks at a page: in every appearance when pictures are wanted, and always for what keeps people out, in both themes.
func (g *gallery) keep(p *browser.Page, name string, within ...string) {
	g.t.Helper()
	if g.dir != "" {
		g.show(p, name, within...)
	}
	g.free(p, name)
}

// free looks for what keeps people out of a page, in both themes.
func (g *gallery) free(p *browser.Page, name string) {
	g.t.Helper()
	for range 2 {
		barriers, err := p.Barriers("../..")
		must(g.t, err)
		for _, b := range barriers {
			g.t.Errorf("%s: %s", name, b)
		}
		must(g.t, p.Click("theme-switch"))
	}
}

// TestHandover: what a counsellor does with a call beside talking, by keyboard and with the focus in the notes: hold, a colleague asked in with a
// written word, a silent call for help, the hand-over. Every screen of it is free of barriers, and fits a small display.
func TestHandover(t *testing.T) {
	s := play(t)
	o := s.orders()
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	login, err := theHouse.browser(t, toneFirst).Open(s.Demo.Console)
	must(t, err)
	must(t, login.AwaitShown(5*time.Second, "login-submit"))
	g.keep(login, "1-login")
	login.Close()

	first, second := s.ready(0), s.desk(1)
	boss := s.signIn("supervisor", 0, toneSupervisor)
	must(t, boss.NotReady())
	g.keep(first.Page, "2-idle", "help")
	c := s.dial("12355")
	must(t, first.AwaitOffer(10*time.Second))
	g.keep(first.Page, "3-offer", "offer-accept")
	if shown, err := first.Shown("call"); err == nil && !shown {
		must(t, first.Accept())
	}
	c.awaitTone(3*time.Second, toneFirst)
	inTalk := []string{"call-timer", "note-text", "call-mute", "call-hold", "call-consult", "call-outside", "call-keypad", "call-hangup", "help"}
	must(t, first.AwaitShown(3*time.Second, "note-text"), first.Type("note-text", "来电者诉说睡眠差"))
	g.keep(first.Page, "4-call", inTalk...)

	// Hold and back, while the notes have the focus.
	must(t, first.Click("note-text"), first.Chord("h", chromedp.ModifierAlt))
	must(t, first.AwaitAttribute(3*time.Second, "call", "data-state", "held"))
	c.awaitTone(3*time.Second, stage.ToneHold)
	g.keep(first.Page, "5-hold", inTalk...)
	must(t, first.Chord("h", chromedp.ModifierAlt))
	must(t, first.AwaitAttribute(3*time.Second, "call", "data-state", "talking"))
	c.awaitTone(3*time.Second, toneFirst)

	// The panels open beside the notes; Escape gives the focus back.
	must(t, first.Chord("o", chromedp.ModifierAlt), first.AwaitShown(3*time.Second, "contact-option"))
	g.keep(first.Page, "6-outside", inTalk...)
	must(t, first.Press("\u001b"), first.AwaitGone(2*time.Second, "outside-panel"))
	must(t, first.Click("note-text"), first.Chord("o", chromedp.ModifierAlt), first.AwaitShown(3*time.Second, "contact-option"))
	must(t, first.Press("\u001b"), first.AwaitGone(2*time.Second, "outside-panel"))
	must(t, first.AwaitFocus(2*time.Second, "note-text"))
	must(t, first.Chord("k", chromedp.ModifierAlt), first.AwaitShown(3*time.Second, "pad"))
	g.keep(first.Page, "7-keypad", inTalk...)
	must(t, first.Press("\u001b"), first.AwaitGone(2*time.Second, "keypad-panel"))

	// A colleague is found by typing, and reads the summary before answering.
	must(t, first.Chord("c", chromedp.ModifierAlt), first.AwaitShown(3*time.Second, "colleague-option"))
	g.keep(first.Page, "8-consult", inTalk...)
	colleague, err := s.User("agent", 1)
	must(t, err)
	must(t, first.Type("colleague-search", colleague.Name), first.Press("\r"), first.AwaitShown(2*time.Second, "summary"))
	must(t, first.Type("summary", "情绪已平稳，需要续谈家庭关系"))
	g.keep(first.Page, "9-summary", inTalk...)
	must(t, first.Click("invite"), second.AwaitShown(5*time.Second, "invitation"))
	must(t, second.Await(3*time.Second, `document.querySelector('[data-testid="handover"]')?.innerText.includes("家庭关系")`))
	must(t, first.AwaitAttribute(3*time.Second, "consult", "data-state", "invited"))
	g.keep(second.Page, "10-invited", "invite-accept", "invite-refuse")
	must(t, second.Press(browser.KeyAccept), second.AwaitAttribute(5*time.Second, "assist", "data-role", "consult"))
	c.awaitTone(3*time.Second, stage.ToneHold)
	must(t, first.AwaitHeard(5*time.Second, toneSecond), second.AwaitHeard(5*time.Second, toneFirst))
	g.keep(first.Page, "11-consulting", inTalk...)
	g.keep(second.Page, "12-beside", "assist-leave", "note-text")

	// Help is asked without a sound; a supervisor on whatever page is told within three seconds, and the counsellor by whom it was seen.
	asked := time.Now()
	must(t, first.Chord("s", chromedp.ModifierAlt, chromedp.ModifierShift), boss.AwaitShown(3*time.Second, "incident-ack"))
	t.Logf("the supervisor was told after %v", time.Since(asked).Round(time.Millisecond))
	must(t, first.AwaitAttribute(3*time.Second, "help", "data-step", "sent"))
	g.keep(boss.Page, "13-alarm", "incident-ack")

	must(t, boss.Turn("tasks"), boss.AwaitShown(3*time.Second, "incident-ack"))
	g.keep(boss.Page, "13-tasks", "incident-ack")

	must(t, first.Click("transfer"), second.AwaitAttribute(5*time.Second, "call", "data-state", "talking"), first.AwaitState(3*time.Second, browser.WrapUp))
	c.awaitTone(3*time.Second, toneSecond)
	must(t, first.AwaitAttribute(3*time.Second, "help", "data-step", "sent"))
	g.keep(first.Page, "14-wrap-up", "wrapup-done", "wrapup-extend", "note-text")
	must(t, first.Chord(browser.KeyDone, chromedp.ModifierShift))
	must(t, first.Await(3*time.Second, `parseInt(document.querySelector('[data-testid="wrapup-left"]').innerText) >= 2`))
	o.helped(t)
	must(t, first.AwaitAttribute(3*time.Second, "help", "data-step", "none"))
	must(t, second.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)
}

// helped has a supervisor see every call for help, and ends it.
func (o orders) helped(t *testing.T) {
	t.Helper()
	snap, err := o.q.Snapshot(t.Context())
	must(t, err)
	for _, a := range snap.Agents {
		if a.SOS == nil {
			continue
		}
		_, err := o.q.AckSOS(t.Context(), queue.RequestID(ulid.Make().String()), a.ID, a.ID)
		must(t, err)
		_, err = o.q.EndSOS(t.Context(), queue.RequestID(ulid.Make().String()), a.ID, a.ID)
		must(t, err)
	}
}
