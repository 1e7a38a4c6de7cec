package system_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hotline/test/browser"
	"hotline/test/stage"
)

// An incident from the silent call for help to the printed ledger: the alarm at who leads, answered by one key; a second person at the checklist; an end
// that is refused with what is missing, refused to the one who proposed it, and agreed to by another; the report that is due.
func TestAnIncidentFromTheAlarmToTheLedger(t *testing.T) {
	s := play(t)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	lead := s.signIn("supervisor", 0, toneSupervisor)
	second := s.signIn("agent", 1, toneSecond)
	must(t, lead.Settled(), second.Settled())
	d := s.ready(0)
	c := s.dial("12355")
	must(t, d.AwaitOffer(10*time.Second))
	must(t, d.Accept())
	talks := c.awaitTone(3*time.Second, toneFirst)

	// The alarm: within three seconds, with a countdown, and it sounds until the key; the key answers within a tenth of a second.
	began := time.Now()
	must(t, d.Chord("S", chromedp.ModifierAlt, chromedp.ModifierShift))
	must(t, lead.AwaitShown(3*time.Second, "incident-ack"), lead.AwaitAttribute(time.Second, "incident-bar", "data-ringing", "true"))
	t.Logf("alarm after %v", time.Since(began))
	must(t, d.Await(3*time.Second, `/\S/.test(document.querySelector('[data-testid="incident-who"]').innerText)`))
	g.look(lead.Page, "incident-1-alarm", "incident-ack", "incident-open", "incident-count")
	quiet, err := browser.Eval[float64](lead.Page, `new Promise((done) => {
		const bar = document.querySelector('[data-testid="incident-bar"]');
		const began = performance.now();
		new MutationObserver(() => { if (bar.dataset.ringing === "false") done(performance.now() - began); }).observe(bar, { attributes: true });
		window.dispatchEvent(new KeyboardEvent("keydown", { code: "F4", key: "F4" }));
	})`)
	must(t, err)
	if quiet > 100 {
		t.Errorf("the key answered after %.0f ms", quiet)
	}
	must(t, lead.AwaitGone(3*time.Second, "incident-ack"), d.Await(3*time.Second, `document.querySelector('[data-testid="incident-alarm"]').dataset.supervisor !== ""`))
	g.look(d.Page, "incident-2-counsellor", "incident-who", "call-hangup")

	// Who leads listens by the same key, says that it is high, and opens it by the keyboard.
	must(t, lead.AwaitShown(5*time.Second, "incident-join"), lead.Press(kb.F4), lead.AwaitShown(5*time.Second, "assist"))
	must(t, lead.Turn("incidents"), lead.Click("incident-by-hand"), lead.Type("open-incident-reason", "听到窗边的风声"), lead.Click("open-incident-confirm"))
	must(t, lead.AwaitShown(10*time.Second, "facts"), lead.Click("assist-leave"), lead.AwaitGone(5*time.Second, "assist"))
	must(t, lead.Click("incident-back"), lead.AwaitShown(3*time.Second, "incident-row"), lead.Chord("i", chromedp.ModifierAlt), lead.AwaitShown(10*time.Second, "facts"))

	// The second person takes the checklist by the same key.
	must(t, second.AwaitShown(3*time.Second, "incident-second"), second.Press(kb.F4), second.AwaitShown(10*time.Second, "facts"))
	must(t, second.Click("fact-location-edit"), second.Type("fact-location-words", "朝阳区某小区3号楼"), second.Press("\r"))
	must(t, second.Await(3*time.Second, `document.querySelector('[data-fact="location"]').dataset.state === "done"`))
	must(t, second.Click("fact-means-unknown"), second.Await(3*time.Second, `document.querySelector('[data-fact="means"]').dataset.state === "unknown"`))
	must(t, second.Click("consent-refused"), second.AwaitShown(3*time.Second, "consent-said"))
	pick(t, second.Page, "measure-kind")
	must(t, second.AwaitShown(2*time.Second, "measure-say"), second.Click("measure-say"), second.AwaitGone(3*time.Second, "measure-say"))
	must(t, d.Await(3*time.Second, `document.querySelector('[data-testid="incident-second"]').innerText !== ""`))

	s.takesBack(second)
	s.neverOnHold(c, talks)

	// Who leads answers for telling 120 without consent; the packet is shown before it is given.
	must(t, lead.Await(3*time.Second, `document.querySelector('[data-testid="sheet-second"]').innerText !== ""`))
	g.look(lead.Page, "incident-3-sheet", "incident-due", "incident-print")
	pick(t, lead.Page, "ground")
	must(t, lead.Click("authorise"), lead.AwaitShown(3*time.Second, "authorised"))
	pick(t, second.Page, "service-pick")
	must(t, second.Click("service-ask"), second.AwaitShown(3*time.Second, "service"), second.AwaitShown(time.Second, "packet-give"))
	g.show(lead.Page, "incident-3-sheet", "incident-due", "incident-print")
	must(t, second.Click("packet-give"), second.AwaitShown(3*time.Second, "disclosed"))
	barriers, err := lead.Barriers("../..")
	must(t, err)
	for _, b := range barriers {
		t.Error(b)
	}

	// The end.
	pick(t, second.Page, "closing-outcome")
	must(t, second.Click("propose-say"), second.Await(3*time.Second, `document.querySelector('[data-missing="confirmed"]') && document.querySelector('[data-missing="call_over"]')`))
	must(t, second.Type("arrival-who", "急救医生"), second.Type("arrival-words", "通话中听到"), second.Click("arrival-say"), second.AwaitShown(3*time.Second, "arrived"))
	c.leave()
	must(t, second.AwaitGone(10*time.Second, "closing-missing"), second.Click("propose-say"), second.AwaitShown(3*time.Second, "closing-proposed"))
	must(t, second.Click("closing-confirm"), second.Await(3*time.Second, `[...document.querySelectorAll('[data-code]')].some((one) => one.dataset.code === 'same_person')`))
	must(t, lead.AwaitShown(3*time.Second, "closing-confirm"), lead.Click("closing-confirm"), lead.AwaitShown(3*time.Second, "closed"))

	// What is owed, and the paper.
	must(t, lead.Await(5*time.Second, `document.querySelector('[data-duty="report"]').dataset.done === "false"`), lead.AwaitShown(time.Second, "report-write"))
	_, err = browser.Eval[bool](lead.Page, `(window.print = () => {}, true)`)
	must(t, err)
	must(t, lead.Click("incident-print"), lead.Await(3*time.Second, `document.querySelector('[data-testid="ledger"]') !== null`))
	paper, err := browser.Eval[string](lead.Page, `document.querySelector('[data-testid="ledger"]').textContent`)
	must(t, err)
	for _, words := range []string{"朝阳区某小区3号楼", "急救医生", "通话中听到"} {
		if !strings.Contains(paper, words) {
			t.Errorf("the ledger does not say %q:\n%s", words, paper)
		}
	}
	must(t, lead.Click("incident-back"), lead.AwaitShown(5*time.Second, "incident-row"))
	g.look(lead.Page, "incident-4-list", "incident-row-open")
	s.rehearses(g)
}

