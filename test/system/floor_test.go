package system_test

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hotline/audio"
	"hotline/test/browser"
)

// A supervisor's shift by the screens alone: sees a talk, listens, coaches, joins in and takes it over, answers a silent call for help, tells everybody
// something, and hangs the figures on a wall. What each hears is proved by tones.
func TestFloor(t *testing.T) {
	const within = 10 * time.Second
	s := play(t)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	d := plain(t, s.desk(0))
	must(t, d.Ready())
	boss := s.signIn("supervisor", 0, toneSupervisor)
	must(t, boss.NotReady())
	plain(t, boss)
	c := s.talk(d, toneFirst)
	must(t, boss.AwaitAttribute(within, "board-talking", "data-count", "1"))
	_, err := browser.Eval[bool](boss.Page, `document.querySelector('[data-testid="board-talking"] [data-main]').click(), true`)
	must(t, err)
	must(t, boss.AwaitShown(within, "call-panel"), boss.Await(within, `!document.querySelector('[data-testid="listen-monitor"]').disabled`))

	began := time.Now()
	must(t, boss.Click("listen-monitor"), boss.AwaitAttribute(within, "listen", "data-mode", "monitor"), boss.AwaitAmid(within, toneCaller, toneFirst))
	must(t, boss.Click("listen-whisper"), boss.AwaitAttribute(within, "listen", "data-mode", "whisper"), d.AwaitAmid(within, toneCaller, toneSupervisor))
	c.spared(began, toneSupervisor)
	g.show(boss.Page, "floor-whisper", "listen-plain", "call-panel-close")
	must(t, boss.Click("listen-barge"), boss.AwaitAttribute(within, "listen", "data-mode", "barge"))
	c.awaitSound(time.Now(), within, "the supervisor, too", func(p packet) bool { return audio.Tone(p.PCM, audio.Rate, toneSupervisor) > 0.1 })

	// The counsellor asks silently for help: that is an incident, and who answers it says that they are there.
	must(t, d.Chord("s", chromedp.ModifierAlt, chromedp.ModifierShift))
	must(t, boss.AwaitShown(3*time.Second, "incident-ack"), boss.Click("incident-ack"), boss.AwaitShown(within, "help-end"), boss.Click("help-end"), boss.AwaitGone(within, "help-alarm"))

	must(t, boss.Click("broadcast-open"), boss.Type("broadcast-text", "今晚专线改号"), boss.Click("broadcast-send"))
	must(t, d.AwaitAttribute(2*time.Second, "broadcasts", "data-count", "1"), d.Click("broadcast-read"), d.AwaitAttribute(within, "broadcasts", "data-count", "0"))
	must(t, boss.Click("broadcast-read"), boss.Click("broadcast-end"))

	must(t, boss.Click("listen-take"), boss.Click("listen-take"), boss.AwaitState(within, browser.Talking), d.AwaitState(within, browser.WrapUp))
	c.awaitTone(within, toneSupervisor)
	must(t, boss.Turn("figures"), boss.AwaitShown(within, "figures"), boss.Type("display-name", "大厅东侧"), boss.Click("display-for-wall"), boss.Click("display-make"), boss.AwaitShown(within, "display-link"))
	link, err := boss.Text("display-link")
	must(t, err)
	wall, err := theHouse.browser(t, toneFirst).Open(link)
	must(t, err)
	defer wall.Close()
	must(t, wall.Await(within, `document.querySelector('[data-testid="wall"] [data-state="talking"] p')?.textContent === '1'`))
	c.leave()
	must(t, boss.AwaitState(within, browser.WrapUp))
}
