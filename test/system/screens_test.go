package system_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hotline/test/browser"
	"hotline/test/stage"
)

// What a person sees at each step, in both languages, by day and by night, on a large and on a small screen. Nothing may stick out sideways, and what
// matters in a call must be within reach without scrolling. HOTLINE_SCREENS names a folder for pictures to look at.
func TestScreens(t *testing.T) {
	s := play(t)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	page, err := theHouse.browser(t, toneFirst).Open(s.Demo.Console)
	must(t, err)
	must(t, page.AwaitShown(5*time.Second, "login-submit"))
	g.show(page, "1-login", "login-submit")
	page.Close()

	board := s.signIn("supervisor", 0, toneSupervisor)
	d := s.ready(0)
	g.show(d.Page, "2-ready", "agent-state", "set-not-ready")
	c := s.dial("12355")
	must(t, d.AwaitOffer(10*time.Second))
	g.show(d.Page, "3-offer", "offer-accept", "offer-decline")
	must(t, d.Accept())
	c.awaitTone(3*time.Second, toneFirst)
	waiting := s.dial("12356")
	waiting.awaitTone(2*time.Second, stage.ToneGreeting)
	must(t, waiting.SendDTMF("0"))
	other := s.dial("12345")
	other.awaitTone(3*time.Second, stage.ToneHold)
	g.show(d.Page, "4-talking", "call-hangup", "call-mute", "quality")
	must(t, board.AwaitAttribute(5*time.Second, "board-waiting", "data-count", "2"), board.AwaitAttribute(5*time.Second, "board-talking", "data-count", "1"))
	g.show(board.Page, "5-board", "board-waiting", "board-talking")
	// Why the call that is talked to was offered to whom; the keyboard closes it and the focus is back.
	_, err = browser.Eval[bool](board.Page, `document.querySelector('[data-testid="board-talking"] [data-testid="explain"]').click(), true`)
	must(t, err)
	must(t, board.Await(5*time.Second, `document.querySelector('[data-testid="decision"] [data-rule="only"] .chosen') !== null`))
	g.show(board.Page, "5-decision", "decision-close", "board-waiting")
	must(t, board.Click("decision-close"))
	must(t, board.AwaitGone(2*time.Second, "decision"))
	_, err = browser.Eval[bool](board.Page, `document.querySelector('[data-testid="board-waiting"] [data-testid="explain"]').click(), true`)
	must(t, err)
	must(t, board.AwaitShown(5*time.Second, "decision-none"))
	must(t, board.Press("\u001b"))
	must(t, board.AwaitGone(2*time.Second, "decision"))
	must(t, board.AwaitFocus(2*time.Second, "explain"))
	waiting.leave()
	other.leave()
	must(t, d.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)
	must(t, d.AwaitState(3*time.Second, browser.WrapUp))
	g.show(d.Page, "6-wrap-up", "wrapup-done")
}

// gallery looks at pages and keeps pictures of them.
type gallery struct {
	t   *testing.T
	dir string // empty: no pictures
}

// show takes a page in every appearance. within must be in reach without scrolling.
func (g *gallery) show(p *browser.Page, name string, within ...string) {
	g.t.Helper()
	for range 2 {
		for range 2 {
			for _, size := range [][2]int64{{1440, 900}, {1280, 720}} {
				g.picture(p, name, size, within)
			}
			must(g.t, p.Click("theme-switch"))
		}
		must(g.t, p.Click("locale-switch"))
	}
}

func (g *gallery) picture(p *browser.Page, name string, size [2]int64, within []string) {
	g.t.Helper()
	must(g.t, p.Resize(size[0], size[1]))
	look, err := browser.Eval[struct {
		Lang, Theme   string
		Wide, Visible int
		Over          []string // parts of the bar at the top that lie over each other
	}](p, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
		const d = document.documentElement;
		const parts = [...document.querySelectorAll("header.top button, header.top .brand, header.top .state")]
			.map((e) => ({ name: e.dataset.testid ?? e.className, box: e.getBoundingClientRect() })).filter(({ box }) => box.width > 0);
		const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
		const Over = parts.flatMap((a, i) => parts.slice(i + 1).filter((b) => meet(a.box, b.box)).map((b) => a.name + " and " + b.name + " overlap"));
		done({ Lang: d.lang, Theme: d.dataset.theme, Wide: d.scrollWidth, Visible: d.clientWidth, Over });
	})))`)
	must(g.t, err)
	file := fmt.Sprintf("%s-%s-%s-%dx%d.png", name, look.Lang, look.Theme, size[0], size[1])
	if look.Wide > look.Visible {
		g.t.Errorf("%s: sticks out sideways: %d of %d px", file, look.Wide, look.Visible)
	}
	for _, over := range look.Over {
		g.t.Errorf("%s: in the bar at the top, %s", file, over)
	}
	for _, id := range within {
		reach, err := browser.Eval[bool](p, `(() => {
			const e = document.querySelector('[data-testid="`+id+`"]');
			const r = e?.getBoundingClientRect();
			if (!r || r.width === 0 || r.top < 0 || r.left < 0 || r.bottom > innerHeight || r.right > innerWidth) return false;
			// Nothing lies over it, and no box cuts it off: it is what a mouse meets at its edges.
			return [r.top + 2, r.bottom - 2].every((y) => e.contains(document.elementFromPoint((r.left + r.right) / 2, y)));
		})()`)
		must(g.t, err)
		if !reach {
			g.t.Errorf("%s: %s is out of reach", file, id)
		}
	}
	if g.dir == "" {
		return
	}
	png, err := p.Screenshot()
	must(g.t, err)
	must(g.t, os.MkdirAll(g.dir, 0o700))
	must(g.t, os.WriteFile(filepath.Join(g.dir, file), png, 0o600))
}