// takesBack is who helps, by keys alone: calls 120 into the counsellor's talk, sees that it rings, and thinks better of it.
func (s *scene) takesBack(p *browser.Desk) {
	s.t.Helper()
	t, o := s.t, s.outsider(20*time.Second)
	must(t, p.Chord("p", chromedp.ModifierAlt), p.Press("1"), p.Press("2"), p.Press("0"))
	must(t, p.Await(2*time.Second, `[...document.querySelectorAll('.n-base-select-option--pending')].some((one) => one.innerText.includes('120'))`))
	must(t, p.Press("\r"), p.Await(2*time.Second, `!document.querySelector('[data-testid="service-call"]').disabled`))
	must(t, p.Press("\t"), p.AwaitFocus(time.Second, "service-call"), p.Press("\r"), p.AwaitFocus(5*time.Second, "service-rings"))
	must(t, stage.Poll(t.Context(), 3*time.Second, func() bool { return o.Dialled() == "120" }))
	must(t, p.Press("\r"), p.Press("\t")) // an Enter too many does not take it back
	must(t, p.AwaitFocus(time.Second, "service-stop"))
	if o.TakenBack() {
		t.Error("120 was taken back by an Enter too many")
	}
	began := time.Now()
	must(t, p.Press("\r"), stage.Poll(t.Context(), time.Second, o.TakenBack))
	t.Logf("it stopped ringing %v after the key", time.Since(began).Round(time.Millisecond))
	must(t, p.AwaitGone(2*time.Second, "service-rings"), p.AwaitAttribute(3*time.Second, "service", "data-state", "failed"))
}

// rehearses is the administrator: a draft of the policy is played on what just happened, and nothing of the page is a barrier.
func (s *scene) rehearses(g gallery) {
	s.t.Helper()
	t := s.t
	admin := s.signIn("administrator", 0, toneSupervisor)
	must(t, admin.Turn("crisis"), admin.AwaitShown(10*time.Second, "crisis-opens-tab"))
	g.look(admin.Page, "incident-5-policy", "crisis-dry-tab")
	for _, part := range []string{"tree", "opens", "risk", "dispatch", "closure", "report", "dry"} {
		must(t, admin.Click("crisis-"+part+"-tab"))
		g.look(admin.Page, "incident-5-policy-"+part, "crisis-dry-tab")
	}
	must(t, admin.Click("crisis-dry-run"), admin.AwaitShown(10*time.Second, "crisis-dry-sum"))
	barriers, err := admin.Barriers("../..")
	must(t, err)
	for _, b := range barriers {
		t.Error(b)
	}
}

// look is show in the appearance that the page has.
func (g *gallery) look(p *browser.Page, name string, within ...string) {
	g.t.Helper()
	for _, size := range [][2]int64{{1280, 720}, {1440, 900}} {
		g.picture(p, name, size, within)
	}
}

// pick chooses one near the top of a list by the keyboard.
func pick(t *testing.T, p *browser.Page, id string) {
	t.Helper()
	hook := fmt.Sprintf(`document.querySelector('[data-testid=%q]')`, id)
	must(t, p.Click(id), p.Await(2*time.Second, `[...document.querySelectorAll('.n-base-select-option')].some((one) => one.getClientRects().length > 0)`))
	must(t, p.Press(kb.ArrowDown), p.Await(2*time.Second, `[...document.querySelectorAll('.n-base-select-option--pending')].some((one) => one.getClientRects().length > 0)`))
	must(t, p.Press("\r"), p.Await(2*time.Second, hook+`.querySelector('.n-base-selection-placeholder') === null`))
}
