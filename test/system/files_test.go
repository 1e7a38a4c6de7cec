package system_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"hotline/test/browser"
	"hotline/test/stage"
)

// Somebody calls about a child: two people, of whom the one at risk is a minor; harm is suspected and closed by two; a record that is half written survives
// the console and the page; the supervisor opens the file by its code, and the past note for a reason.
func TestOnePersonOneFile(t *testing.T) {
	s := play(t)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	boss, d := s.signIn("supervisor", 0, toneSupervisor), s.ready(0)
	c := s.dialFrom(newNumber(), "12355")
	c.awaitTone(3*time.Second, stage.ToneGreeting)
	must(t, d.AwaitOffer(10*time.Second), d.Accept())
	c.awaitTone(3*time.Second, toneFirst)
	id := s.awaitCalls(2*time.Second, "talking")[0].ID

	must(t, d.AwaitShown(5*time.Second, "third"), d.Click("third"), d.AwaitShown(5*time.Second, "profile-edit-at_risk"))
	code, err := browser.Eval[string](d.Page, `document.querySelector('[data-role="at_risk"] [data-testid="person"]').dataset.code`)
	must(t, err)
	must(t, d.Click("profile-edit-at_risk"), d.Type("profile-born", fmt.Sprint(time.Now().Year()-16)), d.Click("profile-save"))
	must(t, d.AwaitShown(5*time.Second, "harm-suspected"), d.Click("harm-suspected"), d.Type("harm-say-reason", "说继父常打他"), d.Click("harm-say-confirm"))
	must(t, d.AwaitAttribute(5*time.Second, "harm", "data-harm", "suspected"))
	must(t, d.Click("safety-edit"), d.Type("safety-signs", "连着几天睡不着"), d.Type("safety-means", "药交给老师保管"), d.Click("safety-save"), d.AwaitShown(5*time.Second, "safety-shown"))
	g.show(d.Page, "40-people", "third", "note-text", "call-hangup")

	// What is half written lies on the server: the console dies, and the page.
	const words = `document.querySelector('[data-testid="fill-handling"] textarea')`
	must(t, d.Click("record-handling"), d.Await(10*time.Second, words+` !== null`))
	_, err = browser.Eval[bool](d.Page, `(() => { const e = `+words+`; e.focus(); e.setRangeText('说三天没有睡着'); e.dispatchEvent(new InputEvent('input', { bubbles: true })); return true; })()`)
	must(t, err, d.AwaitAttribute(5*time.Second, "fill-handling", "data-draft", "saved"))
	must(t, d.Click("safety-edit"), d.Type("safety-coping", "给姐姐打电话"), d.AwaitShown(5*time.Second, "safety-drop"))
	_, restarted := s.kill("console")
	restarted(10 * time.Second)
	if err := stage.Poll(t.Context(), 10*time.Second, func() bool { return d.Reload() == nil }); err != nil {
		t.Fatalf("the page does not load again: %v", err)
	}
	must(t, d.AwaitShown(15*time.Second, "record-handling"), d.Click("record-handling"))
	must(t, d.Await(10*time.Second, words+`?.value === '说三天没有睡着'`))
	must(t, d.AwaitShown(5*time.Second, "safety-begun"), d.Click("safety-edit"))
	must(t, d.Await(2*time.Second, `document.querySelector('[data-testid="safety-coping"]')?.value === '给姐姐打电话'`), d.Click("safety-save"), d.AwaitGone(5*time.Second, "safety-begun"))
	g.show(d.Page, "41-record", "call-hangup")
	c.present()
	must(t, d.Click("call-hangup"))
	c.awaitEnd(3 * time.Second)
	must(t, d.AwaitState(5*time.Second, browser.WrapUp))
	s.ended(id)

	// One says that it was reported, another confirms.
	must(t, d.Turn("files"), d.AwaitShown(5*time.Second, "report-reported"), d.Click("report-reported"))
	must(t, d.Type("report-why-reason", "110，接警员已登记"), d.Click("report-why-confirm"))
	must(t, boss.AwaitPage(5*time.Second, "files"), boss.Turn("files"), boss.AwaitShown(5*time.Second, "report-confirm"))
	g.show(boss.Page, "42-files", "report-confirm", "files-find")
	must(t, boss.Click("report-confirm"), boss.Type("report-why-reason", "已核对回执"), boss.Click("report-why-confirm"), boss.AwaitGone(5*time.Second, "report"))
	asked := time.Now()
	must(t, boss.Type("files-code", code), boss.Click("files-find"), boss.AwaitAttribute(5*time.Second, "file", "data-code", code))
	if took := time.Since(asked); took > time.Second {
		t.Errorf("the file opened after %v", took)
	}
	must(t, boss.Click("past-note"), boss.Type("past-note-why-reason", "督导复核"), boss.Click("past-note-why-confirm"), boss.AwaitShown(5*time.Second, "past-note-text"))
	g.show(boss.Page, "43-file", "file-back", "safety-shown")
}
